"""Exports that should be there: one per business day for entries with `expected_by`."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from orchestration.ingest.profile import Entry
from orchestration.ingest.report import REJECTED, LoadFigures

_DATE = re.compile(r"(?<!\d)(19\d\d|20\d\d)[-_.]?(0[1-9]|1[0-2])[-_.]?(0[1-9]|[12]\d|3[01])(?!\d)")


@dataclass(frozen=True)
class MissingDay:
    """A business day of an entry that no export has delivered although it was due."""

    entry: Entry
    day: dt.date

    @property
    def sentence(self) -> str:
        """For the operator."""
        due = f"{self.day + dt.timedelta(days=1)} {self.entry.spec.expected_by}"
        names = " or ".join(self.entry.spec.match)
        return f"no export {names} for {self.day} (profile {self.entry.profile}), which was due by {due}"


def missing_days(
    entries: Sequence[Entry],
    loads: Iterable[LoadFigures],
    event_days: Mapping[str, frozenset[dt.date]],
    *,
    as_of: dt.date,
    today: dt.date,
) -> list[MissingDay]:
    """Business days without an export, from an entry's first delivered one to `last_due_day`.

    A day counts as delivered by the date in a file's name or, where names carry no dates, by the events of
    that day: `event_days` gives those by load id. The hour of `expected_by` is told to people only; a run has
    no clock.
    """
    found: list[MissingDay] = []
    usable = [load for load in loads if load.status != REJECTED]
    last = last_due_day(as_of, today)
    for entry in entries:
        if entry.spec.expected_by is None:
            continue
        own = [load for load in usable if (load.profile, load.entry_no) == (entry.profile, entry.entry_no)]
        delivered = {day for load in own for day in days_in_name(load.file)}
        if not delivered:
            delivered = {day for load in own for day in event_days.get(load.load_id, ())}
        first = min(delivered, default=last)
        days = (first + dt.timedelta(days=number) for number in range((last - first).days + 1))
        found += [MissingDay(entry, day) for day in days if delivered and day not in delivered]
    return found


def last_due_day(as_of: dt.date, today: dt.date) -> dt.date:
    """The newest business day whose exports are due: the business date, but yesterday at the latest."""
    return min(as_of, today - dt.timedelta(days=1))


def days_in_name(name: str) -> set[dt.date]:
    """Dates such as 2026-10-03 or 20261003 in a file's name."""
    days: set[dt.date] = set()
    for parts in _DATE.findall(name):
        with suppress(ValueError):
            days.add(dt.date(*map(int, parts)))
    return days
