"""Rows of published relations, read from a publication's audit file."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import duckdb

from orchestration.audit.publications import other_release
from orchestration.errors import MeritlineError
from orchestration.state.folder import auditor_database

Row = Mapping[str, Any]
"""A row by column name: DECIMAL as Decimal, DATE as date, NULL as None."""


class AuditFileUnreadable(MeritlineError):
    """The publication's audit file is missing, damaged or not one of this product."""


class AuditFile:
    """A publication's `auditor.duckdb`, open read-only; a context manager.

    One of an earlier release (`audit.duckdb`) is read as far as it has what is asked of it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = auditor_database(folder)
        if not self.path.exists():
            raise AuditFileUnreadable(
                path=self.path,
                problem="the publication has no audit file",
                remedy="Retention may have removed its data; name a newer one, or run meritline nightly",
            )
        try:
            # Under a name of its own: in a file of an earlier release `audit` is a catalog and a schema.
            self._database = duckdb.connect()
            quoted = str(self.path).replace("'", "''")
            self._database.execute(f"attach '{quoted}' as publication (read_only)")
            self._database.execute("use publication")
        except duckdb.Error as error:
            raise AuditFileUnreadable(
                path=self.path,
                problem=f"the audit file does not open ({str(error).splitlines()[0]})",
                remedy="Run meritline verify, which names what was changed",
            ) from error
        self._columns = self._columns_of()

    def _columns_of(self) -> dict[str, set[str]]:
        names = self._database.execute(
            "select schema_name || '.' || table_name, column_name from duckdb_columns() "
            "where database_name = 'publication'"
        ).fetchall()
        found: dict[str, set[str]] = defaultdict(set)
        for relation, column in names:
            found[relation].add(column)
        return found

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._database.close()

    def has(self, relation: str) -> bool:
        """Whether the relation exists."""
        return relation in self._columns

    def columns(self, relation: str) -> frozenset[str]:
        """Columns of a relation; none where it does not exist."""
        return frozenset(self._columns.get(relation, ()))

    def relation_of(self, model: str) -> str:
        """`schema.table` of a model."""
        return self._keys[model][0]

    def rows_by_key(self, model: str, keys: Iterable[str]) -> dict[str, Row]:
        """Rows of a model by key, as `audit.relation_key` says how keys are made."""
        relation, columns = self._keys[model]
        key = " || ':' || ".join(f"coalesce(cast({column} as varchar), '')" for column in columns)
        rows = self.query(
            f"select {key} as own_key, * from {relation} where own_key in (select unnest(?))", [sorted(keys)]
        )
        return {row["own_key"]: {name: row[name] for name in row if name != "own_key"} for row in rows}

    @cached_property
    def _keys(self) -> Mapping[str, tuple[str, list[str]]]:
        found: dict[str, tuple[str, list[str]]] = {}
        for row in self.select("audit.relation_key", order=["model", "position"]):
            found.setdefault(row["model"], (row["relation"], []))[1].append(row["column_name"])
        return found

    def select(
        self, relation: str, where: Mapping[str, object] | None = None, *, order: Sequence[str] = ()
    ) -> list[Row]:
        """Rows of a relation that match `where`. Raises AuditFileUnreadable when the file lacks it."""
        conditions: list[str] = []
        values: list[object] = []
        for column, value in (where or {}).items():
            if isinstance(value, list | tuple):
                conditions.append(f'"{column}" in (select unnest(?))')
                values.append(list(value))
            else:
                conditions.append(f'"{column}" = ?')
                values.append(value)
        schema, table = relation.split(".")
        sql = f'select * from "{schema}"."{table}"'
        if conditions:
            sql += f" where {' and '.join(conditions)}"
        if order:
            sql += " order by " + ", ".join(f'"{column}"' for column in order)
        return self.query(sql, values)

    def query(self, sql: str, values: Sequence[object] = ()) -> list[Row]:
        """Rows of a query with positional parameters."""
        return self._rows(sql, [_literal(value) for value in values])

    def query_named(self, sql: str, values: Mapping[str, object]) -> list[Row]:
        """Rows of a query with named parameters."""
        return self._rows(sql, [f"{name} := {_literal(value)}" for name, value in values.items()])

    def _rows(self, sql: str, arguments: Sequence[str]) -> list[Row]:
        try:
            if arguments:
                self._database.execute(f"prepare question as {sql}")
                sql = f"execute question({', '.join(arguments)})"
            result = self._database.execute(sql)
            columns = [description[0] for description in result.description]
            return [dict(zip(columns, row, strict=True)) for row in result.fetchall()]
        except duckdb.Error as error:
            raise AuditFileUnreadable(
                path=self.path,
                problem=f"the audit file does not have what is asked of it ({str(error).splitlines()[0]})",
                remedy=other_release(self.folder),
            ) from error


def _literal(value: object) -> str:
    """A value as SQL. The client would bind values itself, but loads pandas for the first: half a second."""
    if value is None:
        return "null"
    if isinstance(value, list | tuple):
        if not value:
            return "cast([] as varchar[])"
        return f"[{', '.join(_literal(one) for one in value)}]"
    if isinstance(value, bool | int | Decimal):
        return str(value)
    if isinstance(value, date):
        return f"date '{value.isoformat()}'"
    return "'" + str(value).replace("'", "''") + "'"
