"""Which cells of a changed file are changed: its rows against the other copy of the same publication."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from orchestration.audit.verify.findings import Finding, shown
from orchestration.state.folder import AUDITOR, auditor_parquet, place_of
from orchestration.state.memory import connect

ABOUT = "main.about"
"""The table that says which publication a DuckDB file is of; every other one is a published relation."""
LOCATED_CELLS = 10
"""Cells named per changed file; the rest is counted."""


@dataclass(frozen=True)
class Copies:
    """What came of comparing a DuckDB file with the Parquet beside it."""

    compared: int
    relations: tuple[str, ...]
    problems: tuple[str, ...] = ()


def differing_relations(path: Path, parquet: Path) -> Copies:
    """Relations of a DuckDB file whose rows are not those of `<parquet>/<relation>.parquet`.

    Rows are compared by count and by a hash over all of them, in any order.
    """
    differing, compared = [], 0
    try:
        with connect() as database:
            _attach(database, path)
            for relation in _relations(database):
                schema, table = relation.split(".")
                sides = (
                    f'copy."{schema}"."{table}"',
                    f"read_parquet('{_quoted(parquet / relation)}.parquet')",
                )
                compared += 1
                if not same_rows(database, *sides):
                    differing.append(relation)
    except duckdb.Error as error:
        return Copies(compared, tuple(differing), (f"does not compare ({_first_line(error)})",))
    return Copies(compared, tuple(differing))


def same_rows(database: duckdb.DuckDBPyConnection, one: str, other: str) -> bool:
    """Whether two table expressions have the same rows in any order, by their count and hashes over all."""
    sums = {
        database.execute(
            f"select count(*), bit_xor(hash(side)), sum(hash(side)) from {side} as side"
        ).fetchone()
        for side in (one, other)
    }
    return len(sums) == 1


def relations_of(path: Path) -> set[str]:
    """Relations of a DuckDB file. Raises duckdb.Error when it does not open."""
    with connect() as database:
        _attach(database, path)
        return set(_relations(database))


def about_rows(path: Path, columns: Sequence[str]) -> list[dict[str, str]]:
    """Rows of a DuckDB file's `about`, as texts. Raises duckdb.Error where it has none."""
    with connect() as database:
        _attach(database, path)
        texts = ", ".join(f"cast({name} as varchar)" for name in columns)
        rows = database.execute(f"select {texts} from copy.{ABOUT}").fetchall()
    return [dict(zip(columns, row, strict=True)) for row in rows]


def locate_in_parquet(folder: Path, name: str, database: str = f"{AUDITOR}.duckdb") -> list[Finding]:
    """Cells by which a Parquet file differs from a DuckDB file of its publication.

    `name` is the file's path in the publication: `auditor/<schema>.<table>.parquet` or
    `<audience>/<mart>.parquet`.
    """
    stem = Path(name).name.removesuffix(".parquet")
    relation = stem if name.startswith(f"{AUDITOR}/") else f"marts.{stem}"
    return _located(name, folder / name, folder / database, relation)


def locate_in_database(folder: Path, name: str) -> list[Finding]:
    """Cells by which a DuckDB file of a publication differs from the Parquet beside it."""
    path = folder / name
    found = differing_relations(path, folder / AUDITOR)
    findings = [Finding(name, problem) for problem in found.problems]
    for relation in found.relations:
        parquet = auditor_parquet(folder, relation)
        findings += [
            Finding(name, finding.problem, row=f"{relation} {finding.row}".strip(), column=finding.column)
            for finding in _located(place_of(relation), parquet, path, relation, is_reversed=True)
        ]
    return findings


def _located(
    place: str, parquet: Path, database_path: Path, relation: str, *, is_reversed: bool = False
) -> list[Finding]:
    schema, table = relation.split(".")
    try:
        with connect() as database:
            _attach(database, database_path)
            here = f"read_parquet('{_quoted(parquet)}')"
            there = f'copy."{schema}"."{table}"'
            if is_reversed:
                here, there = there, here
            return list(differences(database, place, here, there))
    except duckdb.Error as error:
        return [Finding(place, f"does not read, or no longer has its form ({_first_line(error)})")]


def differences(
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
                yield Finding(place, problem, row=row_name(columns, row))
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
                row=row_name(columns, values, without=column),
                column=column,
            )


def _relations(database: duckdb.DuckDBPyConnection) -> list[str]:
    rows = database.execute(
        "select schema_name, table_name from duckdb_tables() where database_name = 'copy' "
        f"and schema_name || '.' || table_name <> '{ABOUT}' order by all"
    ).fetchall()
    return [f"{schema}.{table}" for schema, table in rows]


def row_name(columns: list[str], values: list[object] | tuple[object, ...], *, without: str = "") -> str:
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
