"""Which cells of a changed file are changed: its rows against another copy of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import duckdb

from orchestration.audit.verify.data import first_line, literal, parquet
from orchestration.audit.verify.findings import Finding, shown
from orchestration.audit.verify.memory import require_memory
from orchestration.state.folder import AUDITOR, auditor_parquet, relation_at
from orchestration.state.memory import connect

ABOUT = "main.about"
"""The table that says which publication a DuckDB file is of; every other one is a published relation."""
LOCATED_CELLS = 10
"""Cells named per changed file; the rest is counted."""
FORM_LOST = "does not read, or no longer has its form"


@contextmanager
def opened(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB file, attached as `copy`. Raises duckdb.Error."""
    with connect() as database:
        database.execute(f"attach {literal(path)} as copy (read_only)")
        yield database


def relations_of(database: duckdb.DuckDBPyConnection) -> list[str]:
    """Relations of the DuckDB file that is open."""
    rows = database.execute(
        "select schema_name || '.' || table_name as relation from duckdb_tables() "
        f"where database_name = 'copy' and relation <> '{ABOUT}' order by all"
    ).fetchall()
    return [str(relation) for (relation,) in rows]


def differing_relations(database: duckdb.DuckDBPyConnection, folder: Path) -> Iterator[str]:
    """Relations of the DuckDB file that is open whose rows are not those of the auditors' Parquet, or do not
    read. Raises MemoryRanOut.
    """
    for relation in relations_of(database):
        try:
            is_same = same_rows(database, _copy(relation), parquet(auditor_parquet(folder, relation)))
        except duckdb.Error as error:
            require_memory(error, folder)
            is_same = False
        if not is_same:
            yield relation


def same_rows(database: duckdb.DuckDBPyConnection, one: str, other: str) -> bool:
    """Whether two table expressions have the same rows in any order, by their count and hashes over all."""
    sums = {
        database.execute(
            f"select count(*), bit_xor(hash(side)), sum(hash(side)) from {side} as side"
        ).fetchone()
        for side in (one, other)
    }
    return len(sums) == 1


def reading(
    place: str,
    problem: str,
    findings: Iterator[Finding],
    folder: Path | None,
    beside: Mapping[Path, str] | None = None,
) -> Iterator[Finding]:
    """The findings up to where DuckDB cannot go on, which is one too. They are of the publication in `folder`
    and of the files `beside` it, with their SHA-256; of none where nothing says what is read. Raises
    MemoryRanOut.
    """
    try:
        yield from findings
    except duckdb.Error as error:
        if folder is not None:
            require_memory(error, folder, beside)
        yield Finding(place, f"{problem} ({first_line(error)})")


def located(folder: Path, name: str, database: str = f"{AUDITOR}.duckdb") -> Iterator[Finding]:
    """Cells by which a file of a publication differs from another copy there: Parquet from the DuckDB file
    `database`, a DuckDB file from the auditors' Parquet. Other files have no copy.

    `name` is the path in the publication of a file, or of a relation's folder.
    """
    if name.endswith(".duckdb"):
        yield from reading(name, "does not compare", _cells_of_database(folder, name), folder)
    elif name.endswith(".parquet") or (folder / name).is_dir():
        yield from reading(name, FORM_LOST, _cells_of_parquet(folder, name, database), folder)


def _cells_of_parquet(folder: Path, name: str, beside: str) -> Iterator[Finding]:
    path = folder / name
    with opened(folder / beside) as database:
        if not name.startswith(f"{AUDITOR}/"):
            yield from differences(database, name, parquet(path), _copy(f"marts.{path.stem}"))
            return
        relation = relation_at(name)
        whole = auditor_parquet(folder, relation)
        part = path if path.is_file() else None
        yield from differences(database, name, parquet(whole), _copy(relation), part=part)


def _cells_of_database(folder: Path, name: str) -> Iterator[Finding]:
    with opened(folder / name) as database:
        for relation in differing_relations(database, folder):
            reference = parquet(auditor_parquet(folder, relation))
            cells = differences(database, name, _copy(relation), reference)
            for one in reading(name, FORM_LOST, cells, folder):
                yield replace(one, row=f"{relation} {one.row}".strip())


def differences(
    database: duckdb.DuckDBPyConnection, place: str, changed: str, reference: str, *, part: Path | None = None
) -> Iterator[Finding]:
    """Cells or rows by which two table expressions differ; of several files' cells those of `part` alone."""
    counts = {database.execute(f"select count(*) from {side}").fetchone() for side in (changed, reference)}
    if len(counts) == 1:
        yield from changed_cells(database, place, changed, reference, part=part)
    else:
        words = "the row was added", "the row was removed"
        yield from unlike_rows(database, place, changed, reference, *words)


def changed_cells(
    database: duckdb.DuckDBPyConnection, place: str, changed: str, reference: str, *, part: Path | None = None
) -> Iterator[Finding]:
    """Cells that differ; rows are paired in order, which is the order of their key."""
    number = "row_number() over () as _no"
    # Only Parquet says which file a row is of, and only of Parquet a part is asked for.
    file, of_part = "", ""
    if part is not None:
        file, of_part = ", filename as _file", f"and changed._file = {literal(part)}"
    columns = [str(name) for name, *_ in database.execute(f"describe from {reference}").fetchall()]
    named = ", ".join(f'changed."{name}"' for name in columns)
    for column in columns:
        rows = database.execute(
            f"""
            select {named}, reference."{column}" as _was
            from (select {number}, *{file} from {changed}) as changed
            inner join (select {number}, * from {reference}) as reference on changed._no = reference._no
            where changed."{column}" is distinct from reference."{column}" {of_part}
            order by changed._no
            limit {LOCATED_CELLS}
            """
        ).fetchall()
        for *values, was in rows:
            problem = f"says {shown(values[columns.index(column)])}, was {shown(was)}"
            yield Finding(place, problem, row=row_name(columns, values, without=column), column=column)


def unlike_rows(
    database: duckdb.DuckDBPyConnection, place: str, here: str, there: str, extra: str, missing: str
) -> Iterator[Finding]:
    """Rows that only one of two table expressions has: the problem of those here, and of those there."""
    for one, other, problem in ((here, there, extra), (there, here, missing)):
        rows = database.execute(f"from {one} except all from {other} order by all limit {LOCATED_CELLS}")
        columns = [description[0] for description in rows.description]
        for values in rows.fetchall():
            yield Finding(place, problem, row=row_name(columns, values))


def row_name(columns: Sequence[str], values: Sequence[object], *, without: str = "") -> str:
    """The first columns that tell a row apart, as a person would look it up."""
    named = [
        f"{column}={shown(value)}"
        for column, value in zip(columns, values, strict=True)
        if column != without and value is not None
    ]
    keys = [part for part in named if part.split("=")[0].endswith(("_id", "_key", "_no", "parameter"))]
    return " ".join((keys or named)[:4])


def _copy(relation: str) -> str:
    schema, table = relation.split(".")
    return f'copy."{schema}"."{table}"'
