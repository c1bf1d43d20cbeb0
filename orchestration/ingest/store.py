"""The raw folder of a state: append-only Parquet per table, and what is known of every load.

A run stages everything under `<state>/staging/` and moves it into place only when all of it succeeded. The
list of loads is replaced last: Parquet of a load that is not on the list was left by a killed run, and the
next run removes it.
"""

from __future__ import annotations

import datetime as dt
import shutil
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from orchestration.errors import MeritlineError
from orchestration.ingest.contract import RUN_SOURCE, Contract, ContractTable
from orchestration.ingest.database import literal, quoted, rows
from orchestration.ingest.deliveries import Deliveries
from orchestration.ingest.report import LoadFigures

SCHEMA_FILE = "_schema.parquet"
REGISTRY = Path(RUN_SOURCE) / "load_file" / "load_file.parquet"
"""The list of loads, below the raw folder."""
REJECTS = Path(RUN_SOURCE) / "rejected_row"
PARQUET = "FORMAT parquet, COMPRESSION snappy, ROW_GROUP_SIZE 40960"
"""Row groups a third of DuckDB's default: what is being written stays in the processor's cache."""


def part_name(load_id: str, number: int) -> str:
    """File name of the number-th part of a load, from 1; most loads have one part."""
    return f"{load_id}.parquet" if number == 1 else f"{load_id}.{number:04d}.parquet"


def load_of(path: Path) -> str:
    """The load that a Parquet file of the raw folder belongs to."""
    return path.name.split(".", 1)[0]


class RawStore:
    """`<state>/raw`, with a staging area of its own per run."""

    def __init__(self, state: Path, contract: Contract) -> None:
        self.raw = state / "raw"
        self.contract = contract
        self._retired = state / "retired"
        self._staging_root = state / "staging"

    @contextmanager
    def staging(self) -> Iterator[Staging]:
        """A fresh staging area; removed at the end, whatever happened."""
        # The caller holds the state folder, so what lies here was left by a killed run.
        shutil.rmtree(self._staging_root, ignore_errors=True)
        root = self._staging_root / uuid.uuid4().hex
        try:
            (root / "raw").mkdir(parents=True)
            (root / "scratch").mkdir()
            yield Staging(root, self.contract)
        finally:
            shutil.rmtree(self._staging_root, ignore_errors=True)

    def known_loads(self) -> tuple[LoadFigures, ...]:
        """Committed loads in order of `load_seq`; also removes Parquet of loads that were never committed."""
        path = self.raw / REGISTRY
        loads: list[LoadFigures] = []
        if path.exists():
            source = f"read_parquet({literal(path)})"
            # What an earlier version wrote may lack columns that were added since.
            present = {row[0] for row in rows(f"DESCRIBE FROM {source}")}
            columns = [column.name for column in self.contract.table("run.load_file").columns]
            columns = [name for name in columns if name in present]
            found = rows(f"SELECT {', '.join(columns)} FROM {source} ORDER BY load_seq, file")
            loads = [_figures(dict(zip(columns, row, strict=True))) for row in found]
        committed = {load.load_id for load in loads}
        folders = [self.raw / REJECTS, *(self.raw / table.folder for table in self.contract.export_tables)]
        for part in (part for folder in folders for part in _parts(folder)):
            if load_of(part) not in committed:
                part.unlink()
        return tuple(loads)

    def parts(self, table: ContractTable) -> tuple[Path, ...]:
        """Parquet files of a table, without the empty schema file."""
        return _parts(self.raw / table.folder)

    def rejects(self, load_id: str) -> tuple[Path, ...]:
        """Parquet files of the rejected rows of a load."""
        return _parts(self.raw / REJECTS, f"{load_id}*.parquet")

    def commit(
        self, staging: Staging, *, loads: Sequence[LoadFigures], retired: Sequence[LoadFigures]
    ) -> None:
        """Move what was staged into place. `loads` is the complete new list of loads."""
        ordered = sorted(loads, key=lambda load: (load.load_seq, load.file))
        staging.write("load_file", [vars(load) for load in ordered])
        self._write_schemas()
        registry = staging.raw / REGISTRY
        for path in sorted(staging.raw.rglob("*.parquet"), key=lambda path: (path == registry, path)):
            _move(path, self.raw / path.relative_to(staging.raw))
        kept = {load.load_id for load in loads}
        for load in retired:
            if load.load_id not in kept:
                for folder in (Path(*load.table_name.split(".")), REJECTS):
                    for path in (self.raw / folder).glob(f"{load.load_id}*.parquet"):
                        _move(path, self._retired / folder / path.name)

    def _write_schemas(self) -> None:
        """An empty Parquet file per contract table, so that a table without exports reads as empty."""
        for table in self.contract:
            path = _made(self.raw / table.folder) / SCHEMA_FILE
            temporary = path.with_suffix(".tmp")
            write_rows(table, [], temporary)
            temporary.replace(path)


@dataclass(frozen=True)
class Staging:
    """A run's staging area: `raw/` mirrors the raw folder, `scratch/` holds what is read on the way."""

    root: Path
    contract: Contract

    @property
    def raw(self) -> Path:
        """Mirror of the raw folder, to be moved into place."""
        return self.root / "raw"

    @property
    def scratch(self) -> Path:
        """Temporary files of readers."""
        return self.root / "scratch"

    def part(self, table: ContractTable, load_id: str, number: int) -> Path:
        """Where the number-th part of a load is written."""
        return _made(self.raw / table.folder) / part_name(load_id, number)

    def rejects(self, load_id: str) -> Path:
        """Where a load's rejected rows are written."""
        return _made(self.raw / REJECTS) / part_name(load_id, 1)

    def parts(self, table: ContractTable) -> tuple[Path, ...]:
        """Staged Parquet files of a table."""
        return _parts(self.raw / table.folder)

    def discard(self, table: ContractTable, load_id: str) -> None:
        """Remove what a load has staged."""
        for folder in (self.raw / table.folder, self.raw / REJECTS):
            for path in folder.glob(f"{load_id}*.parquet"):
                path.unlink()

    def write_context(self, as_of: dt.date, cut_at: dt.datetime, business_timezone: str) -> None:
        """Stage the one row of `run.context`."""
        self.write("context", [{"as_of_on": as_of, "cut_at": cut_at, "business_timezone": business_timezone}])

    def write_deliveries(self, found: Deliveries) -> None:
        """Stage `run.export` and `run.export_column`: what was ever delivered, in contract order."""
        tables = list(found.values())
        self.write("export", [{**vars(table), "is_delivered": table.is_delivered} for table in tables])
        columns = [(table.table_name, column) for table in tables for column in table.columns]
        self.write("export_column", [{"table_name": name, **vars(column)} for name, column in columns])

    def write(self, name: str, rows: Sequence[Mapping[str, object]]) -> None:
        """Stage a table of the source `run`, complete and in order."""
        path = _made(self.raw / RUN_SOURCE / name) / f"{name}.parquet"
        write_rows(self.contract.table(f"{RUN_SOURCE}.{name}"), rows, path)


def write_rows(table: ContractTable, values: Sequence[Mapping[str, object]], path: Path) -> None:
    """Write rows, in their order, as the Parquet of a table; a list of texts becomes one, '' becomes NULL."""
    fields = ", ".join(
        f"unnest(${number}::{column.data_type}[]) AS {quoted(column.name)}"
        for number, column in enumerate(table.columns, start=1)
    )
    stored = [[_stored(row[column.name]) for row in values] for column in table.columns]
    rows(f"COPY (SELECT {fields}) TO {literal(path)} ({PARQUET})", *stored)


def _stored(value: object) -> object:
    if isinstance(value, tuple):
        return ", ".join(value) or None
    return None if value == "" else value


def _figures(row: Mapping[str, object]) -> LoadFigures:
    # A file that could not be read has no hash: that is not the same as a column that was added since.
    values = {name: value for name, value in row.items() if value is not None or name == "sha256"}
    for name in ("unknown_columns", "missing_columns"):
        values[name] = tuple(filter(None, str(values.get(name, "")).split(", ")))
    return LoadFigures(**values, is_new=False)  # type: ignore[arg-type]


def _parts(folder: Path, pattern: str = "*.parquet") -> tuple[Path, ...]:
    return tuple(sorted(path for path in folder.glob(pattern) if path.name != SCHEMA_FILE))


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _move(path: Path, target: Path) -> None:
    _made(target.parent)
    path.replace(target)


def disk_full(path: Path) -> MeritlineError:
    """The error for a full disk: nothing of the run is kept."""
    return MeritlineError(
        path=path,
        problem="there is no space left on the disk; nothing of this run was kept",
        remedy="Free space there, or give another --state, and run again",
    )
