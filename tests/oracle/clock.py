"""Business hours: weekly openings, holidays and make-up days as data, counted interval by interval."""

from __future__ import annotations

import csv
from collections import defaultdict
from datetime import date
from pathlib import Path

from .instants import DAY, SECOND, Zone, days_in_force


class BusinessHours:
    """Openings of every schedule, and the schedule of every channel (`*` = of every other channel)."""

    def __init__(self, folder: Path, zone: Zone) -> None:
        self._zone = zone
        self._hours: dict[tuple[str, int], list[tuple[range, int, int]]] = defaultdict(list)
        for row in _rows(folder / "business_hours.csv"):
            opens, closes = _clock(row["opens_at"]), _clock(row["closes_at"])
            closes += DAY if closes <= opens else 0
            key = (row["schedule_id"], int(row["weekday_no"]))
            self._hours[key].append((days_in_force(row), opens, closes))
        self._weekday = {
            (row["schedule_id"], date.fromisoformat(row["calendar_on"]).toordinal()): int(
                row["follows_weekday_no"] or 0
            )
            for row in _rows(folder / "calendar_day.csv")
        }
        self._assigned: dict[str, list[tuple[range, str]]] = defaultdict(list)
        for row in _rows(folder / "schedule_assignment.csv"):
            self._assigned[row["channel"]].append((days_in_force(row), row["schedule_id"]))
        self._openings: dict[tuple[str, int], list[tuple[int, int]]] = {}

    def seconds(self, start: int, end: int, channel: str) -> int:
        """Business seconds between two instants on a channel's schedule, whole, fraction dropped."""
        total, reached = 0, start
        for day in range(self._zone.day(start) - 1, self._zone.day(end) + 1):
            for opens, closes in self._on(channel, day):
                total += max(0, min(closes, end) - max(opens, reached))
                reached = max(reached, min(closes, end))
        return total // SECOND

    def _on(self, channel: str, day: int) -> list[tuple[int, int]]:
        """The openings that begin on a day, as instants, by time."""
        if (channel, day) not in self._openings:
            schedule = self._schedule(channel, day)
            weekday = self._weekday.get((schedule, day), self._weekday.get(("*", day), (day - 1) % 7 + 1))
            midnight = self._zone.end_of(date.fromordinal(day - 1))
            self._openings[(channel, day)] = sorted(
                (midnight + opens, midnight + closes)
                for days, opens, closes in self._hours.get((schedule, weekday), [])
                if day in days
            )
        return self._openings[(channel, day)]

    def _schedule(self, channel: str, day: int) -> str:
        for name in (channel, "*"):
            for days, schedule in self._assigned.get(name, []):
                if day in days:
                    return schedule
        return ""


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def _clock(text: str) -> int:
    hour, minute = text.split(":")[:2]
    return (int(hour) * 60 + int(minute)) * 60 * SECOND
