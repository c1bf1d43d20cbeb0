"""Rows of one file that share a key and differ: one of them counts, and which one is nobody's decision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from orchestration.ingest.contract import ContractTable
from orchestration.ingest.sources import quoted


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
    keys = ", ".join(map(quoted, table.key))
    content = ", ".join(quoted(column.name) for column in table.export_columns)
    shown = ", ".join(f"{quoted(name)}::VARCHAR" for name in table.key)
    with duckdb.connect(config={"threads": 2, "memory_limit": "1GB"}) as connection:
        rows = connection.execute(
            "WITH raw AS (FROM read_parquet($1, union_by_name = true)), "
            # Most files have none: numbers instead of texts tell that quickly.
            f"twice AS (SELECT _load_id, h: hash({keys}) FROM raw GROUP BY ALL HAVING count(*) > 1), "
            f"rows AS (SELECT raw.*, content: hash({content}) FROM raw "
            f"SEMI JOIN twice ON raw._load_id = twice._load_id AND hash({keys}) = twice.h), "
            f"differing AS (SELECT _load_id, key: concat_ws(' ', {shown}), "
            "numbers: list(_row_number ORDER BY _row_number) FROM rows "
            f"GROUP BY _load_id, {keys} HAVING count(DISTINCT content) > 1) "
            "SELECT _load_id, count(*), arg_min(key, numbers), min(numbers) FROM differing "
            "GROUP BY _load_id ORDER BY _load_id",
            [[str(path) for path in paths]],
        ).fetchall()
    return [Conflict(load_id, int(count), key, tuple(numbers)) for load_id, count, key, numbers in rows]
