"""Rows of a publication for tests that change them: those of relations, and of views as rows of their own."""

from __future__ import annotations

from pathlib import Path

import duckdb

from orchestration.audit.verify.data import ParquetData
from orchestration.publish.views import view_names
from orchestration.state.folder import auditor_parquet


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
    data, names = ParquetData(folder), view_names(folder)
    for name in names:
        path = auditor_parquet(folder, name)
        path.parent.mkdir(exist_ok=True)
        # The relations that a view asks may be in the memory of `data`: it alone can ask it.
        copied = f"copy (from {data.scan(name)}) to '{path.with_name('all.parquet')}' (format parquet)"
        list(data.query(copied, relation=name))
    for name in names:
        data.path(name).unlink()


def put_rows(folder: Path, relation: str, query: str) -> None:
    """Put the rows of a query in the place of a relation's Parquet, in one file; `{rows}` are its own."""
    path = auditor_parquet(folder, relation)
    path.parent.mkdir(exist_ok=True)
    draft = path.with_name("all.draft")
    with duckdb.connect() as database:
        database.execute("set preserve_insertion_order = true")
        query = query.replace("{rows}", f"read_parquet('{path}')")
        database.execute(f"copy ({query}) to '{draft}' (format parquet)")
    for part in path.parent.glob("*.parquet"):
        part.unlink()
    draft.rename(path.with_name("all.parquet"))
