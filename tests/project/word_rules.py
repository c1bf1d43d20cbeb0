"""Words that SQL reads from policy rows against the lists beside the rows."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping

EVENT_COLUMNS = {
    "channel": "ticket.contact.channel",
    "status": "workforce.attendance.status",
    "kind": "workforce.recognition.kind",
}
"""Columns whose values name kinds of events, by themselves or behind a prefix, and their closed lists."""


def event_kinds_in_sql(sql: Iterable[str], contract: Mapping[str, Collection[str]]) -> set[str]:
    """Kinds of events that models make: `'x' as event_kind`, `'x_' || column as …`, `column as …`."""
    found = set()
    for text in sql:
        found |= set(re.findall(r"'(\w+)' as event_kind", text))
        for prefix, column in re.findall(r"(?:'(\w+)' \|\| )?\b(\w+) as event_kind", text):
            found |= {f"{prefix}{value}" for value in contract.get(EVENT_COLUMNS.get(column, ""), ())}
    return found


def parameters_in_sql(sql: Iterable[str]) -> set[str]:
    """Parameters that models and macros ask for by name."""
    return {name for text in sql for name in re.findall(r"\bparameter = '(\w+)'", text)}


def words_in_sql(column: str, sql: Iterable[str]) -> set[str]:
    """Words that SQL compares a column with: `column = 'x'`, `column in ('x', 'y')`."""
    found = set()
    for text in sql:
        for listed in re.findall(rf"\b{column} (?:=|<>|in) \(?((?:'\w+'(?:, )?)+)", text):
            found |= set(re.findall(r"'(\w+)'", listed))
    return found


def unlisted(what: str, read: Collection[str], listed: Collection[str]) -> list[str]:
    """Words that are read and not listed, and those listed that nothing reads."""
    return [
        *(f"{what} {word}: read by SQL, in no list" for word in sorted(set(read) - set(listed))),
        *(f"{what} {word}: listed, read by no SQL" for word in sorted(set(listed) - set(read))),
    ]
