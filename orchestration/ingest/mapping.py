"""From text columns to contract columns: one SQL statement per profile entry and header.

Per contract column there is a text (`__m<i>`, after null values, map and default) and a typed value
(`__t<i>`, NULL where the text does not convert). A row whose text does not convert, or that lacks a required
column, is a fault that names column and value. Nothing is rounded and nothing guessed on the way.
"""

from __future__ import annotations

import difflib
import functools
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import duckdb

from orchestration.errors import ConfigurationError
from orchestration.ingest.contract import ContractColumn
from orchestration.ingest.landing import UnreadableFile
from orchestration.ingest.personal import MASK, looks_personal, pseudonym_sql, scrubbed_sql
from orchestration.ingest.profile import ISO, UNIX_MILLISECONDS, UNIX_SECONDS, ColumnRule, Entry
from orchestration.ingest.sources import literal, quoted

FAULT_MARK = "meritline: a row does not fit"
"""Text of the error by which a statement says that it met a fault."""

RAW_TEXT_LIMIT = 2_000
VALUE_LIMIT = 80

_BOOLEANS = {
    True: ("true", "1", "Y", "是", "True", "TRUE", "y"),
    False: ("false", "0", "N", "否", "False", "FALSE", "n"),
}
_BOUNDS = {"timestamp": ("1970-01-02", "2200-01-01"), "date": ("1900-01-01", "2200-01-01")}
"""Outside of these a time is a mistake; DuckDB's words `epoch` and `infinity` lie outside too."""


@dataclass(frozen=True)
class Conversions:
    """SQL per contract column: its text from the raw columns, its typed value from that text (`__m<i>`)."""

    texts: tuple[str, ...]
    values: tuple[str, ...]


@dataclass(frozen=True)
class Mapping:
    """An entry resolved against a file's columns; pieces of SQL over a segment's columns.

    `quick` conversions give the same values as `exact` ones wherever they give any, at half the cost: they do
    not look for blanks around values. A row that they cannot convert must be looked at with the exact ones.
    """

    entry: Entry
    columns: tuple[str, ...]
    exact: Conversions
    quick: Conversions
    condition: str | None
    used: frozenset[str]
    unknown: tuple[str, ...]
    missing: tuple[str, ...]
    personal: tuple[int, ...]
    raw_text: str
    extra: str

    def rows(self, segment_sql: str, *, is_quick: bool = False) -> str:
        """SQL for a segment's rows with texts and typed values beside the raw columns."""
        chosen = self.quick if is_quick else self.exact
        keep = "true" if self.condition is None else f"coalesce(({self.condition}), false)"
        texts = "".join(f", __m{i}: {sql}" for i, sql in enumerate(chosen.texts))
        values = "".join(f", __t{i}: {sql}" for i, sql in enumerate(chosen.values))
        mapped = f"SELECT *, __keep: {keep}{texts} FROM ({segment_sql}) AS source"
        return f"SELECT *{values} FROM ({mapped}) AS mapped"

    def columns_sql(self) -> str:
        """The select list of contract columns over `rows`."""
        names = (column.name for column in self.entry.table.export_columns)
        return ", ".join(f"__t{i} AS {quoted(name)}" for i, name in enumerate(names))

    def raw_text_sql(self) -> str:
        """The row for people, over `rows`; of a line that is no JSON object all values are masked."""
        line = (
            f"regexp_replace(__raw, '(:\\s*)(\"(\\\\.|[^\"\\\\])*\"?|[^\\s,\\[\\]{{}}]+)', '\\1{MASK}', 'g')"
        )
        masked = f"left({scrubbed_sql(line)}, {RAW_TEXT_LIMIT})"
        return f"CASE WHEN __bad IS NULL THEN {self.raw_text} ELSE {masked} END"

    def is_fault_sql(self) -> str:
        """A condition over `rows`, true for a row that must be rejected."""
        return " OR ".join(["__bad IS NOT NULL", *(fault for _, fault in self._faults())])

    def fault_column_sql(self) -> str:
        """The first column at fault."""
        cases = [f"WHEN {fault} THEN {literal(column.name)}" for column, fault in self._faults()]
        return f"CASE WHEN __bad IS NOT NULL THEN NULL {' '.join(cases)} END" if cases else "NULL::VARCHAR"

    def reason_sql(self) -> str:
        """All faults of a row in words. Values are named, except of personal columns."""
        cases = [f"CASE WHEN {fault} THEN {self._words(column)} END" for column, fault in self._faults()]
        words = f"concat_ws('; '{''.join(', ' + case for case in cases)})" if cases else "''"
        return f"coalesce(__bad, {words})"

    def _faults(self) -> list[tuple[ContractColumn, str]]:
        found = []
        for i, column in enumerate(self.entry.table.export_columns):
            if column.is_required:
                blank = f" OR trim(__t{i}) = ''" if column.data_type == "varchar" else ""
                found.append((column, f"(__t{i} IS NULL{blank})"))
            elif column.data_type != "varchar" or column.values:
                found.append((column, f"(__m{i} IS NOT NULL AND __t{i} IS NULL)"))
            if column.data_type in _BOUNDS:
                low, high = (f"{column.data_type} '{bound}'" for bound in _BOUNDS[column.data_type])
                found.append((column, f"__t{i} NOT BETWEEN {low} AND {high}"))
        return found

    def _words(self, column: ContractColumn) -> str:
        i = self.entry.table.export_columns.index(column)
        what = {
            "timestamp": "is not a time",
            "date": "is not a date",
            "decimal(18,6)": "is not a number of at most 12 digits and 6 decimals",
            "bigint": "is not a whole number",
            "boolean": "is not one of true, false, 1, 0, Y, N, 是, 否",
            "varchar": f"is not one of {', '.join(column.values)}",
        }[column.data_type]
        value = literal("the value") if column.is_personal else _shown(f"__m{i}")
        wrong = f"{literal(column.name + ': ')} || {value} || {literal(' ' + what)}"
        empty = literal(column.name + " is empty")
        return f"CASE WHEN __m{i} IS NULL OR trim(__m{i}) = '' THEN {empty} ELSE {wrong} END"


def resolve(
    entry: Entry, columns: Sequence[str], *, file_format: str, claimed: frozenset[str] = frozenset()
) -> Mapping:
    """Resolve an entry against a file's columns; `claimed` ones belong to other entries that read the file.

    JSON lines may lack any column in any part; workbooks may hold real dates beside dates as text.

    Raises UnreadableFile when the header lacks what a required column or the condition needs.
    """
    return _Resolver(entry, tuple(columns), file_format).mapping(claimed)


def expected_names(entry: Entry) -> frozenset[str]:
    """File columns that an entry asks for."""
    names: set[str] = set()
    for rule in entry.spec.columns.values():
        names.update(rule.from_)
        if rule.sql is not None:
            names.update(referenced_columns(rule.sql, entry))
    if entry.spec.where is not None:
        names.update(referenced_columns(entry.spec.where, entry))
    return frozenset(names)


def referenced_columns(expression: str, entry: Entry) -> tuple[str, ...]:
    """Columns that a DuckDB expression of a profile reads; ConfigurationError when it is none."""
    names, message = _parsed(expression)
    if message:
        raise ConfigurationError(
            path=entry.path,
            problem=f"files entry {entry.entry_no}: {expression!r} is not a DuckDB expression ({message})",
            remedy='Correct it; columns with blanks or Chinese names are written "in double quotes"',
        )
    return names


@functools.cache
def _parsed(expression: str) -> tuple[tuple[str, ...], str]:
    """Column references of an expression, and what is wrong with it if it is none."""
    with duckdb.connect() as connection:
        found = connection.execute(
            "SELECT json_serialize_sql($1)", [f"SELECT ({expression}) FROM source"]
        ).fetchone()
    tree = json.loads(found[0]) if found else {}
    statements = tree.get("statements") or []
    if tree.get("error") or len(statements) != 1:
        return (), str(tree.get("error_message", "it is more than one statement"))
    names: list[str] = []
    _collect_columns(statements[0]["node"]["select_list"], frozenset(), names)
    return tuple(dict.fromkeys(names)), ""


def _collect_columns(node: object, bound: frozenset[str], names: list[str]) -> None:
    """Column references of a serialised expression; parameters of lambdas are none."""
    if isinstance(node, list):
        for item in node:
            _collect_columns(item, bound, names)
    elif isinstance(node, dict):
        if node.get("class") == "COLUMN_REF":
            name = str(node["column_names"][-1])
            if name not in bound:
                names.append(name)
            return
        inner = bound
        if node.get("class") == "LAMBDA":
            parameters: list[str] = []
            _collect_columns(node.get("lhs"), frozenset(), parameters)
            inner = bound | frozenset(parameters)
        for key, item in node.items():
            if not (node.get("class") == "LAMBDA" and key == "lhs"):
                _collect_columns(item, inner, names)


class _Resolver:
    def __init__(self, entry: Entry, columns: tuple[str, ...], file_format: str) -> None:
        self._entry = entry
        self._columns = columns
        self._is_open = file_format == "jsonl"
        self._is_workbook = file_format == "xlsx"
        self._by_name = {name: name for name in columns}
        self._by_fold = {name.casefold(): name for name in reversed(columns)}
        self._used: set[str] = set()
        self._personal: set[str] = {name for name in columns if looks_personal(name)}
        self._missing: list[str] = []

    def mapping(self, claimed: frozenset[str]) -> Mapping:
        spec = self._entry.spec
        named = {*spec.mask, *spec.drop}
        self._personal |= {found for name in named if (found := self._find(name)) is not None}
        exact = self._conversions(is_quick=False)
        self._missing.clear()
        quick = self._conversions(is_quick=True)
        condition = self._condition()
        known = {*self._used, *claimed, *spec.drop}
        unknown = tuple(name for name in self._columns if name not in known)
        return Mapping(
            entry=self._entry,
            columns=self._columns,
            exact=exact,
            quick=quick,
            condition=condition,
            used=frozenset(self._used),
            unknown=unknown,
            missing=tuple(self._missing),
            personal=tuple(i for i, name in enumerate(self._columns) if name in self._personal),
            raw_text=self._raw_text(),
            extra=self._extra(unknown),
        )

    def _conversions(self, *, is_quick: bool) -> Conversions:
        texts: list[str] = []
        values: list[str] = []
        for column in self._entry.table.export_columns:
            rule = self._entry.spec.columns.get(column.name)
            texts.append("NULL::VARCHAR" if rule is None else self._text(column, rule, is_quick=is_quick))
            values.append(self._value(column, rule, f"__m{len(values)}"))
        return Conversions(tuple(texts), tuple(values))

    def _find(self, name: str) -> str | None:
        return self._by_name.get(name) or self._by_fold.get(name.strip().casefold())

    def _text(self, column: ContractColumn, rule: ColumnRule, *, is_quick: bool) -> str:
        if rule.value is not None:
            return literal(rule.value)
        names = rule.from_ or referenced_columns(rule.sql or "", self._entry)
        found = {name: self._find(name) for name in names}
        if absent := [name for name, actual in found.items() if actual is None]:
            return self._absent(column, rule, absent)
        actual = [name for name in found.values() if name is not None]
        self._used.update(actual)
        if column.is_personal or {column.name, *names} & {*self._entry.spec.mask, *self._entry.spec.drop}:
            self._personal.update(actual)
        if rule.sql is not None:
            text = self._nulled(f"CAST(({rule.sql}) AS VARCHAR)", column, is_quick=is_quick)
        elif len(actual) == 1:
            text = self._nulled(quoted(actual[0]), column, is_quick=is_quick)
        else:
            parts = ", ".join(self._nulled(quoted(name), column, is_quick=is_quick) for name in actual)
            text = f"nullif(concat_ws(' ', {parts}), '')"
        if rule.map:
            cases = " ".join(f"WHEN {literal(old)} THEN {literal(new)}" for old, new in rule.map.items())
            text = f"CASE trim({text}) {cases} ELSE {text} END"
        return text if rule.default is None else f"coalesce({text}, {literal(rule.default)})"

    def _absent(self, column: ContractColumn, rule: ColumnRule, absent: Iterable[str]) -> str:
        name = next(iter(absent))
        self._missing.append(column.name)
        if rule.default is not None:
            return literal(rule.default)
        if column.is_required and not self._is_open:
            shown = name if name == column.name else f"{name} (for {column.name})"
            raise UnreadableFile(f"the header has no column {shown}{self._nearest(name)}")
        return "NULL::VARCHAR"

    def _nearest(self, name: str) -> str:
        unused = [other for other in self._columns if other not in self._used]
        near = difflib.get_close_matches(name.casefold(), [other.casefold() for other in unused], n=1)
        return f" (is it {self._by_fold[near[0]]!r} now?)" if near else f"; it has {_listed(self._columns)}"

    def _nulled(self, text: str, column: ContractColumn, *, is_quick: bool) -> str:
        """The text, NULL where it is empty or one of the null values.

        Blanks around it are kept where the text itself is loaded, and dropped where it is converted.
        """
        is_open = column.data_type == "varchar" and not column.values
        kept = text if is_open else f"trim({text})"
        nulls = dict.fromkeys(["", *(value.strip() for value in self._entry.spec.null_values)])
        if len(nulls) == 1:
            return f"nullif({text if is_quick else kept}, '')"
        return f"CASE WHEN trim({text}) NOT IN ({', '.join(map(literal, nulls))}) THEN {kept} END"

    def _condition(self) -> str | None:
        where = self._entry.spec.where
        if where is None:
            return None
        for name in referenced_columns(where, self._entry):
            actual = self._find(name)
            if actual is None:
                raise UnreadableFile(f"the header has no column {name}, which the profile's where needs")
            self._used.add(actual)
        return where

    def _value(self, column: ContractColumn, rule: ColumnRule | None, text: str) -> str:
        spec = self._entry.spec
        mapped = {column.name, *(rule.from_ if rule else ())}
        if rule is None or mapped & set(spec.drop):
            return f"NULL::{column.data_type}"
        if mapped & set(spec.mask) or column.is_personal:
            return pseudonym_sql(text)
        formats = (*rule.format, ISO) if rule.format and self._is_workbook else rule.format
        return typed_sql(column, text, formats=formats, timezone=self._entry.timezone)

    def _raw_text(self) -> str:
        """The row's fields joined by a comma, for people: personal ones masked, the rest scrubbed."""
        parts = [
            literal(MASK) if name in self._personal else f"coalesce({quoted(name)}, '')"
            for name in self._columns
        ]
        joined = f"concat_ws({literal(',')}, {', '.join(parts)})"
        return f"left({scrubbed_sql(joined)}, {RAW_TEXT_LIMIT})"

    def _extra(self, unknown: Sequence[str]) -> str:
        if not unknown or self._entry.spec.distinct:
            return "NULL::VARCHAR"
        pairs = ", ".join(
            f"{literal(name)}, " + (literal(MASK) if name in self._personal else scrubbed_sql(quoted(name)))
            for name in unknown
        )
        return f"json_object({pairs})::VARCHAR"


def typed_sql(column: ContractColumn, text: str, *, formats: Sequence[str], timezone: str) -> str:
    """SQL for the typed value of a text, NULL where it does not convert exactly.

    Times are UTC: an offset in the text wins, else it is a wall clock time in `timezone`, which must be the
    connection's TimeZone.
    """
    if column.data_type == "varchar":
        if not column.values:
            return text
        return f"CASE WHEN {text} IN ({', '.join(map(literal, column.values))}) THEN {text} END"
    if column.data_type == "boolean":
        whens = " ".join(
            f"WHEN {text} IN ({', '.join(map(literal, words))}) THEN {str(value).lower()}"
            for value, words in _BOOLEANS.items()
        )
        return f"CASE {whens} END"
    if column.data_type == "bigint":
        return (
            f"CASE WHEN regexp_full_match({text}, '[+-]?\\d{{1,18}}(\\.0*)?') "
            f"THEN try_cast(split_part({text}, '.', 1) AS BIGINT) END"
        )
    if column.data_type == "decimal(18,6)":
        return (
            f"CASE WHEN regexp_full_match({text}, '[+-]?(\\d{{1,12}}(\\.\\d{{0,6}}0*)?|\\.\\d{{1,6}}0*)') "
            f"THEN try_cast({text} AS DECIMAL(18,6)) END"
        )
    if column.data_type == "timestamp":
        # The way over microseconds is several times faster than timezone('UTC', …).
        return f"make_timestamp(epoch_us({_instant_sql(text, formats)}))"
    local = f"CAST(timezone({literal(timezone)}, {_instant_sql(text, formats)}) AS DATE)"
    if formats:
        return local
    plain = f"CASE WHEN left({text}, 1) BETWEEN '0' AND '9' THEN try_cast({text} AS DATE) END"
    return f"CASE WHEN length({text}) <= 10 THEN {plain} ELSE {local} END"


def _instant_sql(text: str, formats: Sequence[str]) -> str:
    """SQL for a TIMESTAMPTZ, NULL where no format fits."""
    tried = []
    for pattern in formats or (ISO,):
        if pattern == ISO:
            tried.append(f"try_cast({text} AS TIMESTAMPTZ)")
        elif pattern == UNIX_MILLISECONDS:
            tried.append(f"to_timestamp(try_cast(regexp_extract({text}, '^\\d{{1,14}}$') AS BIGINT) / 1000)")
        elif pattern == UNIX_SECONDS:
            tried.append(f"to_timestamp(try_cast(regexp_extract({text}, '^\\d{{1,11}}$') AS BIGINT))")
        else:
            tried.append(f"CAST(try_strptime({text}, {literal(pattern)}) AS TIMESTAMPTZ)")
    return tried[0] if len(tried) == 1 else f"coalesce({', '.join(tried)})"


def _shown(text: str) -> str:
    cut = f"left({scrubbed_sql(text)}, {VALUE_LIMIT})"
    return f"'''' || {cut} || ''''"


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:12])
    return shown if len(names) <= 12 else f"{shown} and {len(names) - 12} more"
