"""SQL for the typed value of a text, by the contract's types; nothing is rounded and nothing guessed.

Times: offsets and the profile's zone, never a zone's name guessed. What the SQL is made of, and why no name
reaches DuckDB's cast: `sql/macros.sql` and docs/decisions/0033-zones-behind-a-time.md.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import duckdb

from orchestration.ingest.contract import ContractColumn
from orchestration.ingest.database import literal, literals, rows
from orchestration.ingest.formats import has_own_numbers, is_workbook
from orchestration.ingest.writing import Writing, duration_sql, number_sql

ISO = "iso"
UNIX = ("unix_seconds", "unix_milliseconds")

KNOWN_ZONES: Mapping[str, str] = dict.fromkeys(("UTC", "utc", "GMT", "gmt", "Z", "z"), "UTC")
"""Names behind a time that mean one thing everywhere; all others a profile maps."""

NAME_PATTERN = "%Z"

_KINDS = {"timestamp": "time", "date": "date"}

_HALVES = ("AM", "PM", "am", "pm", "A", "P", "T")
"""Letters behind a time that are no zone."""

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
    writing: Writing | None = None,
    file_format: str = "csv",
) -> str:
    """SQL for the typed value of a text, NULL where it does not convert exactly.

    Times are UTC: an offset in the text wins, then a zone's name in `zones`, else it is a wall clock time in
    `timezone`, which must be the connection's TimeZone. `is_quick` gives NULL for more texts, see `utc_sql`.
    `writing` says how a profile's column writes its numbers or durations.
    """
    if writing is not None:
        is_whole = column.data_type == "bigint"
        if writing.durations:
            return duration_sql(text, writing, is_whole=is_whole, is_workbook=is_workbook(file_format))
        return number_sql(text, writing, is_whole=is_whole, has_machine_numbers=has_own_numbers(file_format))
    match column.data_type:
        case "varchar" if column.values:
            return f"CASE WHEN {text} IN ({literals(column.values)}) THEN {text} END"
        case "varchar" if column.is_period:
            return f"period({text})"
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


def what_lies_outside(column: ContractColumn) -> str:
    """What is wrong with a value outside of BOUNDS, as the end of a sentence: many systems write "none yet"
    as a date that no calendar of theirs reaches.
    """
    low, high = BOUNDS[column.data_type]
    none = (
        "" if column.is_required else "; where it stands for none, leave it empty or name it in null_values"
    )
    return f"lies outside of {low} to {high}{none}"


def what_is_wrong(column: ContractColumn, writing: Writing | None = None, formats: Sequence[str] = ()) -> str:
    """What a text is not that does not convert, as the end of a sentence."""
    if writing is not None:
        return writing.words
    if formats and column.data_type in BOUNDS:
        return f"is not a {_KINDS[column.data_type]} written {' or '.join(formats)}, as the profile says"
    return {
        "timestamp": "is not a time",
        "date": "is not a date",
        "decimal(18,6)": "is not a number of at most 12 digits and 6 decimals",
        "bigint": "is not a whole number",
        "boolean": "is not one of true, false, 1, 0, Y, N, 是, 否",
        "varchar": "is not a period written 2026-10, 2026-Q4 or 2026"
        if column.is_period
        else f"is not one of {', '.join(column.values)}",
    }[column.data_type]


def words_of(column: ContractColumn) -> tuple[str, ...]:
    """The texts that a column of a closed list takes; none for an open one."""
    return (*TRUE, *FALSE) if column.data_type == "boolean" else column.values


def unfit_constants(
    column: ContractColumn,
    texts: Sequence[str],
    *,
    formats: Sequence[str],
    timezone: str,
    writing: Writing | None = None,
) -> list[str]:
    """Those of a profile's constants for a column that do not convert."""
    value = typed_sql(column, "text", formats=formats, timezone=timezone, zones={}, writing=writing)
    found = rows(
        f"SELECT text FROM (SELECT text, value: {value} FROM (SELECT text: unnest($1::VARCHAR[]))) "
        f"WHERE value IS NULL OR {outside_sql(column, 'value') or 'false'}",
        list(texts),
        timezone=timezone,
    )
    return [str(text) for (text,) in found]


def format_fault(pattern: str) -> str:
    """Why no text can be read by a `format`, '' where one can."""
    if pattern in (ISO, *UNIX):
        return ""
    if "%" not in pattern:
        return (
            f"format {pattern!r} has no field such as %Y: write strptime ones (%d/%m/%Y %H:%M), or one of "
            f"{', '.join((ISO, *UNIX))}"
        )
    try:
        rows(f"SELECT try_strptime('', {literal(pattern.removesuffix(NAME_PATTERN))})")
    except duckdb.Error as error:
        said = str(error).partition(": ")[2].partition("\n")[0]
        return f"format {pattern!r} cannot be read as a strptime pattern ({said})"
    return ""


def lacks_year(pattern: str) -> bool:
    """Whether a `format` leaves open which year is meant, so that everything would be of 1900."""
    return pattern not in (ISO, *UNIX) and not re.search(r"%-?[YyGcx]", pattern)


def utc_sql(text: str, *, formats: Sequence[str], zones: Mapping[str, str], is_quick: bool = False) -> str:
    """SQL for a naive TIMESTAMP in UTC, NULL where no format fits.

    An offset in the text wins, then a name in `zones`; else it is a wall clock time in the connection's
    TimeZone. `is_quick` leaves out names that every profile knows: many small files cost more to plan than to
    read.
    """
    found = [_plain(text, pattern) for pattern in formats or (ISO,) if NAME_PATTERN not in pattern]
    if zones or not is_quick:
        known = {**KNOWN_ZONES, **zones}
        zone = f"MAP {{{', '.join(f'{literal(name)}: {literal(known[name])}' for name in known)}}}"
        found.append(f"utc(timezone({zone}[zone_name({text})], {wall_sql(text, formats)}))")
    return f"coalesce({', '.join(found)}, NULL::TIMESTAMP)"


def wall_sql(text: str, formats: Sequence[str]) -> str:
    """SQL for the wall clock time in front of a zone's name, NULL where no format fits."""
    head = f"before_zone({text})"
    walls = []
    for pattern in formats or (ISO,):
        if pattern == ISO:
            walls.append(f"iso_wall({head})")
        elif pattern not in UNIX and "%z" not in pattern:
            clock = pattern.removesuffix(NAME_PATTERN).rstrip(" (") if NAME_PATTERN in pattern else pattern
            walls.append(f"try_strptime({head}, {literal(clock)})")
    return f"coalesce({', '.join([*walls, 'NULL::TIMESTAMP'])})"


def is_unmapped_name_sql(text: str, *, formats: Sequence[str], zones: Mapping[str, str]) -> str:
    """SQL for whether a text is a time with a zone's name behind it that nobody mapped."""
    known = literals(["", *_HALVES, *KNOWN_ZONES, *zones])
    return f"(zone_name({text}) NOT IN ({known}) AND {wall_sql(text, formats)} IS NOT NULL)"


def date_sql(
    text: str, *, formats: Sequence[str], zones: Mapping[str, str], timezone: str, is_quick: bool = False
) -> str:
    """SQL for the local date in `timezone` of a text that is a date or a time, NULL where it is neither."""
    utc = utc_sql(text, formats=formats, zones=zones, is_quick=is_quick)
    local = f"CAST(timezone({literal(timezone)}, timezone('UTC', {utc})) AS DATE)"
    return local if formats else f"short_date({text}, {local})"


def _plain(text: str, pattern: str) -> str:
    if pattern == ISO or pattern in UNIX:
        return f"{pattern}_utc({text})"
    macro = "offset_format_utc" if "%z" in pattern else "format_utc"
    return f"{macro}({text}, {literal(pattern)})"
