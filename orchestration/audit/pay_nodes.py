"""Nodes that a mechanism adds below a line's quantity and rate: events, bases, deductions, ranks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from orchestration.audit.byhand import line_amount
from orchestration.audit.evidence import Sources
from orchestration.audit.facts import BonusFacts
from orchestration.audit.node import Kind, Node, SourceLine
from orchestration.audit.recompute.due import JOB_ATTRIBUTES, Due
from orchestration.audit.recompute.exact import exact, rounded
from orchestration.audit.recompute.lines import QA_DEDUCTION
from orchestration.audit.recompute.ranking import StatedRanks
from orchestration.audit.relations import Row
from orchestration.audit.standing import standing
from orchestration.audit.text import band, money, operand, plain

QUALITY_REVIEW = "quality_review"
"""The source of deductions that `bonus_deduction` names for QA reviews."""

NO_EXPORT_NOTE = "no_export: no export of it ever came, so nothing is known · 缺少导出,情况未知"


def band_of_rate(rate: Row) -> str:
    """The band of a row of a rate table, in words."""
    is_upper = rate["band_side"] == "upper"
    return band(rate["lower_bound"], rate["upper_bound"], is_upper=is_upper, is_first=rate["is_first_band"])


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

    def __init__(self, facts: BonusFacts, sources: Sources, *, show_people: bool) -> None:
        self._facts = facts
        self._sources = sources
        self._show_people = show_people

    def below_quantity(self, line: Row, due: Due) -> Below:
        """What the quantity of a line is made of."""
        mechanism, basis = due.component["mechanism"], due.component["basis"]
        if mechanism == "graded" and basis == "base_salary":
            return Below(
                notes=("the base salary of the job history",), sources=self.segment(line["segment_no"])
            )
        if mechanism in ("commission", "threshold"):
            return self._attained(due)
        if mechanism == "per_event":
            counted = self._counted(due, basis)
            return Below(notes=self._bounds(due, counted))
        if mechanism == "points":
            return self._points(line, due)
        if mechanism == "scored":
            return self._scored(line, due)
        if mechanism in ("top_n", "improvement"):
            return self._ranked(line, due)
        return Below()

    def enriched(self, row: Row, node: Node) -> Node:
        """A published node of a mechanism with its label, calculation, evidence and export lines."""
        line = next(
            (one for key, one in self._facts.line_by_id.items() if node.node_id.startswith(f"{key}/")), None
        )
        due = None if line is None else self._facts.due.get((line["component_id"], line["segment_no"]))
        if line is None or due is None:
            return node
        model = row["input_model"]
        if model == "bonus_event":
            return self._gate(node, due) if row["parameter"] != "weight" else self._event(node, due)
        if model == "bonus_coefficient":
            return self._coefficient(node, due)
        if model == "bonus_deduction":
            return self._deduction(node, due)
        if model == "bonus_base":
            return self._base(node, due)
        return self._target(node, due)

    def below_rate(self, line: Row, due: Due) -> Below:
        """What the rate of a line is made of."""
        lines = self._facts.recomputed
        mechanism = due.component["mechanism"]
        if mechanism == "scored" and not lines.is_banded(due) and due.total_score is not None:
            return Below(by_hand=(f"{plain(due.total_score)} / 100 = {plain(line['rate'])}",))
        if mechanism != "points" or line["quantity_unit"] != "points":
            return self._looked_up(line, due)
        unit_value = lines.due.parameter(due, "unit_value_cny")
        row = lines.chosen_rates(due)
        if not row:
            return Below(notes=(f"{plain(unit_value)} yuan a point",))
        by_hand = f"{plain(unit_value)} × {plain(row[0]['rate'])} = {plain(line['rate'])}"
        return Below(by_hand=(by_hand,))

    def _looked_up(self, line: Row, due: Due) -> Below:
        """What of the job history found the row of the table: level, education, years of service."""
        component = due.component
        found = []
        if component["key_attribute"] in JOB_ATTRIBUTES:
            found.append(f"{component['key_attribute'].replace('_', ' ')} {due.rate_key or 'unknown'}")
        if component["band_attribute"] == "service_years":
            hired_on = due.place["hired_on"] or self._facts.recomputed.book.agents[due.agent_id]["hired_on"]
            found.append(f"{plain(due.band_value)} full years of service, hired on {hired_on}")
        if not found:
            return Below()
        return Below(notes=(f"looked up by {', '.join(found)}",), sources=self.segment(line["segment_no"]))

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

    def _attained(self, due: Due) -> Below:
        attained = self._facts.recomputed.attainment(due)
        if attained.target is None or attained.share is None:
            return Below()
        actual, target = rounded(attained.actual, 6), rounded(attained.target, 6)
        notes = [f"{attained.metric}: actual {plain(actual)}, target {plain(target)}"]
        if due.own_day_count < due.service_day_count:
            days = f"{due.own_day_count} of the {due.service_day_count} days in service"
            notes.append(f"{days} were under this plan and role: the target's share of them (S-MOVE)")
        return Below(notes=tuple(notes))

    def _target(self, node: Node, due: Due) -> Node:
        attained = self._facts.recomputed.attainment(due)
        keys = {
            f"{self._facts.agent_id}:{period_id}:{attained.metric}": ""
            for period_id in (self._facts.period_id, *self._facts.months(self._facts.period_id))
        }
        actual = rounded(attained.actual, 6)
        target = None if attained.target is None else rounded(attained.target, 6)
        share = f"{operand(actual)} / {plain(target)} = {plain(attained.share)}"
        return replace(
            node,
            kind="base",
            label_zh="目标与完成率",
            by_hand=(share,),
            sources=self._sources.lines("fct_target", keys),
        )

    def _counted(self, due: Due, kind: str) -> Decimal:
        return self._facts.recomputed.events.counted(due, kind)

    def _event(self, node: Node, due: Due) -> Node:
        kind = node.label
        weight = Decimal(node.parameter_value or 1)
        by_hand: tuple[str, ...] = ()
        if node.value is None:
            notes: tuple[str, ...] = (NO_EXPORT_NOTE,)
            return replace(self._of_kind(node, due, kind), kind="event", notes=notes)
        if due.component["mechanism"] == "points":
            weighed = rounded(exact(node.value) * exact(weight), 6)
            by_hand = (f"{plain(node.value)} × {operand(weight)} = {plain(weighed)}",)
        is_part = due.is_by_segment and len(self._facts.segments) > 1
        notes = (f"of segment {due.segment_no} of the period",) if is_part else ()
        return replace(self._of_kind(node, due, kind), kind="event", by_hand=by_hand, notes=notes)

    def _gate(self, node: Node, due: Due) -> Node:
        kind, comparison = (node.input_key or "").rsplit(":", 1)[-1], node.parameter
        gate = next(
            (
                row
                for row in self._facts.recomputed.book.component_events.get(due.key, ())
                if (row["use"], row["event_kind"], row["comparison"]) == ("gate", kind, comparison)
            ),
            None,
        )
        if gate is None:
            return node
        is_met = self._facts.recomputed.is_open(due, gate)
        name, word = kind.replace("_", " "), str(comparison).replace("_", " ")
        return replace(
            self._of_kind(node, due, kind),
            kind="gate",
            label=f"{name}: {word} {plain(gate['threshold_value'])}",
            origin=gate["value_origin"],
            notes=(_gate_note(is_met, is_known=node.value is not None),),
        )

    def _of_kind(self, node: Node, due: Due, kind: str) -> Node:
        """A node of a kind of event: its label, and the rows or the standing fact behind it."""
        sources: tuple[SourceLine, ...] = ()
        has_no_rows = self._facts.recomputed.book.is_standing(due.period_id, kind)
        if kind == "execution_score":
            ratings = self._facts.ratings("execution")
            keys = {one["rating_id"]: f"score {plain(one['score'])}" for one in ratings}
            sources = self._sources.lines("fct_rating", keys)
        elif has_no_rows:
            sources = self.segment(max(self._facts.segments, default=1))
        return replace(
            node,
            label=kind.replace("_", " "),
            label_zh=self._facts.event_labels.get(kind, ""),
            sources=sources,
            evidence=None if has_no_rows else event_key(kind, due.period_id),
        )

    def _coefficient(self, node: Node, due: Due) -> Node:
        parts = [rounded(points, 6) for _, points, _ in self._facts.recomputed.deductions(due)]
        total = rounded(sum((exact(part) for part in parts), Fraction(0)), 6)
        by_hand = (f"{' + '.join(plain(part) for part in parts)} = {plain(total)}",) if parts else ()
        return replace(
            node,
            kind="deduction",
            label_zh="系数与当期扣分",
            by_hand=by_hand,
            notes=(f"{plain(total)} points deducted find the row of the table",),
        )

    def _deduction(self, node: Node, due: Due) -> Node:
        name = (node.input_key or "").rsplit(":", 1)[-1]
        if name == QUALITY_REVIEW:
            return replace(
                node,
                kind="deduction",
                label_zh=self._facts.event_labels.get(QA_DEDUCTION, ""),
                evidence=event_key(QA_DEDUCTION, due.period_id),
            )
        rate = next((one for kpi, _, one in self._facts.recomputed.deductions(due) if kpi == name), None)
        notes: tuple[str, ...] = ()
        if rate is not None and node.parameter_value is not None:
            value = plain(Decimal(node.parameter_value))
            notes = (f"{value} lies in the band {band_of_rate(rate)}",)
        return replace(
            node,
            kind="deduction",
            label_zh=self._facts.definitions.get(name, {}).get("name_zh", ""),
            origin=None if rate is None else rate["value_origin"],
            notes=notes,
            evidence=f"{name}@{due.period_id}",
        )

    def _base(self, node: Node, due: Due) -> Node:
        key = (node.input_key or "").removeprefix(f"{self._facts.agent_id}:")
        month_id, component_id, segment_no = key.split(":")
        rows = self._facts.audit.select(
            "bonus.bonus_line_computed",
            {"agent_id": due.agent_id, "component_id": component_id, "period_id": month_id},
            order=["segment_no"],
        )
        row = next((one for one in rows if one["segment_no"] == int(segment_no)), None)
        if row is None:
            return node
        return replace(
            node,
            kind="base",
            label=f"{row['line_label']} {month_id}",
            label_zh=row["line_label_zh"],
            origin=row["value_origin"],
            by_hand=(line_amount(row, rows),),
            notes=(f"trace {due.agent_id} {month_id} shows it in full",),
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
        weighed = [
            rounded(exact(self._counted(due, kind)) * exact(row["weight"]), 6)
            for kind, row in self._facts.recomputed.book.weights(*due.key).items()
        ]
        total = sum(weighed, Decimal(0))
        by_hand = f"{' + '.join(operand(value) for value in weighed)} = {plain(total)}"
        return Below(by_hand=(by_hand,), notes=self._bounds(due, total))

    def _bounds(self, due: Due, counted: Decimal) -> tuple[str, ...]:
        paid = rounded(self._facts.recomputed.bounded(due, exact(counted)), 6)
        if paid == counted:
            return ()
        return (f"{plain(counted)} counted, {plain(paid)} pays: a condition or bound of the component",)

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
        else:
            notes.append(f"base: {due.component['basis'].replace('_', ' ')}")
        return Below(by_hand=(by_hand,), notes=tuple(notes), sources=sources)

    def _ranked(self, line: Row, due: Due) -> Below:
        row = StatedRanks(self._facts.recomputed.book).rows.get(due.key)
        if row is None:
            return Below()
        value, previous = plain(row["current_value"]), row["previous_value"]
        notes = [f"{row['measure_id']} {value}"]
        if due.component["mechanism"] == "improvement":
            notes = [
                f"{row['measure_id']} {value}, before {plain(previous)}",
                f"improvement {plain(row['ranked_value'])}",
            ]
        if self._show_people:
            notes += standing(self._facts.audit, row)
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
            notes=tuple(notes),
            sources=sources,
            evidence=evidence,
            children=children,
        )


def _gate_note(is_met: bool, *, is_known: bool) -> str:
    if not is_known:
        return f"{NO_EXPORT_NOTE}; the component pays nothing"
    return "met" if is_met else "not met: the component pays nothing"
