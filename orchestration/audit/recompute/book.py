"""The published rows that recalculation starts from, indexed once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

Row = Mapping[str, Any]


AGENT_COLUMNS = {"facts.fct_ticket": "recording_agent_id"}
"""Where the column that names the agent is not `agent_id`."""


class Published(Protocol):
    """Rows of published relations: of a publication's Parquet files, or of an evidence pack."""

    def rows(self, relation: str) -> Sequence[Row]:
        """All rows of `schema.table`."""
        ...

    def rows_of(self, relation: str, columns: Sequence[str], agents: Iterable[str]) -> Iterable[Row]:
        """Some columns of the rows of some agents (by column `agent_id`, or the columns that name agents)."""
        ...


@dataclass(frozen=True)
class Rating:
    """Ratings of an agent, a period and a dimension: Σ score and how many."""

    total: Any
    count: int


class Book:
    """Published rows by the keys that the rules look them up by."""

    def __init__(self, data: Published) -> None:
        self.data = data

    def rows(self, relation: str) -> Sequence[Row]:
        """All rows of a relation."""
        return self.data.rows(relation)

    @cached_property
    def periods(self) -> Mapping[str, Row]:
        """Periods by id."""
        return {row["period_id"]: row for row in self.rows("facts.dim_period")}

    @cached_property
    def months(self) -> Mapping[str, Sequence[str]]:
        """The months of each period."""
        return _grouped(self.rows("facts.dim_period_month"), "period_id", "month_id")

    @cached_property
    def agents(self) -> Mapping[str, Row]:
        """Agents by id."""
        return {row["agent_id"]: row for row in self.rows("facts.dim_agent")}

    @cached_property
    def agent_periods(self) -> Mapping[tuple[str, str], Row]:
        """Where an agent stood on the last day in service of a period."""
        return {(row["agent_id"], row["period_id"]): row for row in self.rows("facts.dim_agent_period")}

    @cached_property
    def segments(self) -> Mapping[tuple[str, str], Sequence[Row]]:
        """Job-history intervals by agent and month, in order."""
        found: dict[tuple[str, str], list[Row]] = defaultdict(list)
        for row in sorted(self.rows("facts.dim_agent_month_segment"), key=lambda one: one["segment_no"]):
            found[row["agent_id"], row["month_id"]].append(row)
        return found

    @cached_property
    def period_segments(self) -> Mapping[tuple[str, str], Sequence[Row]]:
        """Job-history intervals by agent and month, quarter or year, in order."""
        found: dict[tuple[str, str], list[Row]] = defaultdict(list)
        for row in sorted(self.rows("facts.dim_agent_period_segment"), key=lambda one: one["segment_no"]):
            found[row["agent_id"], row["period_id"]].append(row)
        return found

    @cached_property
    def definitions(self) -> Mapping[str, Mapping[str, Row]]:
        """KPI definitions by period, then KPI."""
        found: dict[str, dict[str, Row]] = defaultdict(dict)
        for row in self.rows("policy.policy_kpi_period"):
            found[row["period_id"]][row["kpi_id"]] = row
        return found

    def is_absent(self, period_id: str, kind: str, name: str) -> bool:
        """Whether a table whose rows a KPI (`kpi`) or a kind of event (`event_kind`) counts never came
        (S-EXPORT).
        """
        return (period_id, kind, name) in self._absent

    @cached_property
    def _absent(self) -> frozenset[tuple[str, str, str]]:
        rows = self.rows("policy.policy_absent_export")
        return frozenset((row["period_id"], row["subject_kind"], row["subject_id"]) for row in rows)

    @cached_property
    def event_kinds(self) -> Mapping[tuple[str, str], Row]:
        """Kinds of event by period and kind."""
        return {(row["period_id"], row["event_kind"]): row for row in self.rows("policy.policy_event_kind")}

    def is_standing(self, period_id: str, kind: str) -> bool:
        """Whether a kind of event holds of a month as a whole, so that pay prorates it (S-PRORATE)."""
        return bool(self.event_kinds[period_id, kind]["is_standing"])

    @cached_property
    def observations(self) -> Mapping[tuple[str, str], Mapping[str, Row]]:
        """Published observations by agent and period, then KPI."""
        return _nested(self.rows("kpi.kpi_observation"), ("agent_id", "period_id"), "kpi_id")

    @cached_property
    def group_observations(self) -> Mapping[tuple[str, str, str], Mapping[str, Row]]:
        """Published observations by kind of group, group and period, then KPI."""
        found: dict[tuple[str, str, str], dict[str, Row]] = defaultdict(dict)
        for row in self.rows("kpi.kpi_group_observation"):
            found[row["group_kind"], row["group_id"], row["period_id"]][row["kpi_id"]] = row
        return found

    @cached_property
    def scores(self) -> Mapping[tuple[str, str], Row]:
        """Published scores by agent and period."""
        return {(row["agent_id"], row["period_id"]): row for row in self.rows("score.score")}

    @cached_property
    def score_lines(self) -> Mapping[tuple[str, str], Sequence[Row]]:
        """Published score lines by agent and period."""
        found: dict[tuple[str, str], list[Row]] = defaultdict(list)
        for row in self.rows("score.score_line"):
            found[row["agent_id"], row["period_id"]].append(row)
        return found

    @cached_property
    def grades(self) -> Mapping[tuple[str, str], Row]:
        """Published grades by agent and period."""
        return {(row["agent_id"], row["period_id"]): row for row in self.rows("grade.grade")}

    @cached_property
    def schemes(self) -> Mapping[tuple[str, str], Row]:
        """Plans by period and plan."""
        return {(row["period_id"], row["scheme_id"]): row for row in self.rows("policy.policy_scheme")}

    @cached_property
    def conventions(self) -> Mapping[str, Row]:
        """Conventions by period."""
        return {row["period_id"]: row for row in self.rows("policy.policy_convention")}

    @cached_property
    def scored_kpis(self) -> Mapping[tuple[str, str], Sequence[Row]]:
        """What a plan scores, by period and plan; `role` is `*` for every role."""
        found: dict[tuple[str, str], list[Row]] = defaultdict(list)
        for row in self.rows("policy.policy_score_kpi"):
            found[row["period_id"], row["scheme_id"]].append(row)
        return found

    @cached_property
    def bands(self) -> Mapping[tuple[str, str], Sequence[Row]]:
        """Grade bands by period and plan, best first."""
        found: dict[tuple[str, str], list[Row]] = defaultdict(list)
        for row in sorted(self.rows("policy.policy_grade_band"), key=lambda one: one["band_no"]):
            found[row["period_id"], row["scheme_id"]].append(row)
        return found

    @cached_property
    def components(self) -> Sequence[Row]:
        """Components of plans, a row per period."""
        return self.rows("policy.policy_component")

    @cached_property
    def parameters(self) -> Mapping[tuple[str, str], Mapping[str, Row]]:
        """Parameters by component and period, then name."""
        return _nested(
            self.rows("policy.policy_component_parameter"), ("component_id", "period_id"), "parameter"
        )

    @cached_property
    def component_events(self) -> Mapping[tuple[str, str], Sequence[Row]]:
        """Kinds of events that components weigh or are gated by, in order, by component and period."""
        found: dict[tuple[str, str], list[Row]] = defaultdict(list)
        rows = self.rows("policy.policy_component_event")
        for row in sorted(rows, key=lambda one: (one["use"], one["event_kind"], one["comparison"])):
            found[row["component_id"], row["period_id"]].append(row)
        return found

    def weights(self, component_id: str, period_id: str) -> Mapping[str, Row]:
        """What one event of each kind counts for in a component, by kind."""
        rows = self.component_events.get((component_id, period_id), ())
        return {row["event_kind"]: row for row in rows if row["use"] == "weight"}

    @cached_property
    def rates(self) -> Mapping[tuple[str, str], Sequence[Row]]:
        """Rows of rate tables by component and period."""
        found: dict[tuple[str, str], list[Row]] = defaultdict(list)
        for row in self.rows("policy.policy_component_rate"):
            found[row["component_id"], row["period_id"]].append(row)
        return found

    @cached_property
    def targets(self) -> Mapping[tuple[str, str, str], Row]:
        """Targets by agent, period and metric."""
        return {
            (row["agent_id"], row["period_id"], row["metric"]): row for row in self.rows("facts.fct_target")
        }

    @cached_property
    def ratings(self) -> Mapping[tuple[str, str, str], Rating]:
        """Ratings by agent, period and dimension, the period's own ones alone."""
        scores: dict[tuple[str, str, str], list[Any]] = defaultdict(list)
        for row in self.rows("facts.fct_rating"):
            scores[row["agent_id"], row["period_id"], row["dimension"]].append(row["score"])
        return {
            key: Rating(sum((one for one in values if one is not None), 0), len(values))
            for key, values in scores.items()
        }

    def rating(self, agent_id: str, period_id: str, dimension: str) -> Rating | None:
        """CG-04: the period's own ratings, else those of its months; None where there is none."""
        own = self.ratings.get((agent_id, period_id, dimension))
        if own is not None:
            return own
        parts = [
            self.ratings[agent_id, month, dimension]
            for month in self.months.get(period_id, ())
            if (agent_id, month, dimension) in self.ratings
        ]
        if not parts:
            return None
        return Rating(sum(part.total for part in parts), sum(part.count for part in parts))


def _grouped(rows: Iterable[Row], key: str, value: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        found[row[key]].append(row[value])
    return found


def _nested(rows: Iterable[Row], outer: tuple[str, str], inner: str) -> dict[tuple[str, str], dict[str, Row]]:
    found: dict[tuple[str, str], dict[str, Row]] = defaultdict(dict)
    for row in rows:
        found[row[outer[0]], row[outer[1]]][row[inner]] = row
    return found
