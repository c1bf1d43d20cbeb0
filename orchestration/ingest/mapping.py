"""From text columns to contract columns: one SQL statement per profile entry and header.

Per contract column there is a text (`__m<i>`, after null values, map and default) and a typed value
(`__t<i>`, NULL where the text does not convert). A row whose text does not convert, or that lacks a required
column, is a fault that names column and value. Nothing is rounded and nothing guessed on the way.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from orchestration.ingest.contract import ContractColumn
from orchestration.ingest.conversion import (
    BOUNDS,
    ISO,
    is_unmapped_name_sql,
    outside_sql,
    typed_sql,
    what_is_wrong,
    what_lies_outside,
    words_of,
)
from orchestration.ingest.database import literal, literals, quoted
from orchestration.ingest.expression import examined
from orchestration.ingest.formats import is_workbook
from orchestration.ingest.keys import ColumnRule
from orchestration.ingest.landing import UnreadableFile
from orchestration.ingest.personal import MASK, looks_personal
from orchestration.ingest.profile import Entry

FAULT_MARK = "meritline: a row does not fit"
"""Text of the error by which a statement says that it met a fault."""

RAW_TEXT_LIMIT = 2_000
_NOTHING = "NULL::VARCHAR"


@dataclass(frozen=True)
class Conversions:
    """SQL per contract column: its text from the raw columns, its typed value from that text (`__m<i>`).

    `failures` tell by column number whether the profile's expression failed on a row.
    """

    texts: tuple[str, ...]
    values: tuple[str, ...]
    failures: dict[int, str] = field(default_factory=dict)


class Mapping:
    """An entry resolved against a file's columns; pieces of SQL over a segment's columns.

    `columns` are those of the file's rows as the entry shapes them, `file` is what its rows are numbered by.
    JSON lines may lack any column in any part; workbooks may hold real dates beside dates as text. `used` are
    columns of the file, `missing` those of the contract that it lacks. `claimed`
    ones belong to other entries that read the file, as is told once all of them are resolved.

    `quick` conversions give the same values as `exact` ones wherever they give any, at half the cost: they do
    not look for blanks around values, and stop at an expression that fails. Rows that they cannot convert
    must be looked at with the exact ones.

    Raises UnreadableFile when the header lacks what a required column or the condition needs.
    """

    def __init__(self, entry: Entry, columns: Sequence[str], *, file_format: str, file: str = "") -> None:
        spec = entry.spec
        self.entry = entry
        self.claimed: frozenset[str] = frozenset()
        self._columns = tuple(columns)
        self._is_open = file_format == "jsonl"
        self._file_format = file_format
        self._file = file
        self._by_fold = {name.casefold(): name for name in reversed(self._columns)}
        self._nulls = list(dict.fromkeys(["", *(value.strip() for value in spec.null_values)]))
        self._hidden = {*spec.mask, *spec.drop}
        self._personal = {*filter(looks_personal, columns), *map(self._find, self._hidden)}
        if spec.lookup is not None:  # another name does not make it less personal
            self._personal |= {name for theirs, name in spec.lookup.take.items() if looks_personal(theirs)}
        self._missing: dict[str, None] = {}
        self.used: set[str] = set()
        self.exact = self._conversions(is_quick=False)
        self.quick = self._conversions(is_quick=True)
        self.condition = self._condition()
        self.missing = tuple(self._missing)

    def personal_among(self, framed: Sequence[str]) -> tuple[int, ...]:
        """Which of a record's columns are personal, by number; where cells are, all that become rows are."""
        unpivot = self.entry.spec.unpivot
        turned = unpivot.columns if unpivot is not None and unpivot.value in self._personal else ()
        return tuple(
            i
            for i, name in enumerate(framed)
            if name in self._personal or any(fnmatchcase(name.strip(), pattern) for pattern in turned)
        )

    @property
    def unknown(self) -> tuple[str, ...]:
        """Columns of the file that nobody uses."""
        known = {*self.used, *self.claimed, *self.entry.spec.drop}
        return tuple(name for name in self._columns if name not in known)

    def rows(self, segment_sql: str, *, is_quick: bool = False) -> str:
        """SQL for a segment's rows with texts and typed values beside the raw columns."""
        chosen = self.quick if is_quick else self.exact
        keep, failed = "true", "false"
        if self.condition is not None:
            keep, failed = f"coalesce(TRY(({self.condition})), false)", _failed_sql(self.condition)
        if self.entry.spec.unpivot is not None:
            keep = f"({keep} AND NOT __is_blank)"
        texts = "".join(f", __m{i}: {sql}" for i, sql in enumerate(chosen.texts))
        failures = "".join(f", __f{i}: {sql}" for i, sql in chosen.failures.items())
        values = "".join(f", __t{i}: {sql}" for i, sql in enumerate(chosen.values))
        mapped = f"SELECT *, __keep: {keep}, __fw: {failed}{texts}{failures} FROM ({segment_sql}) AS source"
        return f"SELECT *{values} FROM ({mapped}) AS mapped"

    def columns_sql(self) -> str:
        """The select list of contract columns over `rows`."""
        columns = enumerate(self.entry.table.export_columns)
        return ", ".join(f"__t{i} AS {quoted(column.name)}" for i, column in columns)

    def raw_text_sql(self) -> str:
        """The row for people: personal fields masked, the rest scrubbed; no value of what is no object."""
        parts = [
            literal(MASK) if name in self._personal else f"coalesce({quoted(name)}, '')"
            for name in self._columns
        ]
        fields = f"scrubbed(concat_ws(',', {', '.join(parts)}))"
        return f"left(CASE WHEN __bad IS NULL THEN {fields} ELSE masked_line(__raw) END, {RAW_TEXT_LIMIT})"

    def extra_sql(self) -> str:
        """JSON of the unknown columns over `rows`, personal ones masked, the rest scrubbed; of an unpivoted
        row also the column that it comes from.
        """
        unpivot = self.entry.spec.unpivot
        kept = [*([unpivot.name] if unpivot else []), *self.unknown]
        if not kept or self.entry.spec.distinct:
            return _NOTHING
        pairs = ", ".join(
            f"{literal(name)}, {literal(MASK) if name in self._personal else f'scrubbed({quoted(name)})'}"
            for name in dict.fromkeys(kept)
        )
        return f"json_object({pairs})::VARCHAR"

    def is_fault_sql(self, *, is_quick: bool = False) -> str:
        """A condition over `rows`, true for a row that must be rejected."""
        faults = (fault for _, fault, _ in self._faults(is_quick=is_quick))
        return " OR ".join(["__bad IS NOT NULL", "__fw", *faults])

    def fault_column_sql(self) -> str:
        """The first column at fault."""
        cases = [f"WHEN {fault} THEN {literal(column.name)}" for column, fault, _ in self._faults()]
        return f"CASE WHEN __bad IS NOT NULL OR __fw THEN NULL {' '.join(cases)} ELSE {_NOTHING} END"

    def reason_sql(self) -> str:
        """All faults of a row in words. Values are named, except of personal columns."""
        cases = [("__fw", literal("the profile's where could not be computed"))]
        cases += [(fault, words) for _, fault, words in self._faults()]
        said = ", ".join(f"CASE WHEN {fault} THEN {words} END" for fault, words in cases)
        return f"{self._cell()}coalesce(__bad, concat_ws('; ', {said}))"

    def excluded_sql(self) -> str:
        """Why a row is left out on purpose."""
        where = literal("left out by the profile's where")
        if self.entry.spec.unpivot is None:
            return where
        return f"{self._cell()}CASE WHEN __is_blank THEN 'the cell is empty' ELSE {where} END"

    def _cell(self) -> str:
        """SQL for the column that an unpivoted row comes from, as the beginning of a reason."""
        unpivot = self.entry.spec.unpivot
        return "" if unpivot is None else f"'column ' || shown({quoted(unpivot.name)}) || ': ' || "

    def _faults(self, *, is_quick: bool = False) -> list[tuple[ContractColumn, str, str]]:
        """Column, condition and words (SQL) of everything that may be wrong with a row."""
        found = []
        failures = {} if is_quick else self.exact.failures
        for i, column in enumerate(self.entry.table.export_columns):
            fits = ""
            if i in failures:
                failed = "could not be computed (the profile's sql failed on this row)"
                found.append((column, f"__f{i}", literal(f"{column.name} {failed}")))
                fits = f"NOT __f{i} AND "
            words = self._words(column, i)
            if column.is_required:
                blank = f" OR trim(__t{i}) = ''" if column.data_type == "varchar" else ""
                found.append((column, f"{fits}(__t{i} IS NULL{blank})", words))
            elif not column.is_any_text:
                found.append((column, f"{fits}(__m{i} IS NOT NULL AND __t{i} IS NULL)", words))
            if outside := outside_sql(column, f"__t{i}"):
                value = literal("the value") if column.is_personal else f"shown(__m{i})"
                said = (
                    f"{literal(column.name + ': ')} || {value} || {literal(' ' + what_lies_outside(column))}"
                )
                found.append((column, outside, said))
        return found

    def _words(self, column: ContractColumn, i: int) -> str:
        rule = self.entry.spec.columns.get(column.name)
        value = literal("the value") if column.is_personal else f"shown(__m{i})"
        written = () if rule is None else (rule.writing, rule.format)
        wrong = f"{value} || {literal(' ' + what_is_wrong(column, *written))}"
        if column.data_type in BOUNDS and rule is not None:
            zones = self.entry.zones_of(column.name)
            unmapped = is_unmapped_name_sql(f"__m{i}", formats=rule.format, zones=zones)
            wrong = f"CASE WHEN {unmapped} THEN ambiguous({value}, zone_name(__m{i})) ELSE {wrong} END"
        empty = literal(column.name + " is empty")
        named = f"{literal(column.name + ': ')} || {wrong}"
        return f"CASE WHEN __m{i} IS NULL OR trim(__m{i}) = '' THEN {empty} ELSE {named} END"

    def _conversions(self, *, is_quick: bool) -> Conversions:
        texts: list[str] = []
        values: list[str] = []
        failures: dict[int, str] = {}
        for i, column in enumerate(self.entry.table.export_columns):
            rule = self.entry.spec.columns.get(column.name)
            texts.append(_NOTHING if rule is None else self._text(column, rule, is_quick=is_quick))
            values.append(self._value(column, rule, f"__m{i}", is_quick=is_quick))
            if not is_quick and rule is not None and rule.sql is not None:
                expression = examined(rule.sql)
                if all(self._find(name) is not None for name in expression.columns):
                    failures[i] = _failed_sql(expression.sql)
        return Conversions(tuple(texts), tuple(values), failures)

    def _find(self, name: str) -> str | None:
        return name if name in self._columns else self._by_fold.get(name.strip().casefold())

    def _text(self, column: ContractColumn, rule: ColumnRule, *, is_quick: bool) -> str:
        if rule.value is not None:
            return literal(rule.value)
        if rule.row is not None:
            return self._numbered(rule.row)
        names = rule.from_ or examined(rule.sql or "").columns
        actual = []
        for name in names:
            if (found := self._find(name)) is None:
                return self._absent(column, rule, name)
            actual.append(found)
        self.used.update(actual)
        if column.is_personal or {column.name, *names} & self._hidden:
            self._personal.update(actual)
        if rule.sql is not None:
            value = f"CAST(({examined(rule.sql).sql}) AS VARCHAR)"
            text = self._nulled(value if is_quick else f"TRY({value})", column, is_quick=is_quick)
        elif len(actual) == 1:
            text = self._nulled(quoted(actual[0]), column, is_quick=is_quick)
        else:
            parts = [self._nulled(quoted(name), column, is_quick=is_quick) for name in actual]
            text = f"nullif(concat_ws(' ', {', '.join(parts)}), '')"
            if column.data_type == "timestamp":
                text = f"date_and_time({text}, {', '.join(_date_first(parts, rule.format))})"
        if rule.map:
            text = self._mapped(column, rule, text)
        return text if rule.default is None else f"coalesce({text}, {literal(rule.default)})"

    def _numbered(self, kind: str) -> str:
        """The number of a row in its file, or a hash of what it says; of an unpivoted one with its column.

        Equal rows get equal hashes here: they are told apart once all of the file's rows are there.
        """
        unpivot = self.entry.spec.unpivot
        name = quoted(unpivot.name) if unpivot is not None else "''"
        if kind == "number":
            column = "" if unpivot is None else f" || ':' || {name}"
            return f"{literal(self._file + ':')} || __row{column}"
        return "md5(__raw)" if unpivot is None else f"md5(__raw || chr(31) || {name})"

    def _mapped(self, column: ContractColumn, rule: ColumnRule, text: str) -> str:
        """The text replaced by the profile's map; `otherwise` for what is neither there nor in the list."""
        # Blanks around a value are cut off before it is looked up: so are those of a name copied with them.
        cases = " ".join(f"WHEN {literal(old.strip())} THEN {literal(new)}" for old, new in rule.map.items())
        other = text
        if rule.otherwise is not None:
            words = words_of(column)
            is_kept = f" OR trim({text}) IN ({literals(words)})" if words else ""
            other = f"CASE WHEN {text} IS NULL{is_kept} THEN {text} ELSE {literal(rule.otherwise)} END"
        return f"nullif(CASE trim({text}) {cases} ELSE {other} END, '')"

    def _absent(self, column: ContractColumn, rule: ColumnRule, name: str) -> str:
        self._missing[column.name] = None
        if rule.default is not None:
            return literal(rule.default)
        if column.is_required and not self._is_open:
            shown = name if name == column.name else f"{name} (for {column.name})"
            raise UnreadableFile(f"the header has no column {shown}{self._nearest(name)}")
        return _NOTHING

    def _nearest(self, name: str) -> str:
        unused = [other.casefold() for other in self._columns if other not in self.used]
        if near := difflib.get_close_matches(name.casefold(), unused, n=1):
            return f" (is it {self._by_fold[near[0]]!r} now?)"
        more = f" and {len(self._columns) - 12} more" if len(self._columns) > 12 else ""
        return f"; it has {', '.join(self._columns[:12])}{more}"

    def _nulled(self, text: str, column: ContractColumn, *, is_quick: bool) -> str:
        """The text, NULL where it is empty or one of the null values.

        Blanks around it are kept where the text itself is loaded, and dropped where it is converted or a key.
        """
        is_open = column.data_type == "varchar" and not column.values
        kept, compared = text if is_open else f"trim({text})", f"trim({text})"
        if is_open and column.name in self.entry.table.references:
            kept = compared = f"key_text({text})"
        elif is_quick and len(self._nulls) == 1:
            kept = text
        if len(self._nulls) == 1:
            return f"nullif({kept}, '')"
        return f"CASE WHEN {compared} NOT IN ({literals(self._nulls)}) THEN {kept} END"

    def _condition(self) -> str | None:
        where = self.entry.spec.where
        if where is None:
            return None
        for name in examined(where).columns:
            actual = self._find(name)
            if actual is None:
                raise UnreadableFile(f"the header has no column {name}, which the profile's where needs")
            self.used.add(actual)
        return examined(where).sql

    def _value(self, column: ContractColumn, rule: ColumnRule | None, text: str, *, is_quick: bool) -> str:
        spec = self.entry.spec
        mapped = {column.name, *(rule.from_ if rule else ())}
        if rule is None or mapped & set(spec.drop):
            return f"NULL::{column.data_type}"
        if mapped & set(spec.mask) or column.is_personal:
            return f"pseudonym({text})"
        return typed_sql(
            column,
            text,
            formats=(*rule.format, ISO) if rule.format and is_workbook(self._file_format) else rule.format,
            timezone=self.entry.timezone,
            zones=self.entry.zones_of(column.name),
            is_quick=is_quick,
            writing=rule.writing,
            file_format=self._file_format,
        )


def expected_names(entry: Entry) -> frozenset[str]:
    """Columns that an entry asks its file for: those that it makes itself are none."""
    spec = entry.spec
    rules = spec.columns.values()
    texts = [text for text in (spec.where, *(rule.sql for rule in rules)) if text is not None]
    others = [*(spec.lookup.on if spec.lookup else ())]
    if spec.group is not None:
        others += [*spec.group.by, spec.group.order]
    asked = frozenset(others).union(
        *(rule.from_ for rule in rules), *(examined(text).columns for text in texts)
    )
    return asked - frozenset(spec.made_columns)


def _failed_sql(expression: str) -> str:
    """SQL for whether an expression fails on a row; an empty result is no failure."""
    return f"(TRY(struct_pack(v := ({expression}))) IS NULL)"


def _date_first(parts: Sequence[str], formats: Sequence[str]) -> tuple[str, str]:
    """The date and the time of a pair of columns: the date comes first unless the format says otherwise."""
    first = next((pattern.lstrip(" ") for pattern in formats if pattern != ISO), "")
    is_time_first = first.startswith(("%H", "%I", "%M", "%-H", "%-I"))
    return (parts[1], parts[0]) if is_time_first else (parts[0], parts[1])
