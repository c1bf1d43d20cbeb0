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

import duckdb

from orchestration.errors import MeritlineError
from orchestration.ingest.contract import RUN_SOURCE, Contract, ContractTable
from orchestration.ingest.deliveries import Deliveries
from orchestration.ingest.report import LoadFigures
from orchestration.ingest.sources import literal, quoted

SCHEMA_FILE = "_schema.parquet"
PARQUET = "FORMAT parquet, COMPRESSION snappy, ROW_GROUP_SIZE 40960"
"""Row groups a third of DuckDB's default: what is being written stays in the processor's cache."""


def part_name(load_id: str, number: int) -> str:
    """File name of the number-th part of a load, from 1; most loads have one part."""
    return f"{load_id}.parquet" if number == 1 else f"{load_id}.{number:04d}.parquet"


def load_of(path: Path) -> str:
    """The load that a Parquet file of the raw folder belongs to."""
    return path.name.split(".", 1)[0]


@dataclass(frozen=True)
class KnownLoad:
    """A row of `run.load_file` that an earlier run committed."""

    figures: LoadFigures


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
            yield Staging(root, self)
        finally:
            shutil.rmtree(self._staging_root, ignore_errors=True)

    def known_loads(self) -> tuple[LoadFigures, ...]:
        """Committed loads in order of `load_seq`; also removes Parquet of loads that were never committed."""
        path = self._run_file("load_file")
        loads: list[LoadFigures] = []
        if path.exists():
            with duckdb.connect() as connection:
                names = [column.name for column in self.contract.table("run.load_file").columns]
                source = f"read_parquet({literal(str(path))})"
                # What an earlier version wrote may lack columns that were added since.
                present = {row[0] for row in connection.execute(f"DESCRIBE FROM {source}").fetchall()}
                names = [name for name in names if name in present]
                rows = connection.execute(
                    f"SELECT {', '.join(names)} FROM {source} ORDER BY load_seq, file"
                ).fetchall()
            loads = [_figures(dict(zip(names, row, strict=True))) for row in rows]
        self._remove_uncommitted({load.load_id for load in loads})
        return tuple(loads)

    def parts(self, table: ContractTable, load_id: str | None = None) -> tuple[Path, ...]:
        """Parquet files of a table, of one load or of all, without the empty schema file."""
        pattern = "*.parquet" if load_id is None else f"{load_id}*.parquet"
        folder = self.raw / table.source / table.name
        return tuple(sorted(path for path in folder.glob(pattern) if path.name != SCHEMA_FILE))

    def rejects(self, load_id: str) -> tuple[Path, ...]:
        """Parquet files of the rejected rows of a load."""
        return tuple(sorted((self.raw / RUN_SOURCE / "rejected_row").glob(f"{load_id}*.parquet")))

    def _run_file(self, name: str) -> Path:
        return self.raw / RUN_SOURCE / name / f"{name}.parquet"

    def _remove_uncommitted(self, committed: set[str]) -> None:
        folders = [(table.source, table.name) for table in self.contract.export_tables]
        for source, name in [*folders, (RUN_SOURCE, "rejected_row")]:
            for path in (self.raw / source / name).glob("*.parquet"):
                if path.name != SCHEMA_FILE and load_of(path) not in committed:
                    path.unlink()

    def commit(
        self, staging: Staging, *, loads: Sequence[LoadFigures], retired: Sequence[LoadFigures]
    ) -> None:
        """Move what was staged into place. `loads` is the complete new list of loads."""
        staging.write_loads(loads)
        self._write_schemas()
        moved = sorted(path for path in staging.raw.rglob("*.parquet"))
        registry = staging.raw / RUN_SOURCE / "load_file" / "load_file.parquet"
        kept = {load.load_id for load in loads}
        for path in [*(path for path in moved if path != registry), registry]:
            target = self.raw / path.relative_to(staging.raw)
            target.parent.mkdir(parents=True, exist_ok=True)
            path.replace(target)
        for load in retired:
            if load.load_id not in kept:
                self._retire(load)

    def _retire(self, load: LoadFigures) -> None:
        source, name = load.table_name.split(".")
        for folder in (Path(source) / name, Path(RUN_SOURCE) / "rejected_row"):
            for path in (self.raw / folder).glob(f"{load.load_id}*.parquet"):
                target = self._retired / folder / path.name
                target.parent.mkdir(parents=True, exist_ok=True)
                path.replace(target)

    def _write_schemas(self) -> None:
        """An empty Parquet file per contract table, so that a table without exports reads as empty."""
        with duckdb.connect() as connection:
            for table in self.contract:
                path = self.raw / table.source / table.name / SCHEMA_FILE
                path.parent.mkdir(parents=True, exist_ok=True)
                fields = ", ".join(f"NULL::{c.data_type} AS {quoted(c.name)}" for c in table.columns)
                temporary = path.with_suffix(".tmp")
                connection.execute(f"COPY (SELECT {fields} LIMIT 0) TO {literal(str(temporary))} ({PARQUET})")
                temporary.replace(path)


@dataclass(frozen=True)
class Staging:
    """A run's staging area: `raw/` mirrors the raw folder, `scratch/` holds what is read on the way."""

    root: Path
    store: RawStore

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
        return self._folder(table.source, table.name) / part_name(load_id, number)

    def rejects(self, load_id: str) -> Path:
        """Where a load's rejected rows are written."""
        return self._folder(RUN_SOURCE, "rejected_row") / part_name(load_id, 1)

    def parts(self, table: ContractTable) -> tuple[Path, ...]:
        """Staged Parquet files of a table."""
        return tuple(sorted((self.raw / table.source / table.name).glob("*.parquet")))

    def discard(self, table: ContractTable, load_id: str) -> None:
        """Remove what a load has staged."""
        for folder in (self.raw / table.source / table.name, self.raw / RUN_SOURCE / "rejected_row"):
            for path in folder.glob(f"{load_id}*.parquet"):
                path.unlink()

    def write_context(self, as_of: dt.date, cut_at: dt.datetime, business_timezone: str) -> None:
        """Stage the one row of `run.context`."""
        path = self._folder(RUN_SOURCE, "context") / "context.parquet"
        with duckdb.connect() as connection:
            connection.execute("CREATE TABLE t (as_of_on DATE, cut_at TIMESTAMP, business_timezone VARCHAR)")
            connection.execute("INSERT INTO t VALUES ($1, $2, $3)", [as_of, cut_at, business_timezone])
            connection.execute(f"COPY t TO {literal(str(path))} ({PARQUET})")

    def write_loads(self, loads: Sequence[LoadFigures]) -> None:
        """Stage `run.load_file`, complete and in order."""
        ordered = sorted(loads, key=lambda load: (load.load_seq, load.file))
        self._write_run_table("load_file", [vars(load) for load in ordered])

    def write_deliveries(self, found: Deliveries) -> None:
        """Stage `run.export` and `run.export_column`: what was ever delivered, in contract order."""
        tables = list(found.values())
        self._write_run_table(
            "export",
            [{**vars(table), "is_delivered": table.is_delivered} for table in tables],
        )
        self._write_run_table(
            "export_column",
            [
                {"table_name": table.table_name, **vars(column)}
                for table in tables
                for column in table.columns
            ],
        )

    def _write_run_table(self, name: str, rows: Sequence[Mapping[str, object]]) -> None:
        table = self.store.contract.table(f"{RUN_SOURCE}.{name}")
        write_rows(table, rows, self._folder(RUN_SOURCE, name) / f"{name}.parquet")

    def _folder(self, source: str, name: str) -> Path:
        folder = self.raw / source / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder


def write_rows(table: ContractTable, rows: Sequence[Mapping[str, object]], path: Path) -> None:
    """Write rows, in their order, as the Parquet of a table of the source `run`."""
    fields = ", ".join(f"{quoted(column.name)} {column.data_type}" for column in table.columns)
    slots = ", ".join(f"${number}" for number in range(1, len(table.columns) + 1))
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute(f"CREATE TABLE t ({fields})")
        values = [[_stored(row[column.name]) for column in table.columns] for row in rows]
        if values:
            connection.executemany(f"INSERT INTO t VALUES ({slots})", values)
        connection.execute(f"COPY (FROM t ORDER BY rowid) TO {literal(str(path))} ({PARQUET})")


def _stored(value: object) -> object:
    if isinstance(value, tuple):
        return ", ".join(value) or None
    return None if value == "" else value


def _figures(row: dict[str, object]) -> LoadFigures:
    listed = {"unknown_columns", "missing_columns"}
    texts = {"encoding", "delimiter", "reason", "file_format"}
    values = {
        name: tuple(filter(None, str(value or "").split(", ")))
        if name in listed
        else ("" if value is None and name in texts else value)
        for name, value in row.items()
        if value is not None or name != "conflicting_key_count"
    }
    return LoadFigures(**values, is_new=False)  # type: ignore[arg-type]


def disk_full(path: Path) -> MeritlineError:
    """The error for a full disk: nothing of the run is kept."""
    return MeritlineError(
        path=path,
        problem="there is no space left on the disk; nothing of this run was kept",
        remedy="Free space there, or give another --state, and run again",
    )
