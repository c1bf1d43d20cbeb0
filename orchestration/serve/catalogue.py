"""What of a publication is loaded: its relations with types, keys and descriptions, out of its DuckDB files.

Everything that BI and payroll are given, and of what auditors are given the part that explains pay without
being as large as the exports: evidence rows and facts stay in `auditor.duckdb` and Parquet (decision 0048).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import duckdb

from orchestration.audit.publications import other_release, read_manifest
from orchestration.errors import ConfigurationError, MeritlineError
from orchestration.hashing import file_hash
from orchestration.sql import literal
from orchestration.state.folder import AUDITOR
from orchestration.state.memory import connect

BI, PAYROLL = "bi", "payroll"
ABOUT = "about"
AUDITED = (
    *("audit.bonus_trace", "audit.load_file", "audit.reconciliation"),
    *("bonus.bonus", "bonus.bonus_line", "bonus.bonus_unpaid"),
    *("grade.grade", "grade.grade_outcome", "kpi.kpi_observation", "policy.policy_*"),
    *("score.score", "score.score_line"),
)
"""What auditors find beside the marts, as patterns of `schema.relation`."""
PEOPLE = ("dim_agent", "dim_team")
"""Whom a lead leads is read from these; a publication from before the star has them among its facts only."""
OF_LOADS = ("load_id", "source_row_number", "source_row_hash")
ABOUT_LEFT_OUT = ("audience", "oldest_duckdb")

TYPES = {
    **{"VARCHAR": "text", "BOOLEAN": "boolean", "DATE": "date", "DOUBLE": "double precision"},
    **{"TINYINT": "smallint", "SMALLINT": "smallint", "INTEGER": "integer", "BIGINT": "bigint"},
    **{"UTINYINT": "smallint", "USMALLINT": "integer", "UINTEGER": "bigint"},
    **{"HUGEINT": "numeric", "UBIGINT": "numeric"},
    **{"TIMESTAMP": "timestamp", "TIMESTAMP WITH TIME ZONE": "timestamptz"},
}
TABLES = """
select database_name, schema_name || '.' || table_name, comment
from duckdb_tables() where database_name in (select unnest($1))
"""
COLUMNS = """
select database_name, schema_name || '.' || table_name, column_name, data_type, comment
from duckdb_columns() where database_name in (select unnest($1)) order by column_index
"""
DECIMAL = re.compile(r"DECIMAL\((\d+),(\d+)\)")


@dataclass(frozen=True)
class Column:
    """A column: `kind` is its PostgreSQL type, exact where the publication is; `is_text` is of a string."""

    name: str
    kind: str
    comment: str
    is_text: bool


@dataclass(frozen=True)
class Relation:
    """A relation to load. `place` is where it lies in its file (`<audience>.duckdb`), `audiences` whose files
    have it, `key` its grain; `has_empty_keys` where a column of the key is NULL in a row.
    """

    name: str
    file: str
    place: str
    audiences: frozenset[str]
    columns: tuple[Column, ...]
    comment: str
    key: tuple[str, ...]
    rows: int
    has_empty_keys: bool = False

    def has(self, *names: str) -> bool:
        """Whether it has all these columns."""
        return {one.name for one in self.columns}.issuperset(names)


class Source:
    """A publication's DuckDB files, attached read-only and held to the hashes of its manifest."""

    def __init__(self, folder: Path, database: duckdb.DuckDBPyConnection) -> None:
        self.folder = folder
        self.manifest: Mapping[str, Any] = read_manifest(folder)
        self.run_id = str(self.manifest["run_id"])
        self._database = database
        for audience in (BI, PAYROLL, AUDITOR):
            self._attach(folder / f"{audience}.duckdb", audience)
        self._comments: dict[tuple[str, str], str] = {
            (file, place): said or ""
            for file, place, said in database.execute(TABLES, [[BI, PAYROLL, AUDITOR]]).fetchall()
        }
        self._columns: dict[tuple[str, str], list[tuple[str, str, str | None]]] = {}
        for file, place, *column in database.execute(COLUMNS, [[BI, PAYROLL, AUDITOR]]).fetchall():
            self._columns.setdefault((file, place), []).append((column[0], column[1], column[2]))
        self.relations: tuple[Relation, ...] = tuple(self._relations())

    def lines(self, relation: Relation, size: int = 20_000) -> Iterator[bytes]:
        """The rows in PostgreSQL's text form of COPY, blocks of `size` rows: NULL is `\\N`, an empty text is
        empty, decimals have every digit.
        """
        cells = ", ".join(_cell(column) for column in relation.columns)
        self._database.execute(f"select concat_ws(chr(9), {cells}) from {relation.file}.{relation.place}")
        while rows := self._database.fetchmany(size):
            yield ("\n".join(row[0] for row in rows) + "\n").encode()

    def value(self, question: str) -> Any:
        """The only value of a question to the attached files (`bi`, `payroll`, `auditor`)."""
        row = self._database.execute(question).fetchone()
        return None if row is None else row[0]

    def values(self, column: str, relation: str) -> frozenset[str]:
        """The values of a column of a relation; none where the publication lacks it."""
        places = [f"{one.file}.{one.place}" for one in self.relations if one.name == relation]
        found = self._database.execute(f"select {column} from {places[0]}").fetchall() if places else []
        return frozenset(value for (value,) in found)

    def _attach(self, path: Path, audience: str) -> None:
        if not path.is_file():
            raise ConfigurationError(
                path=path, problem="the publication lacks this file", remedy=other_release(self.folder)
            )
        if file_hash(path) != self.manifest["files"].get(path.name):
            raise MeritlineError(
                path=path,
                problem="the file is not as it was published",
                remedy="meritline verify says what else is not; restore it from the backup, or run nightly",
            )
        self._database.execute(f"attach {literal(path)} as {audience} (read_only)")

    def _relations(self) -> Iterator[Relation]:
        keys = self._keys()
        owners: dict[str, set[str]] = {}
        places: dict[str, list[str]] = {BI: [], PAYROLL: [], AUDITOR: []}
        for audience, place in sorted(self._comments):
            places[audience].append(place)
        for audience in (BI, PAYROLL):
            for place in places[audience]:
                owners.setdefault(place, set()).add(audience)
        named = {place.split(".")[1]: place for place in owners if place != f"main.{ABOUT}"}
        for name in PEOPLE:
            if name not in named and f"facts.{name}" in places[AUDITOR]:
                owners[f"facts.{name}"] = {BI}
                named[name] = f"facts.{name}"
        for place in places[AUDITOR]:
            if place not in owners and any(fnmatchcase(place, pattern) for pattern in AUDITED):
                owners[place] = set()
        for place, audiences in sorted(owners.items()):
            file = next((one for one in (BI, PAYROLL) if one in audiences and place in places[one]), AUDITOR)
            yield self._relation(file, place, frozenset({*audiences, AUDITOR}), keys.get(place, ()))

    def _keys(self) -> dict[str, tuple[str, ...]]:
        keys: dict[str, tuple[str, ...]] = {}
        for relation, column in self._database.execute(
            f"select relation, column_name from {AUDITOR}.audit.relation_key order by relation, position"
        ).fetchall():
            keys[relation] = (*keys.get(relation, ()), column)
        return keys

    def _relation(self, file: str, place: str, audiences: frozenset[str], key: tuple[str, ...]) -> Relation:
        schema, name = place.split(".")
        left_out = ABOUT_LEFT_OUT if name == ABOUT else OF_LOADS if schema == "facts" else ()
        nulls = " or ".join(f'"{column}" is null' for column in key) or "false"
        rows, empty = self._database.execute(
            f"select count(*), count(*) filter (where {nulls}) from {file}.{place}"
        ).fetchall()[0]
        expected = self.manifest["rows"].get(place, rows)
        if rows != expected:
            raise MeritlineError(
                path=self.folder / f"{file}.duckdb",
                problem=f"{place} has {rows:,} rows, the manifest says {expected:,}",
                remedy="meritline verify says what else is not as it was published",
            )
        return Relation(
            name=name,
            file=file,
            place=place,
            audiences=audiences,
            columns=tuple(
                Column(column, _kind(place, column, kind), said or "", kind == "VARCHAR")
                for column, kind, said in self._columns[file, place]
                if column not in left_out
            ),
            comment=self._comments[file, place],
            key=key,
            rows=rows,
            has_empty_keys=bool(empty),
        )


@contextmanager
def opened(folder: Path) -> Iterator[Source]:
    """The publication in a folder.

    Raises ConfigurationError where it is of another release, MeritlineError where a file is not as published.
    """
    with connect() as database:
        yield Source(folder, database)


def by_name(relations: Sequence[Relation]) -> dict[str, Relation]:
    """Relations by the name they are loaded under. Raises MeritlineError where two have one name."""
    named: dict[str, Relation] = {}
    for one in relations:
        if one.name in named:
            raise MeritlineError(
                problem=f"{one.place} and {named[one.name].place} would both be called {one.name}",
                remedy="Have one of them renamed; nothing was loaded",
            )
        named[one.name] = one
    return named


def _kind(place: str, column: str, kind: str) -> str:
    if found := DECIMAL.fullmatch(kind):
        return f"numeric({found[1]}, {found[2]})"
    if kind not in TYPES:
        raise MeritlineError(
            problem=f"{place}.{column} is a {kind}, which has no counterpart in PostgreSQL",
            remedy="Have the relation publish it as a text or number; nothing was loaded",
        )
    return TYPES[kind]


def _cell(column: Column) -> str:
    name = f'"{column.name}"'
    if not column.is_text:
        return f"coalesce(cast({name} as varchar), '\\N')"
    escaped = name
    for raw, written in (("chr(92)", "\\\\"), ("chr(9)", "\\t"), ("chr(10)", "\\n"), ("chr(13)", "\\r")):
        escaped = f"replace({escaped}, {raw}, '{written}')"
    return f"coalesce({escaped}, '\\N')"
