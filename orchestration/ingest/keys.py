"""What a profile may say: its keys, and which of them go together.

Everything that can be told from the keys alone is refused here; what depends on the contract's columns is
looked at where a profile is read.
"""

from __future__ import annotations

import codecs
import functools
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from orchestration.ingest.conversion import NAME_PATTERN, format_fault, lacks_year
from orchestration.ingest.writing import Grouping, Writing, duration_fault


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _known_zone(name: str) -> str:
    try:
        if not re.fullmatch(r"[A-Za-z0-9_+/\-]+", name):
            raise ValueError(name)
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"timezone {name!r} is not known; use a name such as Asia/Shanghai or UTC") from None
    return name


def _known_encoding(name: str) -> str:
    try:
        codecs.lookup(name)
    except LookupError:
        raise ValueError(f"encoding {name!r} is not known") from None
    return name


def _delimiter_fault(delimiter: str | None) -> str:
    if delimiter is not None and (len(delimiter) != 1 or ord(delimiter) > 127):
        return "delimiter must be one ASCII character, such as ',' or \"\\t\""
    if delimiter in ('"', "\n", "\r", "\0"):
        return "delimiter cannot be a quote or a line end"
    return ""


def _as_names(value: object) -> object:
    """A list of columns as names that stay what they are."""
    listed = _as_list(value)
    return {name: name for name in listed} if isinstance(listed, list) else listed


def _readable_formats(patterns: tuple[str, ...]) -> tuple[str, ...]:
    if fault := next(filter(None, map(format_fault, patterns)), ""):
        raise ValueError(fault)
    return patterns


TextList = Annotated[tuple[str, ...], BeforeValidator(_as_list)]
Formats = Annotated[TextList, AfterValidator(_readable_formats)]
Zone = Annotated[str, AfterValidator(_known_zone)]
Encoding = Annotated[str, AfterValidator(_known_encoding)]

WRITTEN_KEYS = ("decimal", "thousands", "grouping", "currency", "percent", "duration")
_NOT_WITH_ROW = (*WRITTEN_KEYS, "format", "map", "default", "otherwise", "zones")
_POINTS = (".", ",")
_GAPS = (".", ",", " ", "'", "’", "_")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class ColumnRule(_Strict):
    """Where one contract column comes from: `from` columns (joined by a blank), `sql` or a constant `value`.

    `row` is instead the row's own `number` or `hash`; docs/profiles.md says how each key is meant.
    `format` are strptime patterns tried in order, or `iso`, `unix_seconds`, `unix_milliseconds`; `map`
    replaces whole values, and `otherwise` those that are neither in it nor a word of the column's closed
    list; `default` stands in for an empty value only. `zones` say what a zone's name behind a time means.
    """

    from_: TextList = Field(default=(), alias="from")
    sql: str | None = None
    value: str | None = None
    format: Formats = ()
    map: dict[str, str] = {}
    default: str | None = None
    otherwise: str | None = None
    zones: dict[str, Zone] = {}
    decimal: str | None = None
    thousands: str | None = None
    grouping: Grouping | None = None
    currency: TextList = ()
    percent: bool = False
    duration: TextList = ()
    row: Literal["number", "hash"] | None = None

    @functools.cached_property
    def writing(self) -> Writing | None:
        """How the column's numbers or durations are written, where the rule says so."""
        if not self.written_keys:
            return None
        return Writing(
            self.decimal or ".",
            self.thousands or "",
            self.grouping or "thousands",
            self.currency,
            self.percent,
            self.duration,
        )

    @property
    def written_keys(self) -> tuple[str, ...]:
        """Those keys on writing that the rule has."""
        return tuple(key for key in WRITTEN_KEYS if getattr(self, key))

    @model_validator(mode="after")
    def _one_origin(self) -> ColumnRule:
        origins = (bool(self.from_), self.sql is not None, self.value is not None, self.row is not None)
        if origins.count(True) != 1:
            raise ValueError("needs exactly one of from, sql and value (or row: number, row: hash)")
        if self.row is not None and (others := [key for key in _NOT_WITH_ROW if getattr(self, key)]):
            raise ValueError(f"row: {self.row} is a value of its own; {others[0]} does not go with it")
        if fault := self._writing_fault():
            raise ValueError(fault)
        if self.otherwise is not None and not self.map:
            raise ValueError("otherwise stands for what map does not name: give a map too")
        if any(NAME_PATTERN in pattern.rstrip(")").removesuffix(NAME_PATTERN) for pattern in self.format):
            raise ValueError(f"{NAME_PATTERN} is read at the end of a format only")
        if yearless := [pattern for pattern in self.format if lacks_year(pattern)]:
            raise ValueError(f"format {yearless[0]!r} has no year (%Y), so that every time would be of 1900")
        return self

    def _writing_fault(self) -> str:
        """Why what the rule says of numbers and durations cannot be meant, '' where it can."""
        keys = self.written_keys
        if not keys:
            return ""
        if len(self.from_) != 1:
            return f"{keys[0]} says how one column of the file is written: use it with from and one column"
        if self.duration and len(keys) > 1:
            return f"duration and {keys[0]} do not go together"
        if self.format:
            return f"{keys[0]} and format do not go together"
        point = self.decimal or "."
        if point not in _POINTS:
            return f"decimal {point!r} is none of {' '.join(_POINTS)}"
        if self.thousands is not None and self.thousands not in _GAPS:
            shown = " ".join(map(repr, _GAPS))
            return f"thousands {self.thousands!r} is none of {shown}; a blank stands for thin ones too"
        if self.thousands == point:
            return f"decimal and thousands are both {point!r}" + (
                "" if self.decimal else " (decimal: ',' is not said)"
            )
        if self.grouping is not None and self.thousands is None:
            return "grouping needs thousands, the sign between the groups"
        for symbol in self.currency:
            if re.search(r"[\d%()+\-\u2212]", symbol) or not re.search(r"[^\s.,'’_]", symbol):
                return f"currency {symbol!r} is no currency's sign: no digits, signs or brackets"
        return next(filter(None, map(duration_fault, self.duration)), "")


class Unpivot(_Strict):
    """Columns that become rows: each cell of the `columns` a row, its header in `name`, itself in `value`."""

    columns: TextList = Field(min_length=1)
    name: str = Field(min_length=1)
    value: str = Field(min_length=1)

    @model_validator(mode="after")
    def _two_names(self) -> Unpivot:
        if self.name.casefold() == self.value.casefold():
            raise ValueError("name and value are two columns: call them differently")
        return self


class Lookup(_Strict):
    """Columns of other files, found by equal keys: `on` own column → theirs, `take` theirs → its name."""

    file: TextList = Field(min_length=1)
    on: dict[str, str] = Field(min_length=1)
    take: Annotated[dict[str, str], BeforeValidator(_as_names)] = Field(min_length=1)
    encoding: Encoding | None = None
    delimiter: str | None = None
    header_row: int | None = Field(default=None, ge=1, le=10_000)
    sheet: str | None = None

    @model_validator(mode="after")
    def _own_names(self) -> Lookup:
        taken = [name.casefold() for name in self.take.values()]
        if len(set(taken)) != len(taken):
            raise ValueError("take gives two columns one name")
        if fault := _delimiter_fault(self.delimiter):
            raise ValueError(fault)
        return self


class Group(_Strict):
    """One row of each group of equal `by` columns: the one with the least (`first`) or greatest (`last`)."""

    by: TextList = Field(min_length=1)
    first: str | None = None
    last: str | None = None
    format: Formats = ()

    @model_validator(mode="after")
    def _one_end(self) -> Group:
        if (self.first is None) == (self.last is None):
            raise ValueError("needs exactly one of first and last")
        return self

    @property
    def order(self) -> str:
        """The column that decides which row is taken."""
        return self.first or self.last or ""


class FileEntry(_Strict):
    """One `files` entry: which files it reads, how they are written, and which table they fill."""

    match: TextList
    table: str
    encoding: Encoding | None = None
    delimiter: str | None = None
    quote: str = '"'
    header_row: int | None = Field(default=None, ge=1, le=10_000)
    sheet: str | None = None
    timezone: Zone | None = None
    zones: dict[str, Zone] = {}
    null_values: tuple[str, ...] = ("",)
    where: str | None = None
    distinct: bool = False
    sheets: TextList = ()
    sheet_name: str | None = None
    unpivot: Unpivot | None = None
    lookup: Lookup | None = None
    group: Group | None = None
    required: bool = False
    expected_by: str | None = Field(default=None, pattern=r"^([01]\d|2[0-3]):[0-5]\d$")
    mask: TextList = ()
    drop: TextList = ()
    columns: dict[str, ColumnRule]

    @model_validator(mode="after")
    def _usable(self) -> FileEntry:
        if fault := _delimiter_fault(self.delimiter) or self._together_fault():
            raise ValueError(fault)
        if self.quote not in ('"', ""):
            raise ValueError("quote must be '\"', or '' for files that do not quote")
        return self

    @property
    def made_columns(self) -> tuple[str, ...]:
        """Columns that rules may read and that the file itself does not have."""
        made = [self.sheet_name] if self.sheet_name else []
        made += [self.unpivot.name, self.unpivot.value] if self.unpivot else []
        return (*made, *(self.lookup.take.values() if self.lookup else ()))

    def _together_fault(self) -> str:
        """Why keys do not go together, '' where they do."""
        if self.sheet is not None and self.sheets:
            return "sheet and sheets do not go together: sheets alone reads one or several"
        if self.sheet_name is not None and not self.sheets:
            return "sheet_name is the column that says which of several sheets a row is from: give sheets"
        if self.group is not None and (self.distinct or self.unpivot is not None):
            other = "distinct" if self.distinct else "unpivot"
            return f"group and {other} do not go together: a group keeps one whole row of several"
        made = [name.casefold() for name in self.made_columns]
        if twice := [name for name in self.made_columns if made.count(name.casefold()) > 1]:
            return f"the column {twice[0]} is made twice (sheet_name, unpivot, lookup)"
        if reserved := [name for name in self.made_columns if name.startswith("__")]:
            return f"the column {reserved[0]} begins with __, which is reserved"
        numbered = [name for name, rule in self.columns.items() if rule.row is not None]
        if numbered and self.distinct:
            return f"distinct and row do not go together: {numbered[0]} makes every row another one"
        turned = self.unpivot.columns if self.unpivot else ()
        for name, rule in self.columns.items():
            for source in rule.from_:
                if source not in self.made_columns and any(fnmatchcase(source, like) for like in turned):
                    return f"column {name} reads {source}, which unpivot turns into rows"
        return next(_rules_at_odds(self.columns), "")


def _rules_at_odds(columns: dict[str, ColumnRule]) -> Iterator[str]:
    """Columns of the file that two rules take to be written in two ways."""
    seen: dict[str, tuple[str, Writing]] = {}
    for name, rule in columns.items():
        if rule.writing is None or rule.writing.durations:
            continue
        source = rule.from_[0].casefold()
        other, writing = seen.setdefault(source, (name, rule.writing))
        if writing != rule.writing:
            yield f"columns {other} and {name} read {rule.from_[0]} as if it were written in two ways"


class Profile(_Strict):
    """A profile file. `timezone` is the zone of times without an offset; default the business time zone.
    `zones` say what a zone's name behind a time means, such as `CST: Asia/Shanghai`.
    """

    profile: str
    timezone: Zone | None = None
    zones: dict[str, Zone] = {}
    description: str = ""
    files: tuple[FileEntry, ...] = Field(min_length=1)
