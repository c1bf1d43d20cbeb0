"""Exports of the night: what came with rows before and tonight brings none is said, what is slow is not."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from orchestration.ingest.checks.nights import (
    Brought,
    quiet_exports,
    read_nights,
    with_tonight,
    write_nights,
)
from tests.ingest_support import run, write

DAILY: Brought = {"ticket.ticket": 9, "ticket.contact": 4}


@pytest.mark.parametrize(
    ("earlier", "tonight", "said"),
    [
        ([DAILY], {"ticket.ticket": 9}, [("ticket.contact", True)]),
        ([DAILY, DAILY], {"ticket.ticket": 9, "ticket.contact": 0}, [("ticket.contact", False)]),
        ([DAILY, DAILY], DAILY, []),
        ([], {"ticket.ticket": 9}, []),
        ([DAILY], {}, []),  # nothing came at all: the same files again
        ([{**DAILY, "workforce.target": 3}, DAILY], DAILY, []),  # a monthly table
        ([{"ticket.violation": 0, **DAILY}], DAILY, []),  # never had a row
        ([DAILY, {"ticket.ticket": 9}], {"ticket.ticket": 9}, []),  # said the night before
    ],
)
def test_what_came_before_and_not_tonight(
    earlier: list[Brought], tonight: Brought, said: list[tuple[str, bool]]
) -> None:
    found = quiet_exports(earlier, tonight)
    assert [(one.table_name, one.is_missing) for one in found] == said


def test_a_file_that_is_overwritten_and_unchanged_came() -> None:
    tonight = {"ticket.ticket": 9}
    assert quiet_exports([DAILY], tonight, lying_there=frozenset({"ticket.contact"})) == []


def test_nights_are_kept_and_a_night_run_again_is_one(tmp_path: Path) -> None:
    day = dt.date(2026, 10, 1)
    nights = with_tonight(with_tonight({}, day, {"a": 1}), day, {"a": 2, "b": 0})
    write_nights(tmp_path, nights)
    assert read_nights(tmp_path) == {day: {"a": 3, "b": 0}}
    (tmp_path / "_nights.json").write_text("[]", encoding="utf-8")
    assert read_nights(tmp_path) == {}


def tickets(landing: Path, day: int, rows: int = 1) -> None:
    text = "ticket_id,created_at,status\n" + "".join(
        f"T{day}-{n},2026-10-{day:02d} 10:00,open\n" for n in range(rows)
    )
    write(landing / "ticket" / f"ticket_{day}.csv", text)


def reviews(landing: Path, day: int, rows: int = 1) -> None:
    text = "review_id,agent_id,reviewed_at,score\n" + "".join(
        f"R{day}-{n},A,2026-10-{day:02d} 11:00,90\n" for n in range(rows)
    )
    write(landing / "ticket" / f"quality_review_{day}.csv", text)


@pytest.mark.parametrize(
    ("last_rows", "sentence"),
    [
        (None, "ticket.quality_review: no export came tonight; rows came on each of the 2 nights before"),
        (
            0,
            "ticket.quality_review: tonight's export has a header and no row; "
            "rows came on each of the 2 nights before",
        ),
        (1, ""),
    ],
)
def test_a_night_says_what_did_not_come(tmp_path: Path, last_rows: int | None, sentence: str) -> None:
    landing, state = tmp_path / "in", tmp_path / "state"
    for day in (1, 2):
        tickets(landing, day)
        reviews(landing, day)
        report = run(landing, state, as_of=dt.date(2026, 10, day))
        assert not [note for note in report.notes if "tonight" in note]
    tickets(landing, 3)
    if last_rows is not None:
        reviews(landing, 3, last_rows)
    for _ in range(2):  # the night again says the same
        notes = run(landing, state, as_of=dt.date(2026, 10, 3)).notes
        assert [note for note in notes if "tonight" in note] == ([sentence] if sentence else [])
