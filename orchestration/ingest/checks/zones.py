"""Zone mistakes: days whose events all lie some hours off the hours that the other days keep."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from orchestration.ingest.profile import Entry

HOURS = 24
MIN_DAY_EVENTS = 30
MIN_OTHER_EVENTS = 300
MIN_GAIN = 0.25
"""By how much the best shift must resemble the other days better than no shift does (cosine, 0 to 1)."""


@dataclass(frozen=True)
class ShiftedDay:
    """A local day whose events come `hours` (−11 to 12) later than on other days."""

    day: dt.date
    hours: int


def shifted_days(
    hours_by_day: Mapping[dt.date, NDArray[np.int64]], suspects: frozenset[dt.date]
) -> list[ShiftedDay]:
    """Days in `suspects` that look shifted. `hours_by_day` has 24 counts of events per local day.

    Centres that work around the clock evenly give no sign, so nothing is said of them.
    """
    found: list[ShiftedDay] = []
    if not hours_by_day:
        return found
    total = np.sum(list(hours_by_day.values()), axis=0)
    for day in sorted(suspects):
        counts = hours_by_day[day]
        others = total - counts
        if counts.sum() < MIN_DAY_EVENTS or others.sum() < MIN_OTHER_EVENTS:
            continue
        likeness = np.array([_cosine(counts, np.roll(others, shift)) for shift in range(HOURS)])
        best = int(likeness.argmax())
        if best and likeness[best] - likeness[0] >= MIN_GAIN:
            found.append(ShiftedDay(day, best if best <= HOURS // 2 else best - HOURS))
    return found


def zone_notes(table: str, shifted: list[ShiftedDay]) -> list[str]:
    """Sentences for the operator, one per distance."""
    notes: list[str] = []
    for hours in sorted({item.hours for item in shifted}):
        days = [item.day for item in shifted if item.hours == hours]
        when = f"{days[0]}" if len(days) == 1 else f"{len(days)} days from {days[0]} to {days[-1]}"
        direction = "later" if hours > 0 else "earlier"
        notes.append(
            f"{table}: on {when} events come {abs(hours)} h {direction} than on other days; "
            "is the time zone of that export right?"
        )
    return notes


def zone_settings(entries: Sequence[Entry], business_timezone: str) -> list[str]:
    """Sentences on profiles in another zone than the business zone's; UTC is no centre's."""
    zones = {(entry.profile, entry.timezone): None for entry in entries}
    return [
        f"profile {profile}: its times are read as {zone}, but days and months are those of "
        f"{business_timezone}; to count in {zone}, set MERITLINE_TIMEZONE={zone}"
        for profile, zone in zones
        if zone not in (business_timezone, "UTC", "Etc/UTC")
    ]


def _cosine(left: NDArray[np.int64], right: NDArray[np.int64]) -> float:
    norm = float(np.linalg.norm(left) * np.linalg.norm(right))
    return float(left @ right) / norm if norm else 0.0
