"""Rows of one file that share a key and differ: one of them counts, and which one is nobody's decision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from orchestration.ingest.contract import ContractTable
from orchestration.ingest.database import names, quoted, rows, statement


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
        winner = f"the newest by {table.version_column}" if table.version_column else "the last row"
        return (
            f"{file}: {keys} in several rows with different content ({table.full_name} "
            f"{' '.join(table.key)} {self.key}: rows {rows}); {winner} counts, the others are superseded"
        )


def conflicts(table: ContractTable, paths: Sequence[Path]) -> list[Conflict]:
    """Conflicts by load among the rows of Parquet files; a row repeated as it is, is none."""
    if not table.key:
        return []
    select = statement(
        "conflicts",
        keys=names(table.key),
        content=names(column.name for column in table.export_columns),
        shown=", ".join(f"{quoted(name)}::VARCHAR" for name in table.key),
    )
    found = rows(select, [str(path) for path in paths])
    return [Conflict(load_id, int(count), key, tuple(numbers)) for load_id, count, key, numbers in found]
