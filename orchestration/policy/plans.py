"""Whether plans add up: dates, weights, curves, bands and rate tables, rules and reviews."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date
from decimal import Decimal
from itertools import pairwise

from orchestration.policy.entry import Words
from orchestration.policy.mechanisms import parameter_faults
from orchestration.policy.rows import PolicyFault, PolicyRow, PolicyTable, Tables, boundary_days, grouped
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
        for earlier, *others in grouped(table.rows, *table.key).values():
            for row in others:
                yield row.fault(f"says again what row {earlier.row} says", "Remove one of them")
        return
    sound = []
    for row in table.rows:
        start, end = row.values.get("effective_from"), row.values.get("effective_to")
        if not isinstance(start, date):
            yield row.fault("effective_from is empty", "Give the first day on which the row holds")
        elif isinstance(end, date) and end <= start:
            yield row.fault(
                f"effective_to {end} is not after effective_from {start}",
                "effective_to is the first day on which the row no longer holds",
            )
        else:
            sound.append(row)
    for rows in grouped(sound, *(column for column in table.key if column != "effective_from")).values():
        yield from _overlaps(rows)


def _overlaps(rows: list[PolicyRow]) -> Iterator[PolicyFault]:
    for earlier, later in pairwise(sorted(rows, key=lambda row: row.text("effective_from"))):
        end, start = earlier.values.get("effective_to"), later.values["effective_from"]
        if end is None or (isinstance(end, date) and isinstance(start, date) and end > start):
            yield later.fault(
                f"overlaps row {earlier.row}, which holds {'without end' if end is None else f'until {end}'}",
                f"Close row {earlier.row} with effective_to {start}, or start this one later",
            )


def rule_faults(tables: Tables, lists: Lists) -> Iterator[PolicyFault]:
    """Rules of plans that nothing reads, and values that they cannot have."""
    table = tables["scheme_rule"]
    known = {str(name): Words.of(entry) for name, entry in table.meta["parameters"].items()}
    for row in table.rows:
        name, entry = row.text("parameter"), known.get(row.text("parameter"))
        if entry is None:
            yield row.fault(f"no rule is called {name!r}", remedy(name, known))
        else:
            yield from parameter_faults(row, name, entry, lists, column="value")


GRANTED = {"raise_cny", "leave_days"}
"""Measures that a review grants; every other one is measured."""
BOUNDED = {"months_in_row_below_coefficient"}
"""Measures that need a bound of their own."""
LEAVE = "annual_leave"
SIGNAL = ("scheme_id", "review", "signal_kind", "level", "to_level", "effective_from")


def review_faults(tables: Tables, lists: Lists) -> Iterator[PolicyFault]:
    """Conditions of reviews that no review can meet or grant."""
    table = tables["career_condition"]
    levels = lists.known.contract["workforce.agent.level"]
    granted = grouped((row for row in table.rows if row.text("comparison") == "grants"), *SIGNAL)
    for row in table.rows:
        comparison, measure, bound, to_level = row.texts("comparison", "measure", "measure_bound", "to_level")
        if (comparison == "grants") != (measure in GRANTED):
            yield row.fault(
                f"comparison is {comparison!r}, measure is {measure!r}",
                f"{', '.join(sorted(GRANTED))} are granted, everything else is compared",
            )
        if bool(bound) != (measure in BOUNDED):
            yield row.fault(
                f"measure_bound is {bound!r}, measure is {measure!r}",
                f"Only {', '.join(sorted(BOUNDED))} has a bound, and needs it",
            )
        if row.text("signal_kind") == LEAVE:
            grants = [f"{one.text('threshold_value')} days" for one in granted.get(row.texts(*SIGNAL), ())]
            if grants != [to_level]:
                yield row.fault(
                    f"to_level is {to_level!r}, its rows grant {', '.join(grants) or 'nothing'}",
                    "Call the rows of one entitlement by the days that one of them grants",
                )
        elif to_level not in levels:
            yield row.fault(f"to_level is {to_level!r}, which is no level", remedy(to_level, levels))


def _plans_pay(tables: Tables) -> Iterator[PolicyFault]:
    paid = {row.text("scheme_id") for row in tables["component"].rows}
    for row in tables["scheme"].rows:
        if row.text("scheme_id") not in paid:
            yield row.fault(
                f"plan {row.text('scheme_id')} has no component, so that it pays nothing",
                remedy(row.text("scheme_id"), paid) + " Or add its components to component.csv",
            )


def _weights_sum_to_one(tables: Tables) -> Iterator[PolicyFault]:
    blocks, kpis = tables["score_block"], tables["score_kpi"]
    for day in boundary_days([blocks, kpis]):
        for what, table, by in (
            ("blocks", blocks, ("scheme_id", "period_kind")),
            ("KPIs", kpis, ("scheme_id", "period_kind", "block")),
        ):
            for names, group in grouped(table.in_force(day), *by).items():
                roles = {row.text("role") for row in group} - {ANY_ROLE} or {ANY_ROLE}
                for role in sorted(roles):
                    own = [row for row in group if row.text("role") in (role, ANY_ROLE)]
                    total = _sum(own, "weight")
                    if total != 1:
                        yield own[0].fault(
                            f"the weights of the {what} of {' '.join(names)} for role {role} sum to {total} "
                            f"on {day}, not to 1",
                            "Correct the weights",
                        )


def _sum(rows: Iterable[PolicyRow], column: str) -> Decimal:
    return sum((_number(row, column) for row in rows), Decimal(0))


def _number(row: PolicyRow, column: str) -> Decimal:
    return row.number(column) or Decimal(0)


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
        groups = grouped(table.in_force(day), "scheme_id", "period_kind", "method")
        for (scheme, kind, method), rows in groups.items():
            ordered = sorted(rows, key=lambda row: _number(row, "band_no"))
            for earlier, later in pairwise(ordered):
                if _number(earlier, "band_no") == _number(later, "band_no"):
                    yield later.fault(
                        f"band_no {later.text('band_no')} of {scheme} {kind} is row {earlier.row}'s too",
                        "Number the bands from the best downwards, each by itself",
                    )
            if method == "forced":
                total = _sum(ordered, "share")
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
            for row, (upper, lower) in zip(ordered[1:], pairwise(scores), strict=True):
                if upper is None:
                    yield row.fault(
                        "the band before it has no min_score, so that no score is left for this one",
                        "Leave min_score of the last band alone empty",
                    )
                elif lower is not None and lower >= upper:
                    yield row.fault(
                        f"min_score {lower} is not below that of the band before it ({upper})",
                        "Order the bands from the best downwards",
                    )


def _rate_tables_are_whole(tables: Tables) -> Iterator[PolicyFault]:
    table = tables["component_rate"]
    for day in boundary_days([table]):
        groups = grouped(table.in_force(day), "component_id", "rate_key")
        for (component, rate_key), rows in groups.items():
            for earlier, later in pairwise(sorted(rows, key=lambda row: _number(row, "lower_bound"))):
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
            rule.texts("scheme_id", "period_kind"): Decimal(rule.text("value"))
            for rule in rules.in_force(day)
            if rule.text("parameter") == KPI_WEIGHT_LIMIT
        }
        weights = {
            block.texts("scheme_id", "period_kind", "block"): _number(block, "weight")
            for block in blocks.in_force(day)
        }
        for row in kpis.in_force(day):
            limit = limits.get(row.texts("scheme_id", "period_kind"))
            block = weights.get(row.texts("scheme_id", "period_kind", "block"), Decimal(0))
            share = _number(row, "weight") * block
            if limit is not None and share > limit:
                yield row.fault(
                    f"{row.text('kpi_id')} weighs {share.normalize():f} of the plan on {day}",
                    f"No single KPI may exceed {limit.normalize():f} (PM-06)",
                )


CHECKS: tuple[Callable[[Tables], Iterator[PolicyFault]], ...] = (
    _plans_pay,
    _weights_sum_to_one,
    _curves_are_monotonic,
    _grades_cover_everyone,
    _rate_tables_are_whole,
    _no_kpi_dominates,
)
