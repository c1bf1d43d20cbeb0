"""Which publication explains a period: of a settled one the publication that it was settled on.

Later nights shadow a settled period with today's data. Its lines stay, but the scores and evidence beside
them in a later publication are today's and need not add up to what was paid.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from orchestration.audit.node import Phrase
from orchestration.audit.publications import current_folder, publication_folder
from orchestration.audit.relations import AuditFile
from orchestration.audit.text import money
from orchestration.settlement.frozen import Settlement, settlements
from orchestration.state.folder import StateFolder, auditor_database


@dataclass(frozen=True)
class Explaining:
    """The publication folder that explains a period, and the settlement that says so."""

    folder: Path
    settlement: Settlement | None
    notes: tuple[Phrase, ...] = ()


def explaining(state: StateFolder, *, agent_id: str, period_id: str, run_id: str | None = None) -> Explaining:
    """The publication that explains an agent's bonus of a period; `run_id` names another (`current`, …).

    Raises ConfigurationError before the first publication and for an unknown `run_id`.
    """
    current = current_folder(state)
    settlement = settlements(state).get(period_id)
    if run_id is not None:
        folder = publication_folder(state, run_id)
        return Explaining(folder, settlement, _other_notes(settlement, folder.name))
    if settlement is None:
        return Explaining(current, None)
    folder = state.published / settlement.run_id
    settled = Phrase(
        f"settled by {settlement.settled_by} at {settlement.settled_at} on publication {settlement.run_id}, "
        f"register {settlement.register_hash}",
        f"由 {settlement.settled_by} 于 {settlement.settled_at} 按版本 {settlement.run_id} 结算，"
        f"名册 {settlement.register_hash}",
    )
    if not auditor_database(folder).exists():
        gone = Phrase(
            "its data is gone: the lines are those paid, scores and evidence are today's",
            "该版本数据已清除：明细为已发放金额，得分与依据为现有数据",
        )
        return Explaining(current, settlement, (settled, gone))
    shown = Phrase(
        "shown as it was settled, with the evidence and policy of that publication",
        "按结算时的数据与制度展示",
    )
    return Explaining(
        folder, settlement, (settled, shown, *_corrections(current, agent_id=agent_id, period_id=period_id))
    )


def _other_notes(settlement: Settlement | None, run_id: str) -> tuple[Phrase, ...]:
    if settlement is None or settlement.run_id == run_id:
        return ()
    return (
        Phrase(
            f"settled on publication {settlement.run_id}: scores and evidence here are those of {run_id}",
            f"已按版本 {settlement.run_id} 结算：此处得分与依据取自 {run_id}",
        ),
    )


def _corrections(current: Path, *, agent_id: str, period_id: str) -> tuple[Phrase, ...]:
    """What later months paid or took back for lines of the period."""
    with AuditFile(current) as audit:
        rows = audit.query(
            "select period_id, adjusts_bonus_line_id, amount_cny from bonus.bonus_line "
            "where agent_id = ? and split_part(adjusts_bonus_line_id, ':', 1) = ? order by all",
            [agent_id, period_id],
        )
    return tuple(
        Phrase(
            f"corrected since: {money(row['amount_cny'])} in {row['period_id']} "
            f"for {row['adjusts_bonus_line_id']} (PR-04)",
            f"其后更正：{row['period_id']} 计 {money(row['amount_cny'])}，"
            f"针对 {row['adjusts_bonus_line_id']} (PR-04)",
        )
        for row in rows
    )
