"""Everything published about one agent and period that explains a bonus: read once, by key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from orchestration.audit.agent_data import AgentData
from orchestration.audit.recompute.book import Book
from orchestration.audit.recompute.due import Due
from orchestration.audit.recompute.lines import Lines
from orchestration.audit.recompute.ranking import StatedRanks
from orchestration.audit.relations import AuditFile, Row


@dataclass(frozen=True)
class BonusFacts:
    """One bonus and the published rows it rests on."""

    audit: AuditFile
    bonus: Row

    @property
    def agent_id(self) -> str:
        """The agent."""
        return str(self.bonus["agent_id"])

    @property
    def period_id(self) -> str:
        """The period."""
        return str(self.bonus["period_id"])

    @cached_property
    def lines(self) -> Sequence[Row]:
        """The bonus's lines by line number."""
        return self.audit.select("bonus.bonus_line", {"bonus_id": self.bonus["bonus_id"]}, order=["line_no"])

    @cached_property
    def line_by_id(self) -> Mapping[str, Row]:
        """The bonus's lines by id."""
        return {line["bonus_line_id"]: line for line in self.lines}

    @cached_property
    def nodes(self) -> Sequence[Row]:
        """The published nodes of the trace."""
        return self.audit.select("audit.bonus_trace", {"bonus_id": self.bonus["bonus_id"]})

    @cached_property
    def score(self) -> Row | None:
        """The agent's score of the period."""
        return self._one("score.score")

    @cached_property
    def score_lines(self) -> Mapping[str, Row]:
        """The agent's score lines by KPI."""
        return {row["kpi_id"]: row for row in self._own("score.score_line", order=["block", "kpi_id"])}

    @cached_property
    def score_policy(self) -> Mapping[tuple[str, str], Row]:
        """Weights and curves of the agent's plan and role by block and KPI."""
        if self.score is None:
            return {}
        rows = self.audit.select(
            "policy.policy_score_kpi",
            {
                "period_id": self.period_id,
                "scheme_id": self.score["scheme_id"],
                "role": [self.score["role"], "*"],
            },
        )
        return {(row["block"], row["kpi_id"]): row for row in rows}

    @cached_property
    def convention(self) -> Row:
        """The conventions of the period (points at target and at stretch)."""
        return self.audit.select("policy.policy_convention", {"period_id": self.period_id})[0]

    @cached_property
    def grade(self) -> Row | None:
        """The agent's grade of the period."""
        return self._one("grade.grade")

    @cached_property
    def cohort(self) -> Sequence[Row]:
        """Rank, grade and total score of everyone ranked with the agent: no names."""
        if self.grade is None:
            return ()
        return self.audit.query(
            "select rank, grade, band_no, total_score from grade.grade "
            "where cohort_id = ? and rank is not null order by rank",
            [self.grade["cohort_id"]],
        )

    @cached_property
    def bands(self) -> Sequence[Row]:
        """Grade bands of the agent's plan and ranking method, best first."""
        if self.grade is None or self.grade["method"] is None:
            return ()
        return self.audit.select(
            "policy.policy_grade_band",
            {
                "period_id": self.period_id,
                "scheme_id": self.grade["scheme_id"],
                "method": self.grade["method"],
            },
            order=["band_no"],
        )

    @cached_property
    def rates(self) -> Mapping[str, Row]:
        """Rows of the rate tables of the bonus's components, by the key that trace nodes use."""
        rows = self.audit.select(
            "policy.policy_component_rate",
            {
                "period_id": self.period_id,
                "component_id": sorted({line["component_id"] for line in self.lines}),
            },
        )
        return {f"{row['component_id']}:{row['rate_key']}:{row['lower_bound']}": row for row in rows}

    @cached_property
    def parameters(self) -> Mapping[str, Row]:
        """Parameters of the bonus's components, by `component:parameter`."""
        rows = self.audit.select(
            "policy.policy_component_parameter",
            {
                "period_id": self.period_id,
                "component_id": sorted({line["component_id"] for line in self.lines}),
            },
        )
        return {f"{row['component_id']}:{row['parameter']}": row for row in rows}

    @cached_property
    def unpaid(self) -> Sequence[Row]:
        """Components due that pay nothing, or not all, for want of data."""
        keys = {"agent_id": self.agent_id, "period_id": self.period_id}
        return self.audit.select("bonus.bonus_unpaid", keys, order=["component_id", "segment_no"])

    @cached_property
    def event_labels(self) -> Mapping[str, str]:
        """Chinese labels of the kinds of events that pay counts."""
        rows = self.audit.select("policy.policy_event_kind", {"period_id": self.period_id})
        return {row["event_kind"]: row["label_zh"] for row in rows}

    @cached_property
    def recomputed(self) -> Lines:
        """The rules applied to the agent's published rows: what is due, attainment, events."""
        periods = [self.period_id, *self.months(self.period_id)]
        lines = Lines(Book(AgentData(self.audit, self.agent_id, periods)))
        lines.awards = StatedRanks(lines.book)
        return lines

    @cached_property
    def due(self) -> Mapping[tuple[str, int], Due]:
        """Components due in the period, by component and segment, whether or not they pay."""
        return {
            (due.component_id, due.segment_no): due
            for due in self.recomputed.due.all
            if due.period_id == self.period_id
        }

    @cached_property
    def segments(self) -> Mapping[int, Row]:
        """The agent's job-history intervals of the period by number."""
        rows = self.audit.select(
            "facts.dim_agent_period_segment", {"agent_id": self.agent_id, "period_id": self.period_id}
        )
        return {row["segment_no"]: row for row in rows}

    @cached_property
    def definitions(self) -> Mapping[str, Row]:
        """The KPI definitions of the period."""
        rows = self.audit.select("policy.policy_kpi_period", {"period_id": self.period_id})
        return {row["kpi_id"]: row for row in rows}

    @cached_property
    def measures(self) -> Mapping[str, Row]:
        """What a plan may score beside KPIs: ratings, the quarters' totals, the centre's NPS."""
        rows = self.audit.select("policy.policy_score_measure", {"period_id": self.period_id})
        return {row["measure_id"]: row for row in rows}

    def quarters(self) -> Sequence[BonusFacts]:
        """The same facts of each quarter of a year that has a score."""
        [year] = self.audit.select("facts.dim_period", {"period_id": self.period_id})
        rows = self.audit.query(
            "select period_id from facts.dim_period where period_kind = 'quarter' "
            "and starts_on >= ? and ends_on <= ? order by starts_on",
            [year["starts_on"], year["ends_on"]],
        )
        found = [
            BonusFacts(
                self.audit,
                {
                    **self.bonus,
                    "period_id": row["period_id"],
                    "bonus_id": f"{row['period_id']}:{self.agent_id}",
                },
            )
            for row in rows
        ]
        return [
            quarter
            for quarter in found
            if quarter.score is not None and quarter.score["total_score"] is not None
        ]

    def recalculated(self, bonus_line_id: str, node_id: str) -> RecalculatedFacts | None:
        """The same facts around a line of a settled period as this publication's night calculates it."""
        rows = self.audit.select("bonus.bonus_line_computed", {"bonus_line_id": bonus_line_id})
        if not rows:
            return None
        of_line = {name: rows[0][name] for name in ("bonus_id", "period_kind", "period_id", "scheme_id")}
        line = {**rows[0], "adjusts_bonus_line_id": None}
        return RecalculatedFacts(self.audit, {**self.bonus, **of_line}, node_id, line)

    def months(self, period_id: str) -> Sequence[str]:
        """The months of a period."""
        rows = self.audit.select("facts.dim_period_month", {"period_id": period_id}, order=["month_id"])
        return [row["month_id"] for row in rows]

    def observation(self, period_id: str, kpi_id: str) -> Row | None:
        """The agent's observation of a KPI."""
        rows = self.audit.select(
            "kpi.kpi_observation", {"agent_id": self.agent_id, "period_id": period_id, "kpi_id": kpi_id}
        )
        return rows[0] if rows else None

    def ratings(self, dimension: str) -> Sequence[Row]:
        """The ratings that the period's score takes: its own, else those of its months (CG-04)."""
        own = self.audit.select(
            "facts.fct_rating",
            {"agent_id": self.agent_id, "dimension": dimension, "period_id": self.period_id},
            order=["rating_id"],
        )
        if own:
            return own
        return self.audit.select(
            "facts.fct_rating",
            {"agent_id": self.agent_id, "dimension": dimension, "period_id": self.months(self.period_id)},
            order=["rating_id"],
        )

    def _own(self, relation: str, order: Sequence[str] = ()) -> list[Row]:
        return self.audit.select(
            relation, {"agent_id": self.agent_id, "period_id": self.period_id}, order=order
        )

    def _one(self, relation: str) -> Row | None:
        rows = self._own(relation)
        return rows[0] if rows else None


@dataclass(frozen=True)
class RecalculatedFacts(BonusFacts):
    """The facts below an adjustment: a settled period as this publication's night calculates it.

    Of its lines one has a tree, under the node `node_id`.
    """

    node_id: str
    line: Row

    @cached_property
    def lines(self) -> Sequence[Row]:
        """The lines that the night calculates for the settled bonus, by line number."""
        return self.audit.select(
            "bonus.bonus_line_computed", {"bonus_id": self.bonus["bonus_id"]}, order=["line_no"]
        )

    @cached_property
    def line_by_id(self) -> Mapping[str, Row]:
        """The line that has a tree, by its node's id."""
        return {self.node_id: self.line}
