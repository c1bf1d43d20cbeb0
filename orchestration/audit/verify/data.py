"""Published rows from the Parquet files of a publication."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

import duckdb

from orchestration.audit.relations import Row
from orchestration.audit.verify.memory import require_memory
from orchestration.errors import MeritlineError
from orchestration.publish.views import view_text
from orchestration.state.folder import auditor_folder, auditor_parquet, auditor_view
from orchestration.state.memory import connect

FETCHED_ROWS = 50_000
KEPT_BYTES = 4 << 20
"""Parquet of a relation that is read once and kept in memory: hundreds of checks ask a small one, and each
would open and decode its files anew. A large one is asked for columns and rows, and stays where it is.
"""
KEYS = "audit.relation_key"
CALIBRATION = "marts.mart_calibration"
"""What calibration found of the content: published beside it, no part of its hash."""
CHECKS = Path(__file__).parent / "checks"
NAMED = re.compile(r"\{([\w.]+)\}")
NAME = re.compile(r"\b[a-z]+\.[a-z_]+\b")
"""What may be the name of a relation in a view's SQL."""


class RelationUnreadable(MeritlineError):
    """A published Parquet file is missing, damaged or lacks a column."""


class PublishedRows(Protocol):
    """Rows of published relations: of a publication, or of a pack."""

    def has(self, relation: str) -> bool:
        """Whether the relation is there."""
        ...

    def scan(self, relation: str) -> str:
        """The relation as a table expression."""
        ...

    def rows(self, relation: str) -> Sequence[Row]:
        """All rows of a relation."""
        ...

    def query(self, sql: str, values: Sequence[object] = (), *, relation: str) -> Iterator[Row]:
        """Rows of a query."""
        ...


class ParquetData:
    """The auditors' Parquet of one publication folder; relations are read once and kept.

    Everything raises RelationUnreadable, which names the file of the relation that is asked about, or
    MemoryRanOut.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._database = connect()
        self._database.execute((CHECKS / "macros.sql").read_text(encoding="utf-8"))
        self._rows: dict[str, list[Row]] = {}
        self._kept: dict[str, str] = {}

    def path(self, relation: str) -> Path:
        """Where the relation lies: the folder of its rows, or the SQL of a view."""
        view = auditor_view(self.folder, relation)
        return view if view.exists() else auditor_folder(self.folder, relation)

    def has(self, relation: str) -> bool:
        """Whether the relation is published."""
        return self.path(relation).exists()

    def relations(self) -> set[str]:
        """Published relations."""
        return {path.name.removesuffix(".sql") for path in self.path("any").parent.glob("*")}

    def rows(self, relation: str) -> Sequence[Row]:
        """All rows of a relation."""
        if relation not in self._rows:
            self._rows[relation] = list(self.query(f"from {self.scan(relation)}", relation=relation))
        return self._rows[relation]

    def scan(self, relation: str) -> str:
        """The relation as a table expression."""
        if self.path(relation).suffix == ".sql":
            return f"({self._view(relation)}\n)"
        if relation not in self._kept:
            self._kept[relation] = self._keep(relation)
        return self._kept[relation]

    def _keep(self, relation: str) -> str:
        """Where queries find a relation: a small one's copy in memory, a large one's files."""
        source = parquet(auditor_parquet(self.folder, relation))
        sizes = [path.stat().st_size for path in self.path(relation).glob("*.parquet")]
        if not sizes or sum(sizes) > KEPT_BYTES:
            return source
        name = f'"{relation}"'
        list(self.query(f"create table {name} as from {source}", relation=relation))
        return name

    def _view(self, relation: str) -> str:
        """The SQL of a view over the files of the relations that it asks."""
        asked = self.relations() - {relation}
        try:
            text = view_text(self.folder, relation)
        except MeritlineError as error:
            raise RelationUnreadable(path=error.path, problem=error.problem, remedy=error.remedy) from error
        return NAME.sub(lambda found: self.scan(found[0]) if found[0] in asked else found[0], text)

    def query(self, sql: str, values: Sequence[object] = (), *, relation: str) -> Iterator[Row]:
        """Rows of a query."""
        try:
            cursor = self._database.cursor().execute(sql, list(values))
            columns = [description[0] for description in cursor.description]
            while batch := cursor.fetchmany(FETCHED_ROWS):
                for row in batch:
                    yield dict(zip(columns, row, strict=True))
        except duckdb.Error as error:
            require_memory(error, self.folder)
            path = self.path(relation)
            raise RelationUnreadable(
                path=path,
                problem=f"does not read ({first_line(error)})" if path.exists() else "is missing",
                remedy="Compare it with a backup of the publication",
            ) from error

    def define(self, view: str, query: str, *, relation: str) -> None:
        """Have queries use the rows of one under a name."""
        list(self.query(f"create or replace view {view} as {query}", relation=relation))

    def count(self, source: str, *, relation: str) -> int:
        """Rows of a table expression."""
        [row] = self.query(f"select count(*) as n from {source}", relation=relation)
        return int(row["n"])


def types_of(data: PublishedRows, source: str, relation: str) -> dict[str, str]:
    """Columns of a table expression, with their types. Raises RelationUnreadable."""
    rows = data.query(f"describe from {source}", relation=relation)
    return {row["column_name"]: row["column_type"] for row in rows}


def keys_of(data: PublishedRows) -> Mapping[str, Sequence[str]]:
    """Columns that tell the rows of each published relation apart; one that has lost its name or place is
    none. Raises RelationUnreadable.
    """
    found: dict[str, list[str]] = {}
    told = [row for row in data.rows(KEYS) if None not in row.values()]
    for row in sorted(told, key=lambda one: (one["relation"], one["position"])):
        found.setdefault(row["relation"], []).append(row["column_name"])
    return found


def with_files(query: str, scan: Callable[[str], str]) -> str:
    """A query with each `{relation}` put as the table expression that `scan` gives."""
    return NAMED.sub(lambda name: scan(name[1]), query)


def parquet(path: Path) -> str:
    """A Parquet file, or several by a pattern, as a table expression."""
    return f"read_parquet({literal(path)})"


def literal(value: object) -> str:
    """A text or path as SQL."""
    return "'" + str(value).replace("'", "''") + "'"


def first_line(error: duckdb.Error) -> str:
    """What DuckDB says, without the query that it repeats."""
    return str(error).splitlines()[0]
