"""The rows behind a number: of a fact its export line, of a sum its evidence, of days the job history."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from orchestration.audit.calculation.graph import Number
from orchestration.audit.evidence import EVENT, KPI, EvidenceReader, Wanted
from orchestration.audit.node import Phrase, SourceLine
from orchestration.audit.phrases import phrase
from orchestration.audit.relations import Row
from orchestration.audit.standing import standing
from orchestration.text import money, plain

OTHERS = frozenset({"score_rating", "bonus_line_computed", "bonus_ranking"})
"""Relations whose rows say more of a number: who rated, which segment, who stands next."""

FACTS = ("fct_", "dim_")
"""What rows of exports are; a line of a frozen register is one too, but no export has it."""

SUMS: Mapping[str, tuple[str, str]] = {
    "kpi_observation": (KPI, "kpi_id"),
    "bonus_own_observation": (KPI, "kpi_id"),
    "bonus_event": (EVENT, "event_kind"),
}
"""Relations of sums over evidence: where their rows are, and the column that names what is summed."""

ROSTER = frozenset({"bonus_due", "bonus_coefficient"})
"""Relations whose words come from the job history of a segment."""

ANY = "*"
"""A role of the policy that is every role."""

DAYS = frozenset({"day_count"})
"""Columns that count days of a segment of the job history."""


@dataclass(frozen=True)
class Behind:
    """What is behind one number."""

    notes: tuple[Phrase, ...] = ()
    sources: tuple[SourceLine, ...] = ()
    evidence: str | None = None


NOTHING = Behind()


class RowsBehind:
    """Finds the rows behind the numbers of one agent's tree, read at once by relation; `wanted` gathers the
    evidence of those asked for.
    """

    def __init__(self, reader: EvidenceReader, numbers: Iterable[Number]) -> None:
        self.reader, self.audit = reader, reader.audit
        self.wanted: dict[str, Wanted] = {}
        self._rows: dict[tuple[str, str], Row] = {}
        self._lines: dict[tuple[str, str], SourceLine] = {}
        keys: dict[str, set[str]] = {}
        for number in numbers:
            if number.input_model is not None and number.input_key is not None:
                keys.setdefault(number.input_model, set()).add(number.input_key)
        for model, wanted in keys.items():
            if model.startswith(FACTS):
                lines = reader.lines(model, dict.fromkeys(sorted(wanted), ""))
                self._lines |= {(model, line.key): line for line in lines}
            elif model in SUMS or model in ROSTER or model in OTHERS:
                found = self.audit.rows_by_key(model, wanted)
                self._rows |= {(model, key): row for key, row in found.items()}

    def found(self, number: Number) -> Behind:
        """What is behind a number."""
        model, key = number.input_model or "", number.input_key or ""
        line = self._lines.get((model, key))
        if line is not None:
            return Behind(sources=(line,))
        row = self._rows.get((model, key))
        if row is None:
            return NOTHING
        if model in SUMS:
            return NOTHING if number.kind == "days" else self._sum(model, row, number)
        if model == "bonus_ranking" and number.kind == "rank":
            return Behind(notes=tuple(standing(self.audit, row)) if self.reader.show_people else ())
        if model == "score_rating":
            return Behind(sources=self._ratings(row)) if number.operation is not None else NOTHING
        if (model in ROSTER and number.operation is None) or number.input_column in DAYS:
            return Behind(sources=self._roster(row["period_id"], row.get("segment_no")))
        return NOTHING

    def _sum(self, model: str, row: Row, number: Number) -> Behind:
        if row.get("is_standing"):
            return Behind(sources=self._roster(row["period_id"], row["segment_no"]))
        if number.kind in ("numerator", "denominator") and model == "kpi_observation":
            return NOTHING  # the ratio above has the evidence of both
        relation, column = SUMS[model]
        period_id = row.get("month_id") or row["period_id"]
        days = self._days(row, period_id)
        name = row[column]
        part = row.get("segment_no") or row.get("component_id") or 1
        key = f"{name}@{period_id}" + (f":{part}" if part != 1 else "")
        label, is_sum = self._names.get((relation, name), (Phrase(name, name), True))
        self.wanted[key] = Wanted(relation, name, period_id, days, label, is_sum)
        pending = row.get("pending_count") or 0
        notes = (phrase("pending_rows", count=pending),) if pending else ()
        return Behind(evidence=key, notes=notes)

    def _days(self, row: Row, period_id: str) -> tuple[tuple[date, date], ...]:
        """The days that a sum is of: of a segment's count its own, of a component's those under its plan and
        role (S-MOVE), else the whole period.
        """
        period = self._periods[period_id]
        segments = [one for (of, _), one in self._segments.items() if of == period_id]
        if "component_id" in row:
            due = self._due[row["component_id"], row["period_id"]]
            plan, role = due["scheme_id"], due["component_role"]
            kept = [one for one in segments if one["scheme_id"] == plan and role in (ANY, one["role"])]
        elif row.get("segment_no") is not None:
            kept = [one for one in segments if one["segment_no"] == row["segment_no"]]
        else:
            return ((period["starts_on"], period["ends_on"]),)
        return tuple((one["first_day_on"], one["last_day_on"]) for one in kept)

    def _ratings(self, row: Row) -> tuple[SourceLine, ...]:
        """The ratings that a score takes: the period's own, else those of its months (CG-04)."""
        period = self._periods[row["period_id"]]
        found = self.audit.query(
            "select rating.* from facts.fct_rating as rating inner join facts.dim_period as period "
            "on rating.period_id = period.period_id where rating.agent_id = ? and rating.dimension = ? "
            "and period.starts_on >= ? and period.ends_on <= ? order by rating.rating_id",
            [self.reader.agent_id, row["dimension"], period["starts_on"], period["ends_on"]],
        )
        own = [one for one in found if one["period_id"] == row["period_id"]] or found
        says = {
            one["rating_id"]: f"score {plain(one['score'])}"
            + (f" by {one['rater_id']}" if self.reader.show_people and one["rater_id"] else "")
            for one in own
        }
        return self.reader.lines("fct_rating", says)

    def _roster(self, period_id: str, segment_no: int | None) -> tuple[SourceLine, ...]:
        """The export line of the job history behind a segment of a period, by default its last."""
        segments = {no: row for (period, no), row in self._segments.items() if period == period_id}
        row = segments.get(segment_no or max(segments, default=0))
        if row is None:
            return ()
        says = f"{row['first_day_on']} to {row['last_day_on']}: {row['scheme_id']}, {row['role']}"
        for column in ("level", "education"):
            says += f", {column} {row[column]}" if row[column] else ""
        if row["base_salary_cny"] is not None:
            says += f", base salary {money(row['base_salary_cny'])}"
        return self.reader.lines(
            "dim_agent_segment", {f"{self.reader.agent_id}:{row['effective_from_on']}": says}
        )

    @cached_property
    def _periods(self) -> Mapping[str, Row]:
        return {row["period_id"]: row for row in self.audit.select("facts.dim_period")}

    @cached_property
    def _segments(self) -> Mapping[tuple[str, int], Row]:
        rows = self.audit.select("facts.dim_agent_period_segment", {"agent_id": self.reader.agent_id})
        return {(row["period_id"], row["segment_no"]): row for row in rows}

    @cached_property
    def _due(self) -> Mapping[tuple[str, str], Row]:
        rows = self.audit.select("bonus.bonus_due", {"agent_id": self.reader.agent_id})
        return {(row["component_id"], row["period_id"]): row for row in rows}

    @cached_property
    def _names(self) -> Mapping[tuple[str, str], tuple[Phrase, bool]]:
        """Labels of KPIs and of kinds of events, and whether the number is a plain sum."""
        kpis = self.audit.select("policy.policy_kpi_period", order=["period_id"])
        kinds = self.audit.select("policy.policy_event_kind", order=["period_id"])
        return {
            (KPI, row["kpi_id"]): (Phrase(row["name_en"], row["name_zh"]), row["aggregation"] == "sum")
            for row in kpis
        } | {(EVENT, row["event_kind"]): (Phrase(row["label_en"], row["label_zh"]), True) for row in kinds}
