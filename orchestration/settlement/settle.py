"""Close a period: refuse while anything is open that could still change it by right, then freeze it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import duckdb

from orchestration.clock import elapsed, now
from orchestration.errors import PublicationRefused
from orchestration.hashing import file_hash, sealed
from orchestration.publish.chain import MANIFEST
from orchestration.publish.publication import Publication
from orchestration.settlement.closing import (
    accepted_checks,
    closable_publication,
    require_checked,
    require_earlier_closed,
    require_ended,
    require_reviewed,
    require_ruled,
    settler,
)
from orchestration.settlement.frozen import (
    TABLES,
    Settlement,
    ensure_register,
    frozen_columns,
    frozen_folder,
    record_path,
    register_hash,
    settlement_folder,
)
from orchestration.sql import literal, query
from orchestration.state.folder import StateFolder, auditor_database, write_atomically
from orchestration.state.record import Recorder, StageRecord

SETTLE, SETTLED = "settle", "settled"
"""The command and the outcome of a settlement in the register of runs."""


def settle(
    state: StateFolder,
    *,
    period_id: str,
    settled_by: str,
    carry_pending: bool = False,
    waived_agents: Sequence[str] = (),
    waives_all: bool = False,
    of_run: str | None = None,
) -> Settlement:
    """Freeze the register of `period_id` as the current publication has it; the caller holds the state.

    `of_run` is the publication whose totals were shown, when any were.

    Raises PublicationRefused (exit 3) while an earlier period is open, a ruling on its rows is pending
    (unless `carry_pending`), a score awaits review and its agent is not in `waived_agents` (unless
    `waives_all`), the last nightly run failed its checks or has published since `of_run`;
    ConfigurationError (exit 2) for a name that is none, and a period that is unknown, has not ended or is
    settled already.
    """
    settled_by = settler(settled_by)
    publication, done = closable_publication(state, period_id)
    if of_run is not None and publication.run_id != of_run:
        raise PublicationRefused(
            path=period_id,
            problem=f"{publication.run_id} was published since the totals of {of_run} were shown",
            remedy="Nothing was settled. Run the command again and look at the new totals",
        )
    began = elapsed()
    with duckdb.connect(str(auditor_database(publication.folder)), read_only=True) as database:
        period_kind = require_ended(database, period_id)
        require_checked(state, publication)
        require_earlier_closed(database, period_id, period_kind, done)
        carried = require_ruled(database, period_id, carry_pending=carry_pending)
        waived = require_reviewed(database, period_id, waived_agents, waives_all=waives_all)
        drafts = _freeze(
            database,
            state,
            period_id=period_id,
            period_kind=period_kind,
            settled_by=settled_by,
            publication=publication,
        )
        [(count, amount)] = database.execute(
            "select count(*), cast(coalesce(sum(amount_cny), 0) as varchar) "
            "from bonus.bonus_line where period_id = ?",
            [period_id],
        ).fetchall()
        settlement = Settlement(
            period_kind=period_kind,
            period_id=period_id,
            settled_by=settled_by,
            settled_at=now().isoformat(),
            run_id=publication.run_id,
            register_hash=_register_hash(database, period_id),
            line_count=int(count),
            amount_cny=str(amount),
            code_hash=str(publication.manifest["code_hash"]),
            policy_hash=str(publication.manifest["policy_hash"]),
            inputs=tuple(publication.manifest["inputs"]),
            manifest_sha256=file_hash(publication.folder / MANIFEST),
            policy_files=publication.manifest["policy_files"],
            frozen_files={
                target.relative_to(state.root).as_posix(): file_hash(draft) for draft, target in drafts
            },
            carried_rulings=carried,
            waived_agents=waived,
            accepted_checks=accepted_checks(publication),
        )
    recorder = Recorder(state, f"{SETTLE} {period_id}")
    settlement = _chained(settlement, state, done, run_number=recorder.number)
    text = sealed(asdict(settlement))
    said = StageRecord(
        name=SETTLE,
        seconds=round(elapsed() - began, 3),
        is_done=True,
        message=f"{period_id} by {settled_by}: {settlement.line_count} lines, {settlement.amount_cny} CNY",
        figures={
            "period_id": period_id,
            "settlement": settlement.number,
            "settlement_sha256": hashlib.sha256(text.encode()).hexdigest(),
        },
    )
    recorder.update(run_id=publication.run_id, stages=(said,))
    # The record comes last: without it the drafts are nothing, with it they are the register.
    for draft, target in drafts:
        draft.replace(target)
    settlement_folder(state).mkdir(mode=0o700, exist_ok=True)
    write_atomically(record_path(state, period_id), text)
    recorder.finish(SETTLED)
    return settlement


def _chained(
    settlement: Settlement, state: StateFolder, done: Mapping[str, Settlement], *, run_number: int
) -> Settlement:
    """The settlement with its place in the chain of settlements and in the register of runs."""
    last = max(done.values(), key=lambda one: (one.number, one.settled_at), default=None)
    return replace(
        settlement,
        number=1 if last is None else last.number + 1,
        previous_settlement_sha256=None if last is None else file_hash(record_path(state, last.period_id)),
        run_number=run_number,
    )


def _freeze(
    database: duckdb.DuckDBPyConnection,
    state: StateFolder,
    *,
    period_id: str,
    period_kind: str,
    settled_by: str,
    publication: Publication,
) -> list[tuple[Path, Path]]:
    """Write the frozen tables beside their places; the caller moves them in once all are written."""
    ensure_register(state)
    values = {
        "period_id": period_id,
        "period_kind": period_kind,
        "settled_by": settled_by,
        "run_id": publication.run_id,
        "register_hash": _register_hash(database, period_id),
    }
    drafts = []
    for table in TABLES:
        rows = query(__file__, f"frozen_{table}")
        target = frozen_folder(state, table) / f"{period_id}.parquet"
        draft = target.with_name(f".{target.name}.draft")
        columns = ", ".join(
            f"cast({name} as {kind}) as {name}" for name, kind in frozen_columns(table).items()
        )
        used = {name: value for name, value in values.items() if f"${name}" in rows}
        database.execute(
            f"copy (select {columns} from ({rows}) order by all) to '{draft}' (format parquet)",
            used,
        )
        draft.chmod(0o600)
        drafts.append((draft, target))
    return drafts


def _register_hash(database: duckdb.DuckDBPyConnection, period_id: str) -> str:
    rows = f"(select * from bonus.bonus_line where period_id = {literal(period_id)})"
    return register_hash(database, rows)
