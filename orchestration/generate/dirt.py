"""Damaged rows among good ones: what `--dirty` adds, for ingestion to reject row by row.

A damaged row is a copy of a good row of the same file with one fault; good rows stay as they are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Literal

import duckdb

from orchestration.generate.exports import Export, literal

Damage = Literal["field_count", "time", "closed_list", "required"]


@dataclass(frozen=True)
class DamagedFile:
    """How many damaged rows of each kind a file received; kinds that a table cannot have are absent."""

    path: Path
    counts: Mapping[Damage, int]


def damage_files(
    connection: duckdb.DuckDBPyConnection,
    export: Export,
    *,
    files: Sequence[tuple[Path, int]],
    share: Decimal,
) -> list[DamagedFile]:
    """Add damaged rows to the files of one table, spread evenly.

    Their number is `share` (0-1) of the table's good rows, rounded half up. `files` are the table's files
    with their good rows. The kinds of damage take turns, so that their counts differ by at most one.
    """
    kinds = _kinds_of(export)
    damaged: list[DamagedFile] = []
    good_before = 0
    for path, rows in files:
        first = _rounded(share * good_before)
        count = _rounded(share * (good_before + rows)) - first
        good_before += rows
        if count == 0:
            continue
        _damage_file(connection, export, path=path, rows=rows, count=count, first=first, kinds=kinds)
        turns = [kinds[number % len(kinds)] for number in range(first, first + count)]
        damaged.append(
            DamagedFile(path=path, counts={kind: turns.count(kind) for kind in kinds if kind in turns})
        )
    return damaged


def _kinds_of(export: Export) -> tuple[Damage, ...]:
    kinds: list[Damage] = ["field_count", "required"]
    if export.time is not None:
        kinds.append("time")
    if export.closed is not None:
        kinds.append("closed_list")
    return tuple(kinds)


def _damage_file(
    connection: duckdb.DuckDBPyConnection,
    export: Export,
    *,
    path: Path,
    rows: int,
    count: int,
    first: int,
    kinds: tuple[Damage, ...],
) -> None:
    """Rewrite one file with `count` damaged rows, evenly spread, each right after the good row it copies.

    Fields are cut at commas: no generated value holds a comma, a quote or a line break, and the query stops
    with an error if one ever does.
    """
    positions = {name: place for place, name in enumerate(export.columns, start=1)}
    cases = {
        "field_count": """case (damage_no // {kinds}) % 3
            when 0 then array_to_string(list_prepend('', fields), ',')
            when 1 then array_to_string(fields[: len(fields) - 1], ',')
            else line || ',' end""",
        "required": _replaced(positions[export.required], ""),
    }
    if export.time is not None:
        cases["time"] = _replaced(positions[export.time], "2026-13-45 25:61")
    if export.closed is not None:
        cases["closed_list"] = _replaced(positions[export.closed], "未知值")
    faults = " ".join(
        f"when {turn} then {cases[kind].replace('{kinds}', str(len(kinds)))}"
        for turn, kind in enumerate(kinds)
    )
    source = literal(path)
    partial = path.with_suffix(".partial")
    connection.execute(
        f"""
        copy (
            with line as (
                select line, row_number() over () - 1 as line_no
                from read_csv({source}, columns = {{'line': 'VARCHAR'}}, delim = '\x01',
                    quote = '', escape = '', header = false, auto_detect = false)
            ),
            damage as (
                -- Good rows are lines 1 ... rows; damaged row n copies the n-th of evenly spaced ones.
                select n + {first} as damage_no,
                    1 + (n * 2 + 1) * {rows} // (2 * {count}) as line_no
                from range({count}) as r (n)
            ),
            copied as (
                select
                    damage_no,
                    line_no,
                    line,
                    case when len(string_split(line, ',')) = {len(export.columns)}
                        and not contains(line, '"')
                        then string_split(line, ',')
                        else error('a generated value holds a comma or a quote: ' || line) end as fields
                from damage
                join line using (line_no)
            ),
            woven as (
                select line_no, -1 as damage_no, line from line
                union all
                select line_no, damage_no, case damage_no % {len(kinds)} {faults} end from copied
            )
            select line from woven order by line_no, damage_no
        ) to {literal(partial)} (format csv, header false, delimiter '\x01', quote '', escape '')
        """
    )
    partial.replace(path)


def _replaced(position: int, value: str) -> str:
    """The line with the field at `position` (from 1) replaced."""
    return f"array_to_string(fields[: {position - 1}] || ['{value}'] || fields[{position + 1} :], ',')"


def _rounded(value: Decimal) -> int:
    return int(value.quantize(Decimal(1), rounding=ROUND_HALF_UP))
