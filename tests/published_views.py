"""Views of a publication as rows of their own, for tests that change one of those rows."""

from __future__ import annotations

from pathlib import Path

import duckdb

from orchestration.audit.verify.data import ParquetData
from orchestration.publish.views import view_names


def keep_rows(database_file: Path) -> None:
    """Put a table in the place of each view of a publication's DuckDB file."""
    with duckdb.connect(str(database_file)) as database:
        views = database.execute(
            "select schema_name, view_name from duckdb_views() where not internal order by all"
        ).fetchall()
        for schema, name in views:
            database.execute(f"create table {schema}._rows as from {schema}.{name}")
            database.execute(f"drop view {schema}.{name}")
            database.execute(f"alter table {schema}._rows rename to {name}")


def keep_parquet(folder: Path) -> None:
    """Put Parquet in the place of the SQL of each view of a publication."""
    data = ParquetData(folder)
    for name in view_names(folder):
        path = data.path(name)
        data.execute(
            f"copy (from {data.scan(name)}) to '{path.with_suffix('.rows')}' (format parquet)", relation=name
        )
    for name in view_names(folder):
        path = data.path(name)
        path.with_suffix(".rows").rename(path.with_suffix(".parquet"))
        path.unlink()
