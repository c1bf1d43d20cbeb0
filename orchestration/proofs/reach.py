"""What can be reached: grades by the size of a group, keys of the roster, gates, conditions of reviews."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil

from orchestration.policy.plans import SIGNAL
from orchestration.policy.rows import PolicyRow, grouped
from orchestration.proofs.arithmetic import shown
from orchestration.proofs.finding import GAP, UNREACHABLE, Finding, said
from orchestration.proofs.function import Function, Place, values_around
from orchestration.proofs.measures import Measure, measure, of_review
from orchestration.proofs.pay import worth
from orchestration.proofs.plan import PlanRows, number

GRADE_KEY = "grade"
COMPARED: Mapping[str, Callable[[Fraction, Fraction], bool]] = {
    "at_least": lambda value, edge: value >= edge,
    "at_most": lambda value, edge: value <= edge,
    "below": lambda value, edge: value < edge,
}
"""Comparisons of gates and conditions; whatever else they say is granted, not compared."""
COEFFICIENT = "lowest_coefficient"


@dataclass(frozen=True)
class SmallestGroup:
    """A grade of a forced ranking and the smallest ranked group in which somebody gets it."""

    place: Place
    grade: str
    size: int
    rank: int


def smallest_groups(rows: PlanRows, graded: Function) -> Iterator[SmallestGroup]:
    """For each grade of a forced ranking, where it is given at all."""
    least = rows.rule(graded.place.scheme_id, graded.place.period_kind, "min_group_size")
    if least is None:
        return
    below = Fraction(0)
    for entry in graded.entries:
        share = number(entry.row, "share") or Fraction(0)
        for size in range(ceil(least), ceil(least) + (ceil(1 / share) if share > 0 else 0) + 1):
            # The first rank behind the grades before it: if that is not the grade's, none is.
            before = ceil(below * size)
            if before < (below + share) * size and graded.at(Fraction(before, size)).word == entry.word:
                yield SmallestGroup(graded.place, entry.said, size, before + 1)
                break
        below += share


def never_ranked(rows: PlanRows, graded: Function) -> Iterator[Finding]:
    """Forced shares of a plan that does not say from which size on a group is ranked."""
    if rows.rule(graded.place.scheme_id, graded.place.period_kind, "min_group_size") is None:
        words = {"row": ", ".join(entry.said for entry in graded.entries)}
        lines = (graded.line(graded.points[0]), "min_group_size → –")
        yield said(
            UNREACHABLE, graded.place, graded.clause_id, lines, phrase="never_ranked", en=words, zh=words
        )


def missing_keys(rows: PlanRows) -> Iterator[Finding]:
    """Words of the roster that a table keyed by them has no row for."""
    for component in rows.all("component"):
        attribute = component.text("key_attribute")
        known = rows.keys.get(attribute, frozenset())
        rates = rows.of("component_rate", component_id=component.text("component_id"))
        there = {rate.text("rate_key"): worth(rate) for rate in reversed(rates)}
        for key in sorted(known - set(there)) if there and attribute != GRADE_KEY else ():
            other, pays = sorted(there.items())[0]
            words = {"measure": f"{attribute} {key}"}
            lines = (f"{other} → {shown(pays or Fraction(0))}", f"{key} → –")
            yield said(
                GAP,
                Place(*component.texts("scheme_id", "period_kind", "component_id")),
                component.text("clause_id"),
                lines,
                phrase="missing_key",
                en=words,
                zh=words,
            )


def shut_gates(rows: PlanRows) -> Iterator[Finding]:
    """Gates that no number of events opens."""
    gates = [row for row in rows.all("component_event") if row.text("use") == "gate"]
    for (name, kind), conditions in grouped(gates, "component_id", "event_kind").items():
        components = rows.of("component", component_id=name)
        labels = rows.of("event_kind", event_kind=kind)
        if not components or not labels:
            continue
        opens_without = all(one.text("if_missing") == "met" for one in conditions)
        read = replace(
            measure("rank"),
            name=kind,
            label_en=labels[0].text("label_en"),
            label_zh=labels[0].text("label_zh"),
        )
        # Without an event `if_missing` decides: what is compared begins at one.
        if not opens_without and not _is_met(read, conditions):
            place = Place(*components[0].texts("scheme_id", "period_kind", "component_id"))
            yield _unmet(place, read, conditions, "shut_gate")


def unmeetable(rows: PlanRows) -> Iterator[Finding]:
    """Reviews of which no value of a measure meets the conditions."""
    compared = [row for row in rows.all("career_condition") if row.text("comparison") in COMPARED]
    for key, conditions in grouped(compared, *SIGNAL, "measure").items():
        read = _measure_of_review(rows, key[0], key[-1])
        if read is not None and not _is_met(read, conditions):
            scheme, review, _, level, to_level, *_ = key
            place = Place(scheme, conditions[0].text("period_kind"), review, f"{level} to {to_level}")
            yield _unmet(place, read, conditions, "unmeetable")


def _measure_of_review(rows: PlanRows, scheme: str, name: str) -> Measure | None:
    others = rows.of("review_measure", measure_id=name)
    if not others:
        return rows.measure(name)
    if name != COEFFICIENT:
        return of_review(others[0])
    banded = rows.of("component", scheme_id=scheme, band_attribute="deduction_points")
    rates = [
        rate for one in banded for rate in rows.of("component_rate", component_id=one.text("component_id"))
    ]
    paid = [rate for rate in (worth(one) for one in rates) if rate is not None]
    if not paid:
        return None
    label = others[0]
    return replace(
        measure("deduction_points"),
        name=name,
        label_en=label.text("name_en"),
        label_zh=label.text("name_zh"),
        least=min(paid),
        greatest=max(paid),
    )


def _is_met(read: Measure, conditions: Sequence[PolicyRow]) -> bool:
    edges = [(one.text("comparison"), number(one, "threshold_value") or Fraction(0)) for one in conditions]
    values = values_around(frozenset(edge for _, edge in edges), read)
    return any(all(COMPARED[how](value, edge) for how, edge in edges if how in COMPARED) for value in values)


def _unmet(place: Place, read: Measure, conditions: Sequence[PolicyRow], phrase: str) -> Finding:
    """The ends of the measure against what is asked of it."""
    ends = "…".join("" if end is None else shown(end) for end in (read.least, read.greatest))
    asked = ", ".join(
        f"{one.text('comparison')} {shown(number(one, 'threshold_value') or Fraction(0))}"
        for one in conditions
    )
    return said(
        UNREACHABLE,
        place,
        conditions[0].text("clause_id"),
        (f"{ends} → –", f"{asked} → {place.name}"),
        phrase=phrase,
        en={"measure": read.label_en},
        zh={"measure": read.label_zh},
    )
