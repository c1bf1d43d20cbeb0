"""Policy rows as they stand in their CSV files, typed by the seeds' YAML, each knowing its file and row."""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from orchestration.errors import ConfigurationError
from orchestration.plain_yaml import load_yaml
from orchestration.policy.entry import Words

_EDGES = ("effective_from", "effective_to")

# Python reads more than a warehouse does: 1_000, digits of other scripts, 20261001, weeks.
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_WHOLE = re.compile(r"[+-]?[0-9]+")
_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
_BIGINT = 2**63
"""Whole numbers below it fit the column, and down to its negative."""

Value = str | Decimal | date | None


@dataclass(frozen=True)
class PolicyFault:
    """One fault: the file, its row (1 = header; None = the file as a whole), what is wrong, what to do."""

    file: str
    row: int | None
    problem: str
    remedy: str

    def __str__(self) -> str:
        place = self.file if self.row is None else f"{self.file}, row {self.row}"
        return f"{place}: {self.problem}. {self.remedy}"


@dataclass(frozen=True)
class PolicyRow:
    """One row: `values` by column, empty cells as None."""

    file: str
    row: int
    values: Mapping[str, Value]

    def text(self, column: str) -> str:
        """A cell as text, empty when it is."""
        value = self.values.get(column)
        return "" if value is None else str(value)

    def texts(self, *columns: str) -> tuple[str, ...]:
        """Several cells as text."""
        return tuple(self.text(column) for column in columns)

    def number(self, column: str) -> Decimal | None:
        """A cell of a numeric column."""
        value = self.values.get(column)
        return value if isinstance(value, Decimal) else None

    def is_in_force(self, day: date) -> bool:
        """Whether the row holds on that day: `effective_from` included, `effective_to` not."""
        start, end = self.values.get("effective_from"), self.values.get("effective_to")
        return (
            isinstance(start, date)
            and start <= day
            and (end is None or (isinstance(end, date) and day < end))
        )

    def fault(self, problem: str, remedy: str) -> PolicyFault:
        """A fault of this row."""
        return PolicyFault(self.file, self.row, problem, remedy)


@dataclass(frozen=True, eq=False)
class PolicyTable:
    """One policy file: its rows, the columns that tell them apart, and what its text columns may hold.

    `meta` is what else the seeds' YAML says of it: catalogues of parameters and mechanisms.
    """

    name: str
    key: tuple[str, ...]
    rows: tuple[PolicyRow, ...]
    columns: Mapping[str, Words]
    meta: Mapping[str, Any]
    _cells: dict[tuple[str, tuple[str, ...]], Mapping[tuple[str, ...], frozenset[str]]] = field(
        default_factory=dict
    )

    @property
    def file(self) -> str:
        """Name of the file."""
        return f"{self.name}.csv"

    def cells(self, column: str, within: tuple[str, ...] = ()) -> Mapping[tuple[str, ...], frozenset[str]]:
        """The distinct cells of a column, by what the columns `within` hold; all of them under `()`."""
        if (column, within) not in self._cells:
            found: dict[tuple[str, ...], set[str]] = defaultdict(set)
            for row in self.rows:
                found[row.texts(*within)].add(row.text(column))
            self._cells[column, within] = {group: frozenset(cells) for group, cells in found.items()}
        return self._cells[column, within]

    def words(self, column: str, within: tuple[str, ...] = ()) -> Mapping[tuple[str, ...], frozenset[str]]:
        """The same without the empty cell."""
        return {group: cells - {""} for group, cells in self.cells(column, within).items()}

    def with_row(self, index: int, row: PolicyRow) -> PolicyTable:
        """The table with another row in the place of one."""
        rows = (*self.rows[:index], row, *self.rows[index + 1 :])
        return PolicyTable(self.name, self.key, rows, self.columns, self.meta)

    def in_force(self, day: date) -> Iterator[PolicyRow]:
        """Rows that hold on that day."""
        return (row for row in self.rows if row.is_in_force(day))


Tables = Mapping[str, PolicyTable]
"""All tables of a policy by name, the reference tables with them."""


def read_tables(
    folders: Sequence[tuple[Path, Sequence[Path]]],
    *,
    more: Mapping[str, Path] = MappingProxyType({}),
) -> tuple[dict[str, PolicyTable], list[PolicyFault]]:
    """All tables by name, and the cells that do not have their column's type.

    `folders`: for each seeds' YAML the folders to look for its files in, the first that has a file wins;
    `more`: files with further rows, by table.
    Raises ConfigurationError when a file or column is missing.
    """
    tables: dict[str, PolicyTable] = {}
    faults: list[PolicyFault] = []
    for seeds_yaml, places in folders:
        for seed in _seeds(seeds_yaml):
            path = next(
                (place / seed.file for place in places if (place / seed.file).is_file()),
                places[-1] / seed.file,
            )
            rows = []
            for part in (path, *((more[seed.name],) if seed.name in more else ())):
                name = path.name if part == path else f"{part.parent.name}/{part.name}"
                for row in _read(part, seed.types, name):
                    typed, wrong = _typed(row, seed.types)
                    rows.append(typed)
                    faults += wrong
            tables[seed.name] = PolicyTable(seed.name, seed.key, tuple(rows), seed.columns, seed.meta)
    return tables, faults


@dataclass(frozen=True)
class _Seed:
    name: str
    types: Mapping[str, str]
    key: tuple[str, ...]
    columns: Mapping[str, Words]
    meta: Mapping[str, Any]

    @property
    def file(self) -> str:
        return f"{self.name}.csv"


@cache
def _seeds(path: Path) -> tuple[_Seed, ...]:
    document = load_yaml(path.read_text(encoding="utf-8"))
    return tuple(
        _Seed(
            name=str(seed["name"]),
            types={str(column): str(kind) for column, kind in seed["config"]["column_types"].items()},
            key=tuple(seed["config"]["meta"]["key"]),
            columns={
                str(column): Words.of(entry) for column, entry in seed["config"]["meta"]["words"].items()
            },
            meta=seed["config"]["meta"],
        )
        for seed in document["seeds"]
    )


def _read(path: Path, types: Mapping[str, str], name: str) -> Iterator[PolicyRow]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.reader(stream)
            header = next(reader, [])
            missing = [column for column in types if column not in header]
            if missing:
                raise ConfigurationError(
                    path=path,
                    row=1,
                    problem=f"the header lacks {', '.join(missing)}",
                    remedy="Give the file the columns of the shipped policy",
                )
            for number, cells in enumerate(reader, start=2):
                if len(cells) > len(header):
                    raise ConfigurationError(
                        path=path,
                        row=number,
                        problem=f"has {len(cells)} cells, the header names {len(header)} columns",
                        remedy="Put a cell that holds a comma in double quotes",
                    )
                if cells:
                    padded = [*cells, *[""] * (len(header) - len(cells))]
                    values = {column: cell or None for column, cell in zip(header, padded, strict=False)}
                    yield PolicyRow(name, number, values)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigurationError(
            path=path,
            problem=f"cannot be read: {' '.join(str(error).split())}",
            remedy="A policy is UTF-8 CSV files of the shipped policy's names",
        ) from error


def _typed(row: PolicyRow, types: Mapping[str, str]) -> tuple[PolicyRow, list[PolicyFault]]:
    values: dict[str, Value] = {}
    faults = []
    for column, cell in row.values.items():
        kind = types.get(column, "varchar")
        try:
            values[column] = None if cell is None else _parser(kind)(str(cell))
        except (ValueError, InvalidOperation):
            values[column] = None
            faults.append(row.fault(f"{column} is {cell!r}, which is no {kind}", "Correct the cell"))
    return PolicyRow(row.file, row.row, values), faults


def _parser(kind: str) -> Callable[[str], Value]:
    if kind == "date":
        return lambda text: date.fromisoformat(_formed(text, _DATE))
    if kind == "bigint":
        return _bigint
    if kind.startswith("decimal"):
        width, scale = (int(size) for size in kind.removeprefix("decimal(").rstrip(")").split(","))
        return lambda text: _decimal(text, width, scale)
    return str


def _formed(text: str, form: re.Pattern[str]) -> str:
    """The cell without blanks around it; raises ValueError where it is written in another way."""
    if not form.fullmatch(text.strip()):
        raise ValueError(text)
    return text.strip()


def _bigint(text: str) -> Decimal:
    value = int(_formed(text, _WHOLE))
    if not -_BIGINT <= value < _BIGINT:
        raise ValueError(text)
    return Decimal(value)


def _decimal(text: str, width: int, scale: int) -> Decimal:
    value = Decimal(_formed(text, _NUMBER))
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int) or -exponent > scale or abs(value) >= Decimal(10) ** (width - scale):
        raise ValueError(text)
    return value


def boundary_days(tables: Iterable[PolicyTable]) -> list[date]:
    """Days on which any row of the tables starts or ends to hold: between them nothing changes."""
    edges = (row.values.get(name) for table in tables for row in table.rows for name in _EDGES)
    return sorted({day for day in edges if isinstance(day, date)})


def grouped(rows: Iterable[PolicyRow], *columns: str) -> Mapping[tuple[str, ...], list[PolicyRow]]:
    """Rows, in their order, by what they hold in these columns."""
    found: dict[tuple[str, ...], list[PolicyRow]] = defaultdict(list)
    for row in rows:
        found[row.texts(*columns)].append(row)
    return found
