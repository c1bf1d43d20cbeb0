"""The oracle's business hours, counted by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.oracle.clock import BusinessHours
from tests.oracle.instants import Zone
from tests.oracle.landings import Rows, write

OPEN: dict[str, object] = {"effective_from": "1990-01-01", "effective_to": ""}


@pytest.fixture
def hours(tmp_path: Path) -> BusinessHours:
    """Office: weekdays 9–12, 13–18, from July 9–17. Phone: nights 20–02. 1 May off, 9 May like a Monday."""
    weekly: Rows = []
    for weekday in range(1, 8):
        weekly.append(
            OPEN | {"schedule_id": "phone", "weekday_no": weekday, "opens_at": "20:00", "closes_at": "02:00"}
        )
        if weekday <= 5:
            old: dict[str, object] = {
                "schedule_id": "office",
                "weekday_no": weekday,
                "effective_to": "2026-07-01",
            }
            weekly.append(OPEN | old | {"opens_at": "09:00", "closes_at": "12:00"})
            weekly.append(OPEN | old | {"opens_at": "13:00", "closes_at": "18:00"})
            new = old | {"effective_from": "2026-07-01", "effective_to": ""}
            weekly.append(new | {"opens_at": "09:00", "closes_at": "17:00"})
    days: Rows = [
        {"schedule_id": "*", "calendar_on": "2026-05-01", "kind": "holiday", "follows_weekday_no": ""},
        {"schedule_id": "*", "calendar_on": "2026-05-09", "kind": "make_up_day", "follows_weekday_no": 1},
    ]
    assigned: Rows = [
        OPEN | {"channel": "*", "schedule_id": "office"},
        OPEN | {"channel": "phone", "schedule_id": "phone"},
    ]
    tables = {"business_hours": weekly, "calendar_day": days, "schedule_assignment": assigned}
    return BusinessHours(write(tmp_path, tables), Zone())


@pytest.mark.parametrize(
    ("start", "end", "channel", "hour_count"),
    [
        ("2026-04-28 08:00:00", "2026-04-28 20:00:00", "chat", 8),  # a Tuesday
        ("2026-04-28 11:30:00", "2026-04-28 13:30:00", "chat", 1),  # over lunch
        ("2026-04-30 17:00:00", "2026-05-04 10:00:00", "chat", 2),  # Thursday, holiday, weekend, Monday
        ("2026-05-09 00:00:00", "2026-05-10 00:00:00", "chat", 8),  # a Saturday worked
        ("2026-06-30 00:00:00", "2026-07-02 00:00:00", "chat", 16),  # 8 by the old hours, 8 by the new
        ("2026-07-01 12:00:00", "2026-07-01 13:00:00", "chat", 1),  # no lunch any more
        ("2026-04-28 23:00:00", "2026-04-29 10:00:00", "phone", 3),  # overnight
        (
            "2026-04-30 21:00:00",
            "2026-05-02 12:00:00",
            "phone",
            5,
        ),  # the night into the holiday, not the holiday's
        ("2026-05-02 00:00:00", "2026-05-03 00:00:00", "email", 0),
    ],
)
def test_business_seconds(hours: BusinessHours, start: str, end: str, channel: str, hour_count: int) -> None:
    zone = Zone()
    first, last = zone.instant(start), zone.instant(end)
    assert first is not None and last is not None
    assert hours.seconds(first, last, channel) == hour_count * 3600


def test_the_fraction_of_a_second_is_dropped_once(hours: BusinessHours) -> None:
    zone = Zone()
    first, last = zone.instant("2026-04-28 11:59:59.400"), zone.instant("2026-04-28 13:00:00.700")
    assert first is not None and last is not None
    assert hours.seconds(first, last, "chat") == 1  # 0.6 s before lunch, 0.7 s after
