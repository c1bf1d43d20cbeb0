"""Whether plans add up: dates, weights, curves, bands and rate tables, rules and reviews."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from itertools import pairwise

from orchestration.policy.entry import Words
from orchestration.policy.mechanisms import number_fault
from orchestration.policy.rows import PolicyFault, PolicyRow, PolicyTable, Tables, boundary_days
from orchestration.policy.words import Lists, remedy

ANY_ROLE = "*"
KPI_WEIGHT_LIMIT = "max_kpi_weight"
"""Rule of a plan (PM-06): no single KPI may exceed this share of its weight."""


PLAN_TABLES = (
    "scheme",
    "component",
    "component_rate",
    "score_block",
    "score_kpi",
    "grade_band",
    "scheme_rule",
)
RULE_TABLES = ("scheme_rule",)
REVIEW_TABLES = ("career_condition",)


def plan_faults(tables: Tables, _: Lists) -> Iterator[PolicyFault]:
    """Every fault of the plans as wholes."""
    for check in CHECKS:
        yield from check(tables)


def date_faults(table: PolicyTable) -> Iterator[PolicyFault]:
    """Rows without a beginning, that end before it, or that hold beside another of the same key."""
    if "effective_from" not in table.key:
        yield from _doubles(table)
        return
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


def _doubles(table: PolicyTable) -> Iterator[PolicyFault]:
    seen: dict[tuple[str, ...], PolicyRow] = {}
    for row in table.rows:
        earlier = seen.setdefault(tuple(row.text(column) for column in table.key), row)
        if earlier is not row:
            yield row.fault(f"says again what row {earlier.row} says", "Remove one of them")


def _overlaps(rows: list[PolicyRow]) -> Iterator[PolicyFault]:
    ordered = sorted(rows, key=lambda row: str(row.values["effective_from"]))
    for earlier, later in pairwise(ordered):
        end, start = earlier.values.get("effective_to"), later.values["effective_from"]
        if end is None or (isinstance(end, date) and isinstance(start, date) and end > start):
            yield later.fault(
                f"overlaps row {earlier.row}, which holds {'without end' if end is None else f'until {end}'}",
                f"Close row {earlier.row} with effective_to {start}, or start this one later",
            )


def _plans_pay(tables: Tables) -> Iterator[PolicyFault]:
    paid = {row.text("scheme_id") for row in tables["component"].rows}
    for row in tables["scheme"].rows:
        if row.text("scheme_id") not in paid:
            yield row.fault(
                f"plan {row.text('scheme_id')} has no component, so that it pays nothing",
                remedy(row.text("scheme_id"), paid) + " Or add its components to component.csv",
            )


def rule_faults(tables: Tables, lists: Lists) -> Iterator[PolicyFault]:
    """Rules of plans that nothing reads, and values that they cannot have."""
    table = tables["scheme_rule"]
    known = {str(name): Words.of(entry) for name, entry in table.meta["parameters"].items()}
    for row in table.rows:
        name, entry = row.text("parameter"), known.get(row.text("parameter"))
        if entry is None:
            yield row.fault(f"no rule is called {name!r}", remedy(name, known))
        elif entry.number is not None:
            yield from number_fault(row, "value", row.text("value"), entry, name=name)
        elif (wrong := lists.fault(entry, row, "value")) is not None:
            yield PolicyFault(wrong.file, wrong.row, f"{name}: {wrong.problem}", wrong.remedy)


GRANTED = {"raise_cny", "leave_days"}
"""Measures that a review grants; every other one is measured."""
BOUNDED = {"months_in_row_below_coefficient"}
"""Measures that need a bound of their own."""
LEAVE = "annual_leave"


def review_faults(tables: Tables, lists: Lists) -> Iterator[PolicyFault]:
    """Conditions of reviews that no review can meet or grant."""
    table = tables["career_condition"]
    levels = lists.known.contract["workforce.agent.level"]
    granted: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for row in table.rows:
        if row.text("comparison") == "grants":
            granted[_signal(row)].append(f"{row.text('threshold_value')} days")
    for row in table.rows:
        measure, to_level = row.text("measure"), row.text("to_level")
        if (row.text("comparison") == "grants") != (measure in GRANTED):
            yield row.fault(
                f"comparison is {row.text('comparison')!r}, measure is {measure!r}",
                f"{', '.join(sorted(GRANTED))} are granted, everything else is compared",
            )
        if bool(row.text("measure_bound")) != (measure in BOUNDED):
            yield row.fault(
                f"measure_bound is {row.text('measure_bound')!r}, measure is {measure!r}",
                f"Only {', '.join(sorted(BOUNDED))} has a bound, and needs it",
            )
        if row.text("signal_kind") == LEAVE:
            grants = granted[_signal(row)]
            if grants != [to_level]:
                yield row.fault(
                    f"to_level is {to_level!r}, its rows grant {', '.join(grants) or 'nothing'}",
                    "Call the rows of one entitlement by the days that one of them grants",
                )
        elif to_level not in levels:
            yield row.fault(f"to_level is {to_level!r}, which is no level", remedy(to_level, levels))


def _signal(row: PolicyRow) -> tuple[str, ...]:
    columns = ("scheme_id", "review", "signal_kind", "level", "to_level", "effective_from")
    return tuple(row.text(column) for column in columns)


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


CHECKS: tuple[Callable[[Tables], Iterator[PolicyFault]], ...] = (
    _plans_pay,
    _weights_sum_to_one,
    _curves_are_monotonic,
    _grades_cover_everyone,
    _rate_tables_are_whole,
    _no_kpi_dominates,
)
