"""Which publication explains a period: of a settled one the publication that it was settled on.

Later nights shadow a settled period with today's data. Its lines stay, but the scores and evidence beside
them in a later publication are today's and need not add up to what was paid.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from orchestration.audit.node import Phrase
from orchestration.audit.phrases import phrase
from orchestration.audit.publications import current_folder, publication_folder
from orchestration.audit.relations import AuditFile
from orchestration.settlement.frozen import Settlement, settlements
from orchestration.state.folder import StateFolder, auditor_database
from orchestration.text import money


@dataclass(frozen=True)
class Explaining:
    """The publication folder that explains a period, and what is to be said of it."""

    folder: Path
    notes: tuple[Phrase, ...] = ()


def explaining(state: StateFolder, *, agent_id: str, period_id: str, run_id: str | None = None) -> Explaining:
    """The publication that explains an agent's bonus of a period; `run_id` names another (`current`, …).

    Raises ConfigurationError before the first publication and for an unknown `run_id`.
    """
    current = current_folder(state)
    settlement = settlements(state).get(period_id)
    if run_id is not None:
        folder = publication_folder(state, run_id)
        return Explaining(folder, _other_notes(settlement, folder.name))
    if settlement is None:
        return Explaining(current)
    folder = state.published / settlement.run_id
    settled = phrase("settled", by=settlement)
    if not auditor_database(folder).exists():
        return Explaining(current, (settled, phrase("settled_data_gone")))
    corrections = _corrections(current, agent_id=agent_id, period_id=period_id)
    return Explaining(folder, (settled, phrase("shown_as_settled"), *corrections))


def _other_notes(settlement: Settlement | None, run_id: str) -> tuple[Phrase, ...]:
    if settlement is None or settlement.run_id == run_id:
        return ()
    return (phrase("settled_elsewhere", settled_on=settlement.run_id, run_id=run_id),)


def _corrections(current: Path, *, agent_id: str, period_id: str) -> tuple[Phrase, ...]:
    """What later months paid or took back for lines of the period."""
    with AuditFile(current) as audit:
        rows = audit.query(
            "select period_id, adjusts_bonus_line_id as line_id, amount_cny as amount from bonus.bonus_line "
            "where agent_id = ? and split_part(line_id, ':', 1) = ? order by all",
            [agent_id, period_id],
        )
    return tuple(
        phrase("corrected", amount=money(row["amount"]), period_id=row["period_id"], line_id=row["line_id"])
        for row in rows
    )
