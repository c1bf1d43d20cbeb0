"""SQL for times and dates in texts: offsets and the profile's zone, never a zone's name guessed.

Why no name reaches DuckDB's cast: `sql/macros.sql` and docs/decisions/0033-zones-behind-a-time.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from orchestration.ingest.database import literal, literals

ISO = "iso"
UNIX = ("unix_seconds", "unix_milliseconds")

KNOWN_ZONES: Mapping[str, str] = dict.fromkeys(("UTC", "utc", "GMT", "gmt", "Z", "z"), "UTC")
"""Names behind a time that mean one thing everywhere; all others a profile maps."""

NAME_PATTERN = "%Z"

_HALVES = ("AM", "PM", "am", "pm", "A", "P", "T")
"""Letters behind a time that are no zone."""


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
    return f"format_utc({text}, {literal(pattern)})"
