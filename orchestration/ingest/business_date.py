"""The business date of a run that is given none: the newest event's date that is not after today.

A handful of rows dated long after everything else, a typing error mostly, would move it and with it the
period that is paid: that is refused and named (docs/decisions/0032-a-handful-moves-no-business-date.md).
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median

from orchestration.errors import ConfigurationError
from orchestration.ingest.contract import ContractColumn, ContractTable
from orchestration.ingest.database import literal, names, quoted, rows, statement
from orchestration.ingest.versions import newest_first

EVENT_COLUMNS = (
    *("created_at", "first_reply_at", "solved_at", "closed_at", "escalated_at"),
    *("started_at", "first_response_at", "ended_at", "responded_at", "reviewed_at"),
    *("occurred_at", "occurred_on", "ordered_at", "work_date"),
)
"""Columns that date something that happened (a due time or an export's own time does not)."""

MIN_ROWS = 50
"""Fewer rows than this say nothing about what is usual."""

HANDFUL_ROWS = 3
ROWS_PER_ODD_ROW = 50
HANDFUL_SHARE = 1_000
"""A handful: up to 3 rows, one in 50 at the most; of many rows one in 1,000, and a quarter of a usual day."""

GAP_DAYS = 10
"""Days after the rest that are never taken for odd: a week's holiday between two weekends is nine."""

RHYTHM_DAYS = 30
RHYTHM_FACTOR = 3
"""Nor are three times the longest pause in the last 30 days that have events."""


@dataclass(frozen=True)
class EventRow:
    """A row far from the rest: its newest event's local date, which column says so, and whether it is the
    newest version of its key.
    """

    table: str
    column: str
    day: dt.date
    file: str
    row: int
    is_newest_version: bool


@dataclass(frozen=True)
class DatedTables:
    """The rows of a state's tables, by Parquet file; days are local to `timezone`, none is after `today`."""

    tables: Sequence[tuple[ContractTable, Sequence[Path]]]
    timezone: str
    today: dt.date

    def business_date(self, landing: Path, again: str) -> dt.date:
        """The newest event's date; today when nothing is dated. `again` is the command that asks.

        Raises ConfigurationError naming file, row and the `--as-of` to give, when a handful of rows stands
        for that date and all else ends long before.
        """
        days = self._row_days()
        while days:
            newest, bulk = max(days), bulk_end(days)
            if bulk is None:
                return newest
            after = self._rows_after(bulk)
            if not after:
                return newest
            if odd := [row for row in after if row.is_newest_version]:
                raise _odd_rows(landing, odd, days, bulk, again)
            days.subtract(Counter(row.day for row in after))
            days = +days
        return self.today

    def _row_days(self) -> Counter[dt.date]:
        """Rows by the date of their newest event."""
        days: Counter[dt.date] = Counter()
        for _, columns, paths in self._dated():
            name = "newest_dates" if columns[0].data_type == "date" else "newest_times"
            select = statement(name, newest=self._newest(columns), timezone=literal(self.timezone))
            days.update({day: int(count) for day, count in rows(select, paths) if day is not None})
        return days

    def _rows_after(self, day: dt.date) -> list[EventRow]:
        found: list[EventRow] = []
        for table, columns, paths in self._dated():
            days = [self._local(column) for column in columns]
            select = statement(
                "rows_after",
                keys=names(table.key),
                version=newest_first(table),
                newest=f"greatest({', '.join(days)}, NULL)",
                days=", ".join(days),
            )
            for file, row, is_newest, newest, own_days in rows(select, paths, day):
                column = columns[own_days.index(newest)].name
                found.append(EventRow(table.full_name, column, newest, file, int(row), bool(is_newest)))
        return found

    def _dated(self) -> list[tuple[ContractTable, list[ContractColumn], list[str]]]:
        found = []
        for table, paths in self.tables:
            columns = [column for column in table.export_columns if column.name in EVENT_COLUMNS]
            for kind in ("timestamp", "date"):
                if (own := [column for column in columns if column.data_type == kind]) and paths:
                    found.append((table, own, [str(path) for path in paths]))
        return found

    def _newest(self, columns: Sequence[ContractColumn]) -> str:
        return f"greatest({', '.join(map(self._known, columns))}, NULL)"

    def _local(self, column: ContractColumn) -> str:
        """SQL for the local date of an event, NULL when it is after today."""
        known = self._known(column)
        return known if column.data_type == "date" else f"local_date({known}, {literal(self.timezone)})"

    def _known(self, column: ContractColumn) -> str:
        name = quoted(column.name)
        if column.data_type == "date":
            return f"CASE WHEN {name} <= DATE '{self.today}' THEN {name} END"
        midnight = f"timezone('UTC', timezone({literal(self.timezone)}, TIMESTAMP '{self.today}'"
        return f"CASE WHEN {name} < {midnight} + INTERVAL 1 DAY)) THEN {name} END"


def bulk_end(days: Counter[dt.date]) -> dt.date | None:
    """The day on which all but a handful of rows end, when the handful lies long after it; else None.

    `days` counts rows by their newest event's date.
    """
    total = sum(days.values())
    if total < MIN_ROWS:
        return None
    usual = int(median(days.values()))
    handful = max(min(HANDFUL_ROWS, total // ROWS_PER_ODD_ROW), min(total // HANDFUL_SHARE, usual // 4))
    ordered = sorted(days)
    last, beyond = len(ordered) - 1, 0
    while last > 0 and beyond + days[ordered[last]] <= handful:
        beyond += days[ordered[last]]
        last -= 1
    recent = ordered[max(0, last - RHYTHM_DAYS) : last + 1]
    pauses = [(later - earlier).days for earlier, later in pairwise(recent)]
    allowed = max(GAP_DAYS, RHYTHM_FACTOR * max(pauses, default=0))
    return ordered[last] if (ordered[-1] - ordered[last]).days > allowed else None


def _odd_rows(
    landing: Path, rows: Sequence[EventRow], days: Counter[dt.date], bulk: dt.date, again: str
) -> ConfigurationError:
    newest = max(rows, key=lambda row: (row.day, row.file, row.row))
    others = f" and {len(rows) - 1} more" if len(rows) > 1 else ""
    return ConfigurationError(
        path=landing / newest.file,
        row=newest.row,
        problem=(
            f"the newest event is {newest.table} {newest.column} {newest.day}{others}; all else, "
            f"{sum(days.values()) - len(rows):,} rows, ends {bulk}. So few rows do not move the business date"
        ),
        remedy=(
            f"Give --as-of {bulk}, or --as-of {newest.day} where that is meant: `{again} --as-of {bulk}`; or "
            "correct the row and drop the export again. Nothing of this run was kept"
        ),
    )
