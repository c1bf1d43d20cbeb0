"""Events that pay counts: contacts, tickets, reviews, attendance, recognitions, by agent, month, segment."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from functools import cached_property

from orchestration.audit.recompute.book import Book, Row
from orchestration.audit.recompute.due import DueList
from orchestration.audit.recompute.exact import exact, ratio


@dataclass(frozen=True)
class Event:
    """One row that pay counts as one kind of event; `reason` says why it does not count, None if it does."""

    kind: str
    agent_id: str | None
    day: date | None
    quantity: Fraction
    reason: str | None
    model: str
    key: str


WORKED = frozenset({"present", "late"})
NIGHT = "night"


class Events:
    """Counts of events by agent, month, segment and kind, for the agents whose plans pay by events."""

    def __init__(self, due: DueList) -> None:
        self._due = due
        self._book: Book = due.book

    def quantity(
        self, agent_id: str, period_id: str, kind: str, *, segment_no: int | None = None
    ) -> Fraction:
        """How many in the months of a period; of one segment where `segment_no` is given."""
        return sum(
            (
                quantity
                for month_id in self._book.months.get(period_id, ())
                for number, quantity in self._counts.get((agent_id, month_id, kind), {}).items()
                if segment_no is None or number == segment_no
            ),
            Fraction(0),
        )

    def has_any(self, agent_id: str, period_id: str, kind: str) -> bool:
        """Whether the months of a period have an event of the kind that counts."""
        months = self._book.months.get(period_id, ())
        return any(self._counts.get((agent_id, month_id, kind)) for month_id in months)

    @cached_property
    def agents(self) -> frozenset[str]:
        """Agents to whom a component that counts events is due."""
        return frozenset(
            due.agent_id for due in self._due.all if due.component["mechanism"] in ("points", "per_event")
        )

    @cached_property
    def _counts(self) -> dict[tuple[str, str, str], dict[int, Fraction]]:
        counts: dict[tuple[str, str, str], dict[int, Fraction]] = defaultdict(lambda: defaultdict(Fraction))
        for event, segment in self.placed():
            counts[segment["agent_id"], segment["month_id"], event.kind][segment["segment_no"]] += (
                event.quantity
            )
        for agent_id in self.agents:
            for (owner, month_id), segments in self._segments_of(agent_id):
                last = segments[-1]
                standing = [("month_in_service", Fraction(1))]
                if last["level"] is not None:
                    standing.append((f"month_as_{last['level']}", Fraction(1)))
                rating = self._book.rating(owner, month_id, "execution")
                if rating is not None:
                    standing.append(("execution_score", exact(ratio(rating.total, rating.count))))
                for kind, quantity in standing:
                    counts[owner, month_id, kind][last["segment_no"]] += quantity
        return counts

    def placed(self) -> Iterator[tuple[Event, Row]]:
        """Events that count, with the segment of service that their day falls in."""
        for event, segment in self.judged():
            if segment is not None and event.reason is None:
                yield event, segment

    def judged(self) -> Iterator[tuple[Event, Row | None]]:
        """Every event, counted or with the reason why not, and the segment of service of its day."""
        as_of = self._book.rows("facts.dim_run_context")[0]["as_of_on"]
        first = min(self._book.periods[month_id]["starts_on"] for month_id in self._months)
        for event in self._events():
            if event.agent_id is None or event.day is None:
                continue
            segment = self._segment(event.agent_id, event.day)
            if event.day > as_of:
                yield replace(event, reason="future"), segment
            elif event.day < first:
                yield replace(event, reason="before_first_period"), segment
            elif segment is None and event.reason is None:
                yield replace(event, reason="unknown_agent"), None
            else:
                yield event, segment

    def _segments_of(self, agent_id: str) -> list[tuple[tuple[str, str], Sequence[Row]]]:
        return [
            ((agent_id, month_id), segments)
            for month_id in self._months
            if (segments := self._book.segments.get((agent_id, month_id)))
        ]

    @cached_property
    def _months(self) -> list[str]:
        return [key for key, period in self._book.periods.items() if period["period_kind"] == "month"]

    def _segment(self, agent_id: str, day: date) -> Row | None:
        for segment in self._book.segments.get((agent_id, f"{day.year}-{day.month:02d}"), ()):
            if segment["first_day_on"] <= day <= segment["last_day_on"]:
                return segment
        return None

    def _read(self, model: str, columns: str) -> Iterator[Row]:
        yield from self._book.data.rows_of(f"facts.{model}", columns.split(), self.agents)

    def _events(self) -> Iterator[Event]:
        one = Fraction(1)
        model, columns = "fct_contact", "contact_id agent_id channel started_on is_answered invalid_reason"
        for row in self._read(model, columns):
            if row["is_answered"]:
                kind, reason = f"contact_{row['channel']}", row["invalid_reason"]
                yield Event(kind, row["agent_id"], row["started_on"], one, reason, model, row["contact_id"])
        model, columns = (
            "fct_ticket",
            "ticket_id recording_agent_id created_on is_wrong_record invalid_reason",
        )
        for row in self._read(model, columns):
            kinds = ["ticket_recorded", "wrong_record"] if row["is_wrong_record"] else ["ticket_recorded"]
            agent_id, day, reason = row["recording_agent_id"], row["created_on"], row["invalid_reason"]
            for kind in kinds:
                yield Event(kind, agent_id, day, one, reason, model, row["ticket_id"])
        model, columns = (
            "fct_quality_review",
            "review_id agent_id reviewed_on deduction_points invalid_reason",
        )
        for row in self._read(model, columns):
            points, reason = exact(row["deduction_points"]), row["invalid_reason"]
            yield Event(
                "qa_deduction", row["agent_id"], row["reviewed_on"], points, reason, model, row["review_id"]
            )
        model, columns = "fct_attendance", "agent_id worked_on status shift"
        for row in self._read(model, columns):
            kinds = [f"attendance_{row['status']}", "day_recorded"]
            if row["status"] in WORKED:
                kinds += ["day_worked", "night_worked"] if row["shift"] == NIGHT else ["day_worked"]
            key = f"{row['agent_id']}:{row['worked_on']}"
            for kind in kinds:
                yield Event(kind, row["agent_id"], row["worked_on"], one, None, model, key)
        model, columns = "fct_recognition", "recognition_id agent_id occurred_on kind points status"
        for row in self._read(model, columns):
            quantity = exact(row["points"]) if row["kind"] == "extra_points" else one
            reason = None if row["status"] == "accepted" else row["status"] or "pending"
            yield Event(
                row["kind"],
                row["agent_id"],
                row["occurred_on"],
                quantity,
                reason,
                model,
                row["recognition_id"],
            )
