"""What was ever delivered: per table of the contract whether any export of it was taken in, per column
whether an export carried it and whether a row ever filled it.

A table of which no export was ever taken in is unknown, not empty (S-EXPORT); an export with a header and no
rows is knowledge. Counted over the life of the state, from the list of loads and the statistics of raw
Parquet.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from orchestration.ingest.contract import Contract, ContractTable
from orchestration.ingest.database import rows
from orchestration.ingest.report import LOADED, LoadFigures

SELF_DESCRIBING = frozenset({"jsonl"})
"""Formats without a header: an export without rows does not say which columns it would have."""


@dataclass(frozen=True)
class ColumnDelivery:
    """One column: did an export carry it, did any row fill it."""

    column_name: str
    is_required: bool
    is_delivered: bool
    has_values: bool


@dataclass(frozen=True)
class TableDelivery:
    """One table: its exports taken in (`load_count`, first and last by `load_seq`) and the rows they
    brought.
    """

    table_name: str
    load_count: int
    row_count: int
    first_load_seq: int | None
    last_load_seq: int | None
    columns: tuple[ColumnDelivery, ...]

    @property
    def is_delivered(self) -> bool:
        """Whether any export of the table was ever taken in, be it one with a header alone."""
        return self.load_count > 0

    @property
    def has_rows(self) -> bool:
        """Whether any row of it ever reached raw."""
        return self.row_count > 0

    def column(self, name: str) -> ColumnDelivery:
        """The column of that name; KeyError when the table has none."""
        return next(column for column in self.columns if column.column_name == name)


Deliveries = Mapping[str, TableDelivery]
"""By `source.table`, every table of the contract that exports fill."""


def deliveries(
    contract: Contract,
    loads: Iterable[LoadFigures],
    parts: Callable[[ContractTable], Sequence[Path]],
    *,
    left_out: Collection[str] = (),
) -> Deliveries:
    """What `loads` brought over the life of a state. `parts` gives a table's Parquet files; `left_out` are
    loads of which a profile's condition left out every row: such a file was read and says that nothing
    happened.
    """
    taken: dict[str, list[LoadFigures]] = {}
    for load in loads:
        is_knowledge = load.accepted_row_count or not load.row_count or load.load_id in left_out
        if load.status == LOADED and is_knowledge:
            taken.setdefault(load.table_name, []).append(load)
    filled = _filled_columns({path: table for table in contract.export_tables for path in parts(table)})
    return {
        table.full_name: _delivery(table, taken.get(table.full_name, ()), filled)
        for table in contract.export_tables
    }


def _delivery(
    table: ContractTable, loads: Sequence[LoadFigures], filled: Collection[tuple[str, str]]
) -> TableDelivery:
    telling = [load for load in loads if load.row_count or load.file_format not in SELF_DESCRIBING]
    sequence = [load.load_seq for load in loads]
    return TableDelivery(
        table_name=table.full_name,
        load_count=len(loads),
        row_count=sum(load.accepted_row_count for load in loads),
        first_load_seq=min(sequence, default=None),
        last_load_seq=max(sequence, default=None),
        columns=tuple(
            ColumnDelivery(
                column_name=column.name,
                is_required=column.is_required,
                is_delivered=any(column.name not in load.missing_columns for load in telling),
                has_values=(table.full_name, column.name) in filled,
            )
            for column in table.export_columns
        ),
    )


def _filled_columns(tables: Mapping[Path, ContractTable]) -> Collection[tuple[str, str]]:
    """Table and column of those with a value in any row, by the statistics in the footers of these files."""
    names = {str(path): table.full_name for path, table in tables.items()}
    if not names:
        return ()
    found = rows(
        "SELECT DISTINCT file_name, path_in_schema FROM parquet_metadata($1) "
        "WHERE stats_null_count IS NULL OR stats_null_count < num_values",
        list(names),
    )
    return {(names[file], column) for file, column in found}
