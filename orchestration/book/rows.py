"""Policy rows for the generated documents: read once, in the order of their files, as text."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Rows:
    """The rows of one policy file."""

    rows: tuple[dict[str, str], ...]

    def where(self, **equal: str) -> list[dict[str, str]]:
        """Rows whose cells equal what is given."""
        return [row for row in self.rows if all(row.get(name) == value for name, value in equal.items())]


def read_rows(folder: Path, name: str) -> Rows:
    """All rows of `<folder>/<name>.csv`."""
    with (folder / f"{name}.csv").open(encoding="utf-8-sig", newline="") as stream:
        return Rows(tuple(csv.DictReader(stream)))


def table(head: Sequence[str], body: Iterable[Sequence[str]]) -> list[str]:
    """A Markdown table; empty when there are no rows."""
    lines = [f"| {' | '.join(_cell(cell) for cell in row)} |" for row in body]
    if not lines:
        return []
    return [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}", *lines, ""]


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())


def dates(row: dict[str, str]) -> str:
    """From when to when a row holds; empty where it always does."""
    start, end = row.get("effective_from", ""), row.get("effective_to", "")
    if not end and start <= FIRST_DAY:
        return ""
    return f"from {start}" + (f" until {end}" if end else "")


def origin(row: dict[str, str]) -> str:
    """Mark of a number that the document leaves blank."""
    return "site" if row.get("value_origin") == "site" else ""


FIRST_DAY = "1990-01-01"
"""Rows that hold from here have always held."""
