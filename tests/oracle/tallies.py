"""What is counted and paid per piece: contacts, recorded tickets, attendance, recognitions, deductions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from fractions import Fraction

from .instants import days_of
from .kpi import Observer
from .numbers import MILLION
from .people import Segment


class Tallies:
    """Quantities by agent, day and item, of days in service up to the business date."""

    def __init__(self, observer: Observer) -> None:
        self._last_day = observer.as_of.toordinal()
        self._people = observer.people
        self._days: dict[tuple[str, str], dict[int, Fraction]] = defaultdict(lambda: defaultdict(Fraction))
        day = observer.zone.day
        for contact in observer.contacts.values():
            if contact.is_answered and observer.valid_contact(contact, ""):
                self._add(contact.agent_id, f"contact_{contact.channel}", day(contact.started_at))
        for ticket in observer.tickets.values():
            if observer.valid_ticket(ticket, ""):
                recorder = ticket.created_by or ticket.assignee_id
                self._add(recorder, "ticket_recorded", day(ticket.created_at))
                if ticket.is_wrong_record:
                    self._add(recorder, "wrong_record", day(ticket.created_at))
        for review in observer.exports.reviews():
            if review.deduction and not observer.rulings.out("quality_review", review.review_id, ""):
                self._add(
                    review.agent_id, "deduction", day(review.reviewed_at), Fraction(review.deduction, MILLION)
                )
        for row in observer.exports.attendance():
            self._add(row.agent_id, "day_recorded", row.work_date)
            self._add(row.agent_id, f"attendance_{row.status}", row.work_date)
            if row.status in ("present", "late"):
                self._add(row.agent_id, "day_worked", row.work_date)
                if row.shift == "night":
                    self._add(row.agent_id, "night_worked", row.work_date)
        for recognition in observer.exports.recognitions():
            if recognition.status == "accepted":
                points = Fraction(recognition.points or 0, MILLION)
                quantity = points if recognition.kind == "extra_points" else Fraction(1)
                self._add(recognition.agent_id, recognition.kind, recognition.occurred_on, quantity)

    def _add(self, agent: str, item: str, day: int, quantity: Fraction = Fraction(1)) -> None:
        if day <= self._last_day and self._people.on(agent, day) is not None:
            self._days[(agent, item)][day] += quantity

    def during(self, agent: str, item: str, segments: Iterable[Segment]) -> Fraction:
        """The quantity on the days of segments."""
        days = self._days.get((agent, item), {})
        return sum(
            (days[day] for segment in segments for day in days if segment.first <= day <= segment.last),
            Fraction(0),
        )

    def within(self, agent: str, item: str, period: str) -> Fraction:
        """The quantity in a whole period."""
        first, last = days_of(period)
        return sum(
            (q for day, q in self._days.get((agent, item), {}).items() if first <= day <= last), Fraction(0)
        )

    def has_any(self, agent: str, item: str, period: str) -> bool:
        """Whether a period has an event of the kind at all."""
        first, last = days_of(period)
        return any(first <= day <= last for day in self._days.get((agent, item), {}))
