"""Numbers and durations the way an export writes them: `R$ 1.500,00`, `12,5 %`, `1:05:30`.

A profile's rule says how its column is written. A text that is not written that way does not convert: it is
never read in another way that would also make a number of it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from orchestration.ingest.database import literal

WORDS = "words"
"""The duration pattern of `1h 5m 30s` and `1小时5分30秒`."""

MACHINE_MARK = "="
"""Stands before what a file's format stores as a number, which no rule on writing applies to."""

_BLANKS = r"[ \x{00A0}\x{2007}\x{2009}\x{202F}]"
_MINUS = r"[\-\x{2212}]"
_SEPARATORS = {" ": _BLANKS, "'": r"['\x{2019}]", "’": r"['\x{2019}]"}
_SECONDS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
_BELOW = {"h": ("(?:[01]?[0-9]|2[0-3])", "(?:[01][0-9]|2[0-3])"), "m": ("[0-5]?[0-9]", "[0-5][0-9]")}
_BELOW["s"] = _BELOW["m"]
_UNIT_WORDS = {
    "d": "d|days?|天|日",
    "h": "h|hrs?|hours?|小时|时",
    "m": "m|mins?|minutes?|分钟|分",
    "s": "s|secs?|seconds?|秒",
}
_CLOCK = ("hh:mm:ss", "hh:mm:ss.ffffff")
"""How a workbook's cells with a time are read."""

Grouping = Literal["thousands", "indian"]


@dataclass(frozen=True)
class Writing:
    """How a column's numbers, or its durations, are written."""

    decimal: str = "."
    thousands: str = ""
    grouping: Grouping = "thousands"
    currency: tuple[str, ...] = ()
    is_percent: bool = False
    durations: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """What a text is not that is not written so, as the end of a sentence."""
        if self.durations:
            return f"is not a duration written {' or '.join(self.durations)}"
        parts = [f"decimal {self.decimal!r}"]
        if self.thousands:
            parts.append(f"{'lakh groups' if self.grouping == 'indian' else 'thousands'} {self.thousands!r}")
        if self.currency:
            parts.append(f"currency {' or '.join(self.currency)}")
        if self.is_percent:
            parts.append("percent")
        return f"is not a number written as the profile says ({', '.join(parts)}) of a size that fits"


def number_sql(text: str, writing: Writing, *, is_whole: bool, has_machine_numbers: bool) -> str:
    """SQL for the number that a text writes, NULL where it is written in another way.

    In formats with numbers of their own, those are what they are: neither grouped, nor in percent.
    """
    pattern, bare = _number_pattern(writing), text
    for symbol in sorted(writing.currency, key=len, reverse=True):
        bare = f"replace({bare}, {literal(symbol)}, '')"
    kind = "whole_number" if is_whole else "percent_number" if writing.is_percent else "decimal_number"
    written = (
        f"CASE WHEN regexp_full_match({text}, {literal(pattern)}) "
        f"THEN {kind}(plain_number({bare}, {literal(writing.decimal)})) END"
    )
    if not has_machine_numbers:
        return written
    own = f"{'whole_number' if is_whole else 'decimal_number'}(substr({text}, 2))"
    return f"CASE WHEN prefix({text}, {literal(MACHINE_MARK)}) THEN {own} ELSE {written} END"


def _number_pattern(writing: Writing) -> str:
    point, gap = re.escape(writing.decimal), f"{_BLANKS}*"
    whole = "[0-9]+"
    if writing.thousands:
        separator = _SEPARATORS.get(writing.thousands, re.escape(writing.thousands))
        grouped = f"[0-9]{{1,3}}(?:{separator}[0-9]{{3}})+"
        if writing.grouping == "indian":
            grouped = f"[0-9]{{1,2}}(?:{separator}[0-9]{{2}})*{separator}[0-9]{{3}}"
        whole = f"(?:{grouped}|[0-9]+)"
    number = f"(?:{whole}(?:{point}[0-9]+)?|{point}[0-9]+)"
    if writing.is_percent:
        number += f"(?:{gap}[%％])?"
    unsigned, signed = number, f"(?:[+]|{_MINUS})?{gap}{number}"
    if writing.currency:
        symbol = f"(?:{'|'.join(map(re.escape, writing.currency))})"
        unsigned = f"(?:{number}|{symbol}{gap}{number}|{number}{gap}{symbol})"
        signed = f"(?:(?:[+]|{_MINUS})?{gap}{unsigned}|{symbol}{gap}(?:[+]|{_MINUS}){gap}{number})"
    return f"{gap}(?:{signed}|{unsigned}{gap}{_MINUS}|\\({gap}{unsigned}{gap}\\)){gap}"


def duration_sql(text: str, writing: Writing, *, is_whole: bool, is_workbook: bool) -> str:
    """SQL for the seconds that a text writes, NULL where no pattern fits; whole ones alone for `is_whole`."""
    patterns = dict.fromkeys([*writing.durations, *(_CLOCK if is_workbook else ())])
    found = [_seconds(text, *_duration_pattern(pattern)) for pattern in patterns]
    seconds = f"coalesce({', '.join(found)}, NULL::DECIMAL(18, 6))"
    return f"whole_number(CAST({seconds} AS VARCHAR))" if is_whole else seconds


def _seconds(text: str, pattern: str, units: list[str]) -> str:
    whole = literal(f"^{pattern}$")
    parts = [
        f"coalesce(try_cast(replace(regexp_extract({text}, {whole}, {number}), ',', '.') "
        f"AS DECIMAL(13, 6)), 0) * {_SECONDS[unit]}"
        for number, unit in enumerate(units, start=1)
    ]
    total = f"CAST({' + '.join(parts)} AS DECIMAL(18, 6))"
    is_fit = f"regexp_matches({text}, {whole}) AND regexp_matches({text}, '[0-9]')"
    return f"CASE WHEN {is_fit} THEN {total} END"


def duration_fault(pattern: str) -> str:
    """Why a text is no pattern of durations, '' when it is one."""
    if pattern == WORDS:
        return ""
    _, units = _duration_pattern(pattern)
    order = [unit for unit in _SECONDS if unit in units]
    if not units or units != order:
        return f"{pattern!r} is no pattern of a duration; write {WORDS}, hh:mm:ss, mm:ss, h:mm, hh:mm:ss.fff"
    letters = "".join(units)
    if letters not in "dhms":
        return f"{pattern!r} leaves out a unit between others"
    if re.search(r"(?<!s[.,])(?<!f)f", pattern):
        return f"{pattern!r}: fff are the digits behind the seconds' decimal sign (ss.fff)"
    return ""


def _duration_pattern(pattern: str) -> tuple[str, list[str]]:
    """A regular expression of a duration, whole, and the units of its groups."""
    if pattern == WORDS:
        gap = r"[ \x{00A0}]*"
        digits = {"s": r"[0-9]{1,6}(?:[.,][0-9]{1,6})?"}
        parts = [
            f"(?:({digits.get(unit, '[0-9]{1,6}')}){gap}(?:{words}))?" for unit, words in _UNIT_WORDS.items()
        ]
        return "(?i)" + gap.join(parts), list(_SECONDS)
    found, units = "", list[str]()
    for token in re.findall(r"'[^']*'|[.,]f+|d+|h+|m+|s+|.", pattern):
        unit = token[0]
        if re.fullmatch(r"[.,]f+", token):
            # The fraction belongs into the seconds' group, which is the one before it.
            found = f"{found.removesuffix(')')}{re.escape(token[0])}[0-9]{{1,6}})"
            continue
        if unit in _SECONDS:
            wide = "[0-9]{1,6}"
            found += (
                f"({wide if not units else _BELOW[unit][min(len(token), 2) - 1] if unit in _BELOW else wide})"
            )
            units.append(unit)
        else:
            found += re.escape(token.strip("'") if len(token) > 1 else token)
    return found, units
