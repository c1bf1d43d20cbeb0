"""Small centres with nothing wrong in their exports, each honest in a way that a careless bound refuses.

A centre is its exports by table, rows as dicts, and the `--as-of` that its night is given (None: none).
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path

Row = Mapping[str, object]
AGENT_COUNT = 12
"""Enough people of one plan for every bound on plans to be judged."""
BUSY_HOURS = (9, 11, 14, 16)
SIGNS = {"A1": "A/1 %x", "A2": "A:2#?", "A3": "甲'3", "A4": "A:4:5"}
"""Ids that HR systems do have, with the signs that keys and paths are made of."""


@dataclass(frozen=True)
class Centre:
    """Exports by `source.table`, and the business date that the night is given."""

    tables: Mapping[str, Sequence[Row]]
    as_of: str | None = None


def write(centre: Centre, folder: Path) -> Path:
    """The centre as a landing folder."""
    for name, rows in centre.tables.items():
        path = folder / f"{name.replace('.', '/')}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, list(dict.fromkeys(key for row in rows for key in row)))
            writer.writeheader()
            writer.writerows(rows)
    return folder


def days(first: str, last: str) -> list[date]:
    """Every day from the first to the last."""
    begin, end = date.fromisoformat(first), date.fromisoformat(last)
    return [begin + timedelta(days=number) for number in range((end - begin).days + 1)]


def agents(count: int = AGENT_COUNT, scheme: str = "centre_grade") -> list[Row]:
    """A roster of one plan."""
    return [
        {
            "agent_id": f"A{number}",
            "effective_from": "2020-01-01",
            "agent_name": f"Agent {number}",
            "team_id": "T1",
            "department": "service",
            "role": "general",
            "employment": "part_time" if scheme == "part_time" else "full_time",
            "level": "junior",
            "education": "bachelor",
            "base_salary": 5000,
            "scheme_id": scheme,
        }
        for number in range(1, count + 1)
    ]


def _at(day: date, number: int) -> datetime:
    return datetime.combine(day, datetime.min.time()).replace(hour=BUSY_HOURS[number % 4], minute=number % 60)


def contacts(on: Iterable[date], per_day: int = 12, count: int = AGENT_COUNT) -> list[Row]:
    """Chats of people, answered within the minute."""
    return [
        {
            "contact_id": f"C{day:%y%m%d}-{number}",
            "channel": "chat",
            "started_at": _at(day, number),
            "agent_id": f"A{number % count + 1}",
            "customer_id": f"K{day:%y%m%d}-{number}",
            "is_answered": "true",
            "first_response_at": _at(day, number) + timedelta(seconds=20 + number),
            "ended_at": _at(day, number) + timedelta(minutes=6),
            "is_bot": "false",
        }
        for day in on
        for number in range(per_day)
    ]


def bot_contacts(on: Iterable[date], per_day: int, bot_id: str = "") -> list[Row]:
    """Chats that a machine served, mostly at night."""
    return [
        {
            "contact_id": f"B{day:%y%m%d}-{number}",
            "channel": "chat",
            "started_at": datetime.combine(day, datetime.min.time()).replace(hour=number % 24),
            "agent_id": bot_id,
            "customer_id": f"KB{day:%y%m%d}-{number}",
            "is_answered": "false",
            "is_bot": "true",
        }
        for day in on
        for number in range(per_day)
    ]


def tickets(
    on: Iterable[date],
    per_day: int = 12,
    count: int = AGENT_COUNT,
    solver: Callable[[int], str] | None = None,
) -> list[Row]:
    """Tickets, each solved within the day by one person, or by whom `solver` says."""
    return [
        {
            "ticket_id": f"T{day:%y%m%d}-{number}",
            "created_at": _at(day, number),
            "customer_id": f"K{day:%y%m%d}-{number}",
            "category": "billing",
            "channel": "chat",
            "assignee_id": by,
            "solver_id": by,
            "first_reply_at": _at(day, number) + timedelta(minutes=5),
            "solved_at": _at(day, number) + timedelta(hours=3),
            "status": "solved",
        }
        for day in on
        for number in range(per_day)
        for by in [solver(number) if solver else f"A{number % count + 1}"]
    ]


def _with(
    *tables: tuple[str, Sequence[Row]], as_of: str | None = None, scheme: str = "centre_grade"
) -> Centre:
    return Centre({"workforce.agent": agents(scheme=scheme), **dict(tables)}, as_of)


def exported_by_creation_date() -> Centre:
    """A finished quarter, exported in June by creation date: one ticket of May was solved two weeks later."""
    quarter = days("2026-03-01", "2026-05-31")
    made = tickets(quarter)
    late = {**made[-1], "solved_at": "2026-06-13 10:00:00"}
    return _with(
        ("ticket.ticket", [*made[:-1], late]), ("ticket.contact", contacts(quarter)), as_of="2026-05-31"
    )


def closed_history() -> Centre:
    """A quarter that ended years ago; no date is given."""
    quarter = days("2023-10-01", "2023-12-31")
    return _with(("ticket.ticket", tickets(quarter)), ("ticket.contact", contacts(quarter)))


def bot_without_a_roster_row() -> Centre:
    """Half of the chats and of the tickets are a bot's, whom HR does not know."""
    quarter = days("2026-03-01", "2026-05-31")
    solved = tickets(quarter, solver=lambda number: "BOT" if number % 2 else f"A{number + 1}")
    served = [*contacts(quarter), *bot_contacts(quarter, 12, "BOT")]
    return _with(("ticket.ticket", solved), ("ticket.contact", served))


def half_by_a_machine() -> Centre:
    """More than half of the chats are served by a machine, without an agent, since the last month alone: it
    took them over.
    """
    before, last = days("2026-03-01", "2026-04-30"), days("2026-05-01", "2026-05-31")
    served = [*contacts(before, 24), *contacts(last, 10), *bot_contacts(last, 14)]
    return _with(("ticket.ticket", tickets([*before, *last])), ("ticket.contact", served))


def five_people_and_nine_calls() -> Centre:
    """A very small centre on its first day."""
    called = [{**row, "channel": "phone"} for row in contacts(days("2026-10-05", "2026-10-05"), 9, 5)]
    return Centre({"workforce.agent": agents(5), "ticket.contact": called})


def contacts_alone() -> Centre:
    """A roster and chats, nothing else: its plan is never scored."""
    return _with(("ticket.contact", contacts(days("2026-03-01", "2026-05-31"))))


def tickets_alone() -> Centre:
    """A roster and tickets, nothing else."""
    return _with(("ticket.ticket", tickets(days("2026-03-01", "2026-05-31"))))


def first_day() -> Centre:
    """A day of a centre of twelve, with more rows than most bounds need."""
    day = days("2026-10-05", "2026-10-05")
    return _with(("ticket.ticket", tickets(day, 150)), ("ticket.contact", contacts(day, 150)))


def week_off() -> Centre:
    """Closed for the first eight days of October, back for two: the last seven days have two of work."""
    open_days = [*days("2026-07-01", "2026-09-30"), *days("2026-10-09", "2026-10-10")]
    return _with(("ticket.ticket", tickets(open_days)), ("ticket.contact", contacts(open_days)))


def weekends_alone() -> Centre:
    """A hotline of Saturdays and Sundays."""
    open_days = [day for day in days("2026-03-01", "2026-05-31") if day.weekday() >= 5]
    return _with(("ticket.ticket", tickets(open_days, 40)), ("ticket.contact", contacts(open_days, 40)))


def part_timers_alone() -> Centre:
    """One plan, and of what it pays by the contacts alone."""
    served = contacts(days("2026-03-01", "2026-05-31"), 24)
    return _with(("ticket.contact", served), scheme="part_time")


def leads_closed_on_a_date() -> Centre:
    """A CRM that keeps the day of closing without a time: it lies before the time of creation."""
    quarter = days("2026-03-01", "2026-05-31")
    leads = [
        {
            "lead_id": f"L{day:%y%m%d}-{number}",
            "created_at": _at(day, number),
            "agent_id": f"A{number + 1}",
            "customer_id": f"K{day:%y%m%d}-{number}",
            "stage": "won" if number % 2 else "lost",
            "closed_at": day,
        }
        for day in quarter
        for number in range(AGENT_COUNT)
    ]
    orders = [
        {
            "order_id": f"O{day:%y%m%d}-{number}",
            "ordered_at": _at(day, number),
            "agent_id": f"A{number + 1}",
            "customer_id": f"K{day:%y%m%d}-{number}",
            "amount": 800 + 10 * number,
            "kind": "new",
            "status": "paid",
        }
        for day in quarter
        for number in range(AGENT_COUNT)
    ]
    return _called(_with(("crm.lead", leads), ("crm.order", orders), scheme="sales_service"), SIGNS)


def _called(centre: Centre, names: Mapping[str, str]) -> Centre:
    """The centre with other ids for some of its agents."""
    return replace(
        centre,
        tables={
            table: [{**row, "agent_id": names.get(str(row["agent_id"]), row["agent_id"])} for row in rows]
            for table, rows in centre.tables.items()
        },
    )


HONEST: Mapping[str, Callable[[], Centre]] = {
    make.__name__: make
    for make in (
        exported_by_creation_date,
        closed_history,
        bot_without_a_roster_row,
        half_by_a_machine,
        five_people_and_nine_calls,
        contacts_alone,
        tickets_alone,
        first_day,
        week_off,
        weekends_alone,
        part_timers_alone,
        leads_closed_on_a_date,
    )
}
