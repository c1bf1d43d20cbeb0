"""Export profiles: how a foreign export maps to the contract, as data.

A profile is YAML read with every scalar as text (so `0012`, `No` and `1.10` stay what they are) into the
models of `keys`; a key that no model knows is an error that names the key, the file and the nearest known
one.
"""

from __future__ import annotations

import difflib
import functools
import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from orchestration.errors import ConfigurationError
from orchestration.ingest.contract import Contract, ContractColumn, ContractTable
from orchestration.ingest.conversion import ISO, unfit_constants, what_is_wrong
from orchestration.ingest.expression import examined
from orchestration.ingest.keys import WRITTEN_KEYS, ColumnRule, FileEntry, Group, Lookup, Profile, Unpivot

SHIPPED_PROFILES = Path(__file__).parent / "profiles"

_NOT_IDENTITY = {"match", "required", "expected_by", "sheets"}
"""Keys of an entry that do not decide what a file's rows become."""

_LATER_KEYS = (
    *("zones", "otherwise", *WRITTEN_KEYS, "row"),
    *("sheet_name", "unpivot", "lookup", "group"),
)
"""Keys that profiles did not always have: unset they are no part of a fingerprint, so that files which an
earlier version took in stay known."""


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
        """SHA-256 over what the entry does to rows; `match`, `required`, `expected_by` and `sheets` are no
        part."""
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
    def unusable(problem: str, remedy: str) -> ConfigurationError:
        return _unusable(entry.path, f"{entry.place}, column {column.name}: {problem}", remedy)

    if problem := unfit_rule(column, rule):
        raise unusable(*problem)
    if column.is_any_text:
        return
    given = {"value": rule.value, "default": rule.default, "otherwise": rule.otherwise}
    said = {text: key for key, text in given.items() if text} | {
        new: f"map of {old!r}" for old, new in rule.map.items() if new
    }
    formats = (*rule.format, ISO) if rule.format else ()
    if said and (
        unfit := unfit_constants(
            column, tuple(said), formats=formats, timezone=entry.timezone, writing=rule.writing
        )
    ):
        near = _suggestion(unfit[0], column.values)
        raise unusable(
            f"the {said[unfit[0]]} {unfit[0]!r} {what_is_wrong(column, rule.writing)}{near}",
            f"Give one that {entry.table.full_name}.{column.name} takes",
        )


def unfit_rule(column: ContractColumn, rule: ColumnRule) -> tuple[str, str] | None:
    """Why a rule's keys do not suit its column, with the remedy; None where they do."""
    if rule.row is not None and (not column.is_any_text or column.is_personal):
        return f"row: {rule.row} gives a text, and the column is none that takes any text", "Map a text key"
    if not (keys := rule.written_keys):
        return None
    kinds = ("bigint", "decimal(18,6)") if keys != ("percent",) else ("decimal(18,6)",)
    if column.data_type not in kinds or (rule.percent and column.data_type == "bigint"):
        kind = "text" if column.data_type == "varchar" else column.data_type
        what = "a duration" if rule.duration else "a number"
        return (
            f"{keys[0]} says how {what} is written, and the column is a {kind}",
            f"Remove {keys[0]}" + ("; times are read by format" if column.data_type == "timestamp" else ""),
        )
    return None


def _check_is_new(entry: Entry, others: Sequence[Entry]) -> None:
    """Refuse an entry that reads the same files as another one and makes the same rows of them."""
    match, table = entry.spec.match, entry.table.full_name
    read = (match, entry.spec.sheets, table, entry.fingerprint)
    for other in others:
        if (other.spec.match, other.spec.sheets, other.table.full_name, other.fingerprint) == read:
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


_PARTS: Mapping[str, type[BaseModel]] = {
    "columns": ColumnRule,
    "unpivot": Unpivot,
    "lookup": Lookup,
    "group": Group,
}
"""Models of an entry's parts, by their key."""


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
        place += f", {location[2]}" if len(location) > 3 and location[2] in _PARTS else ""
        model = _PARTS.get(location[2], FileEntry) if len(location) > 3 else FileEntry
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
