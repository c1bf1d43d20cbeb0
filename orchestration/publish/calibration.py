"""`marts.mart_calibration`: what calibration found, beside the content that it found it of.

It comes into a publication from the stored result, after the gate, and is no part of the content hash that
the result is kept under. Aggregates only, so that BI may have it.
"""

from __future__ import annotations

import json
from pathlib import Path

import duckdb

from orchestration.gate.result import GateResult
from orchestration.plain_yaml import load_yaml
from orchestration.publish.candidate import CALIBRATION_MART, PARQUET_OPTIONS
from orchestration.publish.databases import describe, written
from orchestration.sql import literal
from orchestration.state.folder import AUDITOR, GROUP_FILE, OWNER_DIR, WHOLE, auditor_folder

SCHEMA, NAME = CALIBRATION_MART.split(".")
TABLE = load_yaml(Path(__file__).with_suffix(".yml").read_text(encoding="utf-8"))
COLUMNS = {name: column["type"] for name, column in TABLE["columns"].items()}


def add_calibration(draft: Path, result: GateResult) -> int:
    """Add the mart to the auditors' and BI's files of a publication being laid out; return its rows.

    The audiences' DuckDB files are the draft's own by then: the candidate's stay as they were checked.
    """
    folder = auditor_folder(draft, CALIBRATION_MART)
    folder.mkdir(OWNER_DIR, exist_ok=True)
    parquet = folder / WHOLE
    columns = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
    rows = [
        {name: getattr(check, name) for name in COLUMNS} | {"observed": check.seen} for check in result.checks
    ]
    with duckdb.connect() as database:
        database.execute(f"create table mart ({columns})")
        database.execute(
            f"insert into mart select {', '.join(f'row.{name}' for name in COLUMNS)} "
            f"from (select unnest(from_json($rows, $shape)) as row)",
            {"rows": json.dumps(rows), "shape": json.dumps([COLUMNS])},
        )
        database.execute(
            f"copy (from mart order by suite, check_id) to {literal(parquet)} ({PARQUET_OPTIONS})"
        )
    for audience in (AUDITOR, "bi"):
        with written(draft / f"{audience}.duckdb") as database:
            database.execute(f"create schema if not exists audience.{SCHEMA}")
            database.execute(
                f"create table audience.{CALIBRATION_MART} as from read_parquet({literal(parquet)})"
            )
            says = {name: column["says"] for name, column in TABLE["columns"].items()}
            describe(database, CALIBRATION_MART, TABLE["description"], says)
    parquet.chmod(GROUP_FILE)
    (draft / "bi" / f"{NAME}.parquet").hardlink_to(parquet)
    return len(result.checks)
