"""What raw holds per table, counted from ingestion's own account of its loads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import duckdb

from orchestration.sql import literal
from orchestration.state.folder import StateFolder


@dataclass(frozen=True)
class TableLoads:
    """Counts over all loads of a table: files that loaded, rows they have, rows that reached raw, rows
    rejected.
    """

    files: int
    rows: int
    accepted: int
    rejected: int


def loads_of_tables(state: StateFolder) -> Mapping[str, TableLoads]:
    """Counts by `source.table`, over every load of the state folder; tables that nothing was loaded for are
    absent.
    """
    files = literal(state.raw / "run" / "load_file" / "*.parquet")
    with duckdb.connect() as database:
        rows = database.execute(
            f"""
            select table_name, count(*), sum(row_count), sum(accepted_row_count), sum(rejected_row_count)
            from read_parquet({files}, union_by_name = true)
            where status <> 'duplicate' and table_name is not null
            group by table_name
            """
        ).fetchall()
    return {str(name): TableLoads(*(int(count or 0) for count in counts)) for name, *counts in rows}
