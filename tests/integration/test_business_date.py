"""The default business date: the newest event's, unless a handful of rows would move it far away."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from pathlib import Path

import pytest

from orchestration.errors import ConfigurationError
from orchestration.ingest.business_date import bulk_end
from tests.ingest_support import run, write

FIRST, LAST = dt.date(2026, 3, 1), dt.date(2026, 5, 31)
DAYS = [FIRST + dt.timedelta(days=number) for number in range((LAST - FIRST).days + 1)]
TODAY = dt.date(2026, 11, 28)
HEADER = "ticket_id,created_at,solved_at,status,updated_at\n"


def chats(landing: Path, *, a_day: int = 3) -> None:
    rows = "".join(f"C{day}-{n},chat,{day} {9 + n:02d}:00:00,A1\n" for day in DAYS for n in range(a_day))
    write(landing / "ticket" / "contact.csv", f"contact_id,channel,started_at,agent_id\n{rows}")


def tickets(landing: Path, *odd: str, name: str = "ticket.csv") -> None:
    rows = "".join(f"T{day},{day} 10:00:00,{day} 12:00:00,solved,{day}\n" for day in DAYS)
    write(landing / "ticket" / name, HEADER + rows + "".join(f"{row}\n" for row in odd))


@pytest.mark.parametrize(
    ("odd", "column", "day"),
    [
        ("X,2026-05-31 10:00:00,2026-06-13 10:00:00,solved,", "solved_at", "2026-06-13"),
        ("X,2026-11-20 10:00:00,,open,", "created_at", "2026-11-20"),
        ("X,2026-05-20 10:00:00,2026-07-01 00:30:00,solved,", "solved_at", "2026-07-01"),
    ],
)
@pytest.mark.parametrize("copies", [1, 3])
def test_a_handful_moves_nothing_and_is_named(
    tmp_path: Path, odd: str, column: str, day: str, copies: int
) -> None:
    chats(tmp_path / "landing")
    tickets(tmp_path / "landing", *(odd.replace("X", f"X{n}", 1) for n in range(copies)))
    with pytest.raises(ConfigurationError) as raised:
        run(tmp_path / "landing", tmp_path / "state", today=TODAY)
    text = str(raised.value)
    assert raised.value.exit_status == 2
    assert f"ticket/ticket.csv, row {len(DAYS) + 1 + copies}: the newest event is " in text
    assert f"ticket.ticket {column} {day}" in text
    assert "ends 2026-05-31" in text
    assert f"Give --as-of 2026-05-31, or --as-of {day} where that is meant" in text
    assert run(tmp_path / "landing", tmp_path / "state", as_of=LAST, today=TODAY).as_of == LAST


def test_rows_after_today_are_no_events_yet(tmp_path: Path) -> None:
    chats(tmp_path / "landing")
    tickets(tmp_path / "landing", "X,2027-01-01 10:00:00,,open,")
    assert run(tmp_path / "landing", tmp_path / "state", today=TODAY).as_of == LAST


def test_a_row_that_was_corrected_since_moves_nothing(tmp_path: Path) -> None:
    """Raw keeps the version before, which no longer counts."""
    chats(tmp_path / "landing")
    tickets(tmp_path / "landing", "X,2026-05-20 10:00:00,2026-11-20 10:00:00,solved,2026-05-21")
    run(tmp_path / "landing", tmp_path / "state", as_of=LAST, today=TODAY)
    fixed = "X,2026-05-20 10:00:00,2026-05-20 11:00:00,solved,2026-05-22"
    write(tmp_path / "landing" / "ticket" / "ticket_2.csv", f"{HEADER}{fixed}\n")
    assert run(tmp_path / "landing", tmp_path / "state", today=TODAY).as_of == LAST


@pytest.mark.parametrize(
    "days",
    [
        {0: 1},
        {0: 9},
        {0: 9, 60: 1},
        {0: 40, 30: 1},  # a small landing says nothing about what is usual
        dict.fromkeys(range(90), 3),
        {**dict.fromkeys(range(60), 100), 69: 1},  # a week's holiday between two weekends, then one early row
        {**dict.fromkeys(range(60), 1000), 75: 400},  # back after two weeks
        {number * 7: 1 for number in range(60)},  # once a week, and three weeks away
        {**{number * 7: 1 for number in range(60)}, 60 * 7 + 13: 1},
    ],
)
def test_honest_exports_are_not_refused(days: dict[int, int]) -> None:
    assert bulk_end(Counter({FIRST + dt.timedelta(days=n): count for n, count in days.items()})) is None


@pytest.mark.parametrize(
    ("days", "end"),
    [
        ({**dict.fromkeys(range(60), 10), 90: 1}, 59),
        ({**dict.fromkeys(range(60), 10), 75: 1, 120: 2}, 59),
        # Of many rows a thousandth, thinly spread, without any long pause between them.
        ({**dict.fromkeys(range(100), 10_000), **dict.fromkeys(range(100, 180), 4)}, 99),
        ({**{n: 10 for n in range(90) if n % 7 < 5}, 110: 1}, 88),
    ],
)
def test_a_tail_long_after_the_rest_is_odd(days: dict[int, int], end: int) -> None:
    found = bulk_end(Counter({FIRST + dt.timedelta(days=n): count for n, count in days.items()}))
    assert found == FIRST + dt.timedelta(days=end)
