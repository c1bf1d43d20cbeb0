"""Which cells of a changed file are changed: its rows against the other copy of the same publication."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb

from orchestration.audit.verify.findings import Finding, shown

LOCATED_CELLS = 10
"""Cells named per changed file; the rest is counted."""


def locate_in_parquet(folder: Path, name: str) -> list[Finding]:
    """Cells by which a Parquet file differs from `audit.duckdb` of its publication.

    `name` is the file's path in the publication: `audit/<schema>.<table>.parquet` or
    `<audience>/<mart>.parquet`.
    """
    stem = Path(name).name.removesuffix(".parquet")
    relation = stem if name.startswith("audit/") else f"marts.{stem}"
    return _located(name, folder / name, folder / "audit.duckdb", [relation])


def locate_in_database(folder: Path, name: str) -> list[Finding]:
    """Cells by which a DuckDB file of a publication differs from the Parquet beside it."""
    path = folder / name
    try:
        with duckdb.connect() as database:
            _attach(database, path)
            relations = [
                f"{schema}.{table}"
                for schema, table in database.execute(
                    "select schema_name, table_name from duckdb_tables() where database_name = 'copy'"
                ).fetchall()
            ]
    except duckdb.Error as error:
        return [Finding(name, f"does not open as a database ({_first_line(error)})")]
    findings = []
    for relation in sorted(relations):
        parquet = folder / "audit" / f"{relation}.parquet"
        findings += [
            Finding(name, finding.problem, row=f"{relation} {finding.row}".strip(), column=finding.column)
            for finding in _located(f"audit/{relation}.parquet", parquet, path, [relation], is_reversed=True)
        ]
    return findings


def _located(
    place: str, parquet: Path, database_path: Path, relations: list[str], *, is_reversed: bool = False
) -> list[Finding]:
    [relation] = relations
    schema, table = relation.split(".")
    try:
        with duckdb.connect() as database:
            _attach(database, database_path)
            here = f"read_parquet('{_quoted(parquet)}')"
            there = f'copy."{schema}"."{table}"'
            if is_reversed:
                here, there = there, here
            return list(_differences(database, place, here, there))
    except duckdb.Error as error:
        return [Finding(place, f"does not read, or no longer has its form ({_first_line(error)})")]


def _differences(
    database: duckdb.DuckDBPyConnection, place: str, changed: str, reference: str
) -> Iterator[Finding]:
    """Cells or rows that differ; rows are paired in order, which is the order of their key."""
    columns = [str(name) for name, *_ in database.execute(f"describe select * from {reference}").fetchall()]
    count_changed, count = (
        database.execute(f"select count(*) from {side}").fetchone() for side in (changed, reference)
    )
    if count_changed != count:
        extra, missing = (
            database.execute(
                f"select * from {one} except all select * from {other} limit {LOCATED_CELLS}"
            ).fetchall()
            for one, other in ((changed, reference), (reference, changed))
        )
        for rows, problem in ((extra, "the row was added"), (missing, "the row was removed")):
            for row in rows:
                yield Finding(place, problem, row=_row_name(columns, row))
        return
    numbered = "select row_number() over () as _no, * from"
    for column in columns:
        rows = database.execute(
            f"""
            select changed.*, reference."{column}" as _was
            from ({numbered} {changed}) as changed
            inner join ({numbered} {reference}) as reference on changed._no = reference._no
            where changed."{column}" is distinct from reference."{column}"
            order by changed._no
            limit {LOCATED_CELLS}
            """
        ).fetchall()
        for _, *values, was in rows:
            now = values[columns.index(column)]
            yield Finding(
                place,
                f"says {shown(now)}, was {shown(was)}",
                row=_row_name(columns, values, without=column),
                column=column,
            )


def _row_name(columns: list[str], values: list[object] | tuple[object, ...], *, without: str = "") -> str:
    """The first columns that tell a row apart, as a person would look it up."""
    named = [
        f"{column}={shown(value)}"
        for column, value in zip(columns, values, strict=True)
        if column != without and value is not None
    ]
    keys = [part for part in named if part.split("=")[0].endswith(("_id", "_key", "_no", "parameter"))]
    return " ".join((keys or named)[:4])


def _attach(database: duckdb.DuckDBPyConnection, path: Path) -> None:
    database.execute(f"attach '{_quoted(path)}' as copy (read_only)")
    database.execute("set preserve_insertion_order = true")


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]
