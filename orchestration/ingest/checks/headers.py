"""Header drift: columns that are new, gone or renamed since the last load read the same way."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence

from orchestration.ingest.expression import examined
from orchestration.ingest.profile import Entry
from orchestration.ingest.report import LOADED, LoadFigures


def header_notes(
    new: Sequence[LoadFigures], known: Iterable[LoadFigures], entries: Mapping[str, Entry]
) -> list[str]:
    """Sentences on the headers of new loads, compared with the last earlier load of the same profile entry.

    A first load is compared with the contract: its unknown columns are named, with the contract column that
    each may stand for; and with its profile, `entries` by load, whose columns the file may lack.
    """
    history = sorted((load for load in known if load.status == LOADED), key=lambda load: load.load_seq)
    notes: dict[str, None] = {}
    for load in sorted(new, key=lambda load: load.load_seq):
        if load.status != LOADED:
            continue
        before = next((past for past in reversed(history) if _same_reading(past, load)), None)
        notes |= dict.fromkeys(_drift(load, before, entries.get(load.load_id)))
        history.append(load)
    return list(notes)


def _same_reading(past: LoadFigures, load: LoadFigures) -> bool:
    return (past.profile, past.entry_no, past.table_name) == (load.profile, load.entry_no, load.table_name)


def _drift(load: LoadFigures, before: LoadFigures | None, entry: Entry | None) -> list[str]:
    appeared = _without(load.unknown_columns, before.unknown_columns if before else ())
    gone = _without(load.missing_columns, before.missing_columns if before else ())
    notes: list[str] = []
    renamed: set[str] = set()
    for name in gone:
        near = difflib.get_close_matches(name, [other.casefold() for other in appeared], n=1, cutoff=0.7)
        if near:
            actual = next(other for other in appeared if other.casefold() == near[0])
            notes.append(
                f"{load.file}: {name} has no column any more; is it {actual!r} now?"
                if before
                else f"{load.file}: {name} has no column; is it {actual!r}?"
            )
            renamed |= {name, actual}
    fresh = [name for name in appeared if name not in renamed]
    if fresh:
        since = "new since the last export" if before else "not in the contract"
        notes.append(f"{load.file}: columns {since}, kept in raw: {', '.join(fresh)}")
    lost = [name for name in gone if name not in renamed]
    if lost and before:
        notes.append(f"{load.file}: columns gone since the last export, read as empty: {', '.join(lost)}")
    if lost and not before and entry is not None and not entry.is_canonical:
        asked = ", ".join(f"{' or '.join(_asked(entry, name))} (for {name})" for name in lost)
        notes.append(f"{load.file}: profile {entry.profile} reads columns that it does not have: {asked}")
    return notes


def _asked(entry: Entry, name: str) -> Sequence[str]:
    """Columns of the file that a rule reads."""
    rule = entry.spec.columns[name]
    return rule.from_ or examined(rule.sql or "").columns


def _without(names: Sequence[str], others: Sequence[str]) -> list[str]:
    return [name for name in names if name not in others]
