"""What becomes of a load's rows once all of them are there: one of each group, equal rows told apart."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb

from orchestration.ingest.database import literals, names, quoted
from orchestration.ingest.landing import UnreadableFile
from orchestration.ingest.profile import Entry
from orchestration.ingest.shape import GROUP_COLUMNS


def finished_sql(entry: Entry, parts: Sequence[Path]) -> str:
    """The load's final rows out of its parts, '' where they stay as they are."""
    rows = f"FROM read_parquet([{literals(parts)}])"
    sql = rows
    hashed = [name for name, rule in entry.spec.columns.items() if rule.row == "hash"]
    if hashed:
        told = ", ".join(
            f"{name} || CASE WHEN __n{i} > 1 THEN '-' || __n{i} ELSE '' END AS {name}"
            for i, name in enumerate(map(quoted, hashed))
        )
        counted = ", ".join(
            f"__n{i}: row_number() OVER (PARTITION BY {name} ORDER BY _row_number)"
            for i, name in enumerate(map(quoted, hashed))
        )
        numbers = ", ".join(f"__n{i}" for i in range(len(hashed)))
        sql = f"FROM (SELECT * EXCLUDE ({numbers}) REPLACE ({told}) FROM (SELECT *, {counted} {sql}))"
    if entry.spec.distinct:
        columns = names(column.name for column in entry.table.export_columns)
        sql = f"{sql} QUALIFY row_number() OVER (PARTITION BY {columns} ORDER BY _row_number) = 1"
    elif entry.spec.group is not None:
        way = "ASC" if entry.spec.group.first is not None else "DESC"
        sql = (
            f"SELECT * EXCLUDE ({names(GROUP_COLUMNS)}) {sql} QUALIFY row_number() OVER "
            f"(PARTITION BY __group_key ORDER BY __order_at {way} NULLS LAST, _row_number {way}) = 1"
        )
    return "" if sql == rows else f"{sql} ORDER BY _row_number"


def check_finished(connection: duckdb.DuckDBPyConnection, entry: Entry, parts: Sequence[Path]) -> None:
    """Raises UnreadableFile where it cannot be told which row is first, or which cell of a row counts."""
    source = f"FROM read_parquet([{literals(parts)}])"
    if (group := entry.spec.group) is not None:
        kinds = connection.execute(
            f"SELECT __order_kind, min(_row_number) {source} "
            "WHERE __order_kind IS NOT NULL GROUP BY 1 ORDER BY 1"
        ).fetchall()
        if len(kinds) > 1:
            (one, row), (other, another) = kinds[:2]
            words = {"clock": "a time of day", "moment": "a date", "number": "a number"}
            raise UnreadableFile(
                f"{group.order} is {words[one]} in row {row} and {words[other]} in row {another}: "
                "it cannot be told which row of a group is the first"
            )
    if (unpivot := entry.spec.unpivot) is not None and entry.table.key:
        keys = names(entry.table.key)
        column = "json_extract_string(_extra, $1)"
        twice = connection.execute(
            f"SELECT _row_number, list({column} ORDER BY {column}) {source} "
            f"GROUP BY _row_number, {keys} HAVING count(*) > 1 ORDER BY 1, 2 LIMIT 1",
            ["/" + unpivot.name.replace("~", "~0").replace("/", "~1")],
        ).fetchall()
        if twice:
            row, columns = twice[0]
            shown = " and ".join(name for name in columns if name) or "two"
            raise UnreadableFile(
                f"columns {shown} of row {row} give one and the same {' '.join(entry.table.key)} of "
                f"{entry.table.full_name}: it cannot be told which of them counts"
            )
