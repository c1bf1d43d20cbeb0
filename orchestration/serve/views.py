"""Views for people who ask the database by hand; each shows the rows that its asker may see anyway."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from orchestration.serve.catalogue import PAYROLL
from orchestration.serve.rights import AGENT, READERS
from orchestration.state.folder import AUDITOR


@dataclass(frozen=True)
class View:
    """A view: its question ({draft} and {access} are schemas), the relations it `needs`, who may ask it, what
    it and its columns mean.
    """

    name: str
    needs: frozenset[str]
    readers: tuple[str, ...]
    comment: str
    columns: Mapping[str, str]
    text: str


VIEWS = (
    View(
        name="me",
        needs=frozenset({"about"}),
        readers=READERS,
        comment="Grain: one kind of reader that this login is. Empty: the login is mapped to nobody.",
        columns={
            "login": "Who logged in.",
            "audience": "Kind of reader: bi, payroll, auditor, lead or agent.",
            "agent_id": "Whom the login belongs to, where it does.",
            "team_id": "A team that a lead reads beside those that the publication says the lead leads.",
            "run_id": "The publication that is loaded.",
        },
        text="""
            select session_user::text as login, kind as audience, {access}.agent_of(kind) as agent_id,
                {access}.team_of(kind) as team_id, a.run_id
            from unnest(array['bi', 'payroll', 'auditor', 'lead', 'agent']) as kind
            cross join {draft}.about as a
            where {access}.reads(kind)
        """,
    ),
    View(
        name="bonus_total",
        needs=frozenset({"mart_bonus_register"}),
        readers=(PAYROLL, AUDITOR, AGENT),
        comment="Grain: one agent, one period: what its lines of the register come to.",
        columns={
            "period_kind": "month, quarter or year.",
            "period_id": "The period.",
            "agent_id": "The agent.",
            "agent_name": "Name of the agent.",
            "scheme_id": "Plan of the lines; an agent who changed plans has a row for each.",
            "line_count": "Lines of the register.",
            "amount_cny": "Sum of the lines, in CNY.",
        },
        text="""
            select period_kind, period_id, agent_id, agent_name, scheme_id, count(*) as line_count,
                sum(amount_cny) as amount_cny
            from {draft}.mart_bonus_register
            group by period_kind, period_id, agent_id, agent_name, scheme_id
        """,
    ),
)
