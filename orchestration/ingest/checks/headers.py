"""Header drift: columns that are new, gone or renamed since the last load read the same way."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

from orchestration.ingest.report import LOADED, LoadFigures


def header_notes(new: Sequence[LoadFigures], known: Iterable[LoadFigures]) -> list[str]:
    """Sentences on the headers of new loads, compared with the last earlier load of the same profile entry.

    A first load is compared with the contract: its unknown columns are named, with the contract column that
    each may stand for.
    """
    history = sorted((load for load in known if load.status == LOADED), key=lambda load: load.load_seq)
    notes: dict[str, None] = {}
    for load in sorted(new, key=lambda load: load.load_seq):
        if load.status != LOADED:
            continue
        before = next((past for past in reversed(history) if _same_reading(past, load)), None)
        notes |= dict.fromkeys(_drift(load, before))
        history.append(load)
    return list(notes)


def _same_reading(past: LoadFigures, load: LoadFigures) -> bool:
    return (past.profile, past.entry_no, past.table_name) == (load.profile, load.entry_no, load.table_name)


def _drift(load: LoadFigures, before: LoadFigures | None) -> list[str]:
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
    return notes


def _without(names: Sequence[str], others: Sequence[str]) -> list[str]:
    return [name for name in names if name not in others]
