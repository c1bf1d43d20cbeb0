"""Business time in SQL against counting it day by day: both agree to the second."""

from __future__ import annotations

import csv
import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pytest

from orchestration.ingest import ingest
from orchestration.policy.folder import install_policy
from orchestration.settings import CONTRACT_DIR, POLICY_DIR, SEEDS_DIR
from orchestration.settlement.frozen import ensure_register
from orchestration.state.folder import StateFolder
from orchestration.warehouse.dbt import DbtOutcome, log_path, stream_dbt, take_parsed

ZONE = ZoneInfo("Asia/Shanghai")
REFERENCE = SEEDS_DIR / "reference"
CASES = 600


def _rows(name: str) -> list[dict[str, str]]:
    with (REFERENCE / f"{name}.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def _at(day: date, wall: str) -> datetime:
    hour, minute = wall.split(":")
    return datetime(day.year, day.month, day.day, int(hour), int(minute), tzinfo=ZONE)


def _openings(schedule: str, day: date) -> Iterator[tuple[datetime, datetime]]:
    """Openings that begin on `day`, as the reference files say, read without any of the product's code."""
    exceptions = {
        row["calendar_on"]: row for row in _rows("calendar_day") if row["schedule_id"] in ("*", schedule)
    }
    exception = exceptions.get(day.isoformat())
    if exception is not None and exception["kind"] == "holiday":
        return
    weekday = day.isoweekday()
    if exception is not None and exception["follows_weekday_no"]:
        weekday = int(exception["follows_weekday_no"])
    for row in _rows("business_hours"):
        if row["schedule_id"] != schedule or int(row["weekday_no"]) != weekday:
            continue
        opens, closes = _at(day, row["opens_at"]), _at(day, row["closes_at"])
        yield (opens, closes if closes > opens else closes + timedelta(days=1))


def _business_seconds(schedule: str, start: datetime, end: datetime) -> int:
    total = timedelta()
    day = start.astimezone(ZONE).date() - timedelta(days=1)
    while day <= end.astimezone(ZONE).date():
        for opens, closes in _openings(schedule, day):
            total += max(timedelta(), min(end, closes) - max(start, opens))
        day += timedelta(days=1)
    return total // timedelta(seconds=1)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, tuple[str, datetime, datetime]]]:
    """A warehouse of tickets whose spans cross lunch, nights, weekends, holidays and make-up days."""
    folder = tmp_path_factory.mktemp("business_clock")
    dice = random.Random(20261001)
    spans: dict[str, tuple[str, datetime, datetime]] = {}
    anchors = [
        datetime(2026, 2, 13, tzinfo=UTC),
        datetime(2026, 9, 24, tzinfo=UTC),
        datetime(2026, 5, 1, tzinfo=UTC),
    ]
    for number in range(CASES):
        start = dice.choice(anchors) + timedelta(
            seconds=dice.randrange(14 * 86400), milliseconds=dice.randrange(1000)
        )
        length = dice.choice([dice.randrange(3600), dice.randrange(86400), dice.randrange(12 * 86400)])
        channel = dice.choice(["phone", "web"])
        spans[f"T{number:04d}"] = (
            channel,
            start,
            start + timedelta(seconds=length, milliseconds=dice.randrange(1000)),
        )
    landing = folder / "landing" / "ticket"
    landing.mkdir(parents=True)
    with (landing / "ticket.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["ticket_id", "created_at", "solved_at", "status", "channel"])
        for ticket_id, (channel, start, end) in spans.items():
            writer.writerow([ticket_id, start.isoformat(), end.isoformat(), "solved", channel])
    state = StateFolder(folder / "state")
    state.prepare()
    ensure_register(state)
    install_policy(state, POLICY_DIR)
    # The shipped centre runs one schedule; the phone's, with its night shift, is assigned here.
    assignment = state.seeds / "reference" / "schedule_assignment.csv"
    assignment.write_text(assignment.read_text("utf-8") + "phone,phone,1990-01-01,\n", "utf-8")
    ingest(
        landing=folder / "landing",
        state=state.root,
        profiles=[],
        contract_dir=CONTRACT_DIR,
        as_of=date(2026, 10, 31),
        today=date(2026, 11, 22),
        business_timezone="Asia/Shanghai",
        allow_rejects=Decimal("0.05"),
        progress=None,
    )
    outcome = DbtOutcome()
    arguments = ["build", "--select", "+fct_ticket", "--exclude-resource-type", "unit_test"]
    for _ in stream_dbt(state, arguments, outcome=outcome, manifest=take_parsed(state)):
        pass
    outcome.raise_if_failed(log_path(state))
    return state.warehouse, spans


def test_business_seconds_equal_a_day_by_day_count(
    built: tuple[Path, dict[str, tuple[str, datetime, datetime]]],
) -> None:
    warehouse, spans = built
    with duckdb.connect(str(warehouse), read_only=True) as database:
        found = dict(
            database.execute("select ticket_id, handle_business_seconds from facts.fct_ticket").fetchall()
        )
    expected = {
        ticket_id: _business_seconds("phone" if channel == "phone" else "centre", start, end)
        for ticket_id, (channel, start, end) in spans.items()
    }
    assert found == expected
    assert sum(1 for seconds in expected.values() if seconds > 0) > CASES // 4, (
        "too few spans meet business hours"
    )


def test_a_holiday_does_not_run_the_clock_and_a_make_up_day_does() -> None:
    holiday = _business_seconds("centre", _at(date(2026, 10, 1), "08:00"), _at(date(2026, 10, 1), "20:00"))
    make_up = _business_seconds("centre", _at(date(2026, 10, 10), "08:00"), _at(date(2026, 10, 10), "20:00"))
    assert (holiday, make_up) == (0, 8 * 3600)
