"""Who reads which rows of which relation, as one condition per relation.

A condition is decided by who logged in (`session_user`, looked up in a table that no reader can read), never
by what a session says of itself. What is named nowhere here is an auditor's alone.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from orchestration.serve.catalogue import ABOUT, BI, PAYROLL, Relation
from orchestration.state.folder import AUDITOR

AGENT, LEAD = "agent", "lead"
READERS = (BI, PAYROLL, AUDITOR, LEAD, AGENT)
"""Kinds of readers: one group role each, and what `reader.audience` may say."""
OF_NOBODY = (ABOUT, "dim_period", "dim_day", "dim_scheme", "dim_kpi", "dim_grade", "dim_team")
"""Relations in which no row is about a person's work: whoever is a reader reads them whole."""
STAR = "dim_"


@dataclass(frozen=True)
class Names:
    """What things are called in the database: the schema that is being made, the one of who may read, and the
    group role of each kind of reader.
    """

    schema: str
    draft: str
    access: str

    @classmethod
    def of(cls, schema: str) -> Names:
        """The names around the schema that readers ask."""
        return cls(schema=schema, draft=f"{schema}_new", access=f"{schema}_access")

    def role(self, reader: str) -> str:
        """Group role of a kind of reader."""
        return f"{self.schema}_{reader}"


@dataclass(frozen=True)
class Right:
    """Kinds of readers who may ask a relation at all, and the condition (SQL) on the rows they see."""

    readers: tuple[str, ...]
    condition: str


def right_to(relation: Relation, names: Names) -> Right:
    """Who reads what of a relation that lies in `names.draft`."""
    whole = _whole(relation)
    parts = {reader: f"(select {names.access}.reads('{reader}'))" for reader in whole}
    parts |= {} if LEAD in whole else _lead(relation, names)
    parts |= {} if AGENT in whole else _agent(relation, names)
    readers = tuple(one for one in READERS if one in parts)
    return Right(readers, "\n    or ".join(parts[one] for one in readers))


def _whole(relation: Relation) -> Collection[str]:
    """Kinds of readers who read every row."""
    if relation.name in OF_NOBODY:
        return READERS
    whole = {reader for reader in (BI, PAYROLL) if reader in relation.audiences} | {AUDITOR}
    # The labels of the star, among them who the agents are: payroll joins its lines to them.
    return whole | {PAYROLL} if relation.name.startswith(STAR) and BI in whole else whole


def _lead(relation: Relation, names: Names) -> dict[str, str]:
    """A lead reads what BI does, of the own teams alone: the team on the row decides; where a row names none,
    the team that the agent is on today.
    """
    if BI not in relation.audiences:
        return {}
    teams = _teams(names)
    agents = f"(select t.agent_id from {names.draft}.dim_agent as t where t.team_id in {teams})"
    if relation.has("group_kind", "group_id"):
        team = f"group_kind = 'team' and group_id in {teams}"
        return {LEAD: f"({team} or group_kind = 'agent' and group_id in {agents})"}
    if relation.name == "dim_agent":
        return {LEAD: f"(team_id in {teams})"}
    if relation.has("team_id", "agent_id"):
        return {LEAD: f"(team_id in {teams} or team_id is null and agent_id in {agents})"}
    if relation.has("team_id"):
        return {LEAD: f"(team_id in {teams})"}
    return {LEAD: f"(agent_id in {agents})"} if relation.has("agent_id") else {}


def _agent(relation: Relation, names: Names) -> dict[str, str]:
    """An agent reads the own rows of what BI and payroll are given: scores, grade, awards, pay."""
    if relation.audiences.isdisjoint((BI, PAYROLL)):
        return {}
    own = f"(select {names.access}.agent_of('{AGENT}'))"
    if relation.has("group_kind", "group_id"):
        return {AGENT: f"(group_kind = 'agent' and group_id = {own})"}
    return {AGENT: f"(agent_id = {own})"} if relation.has("agent_id") else {}


def _teams(names: Names) -> str:
    """Teams of a lead: those that the publication says the agent leads, and one that the mapping names."""
    return (
        f"(select d.team_id from {names.draft}.dim_team as d"
        f" where d.lead_agent_id = (select {names.access}.agent_of('{LEAD}'))"
        f" or d.team_id = (select {names.access}.team_of('{LEAD}')))"
    )
