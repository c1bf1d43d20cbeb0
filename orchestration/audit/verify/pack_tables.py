"""Relations of an evidence pack as tables of a private database, for checks that are queries."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Protocol

import duckdb

from orchestration.audit.recompute.book import Row

TYPE = re.compile(r"[A-Z_]+(\(\d+,\d+\))?( WITH TIME ZONE)?(\[\])*")
NAME = re.compile(r"[a-z_0-9]+")


class TypedRows(Protocol):
    """Rows of relations whose columns have types."""

    def rows(self, relation: str) -> Sequence[Row]:
        """All rows of a relation."""
        ...

    def columns(self, relation: str) -> Mapping[str, str]:
        """Columns of a relation with their DuckDB types."""
        ...


class PackTables:
    """Queries over the relations of a pack."""

    def __init__(self, data: TypedRows) -> None:
        self._data = data
        self._database = duckdb.connect()
        self._made: set[str] = set()

    def scan(self, relation: str) -> str:
        """The relation as a table expression. Raises ValueError for a name, type or value that is none."""
        table = f'"{relation}"'
        if relation not in self._made:
            columns = self._data.columns(relation)
            for name, kind in columns.items():
                if not (NAME.fullmatch(name) and TYPE.fullmatch(kind)):
                    raise ValueError(f"column {name} {kind}")
            rows = [{name: _plain(row[name]) for name in columns} for row in self._data.rows(relation)]
            cast = ", ".join(f'cast(row."{name}" as {kind}) as "{name}"' for name, kind in columns.items())
            source = "select unnest(from_json($rows, $shape)) as row"
            try:
                self._database.execute(
                    f"create table {table} as select {cast} from ({source})",
                    {"rows": json.dumps(rows), "shape": json.dumps([dict.fromkeys(columns, "VARCHAR")])},
                )
            except duckdb.Error as error:
                raise ValueError(str(error).splitlines()[0]) from error
            self._made.add(relation)
        return table

    def query(self, sql: str, values: Sequence[object] = (), *, relation: str) -> Iterator[Row]:
        """Rows of a query. Raises ValueError where the rows do not allow it."""
        try:
            cursor = self._database.execute(sql, list(values))
        except duckdb.Error as error:
            raise ValueError(str(error).splitlines()[0]) from error
        names = [description[0] for description in cursor.description]
        for row in cursor.fetchall():
            yield dict(zip(names, row, strict=True))


def _plain(value: object) -> str | None:
    if value is None:
        return None
    return f"{value:f}" if isinstance(value, Decimal) else str(value)
