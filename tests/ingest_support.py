"""What tests of ingestion share: running it on a landing folder and asking what it left in a state."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from orchestration.ingest import IngestReport, ingest

ROOT = Path(__file__).resolve().parents[1]
CONTRACT_DIR = ROOT / "dbt_project" / "models" / "staging"
SHARED_DATA = ROOT.parent / "shared" / "data"
FIXTURES = ROOT / "tests" / "fixtures" / "ingest"
TODAY = dt.date(2026, 11, 22)


def run(
    landing: Path,
    state: Path,
    *,
    profiles: tuple[Path | str, ...] = (),
    as_of: dt.date | None = None,
    today: dt.date = TODAY,
    allow_rejects: str = "0.05",
    told: list[str] | None = None,
) -> IngestReport:
    """Ingest with the project's contract in the default business zone; `told` gets what it tells failing."""
    return ingest(
        landing=landing,
        state=state,
        profiles=[Path(profile) for profile in profiles],
        contract_dir=CONTRACT_DIR,
        as_of=as_of,
        today=today,
        allow_rejects=Decimal(allow_rejects),
        note=None if told is None else told.append,
    )


def query(state: Path, table: str, sql: str = "SELECT * FROM raw") -> list[tuple[Any, ...]]:
    """Rows of a query over `raw`, the Parquet folder of `source.table`."""
    folder = state / "raw" / table.replace(".", "/")
    with duckdb.connect() as connection:
        connection.execute(
            f"CREATE VIEW raw AS FROM read_parquet('{folder}/*.parquet', union_by_name = true)"
        )
        return connection.execute(sql).fetchall()


def rejected(state: Path) -> list[tuple[Any, ...]]:
    """File, row number, column, kind and reason of every rejected row, in order."""
    return query(
        state,
        "run.rejected_row",
        "SELECT file, row_number, column_name, kind, reason FROM raw ORDER BY file, row_number, table_name",
    )


def write(path: Path, text: str | bytes, *, encoding: str = "utf-8") -> Path:
    """A file with its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
    return path


def tree(folder: Path) -> dict[str, bytes]:
    """Every file under a folder with its bytes."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
