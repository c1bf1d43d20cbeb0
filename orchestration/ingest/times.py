"""SQL for times and dates in texts: offsets and the profile's zone, never a zone's name guessed.

DuckDB's cast of a text to TIMESTAMPTZ keeps a zone's name that it met in one row for the rows after it, up to
2,048 of them, and reads BST as Bangladesh's time. So no name ever reaches that cast: its cast to TIMESTAMP,
which knows none, decides which texts may, and what stands behind a time is looked up in the profile's `zones`
(docs/decisions/0033-zones-behind-a-time.md).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from orchestration.ingest.sources import literal

ISO = "iso"
UNIX_SECONDS = "unix_seconds"
UNIX_MILLISECONDS = "unix_milliseconds"

KNOWN_ZONES: Mapping[str, str] = dict.fromkeys(("UTC", "utc", "GMT", "gmt", "Z", "z"), "UTC")
"""Names behind a time that mean one thing everywhere; all others a profile maps."""

NAME_PATTERN = "%Z"
NAME = r"\s*\(?([A-Za-z][A-Za-z_]*(?:\d[A-Za-z]+)?(?:/[A-Za-z0-9_+\-]+)*(?:[+\-]\d+)?)\)?$"
"""A zone's name at the end of a time: CST, (CST), EST5EDT, Asia/Shanghai, UTC+8."""

_HALVES = ("AM", "PM", "am", "pm", "A", "P", "T")
"""Letters behind a time that are no zone."""


def utc_sql(text: str, *, formats: Sequence[str], zones: Mapping[str, str], is_quick: bool = False) -> str:
    """SQL for a naive TIMESTAMP in UTC, NULL where no format fits.

    An offset in the text wins, then a name in `zones`; else it is a wall clock time in the connection's
    TimeZone. `is_quick` leaves out names that every profile knows: many small files cost more to plan than to
    read.
    """
    formats = formats or (ISO,)
    plain = [_plain(text, pattern) for pattern in formats if NAME_PATTERN not in pattern]
    if is_quick and not zones:
        return f"coalesce({', '.join([*plain, 'NULL::TIMESTAMP'])})"
    names: dict[str, list[str]] = {}
    for name, zone in {**KNOWN_ZONES, **zones}.items():
        names.setdefault(zone, []).append(name)
    named = " ".join(
        f"WHEN {name_sql(text)} IN ({', '.join(map(literal, same))}) "
        f"THEN {_utc(f'timezone({literal(zone)}, {wall_sql(text, formats)})')}"
        for zone, same in names.items()
    )
    return f"coalesce({', '.join([*plain, f'CASE {named} END'])})"


def name_sql(text: str) -> str:
    """SQL for the zone's name at the end of a text, '' where there is none."""
    return f"regexp_extract({text}, {literal(NAME)}, 1)"


def wall_sql(text: str, formats: Sequence[str]) -> str:
    """SQL for the wall clock time in front of a zone's name, NULL where no format fits."""
    head = f"regexp_replace({text}, {literal(NAME)}, '')"
    walls = []
    for pattern in formats or (ISO,):
        if pattern == ISO:
            walls.append(f"CASE WHEN NOT {_has_offset(head)} THEN try_cast({head} AS TIMESTAMP) END")
        elif pattern not in (UNIX_SECONDS, UNIX_MILLISECONDS) and "%z" not in pattern:
            clock = pattern.removesuffix(NAME_PATTERN).rstrip(" (") if NAME_PATTERN in pattern else pattern
            walls.append(f"try_strptime({head}, {literal(clock)})")
    return f"coalesce({', '.join([*walls, 'NULL::TIMESTAMP'])})"


def is_unmapped_name_sql(text: str, *, formats: Sequence[str], zones: Mapping[str, str]) -> str:
    """SQL for whether a text is a time with a zone's name behind it that nobody mapped."""
    known = ", ".join(map(literal, ["", *_HALVES, *KNOWN_ZONES, *zones]))
    return f"({name_sql(text)} NOT IN ({known}) AND {wall_sql(text, formats)} IS NOT NULL)"


def date_sql(
    text: str, *, formats: Sequence[str], zones: Mapping[str, str], timezone: str, is_quick: bool = False
) -> str:
    """SQL for the local date in `timezone` of a text that is a date or a time, NULL where it is neither."""
    utc = utc_sql(text, formats=formats, zones=zones, is_quick=is_quick)
    local = f"CAST(timezone({literal(timezone)}, timezone('UTC', {utc})) AS DATE)"
    if formats:
        return local
    plain = f"CASE WHEN left({text}, 1) BETWEEN '0' AND '9' THEN try_cast({text} AS DATE) END"
    return f"CASE WHEN length({text}) <= 10 THEN {plain} ELSE {local} END"


def zoned_sql(text: str, *, is_try: bool) -> str:
    """SQL for a TIMESTAMPTZ of whatever has a text, as a profile's cast means it: fails on a zone's name."""
    cast = "try_cast" if is_try else "CAST"
    checked = f"{cast}({text} AS TIMESTAMP)"
    offset = f"CASE WHEN {checked} IS NOT NULL THEN {text} END"
    return (
        f"CASE WHEN {_ends_in_c(text)} THEN timezone('UTC', {checked}) "
        f"WHEN {_has_offset(text)} THEN {cast}({offset} AS TIMESTAMPTZ) "
        f"ELSE CAST({checked} AS TIMESTAMPTZ) END"
    )


def _plain(text: str, pattern: str) -> str:
    if pattern == ISO:
        offset = f"CASE WHEN try_cast({text} AS TIMESTAMP) IS NOT NULL THEN {text} END"
        return (
            f"CASE WHEN {_ends_in_c(text)} THEN NULL "
            f"WHEN {_has_offset(text)} THEN {_utc(f'try_cast({offset} AS TIMESTAMPTZ)')} "
            f"ELSE {_utc(f'CAST(try_cast({text} AS TIMESTAMP) AS TIMESTAMPTZ)')} END"
        )
    if pattern == UNIX_MILLISECONDS:
        return f"make_timestamp(try_cast(regexp_extract({text}, '^\\d{{1,14}}$') AS BIGINT) * 1000)"
    if pattern == UNIX_SECONDS:
        return f"make_timestamp(try_cast(regexp_extract({text}, '^\\d{{1,11}}$') AS BIGINT) * 1000000)"
    return _utc(f"CAST(try_strptime({text}, {literal(pattern)}) AS TIMESTAMPTZ)")


def _utc(instant: str) -> str:
    # The way over microseconds is several times faster than timezone('UTC', …).
    return f"make_timestamp(epoch_us({instant}))"


def _ends_in_c(text: str) -> str:
    """`UTC` behind a time is the one name that the cast to TIMESTAMP lets through."""
    return f"(suffix({text}, 'C') OR suffix({text}, 'c'))"


def _has_offset(text: str) -> str:
    return f"(contains({text}, '+') OR contains(substr({text}, 11), '-') OR contains({text}, 'Z'))"
