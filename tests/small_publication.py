"""Publications made by hand, with a handful of rows: what a load has to cope with, at once and as often as a
test wants.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb

from orchestration.hashing import file_hash
from orchestration.state.folder import StateFolder

PEOPLE = {
    "dim_agent": "select * from (values ('A1', 'Ann', 'T1'), ('A2', 'Bo', 'T1'), ('A3', 'Cy', 'T2'), "
    "('L1', 'Lea', '')) as v (agent_id, agent_name, team_id)",
    "dim_team": "select * from (values ('T1', 'L1'), ('T2', 'A3'), ('', null)) as v (team_id, lead_agent_id)",
}
SCORES = (
    "select agent_id, '2026-10' as period_id, team_id, 90.5::decimal(18, 4) as total_score, {mark} as mark"
    " from (values ('A1', 'T1'), ('A2', 'T1'), ('A3', 'T2'), ('L1', '')) as v (agent_id, team_id)"
)
LINES = (
    "select agent_id || ':1' as bonus_line_id, agent_id, agent_id as agent_name, 'month' as period_kind,"
    " '2026-10' as period_id, 'p' as scheme_id, 100.25::decimal(18, 2) as amount_cny, {mark} as mark"
    " from (values ('A1'), ('A2'), ('A3'), ('L1')) as v (agent_id)"
)
SPREAD = (
    "select '2026-10' as period_id, 'p' as scheme_id, 9.00::decimal(18, 2) as total_cny,"
    " null::decimal(18, 2) as performance_cny,"
    " true as is_suppressed, {mark} as mark"
)
KEYS = {
    "dim_agent": ["agent_id"],
    "dim_team": ["team_id"],
    "mart_agent_scorecard": ["agent_id", "period_id"],
    "mart_bonus_register": ["bonus_line_id"],
    "mart_pay_spread": ["period_id", "scheme_id"],
}


def publish_by_hand(
    state: StateFolder,
    number: int,
    *,
    bi: Mapping[str, str] | None = None,
    keys: Mapping[str, Sequence[str]] | None = None,
) -> Path:
    """Lay out publication `number` and have `current` point at it; every mart carries the number as `mark`.
    `bi` adds relations, or replaces them, as queries.
    """
    run_id = f"{number:06d}-2026-10-31"
    folder = state.published / run_id
    folder.mkdir(parents=True)
    mark = f"{number}::bigint"
    for_bi = {
        **PEOPLE,
        "mart_agent_scorecard": SCORES.format(mark=mark),
        "mart_pay_spread": SPREAD.format(mark=mark),
        **(bi or {}),
    }
    payroll = {
        "mart_bonus_register": LINES.format(mark=mark),
        "mart_pay_spread": SPREAD.format(mark=mark),
    }
    content_hash = f"{number:064x}"
    for audience, marts in (("bi", for_bi), ("payroll", payroll), ("auditor", {**for_bi, **payroll})):
        with duckdb.connect(str(folder / f"{audience}.duckdb")) as database:
            database.execute("create schema marts")
            for name, query in marts.items():
                database.execute(f"create table marts.{name} as {query}")
                database.execute(f"comment on table marts.{name} is 'Grain: one {name}, it''s {{said}}.'")
            database.execute(
                f"create table about as select '{audience}' as audience, '{run_id}' as run_id, "
                f"'{content_hash}' as content_hash, {mark} as mark, '1.2.0' as oldest_duckdb"
            )
            if audience == "auditor":
                write_keys(database, {**KEYS, **(keys or {})})
    write_manifest(folder, run_id, content_hash)
    link = state.published / ".current.new"
    link.symlink_to(run_id)
    link.replace(state.current)
    return folder


def write_keys(database: duckdb.DuckDBPyConnection, keys: Mapping[str, Sequence[str]]) -> None:
    """Write `audit.relation_key` of the marts."""
    database.execute("create schema audit")
    database.execute(
        "create table audit.relation_key"
        " (relation varchar, model varchar, position bigint, column_name varchar)"
    )
    for name, columns in keys.items():
        for position, column in enumerate(columns, start=1):
            database.execute(
                "insert into audit.relation_key values (?, ?, ?, ?)",
                [f"marts.{name}", name, position, column],
            )


def write_manifest(folder: Path, run_id: str, content_hash: str) -> None:
    """Write the manifest over the folder's files, as far as a load reads it."""
    files = {path.name: file_hash(path) for path in sorted(folder.glob("*.duckdb"))}
    manifest = {
        "run_id": run_id,
        "as_of": run_id[7:],
        "content_hash": content_hash,
        "files": files,
        "rows": {},
        "checks": {},
        "finished_at": "",
    }
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
