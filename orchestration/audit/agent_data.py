"""One agent's published rows, read from the audit file by agent and period and no further."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from orchestration.audit.recompute.book import AGENT_COLUMNS, Row
from orchestration.audit.relations import AuditFile


class AgentData:
    """Rows for recalculation of one agent: own rows, and the policy of some periods."""

    def __init__(self, audit: AuditFile, agent_id: str, periods: Sequence[str]) -> None:
        self._audit = audit
        self._agent_id = agent_id
        self._periods = list(periods)
        self._rows: dict[str, Sequence[Row]] = {}

    def rows(self, relation: str) -> Sequence[Row]:
        """Rows of a relation: the agent's own, those of the periods where it is policy."""
        if relation not in self._rows:
            where: dict[str, object] = {}
            columns = self._audit.columns(relation)
            if "agent_id" in columns:
                where["agent_id"] = self._agent_id
            if relation == "bonus.bonus_ranking":
                where |= {"subject": "agent", "subject_id": self._agent_id}
            if relation.startswith("policy.") and "period_id" in columns:
                where["period_id"] = self._periods
            self._rows[relation] = self._audit.select(relation, where)
        return self._rows[relation]

    def rows_of(self, relation: str, columns: Sequence[str], agents: Iterable[str]) -> Iterator[Row]:
        """Some columns of the agent's rows."""
        if self._agent_id not in set(agents):
            return
        column = AGENT_COLUMNS.get(relation, "agent_id")
        yield from self._audit.query(
            f"select {', '.join(columns)} from {relation} where {column} = ?", [self._agent_id]
        )
