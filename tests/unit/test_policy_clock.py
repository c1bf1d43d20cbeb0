"""Hours, calendar and assignments that would count time twice or not at all are refused by file and row."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from orchestration.policy.check import policy_faults
from orchestration.policy.folder import known_words
from orchestration.settings import POLICY_DIR, REFERENCE_DIR

KNOWN = known_words()
HOURS, DAYS, ASSIGNED = "business_hours.csv", "calendar_day.csv", "schedule_assignment.csv"
LAST_HOURS = "phone,7,08:00,20:00,1990-01-01,"


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    folder = Path(shutil.copytree(POLICY_DIR, tmp_path / "policy"))
    shutil.copytree(REFERENCE_DIR, folder / "reference")
    return folder


@pytest.mark.parametrize(
    ("file", "old", "new", "row", "problem"),
    [
        (HOURS, LAST_HOURS, "phone,8,08:00,20:00,1990-01-01,", 23, "weekday_no is 8"),
        (HOURS, LAST_HOURS, "phone,,08:00,20:00,1990-01-01,", 23, "weekday_no is empty"),
        (DAYS, "2026-01-04,make_up_day,1,", "2026-01-04,make_up_day,0,", 5, "follows_weekday_no is 0"),
        (DAYS, "2026-01-01,holiday,,", "2026-01-01,holiday,1,", 2, "a holiday follows no weekday"),
        # The Sunday of centre has no hours; phone's has.
        (
            DAYS,
            "2026-01-04,make_up_day,1,",
            "2026-01-04,make_up_day,,",
            5,
            "of centre without hours: 2026-01-04 names",
        ),
        # One of every schedule leaves those closed that do not work on that weekday either; an own one none.
        (DAYS, "*,2026-01-04,make_up_day,1,", "*,2026-01-04,make_up_day,6,", None, None),
        (DAYS, "*,2026-01-04,make_up_day,1,", "centre,2026-01-04,make_up_day,6,", 5, "weekday 6 has none"),
        # Within a day, beside the night before, and on weekdays that only the calendar changes.
        (HOURS, "centre,1,13:00", "centre,1,11:59", 3, "overlaps row 2 on 1990-01-01"),
        (HOURS, "phone,5,20:00,02:00", "phone,5,20:00,08:01", 22, "overlaps row 21"),
        (HOURS, "phone,1,20:00,02:00", "phone,1,20:00,08:01", 14, "overlaps row 13"),
        (
            HOURS,
            LAST_HOURS,
            LAST_HOURS + "\nphone,7,21:00,08:01,2026-01-04,2026-01-05",
            None,
            None,
        ),
        (
            HOURS,
            LAST_HOURS,
            LAST_HOURS + "\nphone,7,19:00,21:00,2026-01-01,2026-01-12",
            24,
            "overlaps row 23 on 2026-01-11",
        ),
        (
            HOURS,
            "phone,6,08:00,20:00,1990-01-01,",
            "\n".join(f"phone,6,0{hour}:00,0{hour}:30,1990-01-01," for hour in range(3, 7)),
            25,
            "has 5 openings of phone",
        ),
        (ASSIGNED, "*,centre,1990-01-01,", "phone,phone,1990-01-01,", 2, "no schedule holds for every other"),
        (ASSIGNED, "1990-01-01,", "1990-01-01,2026-01-01", 2, "from 2026-01-01 on no schedule holds"),
        (
            ASSIGNED,
            "*,centre,1990-01-01,",
            "*,centre,1990-01-01,2026-01-01\n*,phone,2026-01-02,",
            2,
            "from 2026-01-01 until 2026-01-02 no schedule holds",
        ),
        (ASSIGNED, "*,centre,1990-01-01,", "*,centre,1990-01-01,2026-01-01\n*,phone,2026-01-01,", None, None),
        (HOURS, ",1990-01-01,", ",1990-01-01,2027-01-01", 2, "centre has no hours from 2027-01-01 on"),
    ],
)
def test_a_clock_that_counts_no_time_or_some_twice_is_refused_by_file_and_row(
    policy: Path, file: str, old: str, new: str, row: int | None, problem: str | None
) -> None:
    path = policy / "reference" / file
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")
    faults = [(fault.row, fault.problem) for fault in policy_faults(policy, known=KNOWN)]
    if problem is None:
        assert faults == []
    else:
        assert any(found == row and problem in said for found, said in faults), faults
        assert len(faults) <= 4, faults


def test_hours_at_weekends_alone_are_closed_on_working_days_that_make_up_for_others(policy: Path) -> None:
    path = policy / "reference" / HOURS
    lines = path.read_text("utf-8").splitlines(keepends=True)
    path.write_text("".join(line for line in lines if not re.match("phone,[1-5],", line)), "utf-8")
    assert policy_faults(policy, known=KNOWN) == []


def test_a_make_up_day_on_which_nobody_works_is_refused(policy: Path) -> None:
    path = policy / "reference" / HOURS
    lines = path.read_text("utf-8").splitlines(keepends=True)
    path.write_text("".join(line for line in lines if not re.match("(phone|centre),1,", line)), "utf-8")
    problems = {fault.problem for fault in policy_faults(policy, known=KNOWN)}
    assert problems == {"a working day of centre, phone without hours: weekday 1 has none"}
