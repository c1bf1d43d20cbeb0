"""Every KPI of POLICY.md section 1 from a landing folder: per agent and per team, department and centre."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

from .clock import BusinessHours
from .definitions import Definitions
from .exports import Contact, Landing, Ruling, Survey, Ticket
from .instants import DAY, SECOND, Zone, days_of, month_of, months_of, periods_between
from .numbers import MILLION, divide_half_up, from_millionths
from .people import People, Segment
from .policy import Policy

COUNTS = (
    "violation_count",
    "contacts_served",
    "tickets_solved",
    "support_count",
    "knowledge_share_count",
    "sales_amount",
)
RATIOS = (
    "csat",
    "csat_rate",
    "first_response_seconds",
    "ticket_first_reply_seconds",
    "handle_seconds",
    "answer_rate",
    "ticket_on_time_rate",
    "fcr",
    "closure_rate",
    "resolution_rate",
    "qa_pass_rate",
    "qa_score",
    "complaint_rate",
    "praise_rate",
    "conversion_rate",
    "win_rate",
    "lead_completeness",
    "repurchase_rate",
    "return_dispute_rate",
    "escalation_rate",
    "recovery_rate",
    "repeat_complaint_rate",
    "collaboration_score",
    "nps",
)
KPIS = RATIOS + COUNTS
TABLES = {
    "csat": ("ticket/survey",),
    "csat_rate": ("ticket/survey",),
    "praise_rate": ("ticket/survey",),
    "nps": ("ticket/survey",),
    "first_response_seconds": ("ticket/contact",),
    "answer_rate": ("ticket/contact",),
    "contacts_served": ("ticket/contact",),
    "complaint_rate": ("ticket/ticket", "ticket/contact"),
    "repurchase_rate": ("ticket/ticket", "crm/order"),
    "qa_pass_rate": ("ticket/quality_review",),
    "qa_score": ("ticket/quality_review",),
    "violation_count": ("ticket/violation",),
    "conversion_rate": ("crm/lead",),
    "win_rate": ("crm/lead",),
    "lead_completeness": ("crm/lead",),
    "sales_amount": ("crm/order",),
    "collaboration_score": ("workforce/collaboration",),
    "support_count": ("workforce/collaboration",),
    "knowledge_share_count": ("workforce/recognition",),
}
"""The exports of a KPI's numerator and denominator (S-EXPORT); of the others the tickets."""

CENTRE = "centre"


class Observation(NamedTuple):
    """Sums of the counted evidence rows. `value` is None where the denominator is 0."""

    numerator: Decimal
    denominator: Decimal
    value: Decimal | None
    pending_count: int

    @property
    def ratio(self) -> Fraction | None:
        """The exact ratio, which is what is compared (S-EXACT)."""
        return Fraction(self.numerator) / Fraction(self.denominator) if self.denominator else None


class _Sum:
    """Numerator in millionths, denominator whole, rows pending."""

    __slots__ = ("denominator", "numerator", "pending")

    def __init__(self) -> None:
        self.numerator = 0
        self.denominator = 0
        self.pending = 0

    def add(self, other: _Sum) -> None:
        self.numerator += other.numerator
        self.denominator += other.denominator
        self.pending += other.pending

    def observation(self, *, is_count: bool) -> Observation:
        denominator = 1 if is_count else self.denominator
        value = None
        if denominator:
            value = from_millionths(divide_half_up(self.numerator, denominator))
        return Observation(from_millionths(self.numerator), Decimal(denominator), value, self.pending)


class Rulings:
    """Rulings approved before the cut, by the row they set aside."""

    def __init__(self, rulings: Iterable[Ruling], cut: int) -> None:
        self._out: dict[tuple[str, str], set[str]] = defaultdict(set)
        for ruling in rulings:
            dates = [day for day in (ruling.requested_at, ruling.decided_at) if day is not None]
            if ruling.decision == "approved" and all(day < cut for day in dates):
                self._out[(ruling.entity, ruling.entity_id)].add(ruling.kpi_id)

    def out(self, entity: str, entity_id: str, kpi: str) -> bool:
        """Whether a row is set aside from a KPI."""
        kpis = self._out.get((entity, entity_id))
        return kpis is not None and ("" in kpis or kpi in kpis)


class Evidence:
    """Counted rows summed by KPI, agent and local day. Rows dated after the business date are dropped."""

    def __init__(self, zone: Zone, as_of: date) -> None:
        self._zone = zone
        self._last_day = as_of.toordinal()
        self.sums: dict[tuple[str, str, int], _Sum] = defaultdict(_Sum)

    def is_future(self, instant: int) -> bool:
        return self._zone.day(instant) > self._last_day

    def on_day(self, kpi: str, agent: str, day: int, numerator: int, denominator: int) -> None:
        """A row dated by a local day; the numerator in millionths."""
        if day <= self._last_day:
            total = self.sums[(kpi, agent, day)]
            total.numerator += numerator
            total.denominator += denominator

    def at(self, kpi: str, agent: str, instant: int, numerator: int, denominator: int = 1) -> None:
        """A row dated by an instant; the numerator in millionths."""
        self.on_day(kpi, agent, self._zone.day(instant), numerator, denominator)

    def pending(self, kpi: str, agent: str, instant: int) -> None:
        """A row whose window has not elapsed."""
        day = self._zone.day(instant)
        if day <= self._last_day:
            self.sums[(kpi, agent, day)].pending += 1


class Observer:
    """One landing folder seen from the end of one business date."""

    def __init__(
        self, landing: Path, as_of: date, policy_dir: Path | None = None, reference_dir: Path | None = None
    ) -> None:
        self.zone = Zone()
        self.business_hours = None if reference_dir is None else BusinessHours(reference_dir, self.zone)
        self.as_of = as_of
        self.cut = self.zone.end_of(as_of)
        self.exports = Landing(landing, self.zone)
        self.people = People(self.exports.jobs(), self.exports.teams(), as_of.toordinal())
        self.rulings = Rulings(self.exports.rulings(), self.cut)
        self.definitions = Definitions(None if policy_dir is None else Policy(policy_dir))
        self.evidence = Evidence(self.zone, as_of)
        self.tickets = {
            ticket.ticket_id: self._known_ticket(ticket)
            for ticket in self.exports.tickets()
            if ticket.created_at < self.cut
        }
        self.contacts = {
            contact.contact_id: self._known_contact(contact) for contact in self.exports.contacts()
        }
        self.unknown = {
            kpi for kpi in KPIS if not all(map(self.exports.delivers, TABLES.get(kpi, ("ticket/ticket",))))
        }
        """KPIs that nobody is observed in: an export that they count the rows of never came."""
        self._month: dict[int, str] = {}
        self._periods: list[str] | None = None
        self._ticket_rows()
        self._first_contact_resolution()
        self._follow_ups()
        self._contact_rows()
        self._survey_rows()
        self._quality_rows()
        self._sales_rows()
        self._support_rows()

    # -- what is known at the cut (S-ASOF) ---------------------------------------------------------

    def _known_ticket(self, ticket: Ticket) -> Ticket:
        """The ticket as of the cut: `status` is `solved` where it counts as Solved, never `closed`, and
        `solved_at` of a solved ticket is the time of solving, None where it has none.
        """
        done = ticket.solved_at
        if done is None and (ticket.status == "solved" or not self.exports.carries_solved_at):
            done = ticket.closed_at
        is_solved = ticket.status == "solved" or (
            ticket.status == "closed" and (ticket.solved_at is not None or not self.exports.carries_solved_at)
        )
        is_solved = is_solved and (done is None or done < self.cut)
        status = ticket.status
        if is_solved:
            status = "solved"
        elif status in ("solved", "closed"):
            status = "open"
        return ticket._replace(
            status=status,
            solved_at=self._known(done if is_solved else ticket.solved_at),
            first_reply_at=self._known(ticket.first_reply_at),
            escalated_at=self._known(ticket.escalated_at),
        )

    def _known_contact(self, contact: Contact) -> Contact:
        """The contact as of the cut: one answered after it is not answered yet."""
        response = contact.first_response_at
        if response is None or response < self.cut:
            return contact
        return contact._replace(is_answered=False, first_response_at=None)

    def _known(self, instant: int | None) -> int | None:
        return None if instant is None or instant >= self.cut else instant

    # -- what is valid -----------------------------------------------------------------------------

    def valid_ticket(self, ticket: Ticket, kpi: str) -> bool:
        """Not spam, merged, deleted, void, nor set aside (from everything or from this KPI)."""
        if ticket.is_spam or ticket.merged_into or ticket.status in ("deleted", "void"):
            return False
        return not self.rulings.out("ticket", ticket.ticket_id, kpi)

    def valid_contact(self, contact: Contact, kpi: str) -> bool:
        """Not invalid, not bot, nor set aside (from everything or from this KPI)."""
        if contact.is_invalid or contact.is_bot:
            return False
        return not self.rulings.out("contact", contact.contact_id, kpi)

    def month(self, instant: int) -> str:
        """The local month of an instant."""
        day = self.zone.day(instant)
        month = self._month.get(day)
        if month is None:
            month = self._month[day] = month_of(day)
        return month

    def _window(self, kpi: str, instant: int) -> int:
        return self.definitions.of(kpi, self.month(instant)).window_days * DAY

    def _seconds(self, kpi: str, event: int, start: int, end: int, channel: str) -> int:
        """Seconds between two instants by the KPI's clock, in millionths."""
        if not self.definitions.of(kpi, self.month(event)).is_business_clock:
            return (end - start) // SECOND * MILLION
        if self.business_hours is None:
            raise ValueError(f"{kpi} runs on business hours, and there are none")
        return self.business_hours.seconds(start, end, channel) * MILLION

    # -- rows of tickets ---------------------------------------------------------------------------

    def _ticket_rows(self) -> None:
        for ticket in self.tickets.values():
            self._created(ticket)
            self._due(ticket)
            if ticket.status == "solved":
                self._solved(ticket)

    def _created(self, ticket: Ticket) -> None:
        """KPIs attributed by creation."""
        at, created = self.evidence.at, ticket.created_at
        assignee = ticket.assignee_id
        solved = ticket.status == "solved"
        if assignee and self.valid_ticket(ticket, "closure_rate"):
            at("closure_rate", assignee, created, MILLION * solved)
        if assignee and self.valid_ticket(ticket, "resolution_rate"):
            at("resolution_rate", assignee, created, MILLION * (solved and ticket.reopen_count == 0))
        if self.valid_ticket(ticket, "complaint_rate"):
            if assignee:
                at("complaint_rate", assignee, created, 0)
            if ticket.ticket_type == "complaint":
                at("complaint_rate", ticket.about_agent_id, created, MILLION, 0)
        if ticket.ticket_type == "return" and self.valid_ticket(ticket, "return_dispute_rate"):
            at("return_dispute_rate", assignee, created, MILLION * bool(ticket.is_disputed))
        if ticket.ticket_type == "complaint" and self.valid_ticket(ticket, "escalation_rate"):
            at("escalation_rate", assignee, created, MILLION * (ticket.escalated_at is not None))
        reply = ticket.first_reply_at
        kpi = "ticket_first_reply_seconds"
        if reply is not None and reply >= created and self.valid_ticket(ticket, kpi):
            at(
                kpi,
                ticket.first_responder_id or assignee,
                created,
                self._seconds(kpi, created, created, reply, ticket.channel),
            )

    def _due(self, ticket: Ticket) -> None:
        """On-time tickets: dated by the due time, else solving, else creation."""
        kpi = "ticket_on_time_rate"
        solved, is_solved = ticket.solved_at, ticket.status == "solved"
        if not self.valid_ticket(ticket, kpi) or (solved is not None and solved < ticket.created_at):
            return
        agent = ticket.solver_id or ticket.assignee_id
        if ticket.due_at is not None:
            if is_solved and solved is not None:
                self.evidence.at(kpi, agent, ticket.due_at, MILLION * (solved <= ticket.due_at))
            elif not is_solved and ticket.due_at < self.cut:
                self.evidence.at(kpi, agent, ticket.due_at, 0)
        elif ticket.is_on_time is not None:
            event = solved if is_solved and solved is not None else ticket.created_at
            self.evidence.at(kpi, agent, event, MILLION * ticket.is_on_time)

    def _solved(self, ticket: Ticket) -> None:
        """KPIs attributed by solving, credited to the solver, without a window."""
        at, solved = self.evidence.at, ticket.solved_at
        if solved is None:
            return  # no_solve_time
        agent = ticket.solver_id or ticket.assignee_id
        if self.valid_ticket(ticket, "tickets_solved"):
            at("tickets_solved", agent, solved, MILLION)
        if solved >= ticket.created_at and self.valid_ticket(ticket, "handle_seconds"):
            seconds = self._seconds("handle_seconds", solved, ticket.created_at, solved, ticket.channel)
            at("handle_seconds", agent, solved, seconds)
        if ticket.ticket_type == "complaint" and self.valid_ticket(ticket, "recovery_rate"):
            at("recovery_rate", agent, solved, MILLION * bool(ticket.is_recovered))

    # -- windows -----------------------------------------------------------------------------------

    def _first_contact_resolution(self) -> None:
        kpi = "fcr"
        further: dict[tuple[str, str], list[tuple[int, str]]] = defaultdict(list)
        for ticket in self.tickets.values():
            created = ticket.created_at
            if ticket.customer_id and self.valid_ticket(ticket, kpi) and not self.evidence.is_future(created):
                further[(ticket.customer_id, ticket.category)].append((created, ticket.ticket_id))
        for contact in self.contacts.values():
            start = contact.started_at
            if (
                contact.customer_id
                and self.valid_contact(contact, kpi)
                and not self.evidence.is_future(start)
            ):
                further[(contact.customer_id, contact.category)].append((start, ""))
        for events in further.values():
            events.sort()
        for ticket in self.tickets.values():
            solved = ticket.solved_at
            if solved is None or ticket.status != "solved" or not ticket.customer_id:
                continue
            if solved < ticket.created_at or not self.valid_ticket(ticket, kpi):
                continue
            agent = ticket.solver_id or ticket.assignee_id
            end = solved + self._window(kpi, solved)
            if end > self.cut:
                self.evidence.pending(kpi, agent, solved)
                continue
            events = further[(ticket.customer_id, ticket.category)]
            again = _any_within(events, solved, end, ticket.ticket_id)
            self.evidence.at(kpi, agent, solved, MILLION * (ticket.reopen_count == 0 and not again))

    def _follow_ups(self) -> None:
        """Repeated complaints and guided repurchases."""
        complaints: dict[str, list[tuple[int, str]]] = defaultdict(list)
        for ticket in self.tickets.values():
            if ticket.ticket_type != "complaint" or not ticket.customer_id:
                continue
            if self.valid_ticket(ticket, "repeat_complaint_rate") and not self.evidence.is_future(
                ticket.created_at
            ):
                complaints[ticket.customer_id].append((ticket.created_at, ticket.ticket_id))
        repurchases: dict[tuple[str, str], list[tuple[int, str]]] = defaultdict(list)
        for order in self.exports.orders():
            if order.status == "paid" and order.kind == "repurchase" and order.customer_id and order.agent_id:
                if self.rulings.out("order", order.order_id, "repurchase_rate"):
                    continue
                if not self.evidence.is_future(order.ordered_at):
                    repurchases[(order.customer_id, order.agent_id)].append((order.ordered_at, ""))
        for events in (*complaints.values(), *repurchases.values()):
            events.sort()
        for ticket in self.tickets.values():
            if ticket.status != "solved" or ticket.solved_at is None:
                continue
            agent = ticket.solver_id or ticket.assignee_id
            if ticket.ticket_type == "complaint":
                self._followed("repeat_complaint_rate", ticket, agent, complaints.get(ticket.customer_id, []))
            elif ticket.ticket_type == "after_sales":
                found = repurchases.get((ticket.customer_id, agent), [])
                self._followed("repurchase_rate", ticket, agent, found)

    def _followed(self, kpi: str, ticket: Ticket, agent: str, events: list[tuple[int, str]]) -> None:
        solved = ticket.solved_at
        assert solved is not None
        if not self.valid_ticket(ticket, kpi):
            return
        end = solved + self._window(kpi, solved)
        if end > self.cut:
            self.evidence.pending(kpi, agent, solved)
        else:
            followed = _any_within(events, solved, end, ticket.ticket_id)
            self.evidence.at(kpi, agent, solved, MILLION * followed)

    # -- rows of contacts and ratings --------------------------------------------------------------

    def _contact_rows(self) -> None:
        at = self.evidence.at
        for contact in self.contacts.values():
            start, agent = contact.started_at, contact.agent_id
            answered = bool(contact.is_answered)
            if self.valid_contact(contact, "answer_rate"):
                at("answer_rate", agent, start, MILLION * answered)
            if not answered:
                continue
            if self.valid_contact(contact, "contacts_served"):
                at("contacts_served", agent, start, MILLION)
            if self.valid_contact(contact, "complaint_rate"):
                at("complaint_rate", agent, start, 0)
            kpi, response = "first_response_seconds", contact.first_response_at
            if response is not None and response >= start and self.valid_contact(contact, kpi):
                at(kpi, agent, start, self._seconds(kpi, start, start, response, contact.channel))

    def _survey_rows(self) -> None:
        sensible = [
            survey
            for survey in self.exports.surveys()
            if not self.evidence.is_future(survey.responded_at) and 0 <= survey.score <= survey.scale_max > 0
        ]
        measures = {
            "csat": self._score,
            "csat_rate": self._is_satisfied,
            "praise_rate": self._is_praise,
            "nps": self._promotion,
        }
        for kpi, measure in measures.items():
            rated = [
                survey
                for survey in sensible
                if (survey.kind == "nps") == (kpi == "nps") and not self._set_aside(survey, kpi)
            ]
            last: dict[tuple[str, str], tuple[int, str]] = {}
            for survey in rated:
                this = (survey.responded_at, survey.survey_id)
                last[_rated(survey)] = max(last.get(_rated(survey), this), this)
            for survey in rated:
                if last[_rated(survey)][1] == survey.survey_id:
                    agent, numerator = self._rated_agent(survey), measure(survey)
                    self.evidence.at(kpi, agent, survey.responded_at, numerator)

    def _score(self, survey: Survey) -> int:
        to = self.definitions.of("csat", self.month(survey.responded_at)).score_scale
        return divide_half_up(survey.score * to, survey.scale_max)

    def _is_satisfied(self, survey: Survey) -> int:
        share = self.definitions.of("csat_rate", self.month(survey.responded_at)).satisfied_share
        return MILLION * (survey.score * MILLION >= share * survey.scale_max)

    def _is_praise(self, survey: Survey) -> int:
        return MILLION * (survey.score == survey.scale_max)

    def _promotion(self, survey: Survey) -> int:
        definition = self.definitions.of("nps", self.month(survey.responded_at))
        scaled = survey.score * definition.score_scale
        if scaled >= definition.promoter_from * survey.scale_max:
            return definition.unit_scale
        if scaled <= definition.detractor_to * survey.scale_max:
            return -definition.unit_scale
        return 0

    def _set_aside(self, survey: Survey, kpi: str) -> bool:
        """Set aside itself, or on a contact or ticket that is not valid."""
        if self.rulings.out("survey", survey.survey_id, kpi):
            return True
        contact = self.contacts.get(survey.contact_id)
        if contact is not None and not self.valid_contact(contact, kpi):
            return True
        ticket = self.tickets.get(survey.ticket_id)
        return ticket is not None and not self.valid_ticket(ticket, kpi)

    def _rated_agent(self, survey: Survey) -> str:
        if survey.agent_id:
            return survey.agent_id
        contact = self.contacts.get(survey.contact_id)
        if contact is not None and contact.agent_id:
            return contact.agent_id
        ticket = self.tickets.get(survey.ticket_id)
        return "" if ticket is None else ticket.solver_id or ticket.assignee_id

    # -- rows of the other tables ------------------------------------------------------------------

    def _quality_rows(self) -> None:
        at, out = self.evidence.at, self.rulings.out
        for review in self.exports.reviews():
            when, key = review.reviewed_at, review.review_id
            if review.is_passed is not None and not out("quality_review", key, "qa_pass_rate"):
                at("qa_pass_rate", review.agent_id, when, MILLION * review.is_passed)
            if (
                review.score is not None
                and self._is_on_scale("qa_score", when, review.score)
                and not out("quality_review", key, "qa_score")
            ):
                at("qa_score", review.agent_id, when, review.score)
        for violation in self.exports.violations():
            if not out("violation", violation.violation_id, "violation_count"):
                at("violation_count", violation.agent_id, violation.occurred_at, MILLION)

    def _is_on_scale(self, kpi: str, instant: int, score: int) -> bool:
        return 0 <= score <= self.definitions.of(kpi, self.month(instant)).score_scale

    def _sales_rows(self) -> None:
        at, out = self.evidence.at, self.rulings.out
        for lead in self.exports.leads():
            kpi, created, closed = "conversion_rate", lead.created_at, lead.closed_at
            closed_before_creation = lead.stage == "won" and closed is not None and closed < created
            if not out("lead", lead.lead_id, kpi) and not closed_before_creation:
                end = created + self._window(kpi, created)
                if end > self.cut:
                    self.evidence.pending(kpi, lead.agent_id, created)
                else:
                    won = lead.stage == "won" and closed is not None and closed <= end
                    at(kpi, lead.agent_id, created, MILLION * won)
            decided = lead.stage in ("won", "lost")
            if decided and closed is not None and not out("lead", lead.lead_id, "win_rate"):
                at("win_rate", lead.agent_id, closed, MILLION * (lead.stage == "won"))
            required, completed = lead.required_fields or 0, lead.completed_fields or 0
            can_be = required > 0 and 0 <= completed <= required
            if can_be and not out("lead", lead.lead_id, "lead_completeness"):
                at("lead_completeness", lead.agent_id, created, MILLION * completed, required)
        for order in self.exports.orders():
            if order.status in ("paid", "refunded") and not out("order", order.order_id, "sales_amount"):
                back = order.refunded_amount
                if back is None:
                    back = order.amount if order.status == "refunded" else 0
                at("sales_amount", order.agent_id, order.ordered_at, order.amount - back)

    def _support_rows(self) -> None:
        for support in self.exports.collaborations():
            if self._is_on_scale("collaboration_score", support.occurred_at, support.rating):
                self.evidence.at("collaboration_score", support.agent_id, support.occurred_at, support.rating)
            self.evidence.at("support_count", support.agent_id, support.occurred_at, MILLION)
        for recognition in self.exports.recognitions():
            if (
                recognition.kind in ("excellent_case", "knowledge_article")
                and recognition.status == "accepted"
            ):
                self.evidence.on_day(
                    "knowledge_share_count", recognition.agent_id, recognition.occurred_on, MILLION, 1
                )

    # -- sums --------------------------------------------------------------------------------------

    def periods(self) -> list[str]:
        """Months, quarters and years from the first event's to the business date's."""
        if self._periods is None:
            self._periods = self._find_periods()
        return self._periods

    @property
    def first_day(self) -> int:
        """The first day of the first period: nothing before it is counted."""
        return min((days_of(period)[0] for period in self.periods() if len(period) == 7), default=0)

    def _find_periods(self) -> list[str]:
        day, exports = self.zone.day, self.exports
        days = {day(ticket.created_at) for ticket in self.tickets.values()}
        days |= {day(contact.started_at) for contact in self.contacts.values()}
        days |= {day(survey.responded_at) for survey in exports.surveys()}
        days |= {day(review.reviewed_at) for review in exports.reviews()}
        days |= {day(lead.created_at) for lead in exports.leads()}
        days |= {day(order.ordered_at) for order in exports.orders()}
        days |= {row.work_date for row in exports.attendance()}
        last = self.as_of.toordinal()
        return periods_between(min(days), last) if days and min(days) <= last else []

    def agent_observations(self) -> dict[tuple[str, str, str], Observation]:
        """By period, agent and KPI."""
        months: dict[tuple[str, str, str], _Sum] = defaultdict(_Sum)
        for (kpi, agent, day), total in self.evidence.sums.items():
            if agent and self.people.on(agent, day) is not None:
                months[(month_of(day), agent, kpi)].add(total)
        served = {
            (period, agent)
            for period in self.periods()
            for agent in self.people.agents()
            if self.people.during(agent, *days_of(period))
        }
        return self._roll_up(months, served)

    def group_observations(self) -> dict[tuple[str, str, str, str], Observation]:
        """By level (`team`, `department`, `centre`), group, period and KPI."""
        months: dict[tuple[str, str, str], _Sum] = defaultdict(_Sum)
        for (kpi, agent, day), total in self.evidence.sums.items():
            month = month_of(day)
            segment = self.people.on(agent, day) if agent else None
            months[(month, f"{CENTRE}/{CENTRE}", kpi)].add(total)
            if segment is not None and segment.job.team_id:
                months[(month, f"team/{segment.job.team_id}", kpi)].add(total)
            if segment is not None and segment.department:
                months[(month, f"department/{segment.department}", kpi)].add(total)
        served = set()
        for period in self.periods():
            for agent in self.people.agents():
                for segment in self.people.during(agent, *days_of(period)):
                    served.add((period, f"{CENTRE}/{CENTRE}"))
                    if segment.job.team_id:
                        served.add((period, f"team/{segment.job.team_id}"))
                    if segment.department:
                        served.add((period, f"department/{segment.department}"))
        result = {}
        for (period, group, kpi), observation in self._roll_up(months, served).items():
            level, name = group.split("/", 1)
            result[(level, name, period, kpi)] = observation
        return result

    def _roll_up(
        self, months: Mapping[tuple[str, str, str], _Sum], served: set[tuple[str, str]]
    ) -> dict[tuple[str, str, str], Observation]:
        """Sums of months to periods. Counts are observed for everyone in service, ratios where there is a
        row; nothing is where an export is absent.
        """
        containing: dict[str, list[str]] = defaultdict(list)
        for period in self.periods():
            for month in months_of(period):
                containing[month].append(period)
        sums: dict[tuple[str, str, str], _Sum] = defaultdict(_Sum)
        for (month, who, kpi), total in months.items():
            for period in containing[month]:
                sums[(period, who, kpi)].add(total)
        for period, who in served:
            for kpi in COUNTS:
                _ = sums[(period, who, kpi)]
        counts = set(COUNTS)
        return {
            key: total.observation(is_count=key[2] in counts)
            for key, total in sums.items()
            if key[2] not in self.unknown
            and (key[2] in counts or total.denominator or total.pending or total.numerator)
        }

    def over(self, agent: str, kpi: str, segments: Iterable[Segment]) -> Observation | None:
        """A KPI over the days of segments, or None where nothing is observed."""
        if kpi in self.unknown or kpi not in KPIS:
            return None
        total = _Sum()
        for segment in segments:
            first = max(segment.first, self.first_day)
            for day in range(first, min(segment.last, self.as_of.toordinal()) + 1):
                found = self.evidence.sums.get((kpi, agent, day))
                if found is not None:
                    total.add(found)
        found_any = total.denominator or kpi in COUNTS
        return total.observation(is_count=kpi in COUNTS) if found_any else None


def _any_within(events: list[tuple[int, str]], after: int, until: int, but: str) -> bool:
    """Whether an event other than `but` happened in (after, until]. Events are (instant, id), sorted."""
    place = bisect_right(events, (after, "\U0010ffff"))
    while place < len(events) and events[place][0] <= until:
        if events[place][1] != but:
            return True
        place += 1
    return False


def _rated(survey: Survey) -> tuple[str, str]:
    """What a survey rates: its contact, else its ticket, else something of its own."""
    if survey.contact_id:
        return "contact", survey.contact_id
    if survey.ticket_id:
        return "ticket", survey.ticket_id
    return "survey", survey.survey_id


def observations(
    landing: Path, as_of: date, policy_dir: Path | None = None, reference_dir: Path | None = None
) -> dict[tuple[str, str, str], Observation]:
    """Every KPI of every agent, by (period_id, agent_id, kpi_id)."""
    return Observer(landing, as_of, policy_dir, reference_dir).agent_observations()


def group_observations(
    landing: Path, as_of: date, policy_dir: Path | None = None, reference_dir: Path | None = None
) -> dict[tuple[str, str, str, str], Observation]:
    """Every KPI of every team, department and the centre, by (level, group_id, period_id, kpi_id)."""
    return Observer(landing, as_of, policy_dir, reference_dir).group_observations()
