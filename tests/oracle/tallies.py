"""What is counted and paid per piece: contacts, recorded tickets, attendance, recognitions, deductions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from fractions import Fraction

from .instants import days_of
from .kpi import Observer
from .numbers import MILLION
from .people import Segment

EVENT_KINDS = (
    *(f"contact_{channel}" for channel in ("chat", "vip_chat", "phone", "email")),
    "ticket_recorded",
    "wrong_record",
    "qa_deduction",
    "day_recorded",
    "day_worked",
    "night_worked",
    *(
        f"attendance_{status}"
        for status in (
            "present",
            "late",
            "absent",
            "sick_leave",
            "personal_leave",
            "annual_leave",
            "shift_swap",
            "rest",
        )
    ),
    "excellent_case",
    "knowledge_article",
    "extra_points",
    "referral",
    "improvement_proposal",
    "internal_complaint",
    "execution_score",
    "month_in_service",
    *(f"month_as_{level}" for level in ("junior", "intermediate", "senior", "expert")),
)
"""What is counted here, or (the last three kinds) read from ratings and the job history."""


class Tallies:
    """Quantities by agent, day and item, of days in service up to the business date."""

    def __init__(self, observer: Observer) -> None:
        self._first_day, self._last_day = observer.first_day, observer.as_of.toordinal()
        self._people = observer.people
        self._delivers = observer.exports.delivers
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
            self._add(review.agent_id, "review", day(review.reviewed_at))
            if review.deduction and not observer.rulings.out("quality_review", review.review_id, ""):
                self._add(
                    review.agent_id,
                    "qa_deduction",
                    day(review.reviewed_at),
                    Fraction(review.deduction, MILLION),
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
        if self._first_day <= day <= self._last_day and self._people.on(agent, day) is not None:
            self._days[(agent, item)][day] += quantity

    def samples(self, scheme: str, month: str) -> dict[str, tuple[int, int]]:
        """Working days on a plan and QA reviews of those days on it, by agent with any working day (PT-14).

        A review set aside is still a sample; where no QA export ever came, nobody is.
        """
        if not self._delivers("ticket/quality_review"):
            return {}
        first, last = days_of(month)
        found = {}
        for agent in self._people.agents():
            held = [s for s in self._people.during(agent, first, last) if s.job.scheme_id == scheme]
            worked = int(self.during(agent, "day_worked", held))
            if worked:
                found[agent] = (worked, int(self.during(agent, "review", held)))
        return found

    def is_known(self, item: str) -> bool:
        """Whether the export that the item's rows come from was ever taken in (S-EXPORT)."""
        return self._delivers(_table_of(item))

    def during(self, agent: str, item: str, segments: Iterable[Segment]) -> Fraction:
        """The quantity on the days of segments."""
        days = self._days.get((agent, item), {})
        return sum(
            (days[day] for segment in segments for day in days if segment.first <= day <= segment.last),
            Fraction(0),
        )

    def has_any(self, agent: str, item: str, segments: Iterable[Segment]) -> bool:
        """Whether there is an event of the kind at all on the days of segments."""
        days = self._days.get((agent, item), {})
        return any(segment.first <= day <= segment.last for segment in segments for day in days)


def _table_of(item: str) -> str:
    if item.startswith("contact_"):
        return "ticket/contact"
    if item in ("ticket_recorded", "wrong_record"):
        return "ticket/ticket"
    if item == "execution_score":
        return "workforce/rating"
    if item.startswith("month_"):
        return "workforce/agent"
    if item == "qa_deduction":
        return "ticket/quality_review"
    if item.startswith("attendance_") or item in ("day_recorded", "day_worked", "night_worked"):
        return "workforce/attendance"
    return "workforce/recognition"
