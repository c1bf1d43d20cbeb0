"""Exports of the night: a table that brought rows on the nights before and tonight brings none, or does not
come.

What each night brought is kept beside the raw Parquet, by business date; nights that brought nothing at all
do not count, and a night run again is one night.
"""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from orchestration.ingest.report import LOADED, LoadFigures
from orchestration.state.folder import write_atomically

NIGHTS_FILE = "_nights.json"
KEPT_NIGHTS = 60
COMPARED_NIGHTS = 2
"""Nights before this one on all of which a table must have come with rows to be missed tonight."""

Brought = Mapping[str, int]
"""Rows of new exports by `source.table`; a table with a header alone has 0."""


@dataclass(frozen=True)
class QuietExport:
    """A table that came with rows and tonight has a header alone, or does not come."""

    table_name: str
    is_missing: bool
    nights: int

    @property
    def sentence(self) -> str:
        """For the operator."""
        before = "on the night before" if self.nights == 1 else f"on each of the {self.nights} nights before"
        what = "no export came tonight" if self.is_missing else "tonight's export has a header and no row"
        return f"{self.table_name}: {what}; rows came {before}"


def brought_by(loads: Sequence[LoadFigures]) -> dict[str, int]:
    """What the new loads of a night brought."""
    found: Counter[str] = Counter()
    for load in loads:
        if load.is_new and load.status == LOADED:
            found[load.table_name] += load.accepted_row_count
    return dict(found)


def quiet_exports(
    earlier: Sequence[Brought], tonight: Brought, *, lying_there: frozenset[str] = frozenset()
) -> list[QuietExport]:
    """Tables that came with rows on the last nights and bring none tonight.

    `earlier` are the nights before, oldest first. `lying_there` are tables whose export is one file that is
    overwritten: unchanged, it came.
    """
    compared = list(earlier)[-COMPARED_NIGHTS:]
    if not compared or not tonight:
        return []
    steady = set.intersection(*({name for name, rows in night.items() if rows} for night in compared))
    came = {name for name, rows in tonight.items() if rows} | (lying_there - tonight.keys())
    return [QuietExport(name, name not in tonight, len(compared)) for name in sorted(steady - came)]


def overwritten_tables(current: Sequence[LoadFigures], loads: Sequence[LoadFigures]) -> frozenset[str]:
    """Tables of which every export ever had one name, and that file still lies in the landing folder."""
    names = {(load.table_name, load.file) for load in loads}
    once = Counter(table for table, _ in names)
    return frozenset(load.table_name for load in current if once[load.table_name] == 1)


def read_nights(raw: Path) -> dict[dt.date, dict[str, int]]:
    """What the nights of a state brought, by business date; empty where nothing is known."""
    try:
        found = json.loads((raw / NIGHTS_FILE).read_text(encoding="utf-8"))
        return {dt.date.fromisoformat(day): dict(brought) for day, brought in found.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def write_nights(raw: Path, nights: Mapping[dt.date, Brought]) -> None:
    """Keep the last nights."""
    kept = {day.isoformat(): dict(nights[day]) for day in sorted(nights)[-KEPT_NIGHTS:]}
    write_atomically(raw / NIGHTS_FILE, json.dumps(kept, indent=0, sort_keys=True))


def with_tonight(
    nights: Mapping[dt.date, Brought], as_of: dt.date, brought: Brought
) -> dict[dt.date, dict[str, int]]:
    """The nights with tonight's exports, added to those of an earlier run of the same business date."""
    own = Counter(nights.get(as_of, {}))
    own.update(brought)
    others = {day: dict(rows) for day, rows in nights.items() if day != as_of}
    return others | ({as_of: dict(own)} if own else {})
