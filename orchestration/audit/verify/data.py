"""Published rows from the Parquet files of a publication."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import duckdb

from orchestration.audit.relations import Row
from orchestration.errors import MeritlineError
from orchestration.state.folder import auditor_parquet, auditor_view
from orchestration.state.memory import connect

FETCHED_ROWS = 50_000
NAME = re.compile(r"\b[a-z]+\.[a-z_]+\b")
"""What may be the name of a relation in a view's SQL."""


class RelationUnreadable(MeritlineError):
    """A published Parquet file is missing, damaged or lacks a column."""


class ParquetData:
    """The auditors' Parquet of one publication folder; relations are read once and kept."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._database = connect()
        self._rows: dict[str, list[Row]] = {}

    def path(self, relation: str) -> Path:
        """The relation's file: its rows, or the SQL of a view."""
        view = auditor_view(self.folder, relation)
        return view if view.exists() else auditor_parquet(self.folder, relation)

    def has(self, relation: str) -> bool:
        """Whether the relation is published."""
        return self.path(relation).exists()

    def relations(self) -> set[str]:
        """Published relations."""
        files = self.path("any").parent.iterdir()
        return {path.stem for path in files if path.suffix in (".parquet", ".sql")}

    def rows(self, relation: str) -> Sequence[Row]:
        """All rows of a relation. Raises RelationUnreadable."""
        if relation not in self._rows:
            self._rows[relation] = list(self.query(f"select * from {self.scan(relation)}", relation=relation))
        return self._rows[relation]

    def scan(self, relation: str) -> str:
        """The relation as a table expression."""
        if self.path(relation).suffix == ".sql":
            return f"({self._view(relation)}\n)"
        return f"read_parquet('{str(self.path(relation)).replace(chr(39), chr(39) * 2)}')"

    def _view(self, relation: str) -> str:
        """The SQL of a view over the files of the relations that it asks."""
        asked = self.relations() - {relation}
        text = self.path(relation).read_text(encoding="utf-8")
        return NAME.sub(lambda found: self.scan(found[0]) if found[0] in asked else found[0], text)

    def query(self, sql: str, values: Sequence[object] = (), *, relation: str) -> Iterator[Row]:
        """Rows of a query. Raises RelationUnreadable naming `relation`'s file."""
        try:
            cursor = self._database.cursor().execute(sql, list(values))
            columns = [description[0] for description in cursor.description]
            while batch := cursor.fetchmany(FETCHED_ROWS):
                for row in batch:
                    yield dict(zip(columns, row, strict=True))
        except duckdb.Error as error:
            raise self._unreadable(relation, error) from error

    def columns(self, source: str, *, relation: str) -> list[str]:
        """Columns of a table expression. Raises RelationUnreadable."""
        return [row["column_name"] for row in self.query(f"describe from {source}", relation=relation)]

    def define(self, macros: Sequence[str]) -> None:
        """Macros that queries may use."""
        for macro in macros:
            self._database.execute(f"create or replace macro {macro}")

    def execute(self, sql: str, *, relation: str) -> None:
        """A statement on the private, in-memory database."""
        try:
            self._database.execute(sql)
        except duckdb.Error as error:
            raise self._unreadable(relation, error) from error

    def _unreadable(self, relation: str, error: duckdb.Error) -> RelationUnreadable:
        path = self.path(relation)
        missing = "" if path.exists() else "is missing"
        return RelationUnreadable(
            path=path,
            problem=missing or f"does not read ({str(error).splitlines()[0]})",
            remedy="Compare it with a backup of the publication",
        )


def with_files(query: str, scan: Callable[[str], str]) -> str:
    """A query with each `{relation}` put as the table expression that `scan` gives."""
    head, *parts = query.split("{")
    for part in parts:
        relation, rest = part.split("}", 1)
        head += scan(relation) + rest
    return head
