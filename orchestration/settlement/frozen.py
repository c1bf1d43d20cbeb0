"""What a settlement keeps, and where.

`<state>/settled/<period>.json` says who settled what and on which publication; the frozen lines and scores
are Parquet under `<state>/raw/settlement/`, which the models read as source `settlement`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import duckdb

from orchestration.hashing import SEAL
from orchestration.plain_yaml import load_yaml
from orchestration.settings import CONTRACT_DIR
from orchestration.state.folder import StateFolder

FROZEN_TABLES = CONTRACT_DIR / "settlement" / "_settlement__register.yml"
TABLES = ("bonus_line", "score", "ranking", "period")
SCHEMA_FILE = "_schema.parquet"


@dataclass(frozen=True)
class Settlement:
    """One settled period: who settled it, the publication it froze, the hash of its register.

    The publication keeps the KPI definitions, policy rows and evidence that the register rests on: it is
    never removed, and `manifest_sha256` holds it. `policy_files` and `frozen_files` are SHA-256 by path.

    Settlements are a chain: `number` counts them from 1, `previous_settlement_sha256` is the hash of the
    record before, `run_number` the entry in the register of runs that holds this record's hash. A record from
    before there was a chain has number 0. `accepted_checks` are the failed checks that were accepted of the
    publication, with by whom and why.
    """

    period_kind: str
    period_id: str
    settled_by: str
    settled_at: str
    run_id: str
    register_hash: str
    line_count: int
    amount_cny: str
    code_hash: str
    policy_hash: str
    inputs: tuple[Mapping[str, Any], ...]
    manifest_sha256: str
    policy_files: Mapping[str, str]
    frozen_files: Mapping[str, str]
    carried_rulings: tuple[str, ...] = ()
    waived_agents: tuple[str, ...] = ()
    number: int = 0
    previous_settlement_sha256: str | None = None
    run_number: int = 0
    accepted_checks: tuple[str, ...] = ()


@cache
def frozen_columns(table: str) -> dict[str, str]:
    """Columns and DuckDB types of a frozen table, in order."""
    document = load_yaml(FROZEN_TABLES.read_text(encoding="utf-8"))
    for entry in document["sources"][0]["tables"]:
        if entry["name"] == table:
            return {column["name"]: column["data_type"] for column in entry["columns"]}
    raise KeyError(table)


def frozen_folder(state: StateFolder, table: str) -> Path:
    """Where the Parquet of a frozen table lies, one file per settled period."""
    return state.raw / "settlement" / table


def ensure_register(state: StateFolder) -> None:
    """Write the empty Parquet that gives each frozen table its columns: nothing settled reads as no rows."""
    for table in TABLES:
        folder = frozen_folder(state, table)
        target = folder / SCHEMA_FILE
        if target.exists():
            continue
        folder.mkdir(parents=True, exist_ok=True)
        columns = ", ".join(f"cast(null as {kind}) as {name}" for name, kind in frozen_columns(table).items())
        draft = folder / ".schema.draft"
        with duckdb.connect() as database:
            database.execute(f"copy (select {columns} where false) to '{draft}' (format parquet)")
        draft.replace(target)


def settlement_folder(state: StateFolder) -> Path:
    """Where the records of settled periods lie, one JSON file each."""
    return state.root / "settled"


def record_path(state: StateFolder, period_id: str) -> Path:
    """Where the record of a settled period lies."""
    return settlement_folder(state) / f"{period_id}.json"


def settlements(state: StateFolder) -> dict[str, Settlement]:
    """Every settled period of the state folder, by period id."""
    found = {}
    for path in sorted(settlement_folder(state).glob("*.json")):
        raw = json.loads(path.read_text(encoding="utf-8"))
        raw.pop(SEAL, None)
        for name in ("inputs", "carried_rulings", "waived_agents", "accepted_checks"):
            raw[name] = tuple(raw.get(name, ()))
        found[raw["period_id"]] = Settlement(**raw)
    return found


def pinned_runs(state: StateFolder) -> frozenset[str]:
    """Publications that a settled register rests on: retention never removes their data."""
    return frozenset(settlement.run_id for settlement in settlements(state).values())


def register_hash(database: duckdb.DuckDBPyConnection, relation: str) -> str:
    """SHA-256 over a register's rows, ordered by line: the same lines give the same hash on any machine."""
    columns = ", ".join(f"coalesce(cast({name} as varchar), '')" for name in frozen_columns("bonus_line"))
    digest = hashlib.sha256()
    cursor = database.execute(
        f"select concat_ws(chr(31), {columns}) from {relation} order by bonus_line_id asc nulls first"
    )
    for (line,) in cursor.fetchall():
        digest.update(str(line).encode())
        digest.update(b"\n")
    return digest.hexdigest()
