"""What rows say about each other: keys that several rows of one file share, though which of them counts is
nobody's decision; of different loads the days covered, the hours kept, the rows that came twice, the rows
that later exports replaced.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from orchestration.ingest.contract import ContractTable
from orchestration.ingest.database import literal, names, quoted, rows, statement
from orchestration.ingest.report import LoadFigures
from orchestration.ingest.versions import is_by_load

MIN_REPEATED_ROWS = 20
REPEATED_SHARE = 0.9
MAX_COMPARED_ROWS = 5_000_000
"""Loads above this are not compared row by row; the check is a convenience, and memory is bounded."""

_MAIN_EVENT = ("created_at", "started_at", "responded_at", "reviewed_at", "occurred_at", "ordered_at")


@dataclass(frozen=True)
class RowChecks:
    """Queries over a table's committed and staged Parquet. `timezone` is that of local days."""

    table: ContractTable
    paths: Sequence[Path]
    timezone: str

    @property
    def event_column(self) -> str | None:
        """The timestamp that dates the table's rows, if there is one."""
        columns = [column.name for column in self.table.export_columns if column.data_type == "timestamp"]
        return next((name for name in _MAIN_EVENT if name in columns), None)

    def event_days(self) -> dict[str, frozenset[dt.date]]:
        """Local days of events by load id."""
        found = self._events(f"_load_id, list(DISTINCT local_date({self._moment}))", "_load_id")
        return {load_id: frozenset(days) for load_id, days in found}

    def hours_by_day(self) -> dict[dt.date, NDArray[np.int64]]:
        """Counts of events per local hour, by local day."""
        days: dict[dt.date, NDArray[np.int64]] = {}
        parts = f"local_date({self._moment}), local_hour({self._moment}), count(*)"
        for day, hour, count in self._events(parts, "ALL"):
            days.setdefault(day, np.zeros(24, dtype=np.int64))[hour] = count
        return days

    def repeats(self, load: LoadFigures) -> list[tuple[str, int, int]]:
        """Other files with most rows of a load: file, rows that are the same, rows the same but for the key;
        0 for a few.
        """
        count = load.accepted_row_count
        if not MIN_REPEATED_ROWS <= count <= MAX_COMPARED_ROWS:
            return []
        key = {*self.table.key, self.table.version_column}
        columns = [column.name for column in self.table.export_columns if column.name not in key]
        select = statement("repeats", content=names(columns), keys=names(self.table.key))
        least = REPEATED_SHARE * count
        return [
            (file, same if same >= least else 0, alike if alike >= least else 0)
            for file, same, alike in rows(select, self._files, load.load_id)
        ]

    @property
    def _files(self) -> list[str]:
        return [str(path) for path in self.paths]

    @property
    def _moment(self) -> str:
        return f"{self.event_column}, {literal(self.timezone)}"

    def _events(self, select: str, group: str) -> list[tuple[Any, ...]]:
        source = "read_parquet($1, union_by_name = true)"
        return rows(
            f"SELECT {select} FROM {source} WHERE {self.event_column} IS NOT NULL GROUP BY {group}",
            self._files,
        )


@dataclass(frozen=True)
class Conflict:
    """A load's keys with rows that differ: how many keys, and the rows of the first of them."""

    load_id: str
    key_count: int
    key: str
    rows: tuple[int, ...]

    def sentence(self, file: str, table: ContractTable) -> str:
        """For the operator."""
        keys = "1 key stands" if self.key_count == 1 else f"{self.key_count:,} keys stand"
        rows = ", ".join(map(str, self.rows[:5])) + (" and more" if len(self.rows) > 5 else "")
        winner = "the last row"
        if table.version_column:
            winner = f"the newest by {table.version_column}, without it the last row,"
        return (
            f"{file}: {keys} in several rows with different content ({table.full_name} "
            f"{' '.join(table.key)} {self.key}: rows {rows}); {winner} counts, the others are superseded"
        )


def conflicts(table: ContractTable, paths: Sequence[Path]) -> list[Conflict]:
    """Conflicts by load among the rows of Parquet files; a row repeated as it is, is none."""
    if not table.key:
        return []
    found = rows(_by_key("conflicts", table), [str(path) for path in paths])
    return [Conflict(load_id, int(count), key, tuple(numbers)) for load_id, count, key, numbers in found]


def at_odds(table: ContractTable, paths: Sequence[Path]) -> str:
    """For the operator: keys that files which came together have with different content, where
    load order alone tells versions; '' where there are none.
    """
    count, key, counts, other = rows(_by_key("at_odds", table), [str(path) for path in paths])[0]
    if not count:
        return ""
    keys = "1 key stands" if count == 1 else f"{count:,} keys stand"
    return (
        f"{counts}: {keys} with different content in files that came together ({table.full_name} "
        f"{' '.join(table.key)} {key}: also in {other}); {counts} counts there, as the later one by name. "
        "Where that is wrong, drop the one that is meant again another night, with an empty line at its end"
    )


def _by_key(name: str, table: ContractTable) -> str:
    """The statement of that name over rows with a table's keys and content."""
    return statement(
        name,
        keys=names(table.key),
        content=names(column.name for column in table.export_columns),
        shown=", ".join(f"{quoted(name)}::VARCHAR" for name in table.key),
        is_by_load=is_by_load(table),
    )


@dataclass(frozen=True)
class Replaced:
    """Rows of a content that came again of which later exports say something else: how many, the key of the
    first and the file that replaced it.
    """

    row_count: int
    key: str
    file: str

    def sentence(self, load: LoadFigures, table: ContractTable) -> str:
        """For the operator."""
        what = "1 row" if self.row_count == 1 else f"{self.row_count:,} rows"
        by = "a later content of this file" if self.file == load.file else self.file
        return (
            f"{load.file}: this content was taken before, and what came later counts: {what} of "
            f"{table.full_name} were replaced ({' '.join(table.key)} {self.key} by {by}). "
            "Where these rows are meant to count again, export them anew: a file that differs in anything, "
            "be it an empty line at its end, is a new export"
        )


def replaced(
    table: ContractTable, paths: Sequence[Path], load_id: str, later: Sequence[str]
) -> Replaced | None:
    """What later loads replaced of a load's rows, where load order alone tells versions."""
    select = _by_key("replaced", table)
    count, key, file = rows(select, [str(path) for path in paths], load_id, list(later))[0]
    return Replaced(int(count), str(key), str(file)) if count else None
