"""SQL for the typed value of a text, by the contract's types; nothing is rounded and nothing guessed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from orchestration.ingest.contract import ContractColumn
from orchestration.ingest.database import literals, rows
from orchestration.ingest.times import date_sql, utc_sql

TRUE = ("true", "1", "Y", "是", "True", "TRUE", "y")
FALSE = ("false", "0", "N", "否", "False", "FALSE", "n")
BOUNDS = {"timestamp": ("1970-01-02", "2200-01-01"), "date": ("1900-01-01", "2200-01-01")}
"""Outside of these a time is a mistake; DuckDB's words `epoch` and `infinity` lie outside too."""


def typed_sql(
    column: ContractColumn,
    text: str,
    *,
    formats: Sequence[str],
    timezone: str,
    zones: Mapping[str, str],
    is_quick: bool = False,
) -> str:
    """SQL for the typed value of a text, NULL where it does not convert exactly.

    Times are UTC: an offset in the text wins, then a zone's name in `zones`, else it is a wall clock time in
    `timezone`, which must be the connection's TimeZone. `is_quick` gives NULL for more texts, see `times`.
    """
    match column.data_type:
        case "varchar" if column.values:
            return f"CASE WHEN {text} IN ({literals(column.values)}) THEN {text} END"
        case "varchar":
            return text
        case "boolean":
            yes, no = literals(TRUE), literals(FALSE)
            return f"CASE WHEN {text} IN ({yes}) THEN true WHEN {text} IN ({no}) THEN false END"
        case "bigint":
            return f"whole_number({text})"
        case "timestamp":
            return utc_sql(text, formats=formats, zones=zones, is_quick=is_quick)
        case "date":
            return date_sql(text, formats=formats, zones=zones, timezone=timezone, is_quick=is_quick)
        case _:
            return f"decimal_number({text})"


def outside_sql(column: ContractColumn, value: str) -> str:
    """SQL for whether a typed value lies outside of what its type can sensibly be; '' where all is."""
    if column.data_type not in BOUNDS:
        return ""
    low, high = (f"{column.data_type} '{bound}'" for bound in BOUNDS[column.data_type])
    return f"{value} NOT BETWEEN {low} AND {high}"


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
    return (*TRUE, *FALSE) if column.data_type == "boolean" else column.values


def unfit_constants(
    column: ContractColumn, texts: Sequence[str], *, formats: Sequence[str], timezone: str
) -> list[str]:
    """Those of a profile's constants for a column that do not convert."""
    value = typed_sql(column, "text", formats=formats, timezone=timezone, zones={})
    found = rows(
        f"SELECT text FROM (SELECT text, value: {value} FROM (SELECT text: unnest($1::VARCHAR[]))) "
        f"WHERE value IS NULL OR {outside_sql(column, 'value') or 'false'}",
        list(texts),
        timezone=timezone,
    )
    return [str(text) for (text,) in found]
