"""`marts.mart_calibration`: what calibration found, beside the content that it found it of.

It comes into a publication from the stored result, after the gate, and is no part of the content hash that
the result is kept under. Aggregates only, so that BI may have it.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import duckdb

from orchestration.gate.result import GateResult
from orchestration.publish.candidate import CALIBRATION_MART, PARQUET_OPTIONS, STORAGE_VERSION
from orchestration.state import AUDITOR, GROUP_FILE, OWNER_FILE, auditor_parquet

SCHEMA, NAME = CALIBRATION_MART.split(".")
COLUMNS = {
    "suite": "varchar",
    "check_id": "varchar",
    "label_en": "varchar",
    "label_zh": "varchar",
    "relation": "varchar",
    "expectation": "varchar",
    "severity": "varchar",
    "outcome": "varchar",
    "is_passed": "boolean",
    "observed": "varchar",
    "bound": "varchar",
    "since": "date",
    "why": "varchar",
    "cure": "varchar",
    "reason_en": "varchar",
    "reason_zh": "varchar",
}
"""Grain: one expectation. `outcome` is `passed`, `failed` or `not_judged`; of the last `is_passed` is NULL,
and `reason_en` and `reason_zh` say what it needs. `since` is the date since which the bound holds; `cure`
says what to do when it fails.
"""


def add_calibration(draft: Path, result: GateResult) -> int:
    """Add the mart to the auditors' and BI's files of a publication being laid out; return its rows.

    The audiences' DuckDB files are copied first: they are links to the candidate's, which stay as they were
    checked.
    """
    parquet = auditor_parquet(draft, CALIBRATION_MART)
    with duckdb.connect() as database:
        database.execute(
            f"create table mart ({', '.join(f'{name} {kind}' for name, kind in COLUMNS.items())})"
        )
        database.execute(
            f"insert into mart select {', '.join(f'row.{name}' for name in COLUMNS)} "
            f"from (select unnest(from_json($rows, $shape)) as row)",
            {"rows": json.dumps(_rows(result)), "shape": json.dumps([COLUMNS])},
        )
        database.execute(
            f"copy (from mart order by suite, check_id) to '{_quoted(parquet)}' ({PARQUET_OPTIONS})"
        )
        for audience in (AUDITOR, "bi"):
            path = draft / f"{audience}.duckdb"
            _own(path)
            database.execute(f"attach '{_quoted(path)}' as audience (storage_version '{STORAGE_VERSION}')")
            database.execute(f"create schema if not exists audience.{SCHEMA}")
            database.execute(
                f"create table audience.{CALIBRATION_MART} as from read_parquet('{_quoted(parquet)}')"
            )
            database.execute("detach audience")
    parquet.chmod(GROUP_FILE)
    (draft / "bi" / f"{NAME}.parquet").hardlink_to(parquet)
    for audience, mode in ((AUDITOR, OWNER_FILE), ("bi", GROUP_FILE)):
        (draft / f"{audience}.duckdb").chmod(mode)
    return len(result.checks)


def _rows(result: GateResult) -> list[dict[str, object]]:
    return [
        {**{name: getattr(check, name) for name in COLUMNS}, "observed": check.seen}
        for check in result.checks
    ]


def _own(path: Path) -> None:
    """Copy in place of the link, readable to its owner alone from its first byte."""
    copy = path.with_suffix(".copy")
    copy.touch(OWNER_FILE)
    shutil.copyfile(path, copy)
    copy.replace(path)


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
