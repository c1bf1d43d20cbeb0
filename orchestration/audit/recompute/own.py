"""What a component reads of a KPI on its own days: its plan and role, within the period (S-MOVE)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import cached_property

from orchestration.audit.recompute.book import Row
from orchestration.audit.recompute.due import Due, DueList
from orchestration.audit.recompute.exact import exact

EVIDENCE = "kpi.kpi_evidence"
READ = ("agent_id", "kpi_id", "event_on", "numerator", "denominator", "is_counted")


@dataclass(frozen=True)
class OwnMonth:
    """A KPI's sums over the own days of a month, and those days' share of the agent's days in it."""

    month_id: str
    numerator: Fraction
    denominator: int
    share: Fraction


class OwnObservations:
    """Observations over the own days of components that read a KPI themselves."""

    def __init__(self, due: DueList) -> None:
        self._due = due
        self._book = due.book

    def months(self, due: Due, kpi_id: str) -> Sequence[OwnMonth]:
        """The months of the period in which the agent had own days and the KPI was observed."""
        return list(self._months(due, kpi_id))

    def ratio(self, due: Due, kpi_id: str) -> Fraction | None:
        """The KPI's value over all own days of the period, exact; None without a case."""
        months = self.months(due, kpi_id)
        definition = self._book.definitions[due.period_id].get(kpi_id)
        if not months or definition is None:
            return None
        numerator = sum((month.numerator for month in months), Fraction(0))
        cases = sum(month.denominator for month in months)
        denominator = 1 if definition["aggregation"] == "sum" else cases
        return numerator / denominator if denominator > 0 else None

    def _months(self, due: Due, kpi_id: str) -> Iterator[OwnMonth]:
        for month_id in self._book.months.get(due.period_id, ()):
            observed = self._book.observations.get((due.agent_id, month_id), {}).get(kpi_id)
            own = self._own(due, month_id)
            if observed is None or not own:
                continue
            segments = self._book.segments[due.agent_id, month_id]
            days, service = (sum(one["day_count"] for one in rows) for rows in (own, segments))
            if days == service:
                yield OwnMonth(month_id, exact(observed["numerator"]), observed["denominator"], Fraction(1))
                continue
            rows = [row for row in self._evidence.get((due.agent_id, kpi_id), ()) if _is_within(row, own)]
            yield OwnMonth(
                month_id,
                sum((exact(row["numerator"]) for row in rows), Fraction(0)),
                sum(row["denominator"] for row in rows),
                Fraction(days, service),
            )

    def _own(self, due: Due, month_id: str) -> list[Row]:
        """The segments of a month that are the component's own."""
        return [
            segment
            for segment in self._book.segments.get((due.agent_id, month_id), ())
            if segment["scheme_id"] == due.scheme_id and due.component["role"] in ("*", segment["role"])
        ]

    @cached_property
    def _evidence(self) -> Mapping[tuple[str, str], list[Row]]:
        """Counted evidence of agents who moved within a month, by agent and KPI."""
        moved = {
            agent_id
            for (agent_id, _), segments in self._book.segments.items()
            if len({(segment["scheme_id"], segment["role"]) for segment in segments}) > 1
        }
        found: dict[tuple[str, str], list[Row]] = defaultdict(list)
        for row in self._book.data.rows_of(EVIDENCE, READ, moved) if moved else ():
            if row["is_counted"]:
                found[row["agent_id"], row["kpi_id"]].append(row)
        return found


def _is_within(row: Row, segments: Sequence[Row]) -> bool:
    day: date | None = row["event_on"]
    return day is not None and any(
        segment["first_day_on"] <= day <= segment["last_day_on"] for segment in segments
    )
