"""Where someone stands among those in the running for an award: who is next, what decided between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from orchestration.audit.relations import AuditFile, Row
from orchestration.audit.text import plain

TIE_BREAKS = ("tie_break_1", "tie_break_2")


@dataclass(frozen=True)
class Decider:
    """What put one candidate before another: the first number that differs, or the id where none does.

    `own` and `other` are the values as compared; None where there is none, and where the id decided.
    """

    name: str
    own: Decimal | None
    other: Decimal | None

    def __str__(self) -> str:
        if self.own is None and self.other is None:
            return f"all else equal, the {self.name} decided"
        return f"{self.name} decided: {plain(_size(self.own))} against {plain(_size(self.other))}"


@dataclass(frozen=True)
class Standing:
    """One award that someone is in the running for: rank (1 = first) in its scope, and who stands next to
    them.
    """

    component_id: str
    scheme_id: str
    label: str
    label_zh: str
    rank: int
    scope: str
    is_awarded: bool
    notes: tuple[str, ...]


def standings(audit: AuditFile, *, agent_id: str, period_id: str) -> tuple[Standing, ...]:
    """Every award of the period that the agent is in the running for, by component."""
    rows = audit.select(
        "bonus.bonus_ranking",
        {"subject": "agent", "subject_id": agent_id, "period_id": period_id},
        order=["component_id"],
    )
    return tuple(
        Standing(
            component_id=row["component_id"],
            scheme_id=row["scheme_id"],
            label=row["label_en"],
            label_zh=row["label_zh"],
            rank=row["rank"],
            scope=f"{row['scope']} {row['scope_id']}",
            is_awarded=row["is_awarded"],
            notes=tuple(standing(audit, row)),
        )
        for row in rows
    )


def standing(audit: AuditFile, own: Row) -> list[str]:
    """Sentences on the candidates right before and right after `own`, a row of `bonus.bonus_ranking`."""
    said = []
    for rank, word in ((own["rank"] - 1, "before"), (own["rank"] + 1, "next")):
        other = _at(audit, own, rank)
        if other is None:
            continue
        awarded = "" if other["is_awarded"] else ", not awarded"
        decider = decided_by(audit, own, other)
        said.append(f"{word}: {other['subject_id']}, rank {rank}{awarded}; {decider}")
    if not any(one.startswith("next") for one in said):
        said.append("nobody ranks after")
    return said


def decided_by(audit: AuditFile, own: Row, other: Row) -> Decider:
    """What decided between two candidates of one award: compared in the order of the ranks (CG-14, CG-15)."""
    award = audit.select(
        "policy.policy_award", {"period_id": own["period_id"], "component_id": own["component_id"]}
    )[0]
    names: Sequence[tuple[str, str]] = [
        ("ranked_value", "improvement" if own["mechanism"] == "improvement" else own["measure_id"]),
        *((column, award[column]) for column in TIE_BREAKS if award[column]),
        *((("case_count", "the number of cases"),) if own["mechanism"] == "improvement" else ()),
    ]
    for column, name in names:
        if own[column] != other[column]:
            return Decider(name, own[column], other[column])
    return Decider(f"{own['subject']} id", None, None)


def _at(audit: AuditFile, own: Row, rank: int) -> Row | None:
    """The candidate at a rank of the same award and scope."""
    rows = audit.select(
        "bonus.bonus_ranking",
        {name: own[name] for name in ("period_id", "component_id", "scope_id")} | {"rank": rank},
    )
    return rows[0] if rows else None


def _size(value: Decimal | None) -> Decimal | None:
    """Lower-is-better numbers are ranked with a minus sign; people read them without."""
    return None if value is None else abs(value)
