"""Which bonus a person means: agent and period as typed, or near names when there is none."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from orchestration.audit.relations import AuditFile, Row
from orchestration.errors import ConfigurationError

NEAR_NAMES = 5


def find_bonus(audit: AuditFile, *, agent_id: str, period_id: str) -> Row:
    """The row of `bonus.bonus`. Raises ConfigurationError, suggesting near names, when there is none."""
    require_agent_and_period(audit, agent_id=agent_id, period_id=period_id)
    found = audit.select("bonus.bonus", {"agent_id": agent_id, "period_id": period_id})
    if found:
        return found[0]
    paid = audit.query("select period_id from bonus.bonus where agent_id = ? order by period_id", [agent_id])
    raise ConfigurationError(
        problem=f"agent {agent_id} has no bonus for {period_id}: not in service, or nothing is due",
        remedy=f"Periods with a bonus: {_listed(row['period_id'] for row in paid)}",
    )


def require_agent_and_period(audit: AuditFile, *, agent_id: str, period_id: str) -> None:
    """Raises ConfigurationError, suggesting near names, unless both exist in the publication."""
    agents = [str(row["agent_id"]) for row in audit.query("select agent_id from facts.dim_agent")]
    if agent_id not in agents:
        raise ConfigurationError(
            problem=f"no agent {agent_id!r} in this publication",
            remedy=f"Did you mean {_near(agent_id, agents)}? marts.mart_agent_scorecard lists all",
        )
    require_period(audit, period_id)


def require_period(audit: AuditFile, period_id: str) -> None:
    """Raises ConfigurationError, suggesting near names, unless the period exists in the publication."""
    periods = [str(row["period_id"]) for row in audit.query("select period_id from facts.dim_period")]
    if period_id not in periods:
        raise ConfigurationError(
            problem=f"no period {period_id!r} in this publication",
            remedy="Months are written 2026-10, quarters 2026-Q4, years 2026. "
            f"Did you mean {_near(period_id, periods)}?",
        )


def _near(name: str, names: list[str]) -> str:
    by_fold = {other.casefold(): other for other in sorted(names, reverse=True)}
    close = get_close_matches(name.casefold(), sorted(by_fold), n=NEAR_NAMES, cutoff=0.5)
    near = [by_fold[one] for one in close]
    return _listed(near or sorted(names)[-NEAR_NAMES:])


def _listed(names: Iterable[object]) -> str:
    return ", ".join(str(name) for name in names) or "none"
