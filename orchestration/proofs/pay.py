"""Components of plans as functions, by mechanism: from what each is read by to what it pays."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from orchestration.policy.grades import OF_AGENTS
from orchestration.policy.plans import ANY_ROLE
from orchestration.policy.rows import PolicyRow, grouped
from orchestration.proofs.arithmetic import MEASURE, Arithmetic, Together, shown
from orchestration.proofs.function import (
    CNY,
    DEDUCTED,
    FACTOR,
    OF_TARGET,
    PAY,
    Cover,
    Entry,
    Function,
    Place,
)
from orchestration.proofs.measures import Measure, measure
from orchestration.proofs.plan import PlanRows, low_of, number
from orchestration.proofs.scores import FORCED, Totals, bands_of, grade_node, score_of

MULTIPLIED = ("share", "multiple", "company_factor")
"""Parameters that a scored base is multiplied by."""
ONE_HUNDREDTH = Fraction(1, 100)


@dataclass(frozen=True)
class Component:
    """A component of a plan in force with its rate table."""

    rows: PlanRows
    totals: Totals
    row: PolicyRow
    rates: Sequence[PolicyRow]

    @property
    def name(self) -> str:
        """Its id."""
        return self.row.text("component_id")

    @property
    def basis(self) -> str:
        """What it pays by."""
        return self.row.text("basis")

    @property
    def side(self) -> str:
        """Which edge its bands hold."""
        return self.rows.word_of(self.name, "band_side") or "lower"

    @property
    def score(self) -> Measure:
        """The total score that it may be paid by."""
        return score_of(self.rows, self.totals, *self.row.texts("scheme_id", "period_kind", "role"))

    def place(self, key: str = "") -> Place:
        """Where it stands."""
        return Place(self.row.text("scheme_id"), self.row.text("period_kind"), self.name, key)

    def by_key(self) -> Mapping[str, list[PolicyRow]]:
        """Its rates by key."""
        return {key: rates for (key,), rates in grouped(self.rates, "rate_key").items()}


def functions_of(rows: PlanRows, totals: Totals) -> Iterator[Function]:
    """Every component in force as functions."""
    for row in rows.all("component"):
        rates = rows.of("component_rate", component_id=row.text("component_id"))
        build = MECHANISMS.get(row.text("mechanism"))
        if build is not None:
            component = Component(rows, totals, row, rates)
            for function in build(component):
                rates = [entry.row for entry in function.entries]
                yield replace(function, row=rates[0]) if rates else function


def lookup(
    component: Component, rates: Sequence[PolicyRow], key: str, read: Measure, unit: str = ""
) -> Function:
    """From the number that a table's bands are read by to the amount or rate of the row."""
    sheet, entries, edges = Arithmetic(), [], set[Fraction]()
    ordered = sorted(rates, key=low_of)
    unit = unit or (CNY if any(rate.text("amount_cny") for rate in rates) else FACTOR)
    for place, rate in enumerate(ordered):
        low, high = number(rate, "lower_bound"), number(rate, "upper_bound")
        # The first of bands that hold their upper edge has no lower one (PT-05, PT-06).
        start, side = None if component.side == "upper" and place == 0 else low, component.side
        sheet.row(f"row/{place}", low=start, high=high, side=side, value=worth(rate))
        one = sheet.row(f"one/{place}", low=start, high=high, side=side, value=Fraction(1))
        held = sheet.node(f"held/{place}", "row", {"number": MEASURE, "row": [one]})
        entries.append(Entry(held, said(rate), rate, low=low))
        edges |= {edge for edge in (low, high) if edge is not None}
    sheet.node(PAY, "row", {"number": MEASURE, "row": [f"row/{place}" for place in range(len(ordered))]})
    return Function(
        place=component.place(key),
        row=component.row,
        measure=read,
        arithmetic=sheet,
        unit=unit,
        edges=frozenset(edges),
        entries=tuple(entries),
        cover=Cover(),
        is_exclusive=True,
        proves_reach=True,
    )


def worth(rate: PolicyRow) -> Fraction | None:
    """What a row pays: its rate, else its amount."""
    found = number(rate, "rate")
    return number(rate, "amount_cny") if found is None else found


def said(rate: PolicyRow) -> str:
    """A row in words that every language has: key, bounds, what it pays."""
    low, high, pays = (number(rate, "lower_bound"), number(rate, "upper_bound"), worth(rate))
    bounds = "…".join("" if one is None else shown(one) for one in (low, high))
    paid = "–" if pays is None else shown(pays)
    return f"{rate.text('rate_key')} {bounds}: {paid}".strip()


def _by_bands(component: Component) -> Iterator[Function]:
    """`fixed`, `per_event`, and the base of `scored` from a table: by key, in bands of service years."""
    read = measure(component.row.text("band_attribute") or "nothing")
    amounts = [rate for rate in component.rates if rate.text("amount_cny")]
    for (key,), rates in grouped(amounts, "rate_key").items():
        yield lookup(component, rates, key, read)


def _graded(component: Component) -> Iterator[Function]:
    """From a total or a place to the grade, and from it to base × coefficient; bounds are not read."""
    scheme, kind = component.row.texts("scheme_id", "period_kind")
    base = component.rows.number_of(component.name, "base_cny") if component.basis == "base_cny" else None
    for method in OF_AGENTS:
        bands = bands_of(component.rows, scheme, kind, method)
        if not bands or not component.rates:
            continue
        sheet, entries = Arithmetic(), []
        grade, edges = grade_node(sheet, bands, method)
        for place, rate in enumerate(component.rates):
            sheet.row(f"rate/{place}", row_key=rate.text("rate_key"), value=worth(rate))
            entries.append(Entry(grade, said(rate), rate, word=rate.text("rate_key")))
        table = [f"rate/{place}" for place in range(len(component.rates))]
        rate_node = sheet.node("rate", "row", {"key": grade, "row": table})
        held = sheet.leaf("base", base or Fraction(1))
        sheet.node(PAY, "product", {"factor": [held, rate_node]})
        yield Function(
            place=component.place(method),
            row=component.row,
            measure=measure("position") if method == FORCED else component.score,
            arithmetic=sheet,
            unit=CNY if base else FACTOR,
            edges=edges,
            entries=tuple(entries),
            cover=Cover(),
            is_exclusive=True,
        )


def _scored(component: Component) -> Iterator[Function]:
    """The base from a table; from the score to base × shares × score / 100, or × the rate of its band."""
    yield from _by_bands(component)
    rated = [rate for rate in component.rates if rate.text("rate")]
    base = component.rows.number_of(component.name, "base_cny") if component.basis == "base_cny" else None
    if rated:
        yield lookup(component, rated, "", component.score, unit=FACTOR)
        return
    sheet = Arithmetic()
    given = [component.rows.number_of(component.name, one) for one in MULTIPLIED]
    factors = [ONE_HUNDREDTH, base or Fraction(1), *(one for one in given if one is not None)]
    held = [sheet.leaf(f"factor/{place}", factor) for place, factor in enumerate(factors)]
    sheet.node(PAY, "product", {"factor": [MEASURE, *held]})
    yield Function(
        place=component.place(),
        row=component.row,
        measure=component.score,
        arithmetic=sheet,
        unit=CNY if base else FACTOR,
    )


def _commission(component: Component) -> Iterator[Function]:
    """From attainment to pay as a share of the target: the tier's rate on all, or each tier's on its part."""
    if not component.rates:
        return
    read = replace(measure("attainment"), direction=_way(component, component.basis))
    function = lookup(component, component.rates, "", read, unit=OF_TARGET)
    sheet = function.arithmetic
    if component.rows.word_of(component.name, "tier_mode") == "marginal":
        parts = []
        for place, rate in enumerate(sorted(component.rates, key=low_of)):
            low = sheet.leaf(f"low/{place}", low_of(rate))
            high = number(rate, "upper_bound")
            ends = {"low": low} | ({} if high is None else {"high": sheet.leaf(f"high/{place}", high)})
            top = sheet.node(f"top/{place}", "bounded", {"term": MEASURE, **ends})
            within = sheet.node(f"within/{place}", "difference", {"minuend": top, "subtrahend": low})
            held = sheet.leaf(f"rate/{place}", worth(rate) or Fraction(0))
            parts.append(sheet.node(f"part/{place}", "product", {"factor": [within, held]}))
        sheet.node(PAY, "sum", {"term": parts})
    else:
        tiers = [f"row/{place}" for place in range(len(component.rates))]
        rate_node = sheet.node("tier", "row", {"number": MEASURE, "row": tiers})
        sheet.node(PAY, "product", {"factor": [MEASURE, rate_node]})
    # Below the first tier nothing is meant to be paid (CG-13).
    yield replace(function, cover=Cover(low=min(low_of(one) for one in component.rates)))


def _threshold(component: Component) -> Iterator[Function]:
    """From attainment to the rewards of all bounds reached, or of all full steps above them."""
    if not component.rates:
        return
    step = component.rows.number_of(component.name, "step_share")
    sheet, entries, rewards, edges = Arithmetic(), [], [], set[Fraction]()
    for place, rate in enumerate(component.rates):
        low = low_of(rate)
        operands = {"left": MEASURE, "right": sheet.leaf(f"low/{place}", low)}
        if step:
            operands["step"] = sheet.leaf(f"step/{place}", step)
        reached = f"reached/{place}"
        sheet.node(reached, "steps" if step else "compare", operands, word="at_least")
        reward = sheet.leaf(f"reward/{place}", worth(rate) or Fraction(0))
        rewards.append(sheet.node(f"row/{place}", "product", {"factor": [reached, reward]}))
        entries.append(Entry(reached, said(rate), rate, low=low))
        edges |= {low, low + (step or 0), low + 2 * (step or 0)}
    sheet.node(PAY, "sum", {"term": rewards})
    yield Function(
        place=component.place(),
        row=component.row,
        measure=replace(measure("attainment"), direction=_way(component, component.basis)),
        arithmetic=sheet,
        unit=CNY,
        edges=frozenset(edges),
        entries=tuple(entries),
        proves_reach=True,
    )


def _award(component: Component) -> Iterator[Function]:
    """From the rank to the award; after the last awarded rank nothing is meant to be paid."""
    if component.rates:
        ends = [number(one, "upper_bound") for one in component.rates]
        last = None if None in ends else max(end for end in ends if end is not None)
        function = lookup(component, component.rates, "", measure("rank"))
        yield replace(function, cover=Cover(high=last))


def _points(component: Component) -> Iterator[Function]:
    """From points deducted to the coefficient, by key; from each KPI to the points that it deducts."""
    for key, rates in component.by_key().items():
        if component.basis == "deduction":
            read = component.rows.measure(key)
            if read is not None:
                yield lookup(component, rates, key, read, unit=DEDUCTED)
        elif component.row.text("band_attribute"):
            yield lookup(component, rates, key, measure(component.row.text("band_attribute")))


def _way(component: Component, kpi_id: str) -> int:
    """Which way a KPI is better: attainment goes with the KPI itself."""
    read = component.rows.measure(kpi_id)
    return 1 if read is None else read.direction


MECHANISMS: Mapping[str, Callable[[Component], Iterator[Function]]] = {
    "fixed": _by_bands,
    "graded": _graded,
    "scored": _scored,
    "commission": _commission,
    "points": _points,
    "threshold": _threshold,
    "top_n": _award,
    "improvement": _award,
    "per_event": _by_bands,
}
"""How each mechanism of the catalogue pays."""


def all_of_score(rows: PlanRows, functions: Sequence[Function]) -> Iterator[Function]:
    """Of each plan and kind of period the money that a total, or a place, moves, all components together."""
    parts: dict[tuple[str, ...], list[tuple[str, Function]]] = {}
    for function in functions:
        read = function.measure.name
        if function.unit == CNY and read in ("score", "position"):
            plan = function.place.scheme_id, function.place.period_kind, read
            [component, *_] = rows.of("component", component_id=function.place.name)
            parts.setdefault(plan, []).append((component.text("role"), function))
    for (scheme, kind, read), found in parts.items():
        for role in sorted({role for role, _ in found} - {ANY_ROLE}) or [ANY_ROLE]:
            yield _together(Place(scheme, kind, read), [one for of, one in found if of in (role, ANY_ROLE)])


def _together(place: Place, parts: Sequence[Function]) -> Function:
    return replace(
        parts[0],
        place=place,
        arithmetic=Together([part.arithmetic for part in parts], PAY),
        edges=frozenset(edge for part in parts for edge in part.edges),
        entries=(),
        cover=None,
    )
