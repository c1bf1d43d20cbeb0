"""`marts.mart_calibration`: what calibration found, beside the content that it found it of.

It comes into a publication from the stored result, after the gate, and is no part of the content hash that
the result is kept under. Aggregates only, so that BI may have it.
"""

from __future__ import annotations

import json
from pathlib import Path

import duckdb

from orchestration.gate.result import GateResult
from orchestration.publish.candidate import CALIBRATION_MART, PARQUET_OPTIONS
from orchestration.publish.databases import describe, written
from orchestration.state.folder import AUDITOR, GROUP_FILE, auditor_parquet

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
DESCRIPTION = (
    "Grain: one expectation of the gate: what was observed of this content and the bound (PR-02). "
    "Read by auditors and BI."
)
DESCRIPTIONS = {
    "suite": "Group of expectations, by what they look at.",
    "check_id": "The expectation within its suite.",
    "label_en": "What the expectation says, English.",
    "label_zh": "What the expectation says, Chinese.",
    "relation": "The relation that it looks at, or `measures` where it is measured over several.",
    "expectation": "Its kind, as Great Expectations calls it.",
    "severity": "`critical` refuses to publish, `warning` does not.",
    "outcome": "`passed`, `failed`, or `not_judged` where there was too little to judge by.",
    "is_passed": "Whether what was observed is within the bound; empty where it was not judged.",
    "observed": "What was observed, in words.",
    "bound": "What it was held to, in words.",
    "since": "Date since which the bound holds.",
    "why": "Why the bound is what it is.",
    "cure": "What to do when it fails.",
    "reason_en": "What a check that was not judged needs, English.",
    "reason_zh": "What a check that was not judged needs, Chinese.",
}


def add_calibration(draft: Path, result: GateResult) -> int:
    """Add the mart to the auditors' and BI's files of a publication being laid out; return its rows.

    The audiences' DuckDB files are the draft's own by then: the candidate's stay as they were checked.
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
        with written(draft / f"{audience}.duckdb") as database:
            database.execute(f"create schema if not exists audience.{SCHEMA}")
            database.execute(
                f"create table audience.{CALIBRATION_MART} as from read_parquet('{_quoted(parquet)}')"
            )
            describe(database, CALIBRATION_MART, DESCRIPTION, DESCRIPTIONS)
    parquet.chmod(GROUP_FILE)
    (draft / "bi" / f"{NAME}.parquet").hardlink_to(parquet)
    return len(result.checks)


def _rows(result: GateResult) -> list[dict[str, object]]:
    return [
        {**{name: getattr(check, name) for name in COLUMNS}, "observed": check.seen}
        for check in result.checks
    ]


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
