"""Close a period: refuse while anything is open that could still change it by right, then freeze it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import duckdb

from orchestration.clock import elapsed, now
from orchestration.errors import ConfigurationError, PublicationRefused
from orchestration.hashing import file_hash
from orchestration.publish.publication import MANIFEST, Publication, current_publication
from orchestration.record import NIGHTLY, Recorder, StageRecord, read_records
from orchestration.settlement.frozen import (
    TABLES,
    Settlement,
    ensure_register,
    frozen_columns,
    frozen_folder,
    record_path,
    register_hash,
    sealed,
    settlement_folder,
    settlements,
)
from orchestration.state import StateFolder, auditor_database, require_of_this_release, write_atomically

SETTLE, SETTLED = "settle", "settled"
"""The command and the outcome of a settlement in the register of runs."""


def settle(
    state: StateFolder,
    *,
    period_id: str,
    settled_by: str,
    carry_pending: bool = False,
    waived_agents: Sequence[str] = (),
) -> Settlement:
    """Freeze the register of `period_id` as the current publication has it.

    Raises PublicationRefused (exit 3) while an earlier period is open, the period has not ended, a ruling on
    its rows is pending (unless `carry_pending`), a score awaits review and its agent is not in
    `waived_agents`, or the last nightly run failed its checks; ConfigurationError (exit 2) for an unknown or
    already settled period.
    """
    publication = current_publication(state)
    if publication is None:
        raise ConfigurationError(
            path=state.published, problem="nothing is published yet", remedy="Run meritline nightly first"
        )
    done = settlements(state)
    if period_id in done:
        raise ConfigurationError(
            path=period_id,
            problem=f"was settled by {done[period_id].settled_by} on {done[period_id].settled_at}",
            remedy="A closed period never changes: corrections become lines of the next open month",
        )
    require_of_this_release(publication.folder)
    _require_checked(state, publication)
    began = elapsed()
    with duckdb.connect(str(auditor_database(publication.folder)), read_only=True) as database:
        period_kind = _require_closable(database, period_id, done)
        carried = _require_ruled(database, period_id, carry_pending=carry_pending)
        waived = _require_reviewed(database, period_id, waived_agents)
        drafts = _freeze(
            database,
            state,
            period_id=period_id,
            period_kind=period_kind,
            settled_by=settled_by,
            publication=publication,
        )
        count, amount = _one(
            database,
            """
            select count(*), cast(coalesce(sum(amount_cny), 0) as varchar)
            from bonus.bonus_line where period_id = ?
            """,
            period_id,
        )
        settlement = Settlement(
            period_kind=period_kind,
            period_id=period_id,
            settled_by=settled_by,
            settled_at=now().isoformat(),
            run_id=publication.run_id,
            register_hash=_register_hash(database, period_id),
            line_count=int(str(count)),
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
        )
    recorder = Recorder(state, f"{SETTLE} {period_id}")
    settlement = _chained(settlement, state, done, run_number=recorder.number)
    text = sealed(settlement)
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


def _require_checked(state: StateFolder, publication: Publication) -> None:
    nights = [record for record in read_records(state) if record.command.startswith(NIGHTLY)]
    if nights and nights[-1].outcome != "published":
        raise PublicationRefused(
            path=publication.run_id,
            problem=f"the last nightly run ({nights[-1].number:06d}) was not published: {nights[-1].outcome}",
            remedy="Correct its cause and run meritline nightly again before settling",
        )


def _require_closable(
    database: duckdb.DuckDBPyConnection, period_id: str, done: dict[str, Settlement]
) -> str:
    rows = database.execute(
        "select period_kind, has_ended from facts.dim_period where period_id = ?", [period_id]
    ).fetchall()
    if not rows:
        known = database.execute(
            "select period_id from facts.dim_period order by starts_on, period_id"
        ).fetchall()
        raise ConfigurationError(
            path=period_id,
            problem="is no period of the current publication",
            remedy="It has " + ", ".join(str(name) for (name,) in known),
        )
    period_kind, has_ended = str(rows[0][0]), bool(rows[0][1])
    if not has_ended:
        raise PublicationRefused(
            path=period_id,
            problem="the period has not ended on the publication's business date",
            remedy="Settle it after its last day has been published",
        )
    earlier = database.execute(
        """
        select other.period_id
        from facts.dim_period as this
        inner join facts.dim_period as other
            on (other.period_kind = this.period_kind and other.starts_on < this.starts_on)
            or (
                this.period_kind <> 'month' and other.period_kind = 'month'
                and other.starts_on >= this.starts_on and other.starts_on < this.ends_before_on
            )
        where this.period_id = ?
        order by other.starts_on, other.period_id
        """,
        [period_id],
    ).fetchall()
    still_open = [str(name) for (name,) in earlier if name not in done]
    if still_open:
        raise PublicationRefused(
            path=period_id,
            problem=f"{', '.join(still_open)} must be settled before it",
            remedy=f"Run meritline settle {still_open[0]} first",
        )
    return period_kind


def _require_ruled(
    database: duckdb.DuckDBPyConnection, period_id: str, *, carry_pending: bool
) -> tuple[str, ...]:
    pending = database.execute(
        """
        select distinct ruling.ruling_id
        from facts.fct_ruling as ruling
        inner join kpi.kpi_evidence as evidence
            on evidence.evidence_model = 'fct_' || ruling.entity and evidence.evidence_key = ruling.entity_id
        inner join facts.dim_period_month as month on evidence.month_id = month.month_id
        where ruling.decision = 'pending' and month.period_id = ?
        order by ruling.ruling_id
        """,
        [period_id],
    ).fetchall()
    names = tuple(str(name) for (name,) in pending)
    if names and not carry_pending:
        raise PublicationRefused(
            path=period_id,
            problem=f"{len(names)} ruling(s) on its rows are pending: {', '.join(names[:5])}",
            remedy="Decide them, or move them on to the next open period with --carry-pending",
        )
    return names


def _require_reviewed(
    database: duckdb.DuckDBPyConnection, period_id: str, waived_agents: Sequence[str]
) -> tuple[str, ...]:
    rows = database.execute(
        """
        select agent_id from score.score
        where period_id = ? and status = 'awaiting_review' order by agent_id
        """,
        [period_id],
    ).fetchall()
    awaiting = [str(agent) for (agent,) in rows]
    unknown = sorted(set(waived_agents) - set(awaiting))
    if unknown:
        raise ConfigurationError(
            path=period_id,
            problem=f"{', '.join(unknown)} is named in --waive but awaits no review",
            remedy="Awaiting review: " + (", ".join(awaiting) or "nobody"),
        )
    missing = [agent for agent in awaiting if agent not in waived_agents]
    if missing:
        raise PublicationRefused(
            path=period_id,
            problem=f"{len(missing)} agent(s) await their supervisor's review: {', '.join(missing[:10])}",
            remedy="Export the ratings and run nightly again, or waive each by name with --waive AGENT",
        )
    return tuple(awaiting)


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
    sources = {
        "bonus_line": "select * from bonus.bonus_line where period_id = $period_id",
        "score": """
            select score.*, grade.grade, grade.cohort_id, grade.cohort_size, grade.rank
            from score.score as score
            left join grade.grade as grade
                on score.agent_id = grade.agent_id and score.period_id = grade.period_id
            where score.period_id = $period_id
            """,
        "ranking": """
            select *, subject_id as agent_id
            from bonus.bonus_ranking where subject = 'agent' and period_id = $period_id
            """,
        "period": """
            select
                $period_kind as period_kind, $period_id as period_id, $settled_by as settled_by,
                $run_id as run_id, $register_hash as register_hash
            """,
    }
    values = {
        "period_id": period_id,
        "period_kind": period_kind,
        "settled_by": settled_by,
        "run_id": publication.run_id,
        "register_hash": _register_hash(database, period_id),
    }
    drafts = []
    for table in TABLES:
        target = frozen_folder(state, table) / f"{period_id}.parquet"
        draft = target.with_name(f".{target.name}.draft")
        columns = ", ".join(
            f"cast({name} as {kind}) as {name}" for name, kind in frozen_columns(table).items()
        )
        used = {name: value for name, value in values.items() if f"${name}" in sources[table]}
        database.execute(
            f"copy (select {columns} from ({sources[table]}) order by all) to '{draft}' (format parquet)",
            used,
        )
        draft.chmod(0o600)
        drafts.append((draft, target))
    return drafts


def _register_hash(database: duckdb.DuckDBPyConnection, period_id: str) -> str:
    escaped = period_id.replace("'", "''")
    return register_hash(database, f"(select * from bonus.bonus_line where period_id = '{escaped}')")


def _one(database: duckdb.DuckDBPyConnection, query: str, *values: object) -> tuple[object, ...]:
    row = database.execute(query, list(values)).fetchone()
    assert row is not None
    return tuple(row)
