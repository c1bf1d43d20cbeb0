"""Why rows were rejected, by reason: how often, with an example, and where to mend it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from orchestration.ingest.database import rows, statement
from orchestration.ingest.profile import Entry

SHOWN_REASONS = 3

_UNMAPPED = re.compile(r"(?:^|; |: )(\w+): (?:'[^']*'|the value) is not one of ")
"""Which column's value is none of a closed list, in the words of a reason."""


@dataclass(frozen=True)
class RejectGroup:
    """Rows of a table rejected for one reason, values aside; `file`, `row` and `reason` are those of the
    first of them. `row` is None for a file rejected whole.
    """

    table: str
    column: str | None
    reason: str
    file: str
    row: int | None
    load_id: str
    count: int

    @property
    def place(self) -> str:
        """File and row of the example."""
        return self.file if self.row is None else f"{self.file}, row {self.row}"


def commonest(paths: Iterable[Path], *, per_file: bool = False) -> list[RejectGroup]:
    """Groups of the faulty rows in Parquet files of rejects, largest first; `per_file` keeps files apart."""
    existing = [path for path in paths if path.exists()]
    if not existing:
        return []
    select = statement("commonest_rejects", split=", file" if per_file else "")
    found = rows(select, [str(path) for path in existing])
    return [
        RejectGroup(table, column, reason, file, None if row is None else int(row), load_id, int(count))
        for table, column, reason, file, row, load_id, count in found
    ]


def reject_notes(groups: Sequence[RejectGroup], entries: Mapping[str, Entry]) -> list[str]:
    """Sentences with the commonest reasons of each table; `entries` by load."""
    notes: list[str] = []
    for table in sorted({group.table for group in groups}):
        own = [group for group in groups if group.table == table]
        for group in own[:SHOWN_REASONS]:
            times = f"{group.count:,} × " if group.count > 1 else ""
            notes.append(f"{table} rejected: {times}{group.reason} ({group.place}){_cure(group, entries)}")
        if others := own[SHOWN_REASONS:]:
            rows = sum(group.count for group in others)
            notes.append(f"{table} rejected: {rows:,} more for {len(others)} other reasons")
    return notes


def where_to_mend(group: RejectGroup, entry: Entry | None) -> str:
    """What cures a group's reason, as a sentence."""
    if entry is None or entry.is_canonical:
        return "Fix the export and drop it again"
    place = f"files entry {entry.entry_no} of profile {entry.profile}"
    if unmapped := _UNMAPPED.search(group.reason):  # not always the first of a row's faults
        return (
            f"Map the value in the profile ({place}, column {unmapped[1]}: map names single values, "
            "otherwise stands for all others, default for an empty one only)"
        )
    return f"Mend the profile ({place}), or fix the export and drop it again"


def _cure(group: RejectGroup, entries: Mapping[str, Entry]) -> str:
    entry = entries.get(group.load_id)
    if entry is None or entry.is_canonical or not _UNMAPPED.search(group.reason):
        return ""
    return f". {where_to_mend(group, entry)}"
