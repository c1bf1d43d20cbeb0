"""Scores as functions: from each KPI to its points, the greatest total, from totals and places to grades."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction

from orchestration.audit.calculation.evaluate import rounded
from orchestration.policy.grades import OF_AGENTS, OF_TEAMS
from orchestration.policy.plans import ANY_ROLE
from orchestration.policy.rows import PolicyRow
from orchestration.proofs.arithmetic import MEASURE, Arithmetic, shown
from orchestration.proofs.function import GRADE, PAY, POINTS, Cover, Entry, Function, Place
from orchestration.proofs.measures import Measure, measure
from orchestration.proofs.plan import PlanRows, number

SCORE_DECIMALS = 4
FORCED, ABSOLUTE = OF_AGENTS
SHARES = {"supervisor_share": "supervisor", "collaboration_share": "collaboration_score"}
"""Shares of a total that are not the KPIs', and what they are of."""
Totals = Mapping[tuple[str, str, str], Fraction]
"""The greatest total score by plan, kind of period and role, with everything measured."""


def curve(rows: PlanRows, row: PolicyRow) -> Function | None:
    """From a KPI to its points (S-CURVE); None where the policy does not say one."""
    read = rows.measure(row.text("kpi_id"))
    floor, target, stretch = (number(row, f"{name}_value") for name in ("floor", "target", "stretch"))
    if read is None or floor is None or target is None:
        return None
    sheet = Arithmetic()
    ends = {"floor": floor, "target": target, "stretch": stretch}
    ends |= {f"{one}_points": rows.convention(f"curve_{one}_points") for one in ("target", "stretch")}
    operands = {name: sheet.leaf(name, value) for name, value in ends.items() if value is not None}
    points = sheet.node(PAY, "curve", {"value": MEASURE, **operands}, decimals=SCORE_DECIMALS)
    best = {"target": "target_points"} if stretch is None else {"stretch": "stretch_points"}
    entries = []
    for name, worth in {"target": "target_points", **best}.items():
        reached = sheet.node(f"reached/{name}", "compare", {"left": points, "right": worth}, word="at_least")
        entries.append(Entry(reached, f"{name} {shown(ends[name] or Fraction(0))}", row, low=ends[name]))
    return Function(
        place=_place(row, row.text("kpi_id"), row.text("role")),
        row=row,
        measure=read,
        arithmetic=sheet,
        unit=POINTS,
        edges=frozenset(end for end in (floor, target, stretch) if end is not None),
        entries=tuple(entries),
        proves_reach=True,
    )


def greatest_totals(rows: PlanRows, curves: Sequence[Function]) -> Totals:
    """The greatest total per plan, kind and role: every KPI at its best, with all that it is mixed with."""
    found: dict[tuple[str, str, str], Fraction] = {}
    by_plan: dict[tuple[str, str], list[Function]] = defaultdict(list)
    for function in curves:
        by_plan[function.place.scheme_id, function.place.period_kind].append(function)
    for (scheme, kind), functions in by_plan.items():
        for role in rows.roles(scheme, kind):
            total = _greatest(rows, [one for one in functions if is_for(one.row, role)], role)
            for rule, name in SHARES.items():
                share, other = rows.rule(scheme, kind, rule), rows.measure(name)
                if share is not None and other is not None and other.greatest is not None:
                    total = (1 - share) * total + share * other.greatest
            found[scheme, kind, role] = rounded(total, SCORE_DECIMALS)
    return found


def _greatest(rows: PlanRows, curves: Sequence[Function], role: str) -> Fraction:
    """The weighted mean of the best points; a block without KPIs for the role leaves its weight to the
    others (S-MISSING).
    """
    best, whole = Fraction(0), Fraction(0)
    of_block: dict[str, list[Function]] = defaultdict(list)
    for function in curves:
        of_block[function.row.text("block")].append(function)
    for block, functions in of_block.items():
        plan = dict(
            zip(("scheme_id", "period_kind"), functions[0].row.texts("scheme_id", "period_kind"), strict=True)
        )
        held = [one for one in rows.of("score_block", **plan, block=block) if is_for(one, role)]
        block_weight = positive(held[0], "weight") if held else Fraction(0)
        weights = [positive(one.row, "weight") for one in functions]
        if block_weight and sum(weights):
            points = (max(one.gain(point) for point in one.points) for one in functions)
            mean = sum((w * p for w, p in zip(weights, points, strict=True)), Fraction(0)) / sum(weights)
            best += block_weight * mean
            whole += block_weight
    return best / whole if whole else Fraction(0)


def is_for(row: PolicyRow, role: str) -> bool:
    """Whether a row is for a role, or for every one."""
    return row.text("role") in (role, ANY_ROLE)


def positive(row: PolicyRow, column: str) -> Fraction:
    """A weight; what weighs less than nothing is not scored."""
    return max(number(row, column) or Fraction(0), Fraction(0))


def score_of(rows: PlanRows, totals: Totals, scheme: str, kind: str, role: str = ANY_ROLE) -> Measure:
    """The total score of a plan up to the greatest of a role, or of any."""
    of_roles = {one: total for (plan, of, one), total in totals.items() if (plan, of) == (scheme, kind)}
    greatest = of_roles.get(role, max(of_roles.values(), default=None))
    return rows.score(greatest)


def grades(rows: PlanRows, totals: Totals) -> Iterator[Function]:
    """From a total (for each role) or a place in the ranking to the grade."""
    for scheme, kind in rows.kinds("grade_band"):
        for method in (FORCED, ABSOLUTE, OF_TEAMS):
            bands = bands_of(rows, scheme, kind, method)
            if not bands:
                continue
            if method == FORCED:
                yield _graded(bands, method, measure("position"), "")
                continue
            for role in rows.roles(scheme, kind) if method == ABSOLUTE else [ANY_ROLE]:
                read = score_of(rows, totals, scheme, kind, role)
                yield _graded(bands, method, read, "" if role == ANY_ROLE else role)


def bands_of(rows: PlanRows, scheme: str, kind: str, method: str) -> list[PolicyRow]:
    """The bands of a way of grading, the best first."""
    found = rows.of("grade_band", scheme_id=scheme, period_kind=kind, method=method)
    return sorted(found, key=lambda row: number(row, "band_no") or Fraction(0))


def _graded(bands: Sequence[PolicyRow], method: str, read: Measure, key: str) -> Function:
    sheet = Arithmetic()
    grade, edges = grade_node(sheet, bands, method)
    sheet.node(PAY, "same", {"term": grade})
    shares = [number(band, "share") or Fraction(0) for band in bands]
    lows = [
        sum(shares[:place], Fraction(0)) if method == FORCED else number(band, "min_score")
        for place, band in enumerate(bands)
    ]
    return Function(
        place=_place(bands[0], f"grade_band {method}", key),
        row=bands[0],
        measure=read,
        arithmetic=sheet,
        unit=GRADE,
        edges=edges,
        entries=tuple(
            Entry(grade, band.text("grade"), band, word=band.text("grade"), low=low)
            for band, low in zip(bands, lows, strict=True)
        ),
        cover=Cover(),
        proves_reach=True,
    )


def grade_node(sheet: Arithmetic, bands: Sequence[PolicyRow], method: str) -> tuple[str, frozenset[Fraction]]:
    """The grade of a total or a place as a number of the calculation, and its edges."""
    keys, edges, shares = [], set[Fraction](), Fraction(0)
    for place, band in enumerate(bands):
        shares += number(band, "share") or 0
        low, high = (None, shares) if method == FORCED else (number(band, "min_score"), None)
        keys.append(sheet.row(f"band/{place}", low=low, high=high, side="first", word=band.text("grade")))
        edges |= {edge for edge in (low, high) if edge is not None}
    return sheet.node("grade", "row", {"number": MEASURE, "row": keys}), frozenset(edges)


def _place(row: PolicyRow, name: str, key: str) -> Place:
    return Place(row.text("scheme_id"), row.text("period_kind"), name, "" if key == ANY_ROLE else key)
