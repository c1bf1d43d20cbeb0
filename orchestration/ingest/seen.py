"""What lies in the landing folder as a run has read it: each row once, before anything is judged or kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from orchestration.ingest.contract import ContractTable
from orchestration.ingest.database import literal, names, rows, statement
from orchestration.ingest.report import DUPLICATE, REJECTED, LoadFigures
from orchestration.ingest.versions import newest_first

REJECT_COLUMNS = ("file", "row_number", "table_name", "reason", "raw_text")
"""Columns of a list of faulty rows."""


@dataclass(frozen=True)
class TableSeen:
    """The rows of one table's files: in = loaded + superseded + rejected + left out. Superseded are those of
    whose key a newer version is known; left out those that a profile's `where` excludes. `new_files` came
    since the last night, `unreadable_files` were rejected whole.
    """

    name: str
    files: int
    new_files: int
    unreadable_files: int
    rows: int
    loaded: int
    superseded: int
    rejected: int
    left_out: int


@dataclass(frozen=True)
class Seen:
    """The loads of the files that lie there now, known ones included; every Parquet file of each table, and
    of the rows that these loads rejected. The files are gone once the run has ended.
    """

    loads: Sequence[LoadFigures]
    parts: Mapping[ContractTable, Sequence[Path]]
    rejects: Sequence[Path]

    def tables(self) -> list[TableSeen]:
        """What became of the rows, by table in the order of the contract."""
        found = []
        for table, parts in self.parts.items():
            loads = [load for load in self.loads if load.table_name == table.full_name]
            if loads:
                found.append(_of_table(table, loads, _kept(table, parts)))
        return found

    def faulty_rows(self) -> list[tuple[object, ...]]:
        """Every faulty row: file, row number (None of a file rejected whole), table, reason, masked text."""
        if not self.rejects:
            return []
        return rows(statement("faulty_rows"), [str(path) for path in self.rejects])

    def write_faulty_rows(self, target: Path) -> None:
        """Write them as CSV with a header."""
        header = ", ".join(f"NULL::VARCHAR AS {name}" for name in REJECT_COLUMNS)
        select = statement("faulty_rows") if self.rejects else f"SELECT {header} LIMIT 0"
        paths = [[str(path) for path in self.rejects]] if self.rejects else []
        rows(f"COPY ({select}) TO {literal(target)} (FORMAT csv, HEADER)", *paths)


def _of_table(table: ContractTable, loads: Sequence[LoadFigures], kept: Mapping[str, int]) -> TableSeen:
    own = [load for load in loads if load.status != DUPLICATE]
    loaded = sum(kept.get(load.load_id, 0) for load in own)
    return TableSeen(
        name=table.full_name,
        files=len(loads),
        new_files=sum(load.is_new for load in loads),
        unreadable_files=sum(load.status == REJECTED for load in loads),
        rows=sum(load.row_count for load in own),
        loaded=loaded,
        superseded=sum(load.accepted_row_count for load in own) - loaded,
        rejected=sum(load.fault_row_count for load in own),
        left_out=sum(load.excluded_row_count for load in own),
    )


def _kept(table: ContractTable, parts: Sequence[Path]) -> Mapping[str, int]:
    if not parts:
        return {}
    select = statement("kept", keys=names(table.key), version=newest_first(table))
    return {str(load): int(count) for load, count in rows(select, [str(path) for path in parts])}
