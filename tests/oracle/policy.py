"""Reads a policy folder: CSV tables of effective-dated rows, those in force on a period's last day apply."""

from __future__ import annotations

import csv
from pathlib import Path

from .instants import days_in_force, days_of

Row = dict[str, str]


class Policy:
    """The tables of a policy folder by file name; rows as texts, empty = not given."""

    def __init__(self, folder: Path) -> None:
        self._tables: dict[str, list[tuple[range, Row]]] = {}
        self._in_force: dict[tuple[str, str], list[Row]] = {}
        for path in sorted(folder.glob("*.csv")):
            with path.open(encoding="utf-8-sig", newline="") as stream:
                self._tables[path.stem] = [(days_in_force(row), row) for row in csv.DictReader(stream)]

    def every(self, table: str) -> list[Row]:
        """All rows of a table, in force at any time."""
        return [row for _, row in self._tables[table]]

    def in_force(self, table: str, period: str) -> list[Row]:
        """The rows of a table in force on the last day of a period, in the order of the file."""
        key = (table, period)
        if key not in self._in_force:
            _, last = days_of(period)
            self._in_force[key] = [row for days, row in self._tables[table] if last in days]
        return self._in_force[key]
