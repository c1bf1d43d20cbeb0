"""What an entry makes of a file's rows before they are mapped: cells as rows, look-ups, groups marked.

Everything is SQL around a segment's own; an entry that asks for nothing of it gets the segment as it is.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from orchestration.ingest.conversion import utc_sql
from orchestration.ingest.database import literal, literals, names, quoted, statement
from orchestration.ingest.keys import Group, Lookup, Unpivot
from orchestration.ingest.landing import UnreadableFile
from orchestration.ingest.lookup import LookupTable
from orchestration.ingest.personal import looks_personal
from orchestration.ingest.profile import Entry
from orchestration.ingest.sources import Segment

GROUP_COLUMNS = ("__group_key", "__order_kind", "__order_at")
"""What says of a row which group it is of and where it stands in it; gone once one of each is taken."""

_CLOCK = r"([01]?\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,6})?)?"


@dataclass(frozen=True)
class Shape:
    """An entry's way with the rows of a file. `sheet` is the name of the sheet that is read, if any."""

    entry: Entry
    lookup: LookupTable | None = None
    sheet: str = ""

    @property
    def is_plain(self) -> bool:
        """Whether rows stay as they are."""
        spec = self.entry.spec
        return not (spec.made_columns or spec.group)

    def columns(self, columns: Sequence[str]) -> tuple[str, ...]:
        """Columns of the shaped rows; UnreadableFile where the file lacks one that the shape is made of."""
        spec = self.entry.spec
        found = list(columns)
        if spec.sheet_name:
            found.append(_made(spec.sheet_name, found, "sheet_name"))
        if spec.unpivot is not None:
            turned = set(_unpivoted(spec.unpivot, columns))
            found = [name for name in found if name not in turned]
            found += [_made(name, found, "unpivot") for name in (spec.unpivot.name, spec.unpivot.value)]
        if spec.lookup is not None:
            for name in spec.lookup.on:
                _column(name, found, "lookup")
            found += [_made(name, found, "lookup") for name in spec.lookup.take.values()]
        if spec.group is not None:
            for name in (*spec.group.by, spec.group.order):
                _column(name, found, "group")
        return tuple(found)

    def uses(self, columns: Sequence[str]) -> frozenset[str]:
        """Columns of the file, or made of it, that the shape itself reads."""
        spec, shaped = self.entry.spec, self.columns(columns)
        used = {name for name in shaped if name in spec.made_columns}
        if spec.unpivot is not None:
            used |= set(_unpivoted(spec.unpivot, columns))
        if spec.lookup is not None:
            used |= {_column(name, shaped, "lookup") for name in spec.lookup.on}
        if spec.group is not None:
            used |= {_column(name, shaped, "group") for name in (*spec.group.by, spec.group.order)}
        return frozenset(used)

    def segment(self, segment: Segment) -> Segment:
        """The segment with shaped rows; `framed` are the columns of its records."""
        if self.is_plain:
            return segment
        spec = self.entry.spec
        columns, sql, times = list(segment.columns), segment.sql, 1
        if spec.sheet_name:
            sql = f"SELECT *, {quoted(spec.sheet_name)}: {literal(self.sheet)} FROM ({sql})"
            columns.append(spec.sheet_name)
        if spec.unpivot is not None:
            turned = _unpivoted(spec.unpivot, segment.columns)
            sql, times = self._unpivot_sql(sql, spec.unpivot, turned), len(turned)
            columns = [name for name in columns if name not in turned]
            columns += [spec.unpivot.name, spec.unpivot.value]
        if spec.lookup is not None and self.lookup is not None:
            sql = _lookup_sql(sql, spec.lookup, columns, self.lookup)
        shaped = self.columns(segment.columns)
        if spec.group is not None:
            sql = self._group_sql(sql, spec.group, shaped)
        return replace(
            segment, sql=sql, columns=shaped, row_count=segment.row_count * times, framed=segment.columns
        )

    def _unpivot_sql(self, sql: str, unpivot: Unpivot, turned: Sequence[str]) -> str:
        cells = ", ".join(f"{{'n': {literal(name)}, 'v': {quoted(name)}}}" for name in turned)
        blanks = literals(dict.fromkeys(["", *(value.strip() for value in self.entry.spec.null_values)]))
        return (
            f"SELECT * EXCLUDE (__cell, {names(turned)}), {quoted(unpivot.name)}: __cell.n, "
            f"{quoted(unpivot.value)}: __cell.v, "
            f"__is_blank: __bad IS NULL AND coalesce(trim(key_text(__cell.v)), '') IN ({blanks}) "
            f"FROM (SELECT *, __cell: unnest([{cells}]) FROM ({sql}))"
        )

    def _group_sql(self, sql: str, group: Group, columns: Sequence[str]) -> str:
        by = [f"coalesce(key_text({quoted(_column(name, columns, 'group'))}), '')" for name in group.by]
        blanks = literals(dict.fromkeys(["", *(value.strip() for value in self.entry.spec.null_values)]))
        text = f"trim(key_text({quoted(_column(group.order, columns, 'group'))}))"
        value = f"CASE WHEN {text} NOT IN ({blanks}) THEN {text} END"
        zones = self.entry.spec.zones
        moment = f"epoch_us({utc_sql('__value', formats=group.format, zones=zones)})"
        number = "NULL" if group.format else "decimal_number(__value)"
        clock = (
            "NULL"
            if group.format
            else f"CASE WHEN regexp_full_match(__value, '{_CLOCK}') THEN clock(__value) END"
        )
        wrong = literal(f" is no {'time of the group’s format' if group.format else 'time, date or number'}")
        fault = (
            f"CASE WHEN __value IS NOT NULL AND __order_kind IS NULL THEN {literal(group.order + ': ')} "
            f"|| shown(__value) || {wrong} || {literal(' to take the first or last row by')} END"
        )
        return statement(
            "grouped",
            by=", ".join(by),
            value=value,
            clock=clock,
            number=number,
            moment=moment,
            fault=fault,
            rows=sql,
        )


def _lookup_sql(sql: str, lookup: Lookup, columns: Sequence[str], table: LookupTable) -> str:
    own = [f"key_text(source.{quoted(_column(name, columns, 'lookup'))})" for name in lookup.on]
    equal = " AND ".join(f"{text} = other.__k{i}" for i, text in enumerate(own))
    given = " AND ".join(f"coalesce({text}, '') <> ''" for text in own)
    taken = ", ".join(f"other.{quoted(name)}" for name in lookup.take.values())
    keys = f"concat_ws(' ', {', '.join(own)})"
    twice = literal(f"{' and '.join(lookup.on)}: ")
    value = literal("the value") if any(map(looks_personal, lookup.on)) else f"shown({keys})"
    fault = (
        f"CASE WHEN other.__twice IS NOT NULL THEN {twice} || {value} || "
        "' stands with different values in ' || other.__twice END"
    )
    return (
        f"SELECT source.* REPLACE (coalesce(source.__bad, {fault}) AS __bad), {taken}, "
        f"__is_unfound: {given} AND other.__k0 IS NULL "
        f"FROM ({sql}) AS source LEFT JOIN read_parquet({literal(table.path)}) AS other ON {equal}"
    )


def _unpivoted(unpivot: Unpivot, columns: Sequence[str]) -> tuple[str, ...]:
    found = tuple(
        name for name in columns if any(fnmatchcase(name.strip(), pattern) for pattern in unpivot.columns)
    )
    if not found:
        shown = ", ".join(columns[:12])
        raise UnreadableFile(
            f"the header has no column like {' or '.join(unpivot.columns)}, which the profile's unpivot "
            f"turns into rows; it has {shown}"
        )
    return found


def _column(name: str, columns: Sequence[str], key: str) -> str:
    """The column of the file that a name means; UnreadableFile where it has none."""
    if name in columns:
        return name
    folded = {column.casefold(): column for column in reversed(columns)}
    if (found := folded.get(name.strip().casefold())) is not None:
        return found
    near = difflib.get_close_matches(name.casefold(), folded, n=1)
    more = f" (is it {folded[near[0]]!r} now?)" if near else f"; it has {', '.join(columns[:12])}"
    raise UnreadableFile(f"the header has no column {name}, which the profile's {key} needs{more}")


def _made(name: str, columns: Sequence[str], key: str) -> str:
    """A column that the profile makes; UnreadableFile where the file has one of that name."""
    if name.casefold() in (column.casefold() for column in columns):
        cure = "take: {theirs: another name}" if key == "lookup" else "another name there"
        raise UnreadableFile(
            f"the file has a column {name} itself, which the profile's {key} makes; give {cure}"
        )
    return name
