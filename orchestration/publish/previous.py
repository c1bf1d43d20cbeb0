"""What the candidate before has that this one need not write again."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from orchestration.hashing import FileHashes
from orchestration.publish.payroll.rows import SHOWN
from orchestration.publish.payroll.write import PAYROLL
from orchestration.state.folder import AUDITOR, StateFolder, auditor_folder
from orchestration.warehouse.ledger import Span, changes_since
from orchestration.warehouse.manifest import Relation

NOTE = "candidate.json"
PERIOD = "period_id"
"""The column by which what payroll's files show tells its changes."""


@dataclass(frozen=True)
class Previous:
    """The candidate before: its folder, the SHA-256 of its files, by relation what the ledger says has
    changed since, and the hash of the titles of clauses that its files cite. Without a folder everything
    has changed.
    """

    folder: Path | None = None
    files: Mapping[str, str] = field(default_factory=dict)
    changes: Mapping[str, Sequence[Span]] = field(default_factory=dict)
    titles_hash: str = ""
    hashes: FileHashes = field(default_factory=FileHashes)

    @classmethod
    def of(cls, state: StateFolder, code_hash: str) -> Previous:
        """The state's candidate, if this code made it of this warehouse; else one that has nothing."""
        try:
            note = json.loads((state.candidate / NOTE).read_text(encoding="utf-8"))
            if note["code_hash"] != code_hash:
                return cls()
            changes = changes_since(state, note["content_hash"])
        except (OSError, ValueError, KeyError, TypeError):
            return cls()
        return cls() if changes is None else cls(state.candidate, note["files"], changes, note["titles_hash"])

    def is_changed(self, relation: Relation) -> bool:
        """Whether any of the relation's rows may be another."""
        return self.folder is None or relation.name in self.changes or not self.parts(relation)

    def parts(self, relation: Relation) -> frozenset[str]:
        """Names of the files that it has of a relation."""
        if self.folder is None:
            return frozenset()
        place = f"{auditor_folder(self.folder, relation.full_name).relative_to(self.folder)}/"
        return frozenset(name.removeprefix(place) for name in self.files if name.startswith(place))

    def is_touched(self, relation: Relation, month: str) -> bool:
        """Whether rows of the relation may be others in the part of a `month` ('' of rows without one)."""
        if self.folder is None:
            return True
        spans = self.changes.get(relation.name, ())
        told = [span for span in spans if span.column == relation.part_by]
        is_untold = len(spans) > 0 and not told
        return (
            is_untold
            or any(span.column == "" for span in spans)
            or any(span.first <= month <= span.last for span in told)
        )

    def file(self, relation: Relation, part: str) -> Path | None:
        """Its file of a part, if that is as it was written."""
        return self._as_written(f"{AUDITOR}/{relation.full_name}/{part}")

    def same_file(self, relation: Relation, part: str, written: Path) -> Path | None:
        """Its file of a part, if that is as it was written and has the bytes of the file `written` now."""
        file = self.file(relation, part)
        return file if file is not None and self.hashes.of(file) == self.hashes.of(written) else None

    def database(self, audience: str) -> Path | None:
        """Its DuckDB file of an audience, if that is as it was written."""
        return self._as_written(f"{audience}.duckdb")

    def payroll(self, period: str, names: Sequence[str]) -> Mapping[str, Path]:
        """Its files of payroll of a period by their names in that folder, if what they show is the same:
        those of `names`, and all below a name that ends in `/`. Where one is not as it was written, none of
        its folder is.
        """
        spans = [span for relation in SHOWN for span in self.changes.get(relation.partition(".")[2], ())]
        if any(span.column != PERIOD or span.first <= period <= span.last for span in spans):
            return {}
        found: dict[str, Path] = {}
        for name in names:
            place = f"{PAYROLL}/{name}"
            under = [
                one for one in self.files if one == place or (name.endswith("/") and one.startswith(place))
            ]
            paths = {one.removeprefix(f"{PAYROLL}/"): self._as_written(one) for one in under}
            if None not in paths.values():
                found |= {one: path for one, path in paths.items() if path is not None}
        return found

    def _as_written(self, name: str) -> Path | None:
        if self.folder is None or name not in self.files:
            return None
        path = self.folder / name
        return path if path.is_file() and self.hashes.of(path) == self.files[name] else None
