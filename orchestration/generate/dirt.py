"""Damaged rows among good ones: what `--dirty` adds, for ingestion to reject row by row.

A damaged row is a copy of a good row of the same file with one fault; good rows stay as they are.
"""

from __future__ import annotations

from collections import Counter
from decimal import ROUND_HALF_UP, Decimal

import duckdb

from orchestration.generate.centre import statements
from orchestration.generate.exports import Export, Written
from orchestration.sql import literal

_FALSE = {"required": "", "time": "2026-13-45 25:61", "closed_list": "未知值"}
"""What stands in the damaged column, by kind of damage."""


def damage_files(
    connection: duckdb.DuckDBPyConnection, export: Export, written: Written, *, share: Decimal
) -> Counter[str]:
    """Add damaged rows to the files of one table, spread evenly; returns how many of each kind.

    Their number is `share` (0-1) of the table's good rows, rounded half up. The kinds (`field_count` and the
    faults of the export) take turns, so that their counts differ by at most one.
    """
    kinds = ("field_count", *export.faults)
    places = {kind: written.columns.index(column) for kind, column in export.faults.items()}
    replaced = "\n".join(
        f"when {turn} then {_replaced(places[kind], _FALSE[kind])}"
        for turn, kind in enumerate(kinds)
        if kind in places
    )
    damaged: Counter[str] = Counter()
    good = 0
    for path, rows in written.files:
        first, last = (int((share * n).quantize(Decimal(1), ROUND_HALF_UP)) for n in (good, good + rows))
        good += rows
        if first == last:
            continue
        partial = path.with_suffix(".partial")
        connection.execute(
            statements(
                "damage",
                source=literal(path),
                target=literal(partial),
                rows=rows,
                first=first,
                count=last - first,
                columns=len(written.columns),
                kinds=len(kinds),
                replaced=replaced,
            )
        )
        partial.replace(path)
        damaged.update(kinds[number % len(kinds)] for number in range(first, last))
    return damaged


def _replaced(place: int, value: str) -> str:
    """The line with the field at `place` (from 0) replaced."""
    return f"array_to_string(fields[: {place}] || ['{value}'] || fields[{place + 2} :], ',')"
