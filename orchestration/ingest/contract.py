"""The contract of exports, read from the dbt source YAMLs, the only list of tables, columns and types.

Ingestion checks rows against it, staging reads through it, `generate` writes it.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from orchestration.errors import ConfigurationError
from orchestration.plain_yaml import load_yaml

RUN_SOURCE = "run"
"""The source that ingestion writes about itself; never part of an export."""

_OTHER_IDS = frozenset({"created_by", "merged_into", "requested_by"})

PERIOD = "period"
"""The `form` of a text that names a month, a quarter or a year."""

DATA_TYPES = frozenset({"varchar", "timestamp", "date", "decimal(18,6)", "bigint", "boolean"})


@dataclass(frozen=True)
class ContractColumn:
    """One column: `data_type` is a DuckDB type, `values` a closed list (empty = open), `is_period` whether
    its text names a month, a quarter or a year.
    """

    name: str
    data_type: str
    description: str = ""
    is_required: bool = False
    is_personal: bool = False
    is_technical: bool = False
    values: tuple[str, ...] = ()
    is_period: bool = False

    @property
    def is_any_text(self) -> bool:
        """Whether every text fits: nothing of it is converted, and it is kept with the blanks around it."""
        return self.data_type == "varchar" and not self.values and not self.is_period


@dataclass(frozen=True)
class ContractTable:
    """One table of a source. `key` is the business key; `version_column` decides which row is newer."""

    source: str
    name: str
    columns: tuple[ContractColumn, ...]
    key: tuple[str, ...] = ()
    version_column: str | None = None
    description: str = ""

    @functools.cached_property
    def full_name(self) -> str:
        """`source.table`, the name that profiles and reports use."""
        return f"{self.source}.{self.name}"

    @property
    def folder(self) -> Path:
        """Where its Parquet lies below a raw folder."""
        return Path(self.source, self.name)

    @functools.cached_property
    def export_columns(self) -> tuple[ContractColumn, ...]:
        """Columns that an export may carry, in contract order: all but the technical ones."""
        return tuple(column for column in self.columns if not column.is_technical)

    @functools.cached_property
    def references(self) -> frozenset[str]:
        """Columns by which rows find each other: the key, and every id."""
        names = {column.name for column in self.export_columns}
        return frozenset(
            {*self.key, *(names & _OTHER_IDS), *(name for name in names if name.endswith("_id"))}
        )

    def column(self, name: str) -> ContractColumn:
        """The column of that name; KeyError when the table has none."""
        return {column.name: column for column in self.columns}[name]


@dataclass(frozen=True)
class Contract:
    """All tables by `source.table`, in the order of the files."""

    tables: Mapping[str, ContractTable]

    def __iter__(self) -> Iterator[ContractTable]:
        return iter(self.tables.values())

    def table(self, full_name: str) -> ContractTable:
        """The table `source.name`; KeyError when there is none."""
        return self.tables[full_name]

    @property
    def export_tables(self) -> tuple[ContractTable, ...]:
        """Tables that exports fill: every source but `run`."""
        return tuple(table for table in self if table.source != RUN_SOURCE)


@functools.cache
def load_contract(contract_dir: Path) -> Contract:
    """Read every `<source>/_<source>__sources.yml` under `contract_dir`, once in a process.

    Raises ConfigurationError naming the file when a YAML cannot be read, a type is unknown, a key is not a
    column, or no table is found.
    """
    tables: dict[str, ContractTable] = {}
    for path in sorted(contract_dir.glob("*/_*__sources.yml")):
        for table in _tables_of(path):
            if tables.setdefault(table.full_name, table) is not table:
                raise _unsound(path, f"table {table.full_name} is listed twice")
    if not tables:
        raise ConfigurationError(
            path=contract_dir,
            problem="no export contract (<source>/_<source>__sources.yml) found",
            remedy="Point to dbt_project/models/staging of a complete installation",
        )
    return Contract(tables=tables)


def _tables_of(path: Path) -> Iterator[ContractTable]:
    try:
        document = load_yaml(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError, OSError) as error:
        raise _unsound(path, f"cannot be read: {' '.join(str(error).split())}") from error
    if not isinstance(document, dict) or not isinstance(document.get("sources"), list):
        raise _unsound(path, "has no list of sources")
    for source in document["sources"]:
        for table in source.get("tables") or []:
            yield _table(path, str(source["name"]), table)


def _table(path: Path, source: str, raw: Mapping[str, Any]) -> ContractTable:
    name, meta = f"{source}.{raw['name']}", _meta(raw)
    columns = tuple(_column(path, name, column) for column in raw.get("columns") or [])
    known = {column.name for column in columns}
    key, version = tuple(map(str, meta.get("key") or ())), meta.get("version_column")
    for used in filter(None, (*key, version)):
        if used not in known:
            raise _unsound(path, f"{name} names {used} as key or version, which is no column of it")
    if len(known) != len(columns):
        raise _unsound(path, f"{name} lists a column twice")
    return ContractTable(source, str(raw["name"]), columns, key, version, str(raw.get("description", "")))


def _column(path: Path, table: str, raw: Mapping[str, Any]) -> ContractColumn:
    meta = _meta(raw)
    data_type = str(raw.get("data_type", "")).replace(" ", "").lower()
    if data_type not in DATA_TYPES:
        raise _unsound(path, f"{table}.{raw.get('name')} has the unknown data_type {data_type!r}")
    personal = meta.get("personal")
    if personal not in (None, "pseudonymise"):
        raise _unsound(path, f"{table}.{raw.get('name')}: personal must be pseudonymise, not {personal!r}")
    form = meta.get("form")
    if form not in (None, PERIOD) or (form is not None and data_type != "varchar"):
        raise _unsound(path, f"{table}.{raw.get('name')}: form must be {PERIOD} of a varchar, not {form!r}")
    return ContractColumn(
        name=str(raw["name"]),
        data_type=data_type,
        description=str(raw.get("description", "")),
        is_required=bool(meta.get("required")),
        is_personal=personal is not None,
        is_technical=bool(meta.get("technical")),
        values=tuple(map(str, meta.get("values") or ())),
        is_period=form is not None,
    )


def _meta(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    return (raw.get("config") or {}).get("meta") or raw.get("meta") or {}


def _unsound(path: Path, problem: str) -> ConfigurationError:
    return ConfigurationError(
        path=path, problem=problem, remedy="Correct the source YAML of the export contract"
    )
