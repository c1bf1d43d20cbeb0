"""What rows of different loads say about each other: days covered, hours kept, rows that came twice."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from orchestration.ingest.contract import ContractTable
from orchestration.ingest.sources import quoted

MIN_REPEATED_ROWS = 20
REPEATED_SHARE = 0.9
MAX_COMPARED_ROWS = 5_000_000
"""Loads above this are not compared row by row; the check is a convenience, and memory is bounded."""

_MAIN_EVENT = ("created_at", "started_at", "responded_at", "reviewed_at", "occurred_at", "ordered_at")


class RowChecks:
    """Queries over a table's committed and staged Parquet. `timezone` is that of local days."""

    def __init__(self, table: ContractTable, paths: Sequence[Path], timezone: str) -> None:
        self._table = table
        self._paths = [str(path) for path in paths]
        self._timezone = timezone

    @property
    def event_column(self) -> str | None:
        """The timestamp that dates the table's rows, if there is one."""
        names = [column.name for column in self._table.export_columns if column.data_type == "timestamp"]
        return next((name for name in _MAIN_EVENT if name in names), None)

    def event_days(self) -> dict[str, frozenset[dt.date]]:
        """Local days of events by load id."""
        return {
            load_id: frozenset(days)
            for load_id, days in self._rows(
                f"SELECT _load_id, list(DISTINCT {self._local}::DATE) FROM raw "
                f"WHERE {self.event_column} IS NOT NULL GROUP BY _load_id"
            )
        }

    def hours_by_day(self) -> dict[dt.date, NDArray[np.int64]]:
        """Counts of events per local hour, by local day."""
        days: dict[dt.date, NDArray[np.int64]] = {}
        for day, hour, count in self._rows(
            f"SELECT {self._local}::DATE, hour({self._local}), count(*) FROM raw "
            f"WHERE {self.event_column} IS NOT NULL GROUP BY ALL"
        ):
            days.setdefault(day, np.zeros(24, dtype=np.int64))[hour] = count
        return days

    def repeats(self, load_id: str) -> list[tuple[str, int, int]]:
        """Other files with rows of a load: file, rows that are the same, rows the same but for the key."""
        key = set(self._table.key) | {self._table.version_column}
        content = ", ".join(
            quoted(column.name) for column in self._table.export_columns if column.name not in key
        )
        keys = ", ".join(map(quoted, self._table.key))
        rows = self._rows(
            "SELECT _file, "
            "count(DISTINCT same) FILTER (same IN (SELECT same FROM mine)), "
            "count(DISTINCT alike) FILTER (alike IN (SELECT alike FROM mine) "
            "AND other_key NOT IN (SELECT other_key FROM mine)) "
            "FROM fingerprints WHERE _load_id <> $2 GROUP BY _file ORDER BY _file",
            load_id,
            before=(
                "fingerprints AS (SELECT _load_id, _file, same: hash(_row_hash), "
                f"alike: hash({content}), other_key: hash({keys}) FROM raw), "
                "mine AS (SELECT DISTINCT same, alike, other_key FROM fingerprints WHERE _load_id = $2)"
            ),
        )
        return [(str(file), int(same), int(alike)) for file, same, alike in rows]

    @property
    def _local(self) -> str:
        return f"timezone('{self._timezone}', timezone('UTC', {self.event_column}))"

    def _rows(self, select: str, *parameters: object, before: str = "") -> list[tuple[Any, ...]]:
        tables = "raw AS (FROM read_parquet($1, union_by_name = true))" + (f", {before}" if before else "")
        with duckdb.connect(config={"threads": 2, "memory_limit": "1GB"}) as connection:
            return connection.execute(f"WITH {tables} {select}", [self._paths, *parameters]).fetchall()
