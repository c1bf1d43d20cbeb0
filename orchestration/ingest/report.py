"""What an ingestion did, in figures and in words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

LOADED = "loaded"
DUPLICATE = "duplicate"
REJECTED = "rejected"


@dataclass(frozen=True)
class LoadFigures:
    """One file read by one profile entry: its row of `run.load_file`, and whether this run brought it.

    `row_count = accepted_row_count + rejected_row_count`; of the rejected, `excluded_row_count` were left out
    on purpose by the profile's `where`. `conflicting_key_count` are keys that several rows of the file have
    with different content. A file rejected whole counts no rows. `remarks` are sentences for the operator,
    not kept.
    """

    load_id: str
    load_seq: int
    file: str
    sha256: str
    byte_count: int
    table_name: str
    profile: str
    entry_no: int
    row_count: int
    accepted_row_count: int
    rejected_row_count: int
    status: str
    reason: str = ""
    file_format: str = ""
    encoding: str = ""
    delimiter: str = ""
    header_row_number: int | None = None
    unknown_columns: tuple[str, ...] = ()
    missing_columns: tuple[str, ...] = ()
    excluded_row_count: int = 0
    conflicting_key_count: int = 0
    is_new: bool = True
    remarks: tuple[str, ...] = ()

    @property
    def fault_row_count(self) -> int:
        """Rows rejected because something is wrong with them."""
        return self.rejected_row_count - self.excluded_row_count

    @property
    def sentence(self) -> str:
        """The form that the file was read in and what became of its rows, for the operator."""
        if self.status != LOADED:
            return f"{self.file}: {self.status} ({self.reason})"
        header = f"header in row {self.header_row_number}" if self.header_row_number else ""
        separator = f"separator {self.delimiter!r}" if self.delimiter else ""
        form = ", ".join(filter(None, (self.file_format, self.encoding, separator, header)))
        return (
            f"{self.file}: {form}; {self.row_count:,} rows for {self.table_name}, "
            f"{self.accepted_row_count:,} accepted, {self.rejected_row_count:,} rejected"
        )


@dataclass(frozen=True)
class TableTotals:
    """Sums over the loads that this run brought for one table."""

    file_count: int = 0
    row_count: int = 0
    accepted_row_count: int = 0
    fault_row_count: int = 0
    excluded_row_count: int = 0
    unreadable_file_count: int = 0
    readable_file_count: int = 0

    @classmethod
    def of(cls, loads: Sequence[LoadFigures]) -> TableTotals:
        """Sums over a table's loads. A file that came before brings nothing, whatever it is called now."""
        new = [load for load in loads if load.is_new and load.status != DUPLICATE]
        unreadable = sum(load.status == REJECTED for load in loads)
        return cls(
            file_count=len(new),
            row_count=sum(load.row_count for load in new),
            accepted_row_count=sum(load.accepted_row_count for load in new),
            fault_row_count=sum(load.fault_row_count for load in new),
            excluded_row_count=sum(load.excluded_row_count for load in new),
            unreadable_file_count=unreadable,
            readable_file_count=len(loads) - unreadable,
        )

    @property
    def reject_share(self) -> Decimal:
        """Faulty rows over rows that count, 0 to 1; 1 when none of the table's files could be read at all."""
        if self.unreadable_file_count and not self.readable_file_count:
            return Decimal(1)
        rows = self.row_count - self.excluded_row_count
        return Decimal(self.fault_row_count) / Decimal(rows) if rows else Decimal(0)


@dataclass(frozen=True)
class IngestReport:
    """Result of an ingestion. `cut_at` is the UTC instant (naive) at which the business date `as_of` ends.

    `loads` are the loads of the files that lie in the landing folder now, known ones included; `totals` sums
    those that this run brought, by `source.table`; `notes` are sentences for the operator, `late` those of
    them about exports that were due.
    """

    as_of: dt.date
    cut_at: dt.datetime
    business_timezone: str
    loads: tuple[LoadFigures, ...]
    totals: Mapping[str, TableTotals]
    notes: tuple[str, ...]
    late: tuple[str, ...] = ()

    def reject_share(self, table: str) -> Decimal:
        """Share of faulty rows of a table (`source.table`) in this run, 0 when it brought none."""
        totals = self.totals.get(table)
        return totals.reject_share if totals else Decimal(0)
