"""The checks of a policy folder. A check is a function over the policy's tables that yields faults."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import date
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

from orchestration.errors import ConfigurationError
from orchestration.policy_check.rows import (
    SEEDS_YAML,
    PolicyFault,
    PolicyRow,
    PolicyTable,
    boundary_days,
    read_policy,
)
from orchestration.settings import POLICY_DIR

Tables = Mapping[str, PolicyTable]
Check = Callable[[Tables], Iterator[PolicyFault]]

ANY_ROLE = "*"
ORIGINS = frozenset({"stated", "site"})
KPI_WEIGHT_LIMIT = "max_kpi_weight"
"""Rule of a plan (PM-06): no single KPI may exceed this share of its weight."""


def check_policy(folder: Path, *, clauses: Collection[str]) -> None:
    """Raise ConfigurationError listing every fault of the policy in `folder`.

    `clauses` are the known rule ids.
    """
    faults = policy_faults(folder, clauses=clauses)
    if faults:
        listed = "; ".join(str(fault) for fault in faults[:20])
        more = f"; and {len(faults) - 20} more" if len(faults) > 20 else ""
        raise ConfigurationError(
            path=folder,
            problem=f"the policy has {len(faults)} fault(s): {listed}{more}",
            remedy="Correct the rows; nothing was run",
        )


def policy_faults(folder: Path, *, clauses: Collection[str]) -> list[PolicyFault]:
    """Every fault of the policy in `folder`, in the order of files and rows."""
    tables, faults = read_policy(folder, POLICY_DIR / SEEDS_YAML)
    for check in CHECKS:
        faults += check(tables)
    faults += _clauses_exist(tables, clauses)
    return sorted(set(faults), key=lambda fault: (fault.file, fault.row or 0, fault.problem))


def _dates_are_sound(tables: Tables) -> Iterator[PolicyFault]:
    for table in tables.values():
        versions: dict[tuple[str, ...], list[PolicyRow]] = defaultdict(list)
        for row in table.rows:
            start, end = row.values.get("effective_from"), row.values.get("effective_to")
            if not isinstance(start, date):
                yield row.fault("effective_from is empty", "Give the first day on which the row holds")
                continue
            if isinstance(end, date) and end <= start:
                yield row.fault(
                    f"effective_to {end} is not after effective_from {start}",
                    "effective_to is the first day on which the row no longer holds",
                )
                continue
            key = tuple(row.text(column) for column in table.key if column != "effective_from")
            versions[key].append(row)
        for rows in versions.values():
            yield from _overlaps(rows)


def _overlaps(rows: list[PolicyRow]) -> Iterator[PolicyFault]:
    ordered = sorted(rows, key=lambda row: str(row.values["effective_from"]))
    for earlier, later in pairwise(ordered):
        end, start = earlier.values.get("effective_to"), later.values["effective_from"]
        if end is None or (isinstance(end, date) and isinstance(start, date) and end > start):
            yield later.fault(
                f"overlaps row {earlier.row}, which holds {'without end' if end is None else f'until {end}'}",
                f"Close row {earlier.row} with effective_to {start}, or start this one later",
            )


def _origins_are_known(tables: Tables) -> Iterator[PolicyFault]:
    for table in tables.values():
        for row in table.rows:
            if "value_origin" in row.values and row.text("value_origin") not in ORIGINS:
                yield row.fault(
                    f"value_origin is {row.text('value_origin')!r}",
                    "Write stated where the document gives the number, site where it leaves it blank",
                )


def _clauses_exist(tables: Tables, clauses: Collection[str]) -> Iterator[PolicyFault]:
    for table in tables.values():
        for row in table.rows:
            if "clause_id" in row.values and row.text("clause_id") not in clauses:
                yield row.fault(
                    f"clause_id {row.text('clause_id')!r} is no rule of the plans", "Cite the rule's id"
                )


def _names_are_known(tables: Tables) -> Iterator[PolicyFault]:
    schemes = {row.text("scheme_id") for row in tables["scheme"].rows}
    components = {row.text("component_id") for row in tables["component"].rows}
    scored = {row.text("kpi_id") for row in tables["kpi"].rows}
    if "score_measure" in tables:
        scored |= {row.text("measure_id") for row in tables["score_measure"].rows}
    for table in tables.values():
        for row in table.rows:
            if "scheme_id" in row.values and row.text("scheme_id") not in {*schemes, ANY_ROLE}:
                yield row.fault(f"no plan is called {row.text('scheme_id')!r}", "Add it to scheme.csv")
            if "component_id" in row.values and row.text("component_id") not in components:
                yield row.fault(
                    f"no component is called {row.text('component_id')!r}", "Add it to component.csv"
                )
            if table.name == "score_kpi" and row.text("kpi_id") not in scored:
                yield row.fault(f"no KPI is called {row.text('kpi_id')!r}", "Add it to kpi.csv")
    paid = {row.text("scheme_id") for row in tables["component"].rows}
    for row in tables["scheme"].rows:
        if row.text("scheme_id") not in paid:
            yield row.fault(
                f"plan {row.text('scheme_id')} has no component, so that it pays nothing",
                "Add its components to component.csv",
            )


def _weights_sum_to_one(tables: Tables) -> Iterator[PolicyFault]:
    blocks, kpis = tables["score_block"], tables["score_kpi"]
    for day in boundary_days([blocks, kpis]):
        yield from _sums(
            [row for row in blocks.in_force(day)], ("scheme_id", "period_kind"), "weights of the blocks", day
        )
        yield from _sums(
            [row for row in kpis.in_force(day)],
            ("scheme_id", "period_kind", "block"),
            "weights of the KPIs",
            day,
        )


def _sums(rows: list[PolicyRow], by: tuple[str, ...], what: str, day: date) -> Iterator[PolicyFault]:
    groups: dict[tuple[str, ...], list[PolicyRow]] = defaultdict(list)
    for row in rows:
        groups[tuple(row.text(column) for column in by)].append(row)
    for names, group in groups.items():
        roles = {row.text("role") for row in group} - {ANY_ROLE} or {ANY_ROLE}
        for role in sorted(roles):
            own = [row for row in group if row.text("role") in (role, ANY_ROLE)]
            total = sum((row.number("weight") or Decimal(0) for row in own), Decimal(0))
            if total != 1:
                yield own[0].fault(
                    f"the {what} of {' '.join(names)} for role {role} sum to {total} on {day}, not to 1",
                    "Correct the weights",
                )


def _curves_are_monotonic(tables: Tables) -> Iterator[PolicyFault]:
    for row in tables["score_kpi"].rows:
        floor, target, stretch = (row.number(f"{name}_value") for name in ("floor", "target", "stretch"))
        if floor is None or target is None or floor == target:
            yield row.fault("floor_value and target_value must be two different numbers", "Give both")
        elif stretch is not None and (stretch - target) * (target - floor) <= 0:
            yield row.fault(
                f"stretch_value {stretch} is not beyond target_value {target} as seen from the floor {floor}",
                "Correct the curve, or leave stretch_value empty",
            )


def _grades_cover_everyone(tables: Tables) -> Iterator[PolicyFault]:
    table = tables["grade_band"]
    for day in boundary_days([table]):
        groups: dict[tuple[str, str, str], list[PolicyRow]] = defaultdict(list)
        for row in table.in_force(day):
            groups[row.text("scheme_id"), row.text("period_kind"), row.text("method")].append(row)
        for (scheme, kind, method), rows in groups.items():
            ordered = sorted(rows, key=lambda row: row.number("band_no") or Decimal(0))
            if method == "forced":
                total = sum((row.number("share") or Decimal(0) for row in ordered), Decimal(0))
                if total != 1:
                    yield ordered[0].fault(
                        f"the shares of {scheme} {kind} sum to {total} on {day}, not to 1",
                        "Correct the shares",
                    )
                continue
            scores = [row.number("min_score") for row in ordered]
            if scores[-1] not in (None, Decimal(0)):
                yield ordered[-1].fault(
                    f"a score below {scores[-1]} has no grade in {scheme} {kind} on {day}",
                    "Leave min_score of the last band empty",
                )
            for row, upper, lower in zip(ordered[1:], scores, scores[1:], strict=False):
                if upper is None or (lower is not None and lower >= upper):
                    yield row.fault(
                        f"min_score {lower} is not below that of the band before it ({upper})",
                        "Order the bands from the best downwards",
                    )


def _rate_tables_are_whole(tables: Tables) -> Iterator[PolicyFault]:
    table = tables["component_rate"]
    for day in boundary_days([table]):
        groups: dict[tuple[str, str], list[PolicyRow]] = defaultdict(list)
        for row in table.in_force(day):
            groups[row.text("component_id"), row.text("rate_key")].append(row)
        for (component, rate_key), rows in groups.items():
            ordered = sorted(rows, key=lambda row: row.number("lower_bound") or Decimal(0))
            for earlier, later in pairwise(ordered):
                end, start = earlier.number("upper_bound"), later.number("lower_bound")
                if end != start:
                    kind = "overlap" if end is None or (start is not None and end > start) else "leave a gap"
                    yield later.fault(
                        f"the bands of {component} {rate_key or '(all)'} {kind} at {start} on {day}",
                        f"Row {earlier.row} ends at {end}: make both bounds the same",
                    )


def _no_kpi_dominates(tables: Tables) -> Iterator[PolicyFault]:
    """PM-06, "avoid data-only": a KPI's share of the whole is its weight times its block's."""
    blocks, kpis, rules = tables["score_block"], tables["score_kpi"], tables["scheme_rule"]
    for day in boundary_days([blocks, kpis, rules]):
        limits = {
            (rule.text("scheme_id"), rule.text("period_kind")): Decimal(rule.text("value"))
            for rule in rules.in_force(day)
            if rule.text("parameter") == KPI_WEIGHT_LIMIT
        }
        weights = {
            (block.text("scheme_id"), block.text("period_kind"), block.text("block")): block.number("weight")
            for block in blocks.in_force(day)
        }
        for row in kpis.in_force(day):
            plan = (row.text("scheme_id"), row.text("period_kind"))
            block_weight = weights.get((*plan, row.text("block"))) or Decimal(0)
            share = (row.number("weight") or Decimal(0)) * block_weight
            if plan in limits and share > limits[plan]:
                yield row.fault(
                    f"{row.text('kpi_id')} weighs {share.normalize():f} of the plan on {day}",
                    f"No single KPI may exceed {limits[plan].normalize():f} (PM-06)",
                )


CHECKS: tuple[Check, ...] = (
    _dates_are_sound,
    _origins_are_known,
    _names_are_known,
    _weights_sum_to_one,
    _curves_are_monotonic,
    _grades_cover_everyone,
    _rate_tables_are_whole,
    _no_kpi_dominates,
)
