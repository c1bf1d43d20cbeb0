"""Export profiles: how a foreign export maps to the contract, as data.

A profile is YAML read with every scalar as text (so `0012`, `No` and `1.10` stay what they are) into the
models below; a key that no model knows is an error that names the key, the file and the nearest known key.
"""

from __future__ import annotations

import codecs
import difflib
import functools
import hashlib
import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from orchestration.errors import ConfigurationError
from orchestration.ingest.contract import Contract, ContractColumn, ContractTable
from orchestration.ingest.conversion import ISO, NAME_PATTERN, unfit_constants, what_is_wrong
from orchestration.ingest.expression import examined

SHIPPED_PROFILES = Path(__file__).parent / "profiles"

_NOT_IDENTITY = {"match", "required", "expected_by"}
"""Keys of an entry that do not decide what a file's rows become."""

_LATER_KEYS = ("zones", "otherwise")
"""Keys that profiles did not always have: unset they are no part of a fingerprint, so that files which an
earlier version took in stay known."""


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


TextList = Annotated[tuple[str, ...], BeforeValidator(_as_list)]
Zone = Annotated[str, AfterValidator(_known_zone)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class ColumnRule(_Strict):
    """Where one contract column comes from: `from` columns (joined by a blank), `sql` or a constant `value`.

    `format` are strptime patterns tried in order, or `iso`, `unix_seconds`, `unix_milliseconds`; `map`
    replaces whole values, and `otherwise` those that are neither in it nor a word of the column's closed
    list; `default` stands in for an empty value only. `zones` say what a zone's name behind a time means.
    """

    from_: TextList = Field(default=(), alias="from")
    sql: str | None = None
    value: str | None = None
    format: TextList = ()
    map: dict[str, str] = {}
    default: str | None = None
    otherwise: str | None = None
    zones: dict[str, Zone] = {}

    @model_validator(mode="after")
    def _one_origin(self) -> ColumnRule:
        if (bool(self.from_), self.sql is not None, self.value is not None).count(True) != 1:
            raise ValueError("needs exactly one of from, sql and value")
        if self.otherwise is not None and not self.map:
            raise ValueError("otherwise stands for what map does not name: give a map too")
        if any(NAME_PATTERN in pattern.rstrip(")").removesuffix(NAME_PATTERN) for pattern in self.format):
            raise ValueError(f"{NAME_PATTERN} is read at the end of a format only")
        return self


class FileEntry(_Strict):
    """One `files` entry: which files it reads, how they are written, and which table they fill."""

    match: TextList
    table: str
    encoding: str | None = None
    delimiter: str | None = None
    quote: str = '"'
    header_row: int | None = Field(default=None, ge=1, le=10_000)
    sheet: str | None = None
    timezone: Zone | None = None
    zones: dict[str, Zone] = {}
    null_values: tuple[str, ...] = ("",)
    where: str | None = None
    distinct: bool = False
    required: bool = False
    expected_by: str | None = Field(default=None, pattern=r"^([01]\d|2[0-3]):[0-5]\d$")
    mask: TextList = ()
    drop: TextList = ()
    columns: dict[str, ColumnRule]

    @model_validator(mode="after")
    def _usable(self) -> FileEntry:
        if self.delimiter is not None and (len(self.delimiter) != 1 or ord(self.delimiter) > 127):
            raise ValueError("delimiter must be one ASCII character, such as ',' or \"\\t\"")
        if self.delimiter in ('"', "\n", "\r", "\0"):
            raise ValueError("delimiter cannot be a quote or a line end")
        if self.quote not in ('"', ""):
            raise ValueError("quote must be '\"', or '' for files that do not quote")
        if self.encoding is not None:
            try:
                codecs.lookup(self.encoding)
            except LookupError:
                raise ValueError(f"encoding {self.encoding!r} is not known") from None
        return self


class Profile(_Strict):
    """A profile file. `timezone` is the zone of times without an offset; default the business time zone.
    `zones` say what a zone's name behind a time means, such as `CST: Asia/Shanghai`.
    """

    profile: str
    timezone: Zone | None = None
    zones: dict[str, Zone] = {}
    description: str = ""
    files: tuple[FileEntry, ...] = Field(min_length=1)


@dataclass(frozen=True)
class Entry:
    """A `files` entry ready for use: with its table, its zone and the name of its profile.

    `spec` has the profile's `zones` among its own.
    """

    profile: str
    entry_no: int
    spec: FileEntry
    table: ContractTable
    timezone: str
    path: Path = Path()

    @functools.cached_property
    def fingerprint(self) -> str:
        """SHA-256 over what the entry does to rows; `match`, `required`, `expected_by` are no part."""
        said = self.spec.model_dump(mode="json", by_alias=True, exclude=_NOT_IDENTITY)
        for place in [said, *said["columns"].values()]:
            for key in _LATER_KEYS:
                if not place.get(key):
                    place.pop(key, None)
        return hashlib.sha256(json.dumps([said, self.timezone], sort_keys=True).encode()).hexdigest()

    @property
    def place(self) -> str:
        """The entry as messages about its profile call it."""
        return f"files entry {self.entry_no} ({' or '.join(self.spec.match)} into {self.table.full_name})"

    def zones_of(self, column: str) -> Mapping[str, str]:
        """What zones' names behind a column's times mean: the column's own, then the entry's."""
        rule = self.spec.columns.get(column)
        return {**self.spec.zones, **(rule.zones if rule else {})}

    @property
    def is_canonical(self) -> bool:
        """True for the entry that stands for the canonical layout."""
        return self.entry_no == 0


def canonical_entry(table: ContractTable, business_timezone: str) -> Entry:
    """The entry of the canonical layout: every contract column from the file's column of the same name."""
    columns = {column.name: {"from": column.name} for column in table.export_columns}
    said = {"match": f"{table.source}/{table.name}*", "table": table.full_name, "columns": columns}
    return Entry("canonical", 0, FileEntry.model_validate(said), table, business_timezone)


def load_profiles(paths: Sequence[Path], *, contract: Contract, business_timezone: str) -> tuple[Entry, ...]:
    """Entries of all profiles, in order. A path may be the bare name of a shipped profile.

    Raises ConfigurationError naming the file, the key and a suggestion.
    """
    entries: list[Entry] = []
    names: dict[str, Path] = {}
    for given in paths:
        path = resolve_profile(given)
        profile = _read(path)
        if profile.profile in names:
            raise _unusable(path, f"profile {profile.profile!r} is given twice", "Give each profile once")
        names[profile.profile] = path
        for number, given_spec in enumerate(profile.files, start=1):
            spec = given_spec.model_copy(update={"zones": {**profile.zones, **given_spec.zones}})
            zone = spec.timezone or profile.timezone or business_timezone
            table = _table(path, number, spec, contract)
            entry = Entry(profile.profile, number, spec, table, zone, path)
            _check_columns(entry)
            _check_is_new(entry, entries)
            entries.append(entry)
    return tuple(entries)


def _check_columns(entry: Entry) -> None:
    """Refuse expressions that cannot give one value a row, and constants that their column does not take."""
    texts = {f"column {name}": rule.sql for name, rule in entry.spec.columns.items()}
    for place, text in {"where": entry.spec.where, **texts}.items():
        if text is not None and (found := examined(text)).problem:
            raise _unusable(entry.path, f"{entry.place}, {place}: {found.problem}", found.remedy)
    for name, rule in entry.spec.columns.items():
        _check_constants(entry, entry.table.column(name), rule)


def _check_constants(entry: Entry, column: ContractColumn, rule: ColumnRule) -> None:
    if column.data_type == "varchar" and not column.values:
        return
    given = {"value": rule.value, "default": rule.default, "otherwise": rule.otherwise}
    said = {text: key for key, text in given.items() if text} | {
        new: f"map of {old!r}" for old, new in rule.map.items() if new
    }
    formats = (*rule.format, ISO) if rule.format else ()
    if said and (unfit := unfit_constants(column, tuple(said), formats=formats, timezone=entry.timezone)):
        near = _suggestion(unfit[0], column.values)
        raise _unusable(
            entry.path,
            f"{entry.place}, column {column.name}: the {said[unfit[0]]} {unfit[0]!r} "
            f"{what_is_wrong(column)}{near}",
            f"Give one that {entry.table.full_name}.{column.name} takes",
        )


def _check_is_new(entry: Entry, others: Sequence[Entry]) -> None:
    """Refuse an entry that reads the same files as another one and makes the same rows of them."""
    match, table = entry.spec.match, entry.table.full_name
    for other in others:
        if (other.spec.match, other.table.full_name, other.fingerprint) == (match, table, entry.fingerprint):
            same = f"entries {other.entry_no} and {entry.entry_no}"
            if other.profile != entry.profile:
                same = (
                    f"entry {other.entry_no} of profile {other.profile} and entry {entry.entry_no} "
                    f"of profile {entry.profile}"
                )
            raise _unusable(
                entry.path,
                f"{same} are the same: both read {' or '.join(match)} into {table}",
                "Remove one of them, or correct what should differ",
            )


def resolve_profile(given: Path) -> Path:
    """The file of a profile given by path or by the name of a shipped one."""
    if given.is_file():
        return given
    shipped = SHIPPED_PROFILES / f"{given.name.removesuffix('.yml')}.yml"
    if given.parent == Path() and shipped.is_file():
        return shipped
    known = sorted(path.stem for path in SHIPPED_PROFILES.glob("*.yml"))
    raise _unusable(
        given,
        "there is no such profile file, nor a shipped profile of that name",
        f"Give the path of a YAML file, or {_one_of(given.name, known)}",
    )


def _table(path: Path, number: int, spec: FileEntry, contract: Contract) -> ContractTable:
    def unusable(problem: str, remedy: str) -> ConfigurationError:
        return _unusable(path, f"files entry {number}: {problem}", remedy)

    known = {table.full_name: table for table in contract.export_tables}
    table = known.get(spec.table)
    if table is None:
        raise unusable(f"the contract has no table {spec.table!r}", f"Use {_one_of(spec.table, known)}")
    columns = [column.name for column in table.export_columns]
    for name in spec.columns:
        if name not in columns:
            raise unusable(f"{spec.table} has no column {name!r}", f"Use {_one_of(name, columns)}")
    for column in table.export_columns:
        if column.is_required and column.name not in spec.columns:
            raise unusable(
                f"the required column {spec.table}.{column.name} is not mapped", "Add it under columns"
            )
    return table


class _TextLoader(yaml.BaseLoader):
    """Every scalar is text; a key given twice is an error instead of a silent loss."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    raise yaml.constructor.ConstructorError(
                        None, None, f"the key {key.value!r} is given twice", key.start_mark
                    )
                seen.add(key.value)
        return super().construct_mapping(node, deep)


def _read(path: Path) -> Profile:
    try:
        text = path.read_text(encoding="utf-8-sig")
        document = yaml.load(text, Loader=_TextLoader)
    except (yaml.YAMLError, UnicodeDecodeError, OSError) as error:
        problem = f"the profile cannot be read: {' '.join(str(error).split())}"
        raise _unusable(path, problem, "Correct the YAML") from error
    if not isinstance(document, dict):
        raise _unusable(path, "the profile is not a mapping of keys", "Start it with `profile: name`")
    try:
        return Profile.model_validate(document)
    except ValidationError as error:
        raise _explained(path, error) from error


def _explained(path: Path, error: ValidationError) -> ConfigurationError:
    """The first problem of a profile in words, an unknown key with the nearest known one."""
    first = next((e for e in error.errors() if e["type"] == "extra_forbidden"), error.errors()[0])
    location = [str(part) for part in first["loc"]]
    name, place = location[-1] if location else "profile", ""
    model: type[BaseModel] = Profile
    if len(location) > 2 and location[0] == "files":
        place = f" in files entry {int(location[1]) + 1}" if location[1].isdigit() else ""
        place += f", column {location[3]}" if len(location) > 4 and location[2] == "columns" else ""
        model = ColumnRule if "columns" in location[2:-1] else FileEntry
    if first["type"] == "extra_forbidden":
        known = [field.alias or key for key, field in model.model_fields.items()]
        remedy = f"Known keys there are {', '.join(known)}{_suggestion(name, known)}"
        return _unusable(path, f"unknown profile key {name!r}{place}", remedy)
    if first["type"] == "missing":
        return _unusable(path, f"the key {name!r} is missing{place}", "Add it")
    message = str(first["msg"]).removeprefix("Value error, ")
    return _unusable(path, f"{name}{place}: {message}", "Correct the profile")


def _one_of(name: str, known: Collection[str]) -> str:
    return f"one of {', '.join(known)}{_suggestion(name, known)}"


def _suggestion(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f"; did you mean {near[0]!r}?" if near else ""


def _unusable(path: Path, problem: str, remedy: str) -> ConfigurationError:
    return ConfigurationError(path=path, problem=problem, remedy=remedy)
