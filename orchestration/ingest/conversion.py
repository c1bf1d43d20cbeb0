"""SQL for the typed value of a text, by the contract's types; nothing is rounded and nothing guessed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import duckdb

from orchestration.ingest.contract import ContractColumn
from orchestration.ingest.sources import literal
from orchestration.ingest.times import date_sql, utc_sql

BOOLEANS = {
    True: ("true", "1", "Y", "是", "True", "TRUE", "y"),
    False: ("false", "0", "N", "否", "False", "FALSE", "n"),
}
BOUNDS = {"timestamp": ("1970-01-02", "2200-01-01"), "date": ("1900-01-01", "2200-01-01")}
"""Outside of these a time is a mistake; DuckDB's words `epoch` and `infinity` lie outside too."""


def typed_sql(
    column: ContractColumn,
    text: str,
    *,
    formats: Sequence[str],
    timezone: str,
    zones: Mapping[str, str] | None = None,
    is_quick: bool = False,
) -> str:
    """SQL for the typed value of a text, NULL where it does not convert exactly.

    Times are UTC: an offset in the text wins, then a zone's name in `zones`, else it is a wall clock time in
    `timezone`, which must be the connection's TimeZone. `is_quick` gives NULL for more texts, see `times`.
    """
    if column.data_type == "varchar":
        if not column.values:
            return text
        return f"CASE WHEN {text} IN ({', '.join(map(literal, column.values))}) THEN {text} END"
    if column.data_type == "boolean":
        whens = " ".join(
            f"WHEN {text} IN ({', '.join(map(literal, words))}) THEN {str(value).lower()}"
            for value, words in BOOLEANS.items()
        )
        return f"CASE {whens} END"
    if column.data_type == "bigint":
        return (
            f"CASE WHEN regexp_full_match({text}, '[+-]?\\d{{1,18}}(\\.0*)?') "
            f"THEN try_cast(split_part({text}, '.', 1) AS BIGINT) END"
        )
    if column.data_type == "decimal(18,6)":
        return (
            f"CASE WHEN regexp_full_match({text}, '[+-]?(\\d{{1,12}}(\\.\\d{{0,6}}0*)?|\\.\\d{{1,6}}0*)') "
            f"THEN try_cast({text} AS DECIMAL(18,6)) END"
        )
    if column.data_type == "timestamp":
        return utc_sql(text, formats=formats, zones=zones or {}, is_quick=is_quick)
    return date_sql(text, formats=formats, zones=zones or {}, timezone=timezone, is_quick=is_quick)


def what_is_wrong(column: ContractColumn) -> str:
    """What a text is not that does not convert, as the end of a sentence."""
    return {
        "timestamp": "is not a time",
        "date": "is not a date",
        "decimal(18,6)": "is not a number of at most 12 digits and 6 decimals",
        "bigint": "is not a whole number",
        "boolean": "is not one of true, false, 1, 0, Y, N, 是, 否",
        "varchar": f"is not one of {', '.join(column.values)}",
    }[column.data_type]


def words_of(column: ContractColumn) -> tuple[str, ...]:
    """The texts that a column of a closed list takes; none for an open one."""
    return (*BOOLEANS[True], *BOOLEANS[False]) if column.data_type == "boolean" else column.values


def unfit_constants(
    column: ContractColumn, texts: Sequence[str], *, formats: Sequence[str], timezone: str
) -> list[str]:
    """Those of a profile's constants for a column that do not convert."""
    value = typed_sql(column, "text", formats=formats, timezone=timezone)
    low, high = BOUNDS.get(column.data_type, ("", ""))
    outside = (
        f" OR value NOT BETWEEN {column.data_type} '{low}' AND {column.data_type} '{high}'" if low else ""
    )
    with duckdb.connect() as connection:
        connection.execute(f"SET TimeZone = {literal(timezone)}")
        rows = connection.execute(
            f"SELECT text FROM (SELECT text, value: {value} FROM (SELECT text: unnest($1::VARCHAR[]))) "
            f"WHERE value IS NULL{outside}",
            [list(texts)],
        ).fetchall()
    return [str(text) for (text,) in rows]
