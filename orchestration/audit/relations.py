"""Rows of published relations, read from a publication's audit file."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import duckdb

from orchestration.audit.publications import other_release
from orchestration.errors import MeritlineError, expected_error
from orchestration.state.folder import auditor_database
from orchestration.state.memory import connect

Row = Mapping[str, Any]
"""A row by column name: DECIMAL as Decimal, DATE as date, NULL as None."""
AT_ONCE = 10_000
"""Rows that are fetched at once."""


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
            self._database = connect()
            quoted = str(self.path).replace("'", "''")
            self._database.execute(f"attach '{quoted}' as publication (read_only)")
            self._database.execute("use publication")
        except duckdb.Error as error:
            if (known := expected_error(error)) is not None:
                raise known from error
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

    def __exit__(self, *_: object) -> None:
        self._database.close()

    def has(self, relation: str) -> bool:
        """Whether the relation exists."""
        return relation in self._columns

    def relation_of(self, model: str) -> str:
        """`schema.table` of a model."""
        return self._keys[model][0]

    def rows_by_key(self, model: str, keys: Iterable[str]) -> dict[str, Row]:
        """Rows of a model by key, as `audit.relation_key` says how keys are made."""
        relation, columns = self._keys[model]
        own_key = key_text(columns)
        rows = self.query(
            f"select {own_key} as own_key, cell from {relation} as cell where own_key in (select unnest(?))",
            [sorted(keys)],
        )
        return {row["own_key"]: row["cell"] for row in rows}

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
        conditions = [
            f'"{column}" in (select unnest({_literal(value)}))'
            if isinstance(value, list | tuple)
            else f'"{column}" = {_literal(value)}'
            for column, value in (where or {}).items()
        ]
        schema, table = relation.split(".")
        sql = f'select * from "{schema}"."{table}"'
        if conditions:
            sql += f" where {' and '.join(conditions)}"
        if order:
            sql += " order by " + ", ".join(f'"{column}"' for column in order)
        return self.query(sql)

    def keep(self, name: str, sql: str, values: Mapping[str, object]) -> None:
        """Keep the rows of a query under a name for the queries after it, in memory: what they share is
        worked out once. Raises AuditFileUnreadable.
        """
        for value_name, value in values.items():
            sql = sql.replace(f"${value_name}", _literal(value))
        self.query(f"create or replace temp table {name} as {sql}")

    def forget(self, name: str) -> None:
        """Give back the memory of rows that were kept."""
        self.query(f"drop table {name}")

    def query(self, sql: str, values: Sequence[object] | Mapping[str, object] = ()) -> list[Row]:
        """Rows of a query with parameters by position or by name. Raises AuditFileUnreadable."""
        return list(self.each(sql, values))

    def each(self, sql: str, values: Sequence[object] | Mapping[str, object] = ()) -> Iterator[Row]:
        """`query` row by row, for answers that are too long to be held twice: it is asked with the first row
        and has to be read to the end before the next question.
        """
        if isinstance(values, Mapping):
            arguments = [f"{name} := {_literal(value)}" for name, value in values.items()]
        else:
            arguments = [_literal(value) for value in values]
        try:
            if arguments:
                self._database.execute(f"prepare question as {sql}")
                sql = f"execute question({', '.join(arguments)})"
            result = self._database.execute(sql)
            columns = [description[0] for description in result.description]
            while rows := result.fetchmany(AT_ONCE):
                for row in rows:
                    yield dict(zip(columns, row, strict=True))
        except duckdb.Error as error:
            if (known := expected_error(error)) is not None:
                raise known from error
            raise AuditFileUnreadable(
                path=self.path,
                problem=f"the audit file does not have what is asked of it ({str(error).splitlines()[0]})",
                remedy=other_release(self.folder),
            ) from error


def key_text(key: Iterable[str]) -> str:
    """SQL of a key as `input_key` of a number writes it."""
    return " || ':' || ".join(f"coalesce(cast({column} as varchar), '')" for column in key)


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
