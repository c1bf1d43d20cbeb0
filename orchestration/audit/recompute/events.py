"""Events that pay counts: contacts, tickets, reviews, attendance, recognitions, by agent, period, segment."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cached_property

from orchestration.audit.recompute.book import Book, Row
from orchestration.audit.recompute.due import Due, DueList
from orchestration.audit.recompute.exact import exact, ratio, rounded


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
    """Counts of events by agent, period, segment and kind, for the agents whose plans pay by events."""

    def __init__(self, due: DueList) -> None:
        self._due = due
        self._book: Book = due.book

    def counted(self, due: Due, kind: str) -> Decimal:
        """How many a component counts: of its segment where it is paid by segment, else of all its own days.

        What holds throughout stands in a segment whole, for its line is prorated; beside counted events it
        counts by the days of each own segment (S-PRORATE, S-MOVE).
        """
        own = [due.place] if due.is_by_segment else due.own
        is_standing = self._book.is_standing(due.period_id, kind)
        if is_standing and not due.is_by_segment:
            parts = [
                exact(
                    ratio(self._standing(segment, kind) * segment["day_count"], segment["period_day_count"])
                )
                for segment in own
            ]
        elif is_standing:
            parts = [self._standing(segment, kind) for segment in own]
        else:
            parts = [self._of_segment(segment, kind) for segment in own]
        return rounded(sum(parts, Fraction(0)), 6)

    def seen(self, due: Due, kind: str) -> Fraction | None:
        """How many a gate sees on all own days of the component; None where there is not one."""
        if self._book.is_standing(due.period_id, kind):
            standing = [self._standing(segment, kind) for segment in due.own if self._stands(segment, kind)]
            return max(standing, default=None)
        found = [segment for segment in due.own if self._counts.get(_place(segment), {}).get(kind)]
        return sum((self._of_segment(segment, kind) for segment in found), Fraction(0)) if found else None

    def _of_segment(self, segment: Row, kind: str) -> Fraction:
        rows = self._counts.get(_place(segment), {}).get(kind, ())
        return sum(rows, Fraction(0))

    def _stands(self, segment: Row, kind: str) -> bool:
        if kind == "month_in_service":
            return True
        if kind == "execution_score":
            months = self._book.months.get(segment["period_id"], ())
            return any(self._book.rating(segment["agent_id"], month, "execution") for month in months)
        level = self._book.event_kinds[segment["period_id"], kind]["level"]
        return level is not None and level == segment["level"]

    def _standing(self, segment: Row, kind: str) -> Fraction:
        """What holds of each month of a segment's period, whole: months, or the months' execution ratings."""
        months = self._book.months.get(segment["period_id"], ())
        if not self._stands(segment, kind):
            return Fraction(0)
        if kind != "execution_score":
            return Fraction(len(months))
        ratings = [self._book.rating(segment["agent_id"], month, "execution") for month in months]
        return sum((exact(ratio(one.total, one.count)) for one in ratings if one is not None), Fraction(0))

    @cached_property
    def agents(self) -> frozenset[str]:
        """Agents to whom a component that counts events is due."""
        return frozenset(
            due.agent_id for due in self._due.all if due.component["mechanism"] in ("points", "per_event")
        )

    @cached_property
    def _counts(self) -> Mapping[tuple[str, str, int], Mapping[str, list[Fraction]]]:
        """Events that count by agent, period and segment, then kind: their quantities."""
        counts: dict[tuple[str, str, int], dict[str, list[Fraction]]] = defaultdict(lambda: defaultdict(list))
        for event, month in self.placed():
            for period_id in self._containing[month["month_id"]]:
                for segment in self._book.period_segments.get((month["agent_id"], period_id), ()):
                    if (
                        event.day is not None
                        and segment["first_day_on"] <= event.day <= segment["last_day_on"]
                    ):
                        counts[_place(segment)][event.kind].append(event.quantity)
        return counts

    @cached_property
    def _containing(self) -> Mapping[str, Sequence[str]]:
        """The periods that a month is part of."""
        found: dict[str, list[str]] = defaultdict(list)
        for period_id, months in self._book.months.items():
            for month_id in months:
                found[month_id].append(period_id)
        return found

    def placed(self) -> Iterator[tuple[Event, Row]]:
        """Events that count, with the segment of service that their day falls in."""
        for event, segment in self.judged():
            if segment is not None and event.reason is None:
                yield event, segment

    def judged(self) -> Iterator[tuple[Event, Row | None]]:
        """Every event, counted or with the reason why not, and the segment of service of its day."""
        as_of = self._book.rows("facts.dim_run_context")[0]["as_of_on"]
        first = min(
            period["starts_on"] for period in self._book.periods.values() if period["period_kind"] == "month"
        )
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


def _place(segment: Row) -> tuple[str, str, int]:
    return segment["agent_id"], segment["period_id"], segment["segment_no"]
