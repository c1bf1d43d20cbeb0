"""Nodes that a mechanism adds below a line's quantity and rate: events, bases, deductions, ranks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from orchestration.audit.byhand import line_amount
from orchestration.audit.evidence import Sources
from orchestration.audit.facts import BonusFacts
from orchestration.audit.labels import EVENTS
from orchestration.audit.node import Kind, Node, SourceLine
from orchestration.audit.recompute.due import Due
from orchestration.audit.recompute.exact import exact, rounded
from orchestration.audit.recompute.lines import QA_DEDUCTION
from orchestration.audit.recompute.ranking import StatedRanks
from orchestration.audit.relations import Row
from orchestration.audit.text import money, operand, plain

STANDING = ("month_in_service", "month_as_", "execution_score")
"""Kinds that hold of a month as a whole and have no rows of their own."""


def event_key(kind: str, period_id: str) -> str:
    """Name of the evidence of a kind of event in `Trace.evidence`."""
    return f"event:{kind}@{period_id}"


@dataclass(frozen=True)
class Below:
    """What a mechanism adds to a node."""

    by_hand: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    sources: tuple[SourceLine, ...] = ()
    children: tuple[Node, ...] = ()


class PayNodes:
    """Nodes of the mechanisms of one bonus."""

    def __init__(self, facts: BonusFacts, sources: Sources) -> None:
        self._facts = facts
        self._sources = sources

    def below_quantity(self, line: Row, due: Due) -> Below:
        """What the quantity of a line is made of."""
        mechanism, basis = due.component["mechanism"], due.component["basis"]
        if mechanism == "graded" and basis == "base_salary":
            return Below(
                notes=("the base salary of the job history",), sources=self.segment(line["segment_no"])
            )
        if mechanism in ("commission", "threshold"):
            return self._attained(line, due)
        if mechanism == "per_event":
            segment = due.segment_no if due.component["period_kind"] == "month" else None
            node = self._event(line, due, basis, weight=None, segment_no=segment)
            gates = tuple(self._gates(line, due))
            return Below(children=(node, *gates), notes=self._bounds(due, node.value))
        if mechanism == "points":
            return self._points(line, due)
        if mechanism == "scored":
            return self._scored(line, due)
        if mechanism in ("top_n", "improvement"):
            return self._ranked(line, due)
        return Below()

    def below_rate(self, line: Row, due: Due) -> Below:
        """What the rate of a line is made of."""
        lines = self._facts.recomputed
        mechanism = due.component["mechanism"]
        if mechanism == "scored" and not lines.is_banded(due) and due.total_score is not None:
            return Below(by_hand=(f"{plain(due.total_score)} / 100 = {plain(line['rate'])}",))
        if mechanism != "points" or line["quantity_unit"] != "points":
            return Below()
        unit_value = lines.due.parameter(due, "unit_value_cny")
        row = lines.chosen_rates(due)
        if not row:
            return Below(notes=(f"{plain(unit_value)} yuan a point",))
        by_hand = f"{plain(unit_value)} × {plain(row[0]['rate'])} = {plain(line['rate'])}"
        return Below(by_hand=(by_hand,), children=(self._deductions(line, due),))

    def segment(self, segment_no: int) -> tuple[SourceLine, ...]:
        """The export line of the job history behind a segment of the month."""
        segment = self._facts.segments.get(segment_no)
        if segment is None:
            return ()
        key = f"{self._facts.agent_id}:{segment['effective_from_on']}"
        days = f"{segment['first_day_on']} to {segment['last_day_on']}"
        says = f"{days}: {segment['scheme_id']}, {segment['role']}"
        if segment["base_salary_cny"] is not None:
            says += f", base salary {money(segment['base_salary_cny'])}"
        return self._sources.lines("dim_agent_segment", {key: says})

    def _attained(self, line: Row, due: Due) -> Below:
        attained = self._facts.recomputed.attainment(due)
        if attained.target is None or attained.share is None:
            return Below()
        keys = {
            f"{self._facts.agent_id}:{period_id}:{attained.metric}": ""
            for period_id in (self._facts.period_id, *self._facts.months(self._facts.period_id))
        }
        sources = self._sources.lines("fct_target", keys)
        share = f"{operand(attained.actual)} / {plain(attained.target)} = {plain(attained.share)}"
        note = f"{attained.metric}: actual {plain(attained.actual)}, target {plain(attained.target)}"
        return Below(by_hand=(share,), notes=(note,), sources=sources)

    def _event(
        self, line: Row, due: Due, kind: str, *, weight: Decimal | None, segment_no: int | None
    ) -> Node:
        counted = self._facts.recomputed.events.quantity(
            due.agent_id, due.period_id, kind, segment_no=segment_no
        )
        amount = counted if weight is None else counted * exact(weight)
        value = rounded(amount, 6)
        is_standing = kind.startswith(STANDING)
        by_hand = (
            () if weight is None else (f"{plain(rounded(counted, 6))} × {operand(weight)} = {plain(value)}",)
        )
        sources: tuple[SourceLine, ...] = ()
        if kind == "execution_score":
            sources = self._sources.lines(
                "fct_rating",
                {
                    one["rating_id"]: f"score {plain(one['score'])}"
                    for one in self._facts.ratings("execution")
                },
            )
        elif is_standing:
            sources = self.segment(max(self._facts.segments, default=1))
        return self._node(
            line,
            f"event/{kind}",
            "event",
            label=kind.replace("_", " "),
            label_zh=EVENTS.get(kind, ""),
            value=value,
            unit="count" if weight is None else "points",
            by_hand=by_hand,
            notes=(f"of segment {segment_no} of the month",)
            if segment_no is not None and len(self._facts.segments) > 1
            else (),
            sources=sources,
            evidence=None if is_standing else event_key(kind, due.period_id),
        )

    def _points(self, line: Row, due: Due) -> Below:
        basis = due.component["basis"]
        if basis in ("no_pay", "floor"):
            others = [
                one["amount_cny"]
                for one in self._facts.lines
                if one["mechanism"] == "points" and one["quantity_unit"] == "points"
            ]
            text = " + ".join(operand(amount) for amount in others)
            return Below(by_hand=(f"0 − ({text}) = {plain(line['quantity'])}",))
        nodes = [
            self._event(line, due, name.removeprefix("points_per_"), weight=row["value"], segment_no=None)
            for name, row in sorted(self._facts.recomputed.book.parameters.get(due.key, {}).items())
            if name.startswith("points_per_")
        ]
        values = [node.value for node in nodes if node.value is not None]
        total = sum(values, Decimal(0))
        gates = tuple(self._gates(line, due))
        by_hand = f"{' + '.join(operand(value) for value in values)} = {plain(total)}"
        return Below(by_hand=(by_hand,), children=(*nodes, *gates), notes=self._bounds(due, total))

    def _bounds(self, due: Due, counted: Decimal | None) -> tuple[str, ...]:
        paid = rounded(self._facts.recomputed.bounded(due, exact(counted)), 6)
        if counted is None or paid == counted:
            return ()
        return (f"{plain(counted)} counted, {plain(paid)} pays: a condition or bound of the component",)

    def _gates(self, line: Row, due: Due) -> Iterator[Node]:
        lines = self._facts.recomputed
        for name, row in sorted(lines.book.parameters.get(due.key, {}).items()):
            for prefix, word in (("at_most_", "at most"), ("at_least_", "at least")):
                if not name.startswith(prefix):
                    continue
                kind = name.removeprefix(prefix)
                seen = lines.events.quantity(due.agent_id, due.period_id, kind)
                is_met = seen <= row["value"] if prefix == "at_most_" else seen >= row["value"]
                yield self._node(
                    line,
                    f"gate/{name}",
                    "gate",
                    label=f"{kind.replace('_', ' ')}: {word} {plain(row['value'])}",
                    label_zh=EVENTS.get(kind, ""),
                    value=rounded(seen, 6),
                    unit="count",
                    clause_id=row["clause_id"],
                    origin=row["value_origin"],
                    notes=("met" if is_met else "not met: the component pays nothing",),
                    evidence=event_key(kind, due.period_id),
                )

    def _deductions(self, line: Row, due: Due) -> Node:
        lines = self._facts.recomputed
        children, parts = [], []
        for name, points, rate in lines.deductions(due):
            parts.append(rounded(points, 6))
            is_quality = name == QA_DEDUCTION
            observed = None if is_quality else self._facts.observation(due.period_id, name)
            notes: tuple[str, ...] = ()
            if rate is not None and observed is not None:
                upper = "" if rate["upper_bound"] is None else f" to below {plain(rate['upper_bound'])}"
                notes = (
                    f"{plain(observed['value'])} lies in the band from {plain(rate['lower_bound'])}{upper}",
                )
            children.append(
                self._node(
                    line,
                    f"deduction/{name}",
                    "deduction",
                    label=name.replace("_", " "),
                    label_zh=EVENTS.get(name, self._facts.definitions.get(name, {}).get("name_zh", "")),
                    value=rounded(points, 6),
                    unit="points",
                    clause_id=None if rate is None else rate["clause_id"],
                    origin=None if rate is None else rate["value_origin"],
                    notes=notes,
                    evidence=event_key(name, due.period_id) if is_quality else f"{name}@{due.period_id}",
                )
            )
        total = rounded(sum((exact(part) for part in parts), Fraction(0)), 6)
        by_hand = f"{' + '.join(plain(part) for part in parts)} = {plain(total)}" if parts else ""
        return self._node(
            line,
            "deduction",
            "deduction",
            label="deductions of the period find the coefficient",
            label_zh="当期扣分",
            value=total,
            unit="points",
            by_hand=(by_hand,) if by_hand else (),
            children=tuple(children),
        )

    def _scored(self, line: Row, due: Due) -> Below:
        lines = self._facts.recomputed
        base, is_from_paid, _ = lines.scored_base(due)
        if base is None:
            return Below()
        factors = [
            plain(lines.due.parameter(due, name))
            for name in ("share", "multiple", "company_factor")
            if lines.due.parameter(due, name) is not None
        ]
        by_hand = f"{' × '.join([money(base), *factors])} = {plain(line['quantity'])}"
        notes, sources = [], self.segment(line["segment_no"])
        if is_from_paid:
            notes.append(f"base: what {due.component['basis']} paid for the months of the period, as rounded")
            children = tuple(self._paid_months(line, due))
        else:
            notes.append(f"base: {due.component['basis'].replace('_', ' ')}")
            children = ()
        return Below(by_hand=(by_hand,), notes=tuple(notes), sources=sources, children=children)

    def _paid_months(self, line: Row, due: Due) -> Iterator[Node]:
        rows = self._facts.audit.select(
            "bonus.bonus_line_computed",
            {
                "agent_id": due.agent_id,
                "component_id": due.component["basis"],
                "period_id": list(self._facts.months(due.period_id)),
            },
            order=["period_id", "segment_no"],
        )
        for row in rows:
            yield self._node(
                line,
                f"base/{row['bonus_line_id']}",
                "base",
                label=f"{row['line_label']} {row['period_id']}",
                label_zh=row["line_label_zh"],
                value=row["amount_cny"],
                unit="cny",
                clause_id=row["clause_id"],
                origin=row["value_origin"],
                by_hand=(line_amount(row, [one for one in rows if one["period_id"] == row["period_id"]]),),
                notes=(f"trace {due.agent_id} {row['period_id']} shows it in full",),
            )

    def _ranked(self, line: Row, due: Due) -> Below:
        row = StatedRanks(self._facts.recomputed.book).rows.get(due.key)
        if row is None:
            return Below()
        value, previous = plain(row["current_value"]), row["previous_value"]
        notes = [f"{row['measure_id']} {value}" + ("" if previous is None else f", before {plain(previous)}")]
        by_hand: tuple[str, ...] = ()
        if previous is not None:
            notes.append(f"improvement {plain(row['ranked_value'])}")
        kpi_id = row["measure_id"]
        is_kpi = kpi_id in self._facts.definitions
        node = self._node(
            line,
            "rank",
            "award",
            label=f"rank {row['rank']} in {row['scope']} {row['scope_id']}",
            label_zh="名次",
            value=row["ranked_value"],
            unit="ranked value",
            clause_id=row["clause_id"],
            by_hand=by_hand,
            notes=tuple(notes),
            evidence=f"{kpi_id}@{due.period_id}" if is_kpi else None,
            children=tuple(self._total_score(line, kpi_id)),
        )
        return Below(children=(node,))

    def _total_score(self, line: Row, measure_id: str) -> Iterator[Node]:
        """A rank by score leads to the score; its tree hangs below the graded lines."""
        score = self._facts.score
        if measure_id != "score" or score is None:
            return
        yield self._node(
            line,
            "rank/score",
            "other",
            label="total score",
            label_zh="总分",
            value=score["total_score"],
            unit="points",
            notes=("its parts stand under the grade",),
        )

    def _node(
        self,
        line: Row,
        name: str,
        kind: Kind,
        *,
        label: str,
        label_zh: str,
        value: Decimal | None,
        unit: str,
        clause_id: str | None = None,
        origin: str | None = None,
        by_hand: tuple[str, ...] = (),
        notes: Sequence[str] = (),
        sources: tuple[SourceLine, ...] = (),
        evidence: str | None = None,
        children: tuple[Node, ...] = (),
    ) -> Node:
        return Node(
            node_id=f"{line['bonus_line_id']}/{name}",
            kind=kind,
            label=label,
            label_zh=label_zh,
            value=value,
            unit=unit,
            clause_id=clause_id,
            input_model=None,
            input_key=None,
            origin=origin,
            by_hand=by_hand,
            notes=tuple(notes),
            sources=sources,
            evidence=evidence,
            children=children,
        )
