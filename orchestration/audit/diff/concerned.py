"""Whose numbers can have moved a line, and of which periods."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from orchestration.audit.diff.pair import Pair, one_sided, query

OF_AGENTS: Mapping[str, str] = {
    "bonus.bonus_line": "agent_id",
    "score.score": "agent_id",
    "grade.grade": "agent_id",
    "bonus.bonus_ranking": "subject_id",
}
"""What a line rests on of its own agent, and by which others are ranked with them: relation → whose it is."""
RANKED_UNROUNDED = "kpi.kpi_observation"
"""By what others may be ranked unrounded, where rows of evidence differ: the KPIs that awards go by."""
PERIOD, MONTH = "period_id", "month_id"


def is_same(pair: Pair, relation: str) -> bool:
    """Whether both have the same rows of a relation (`schema.name`); no where one has none. One that is the
    same is known to be from then on.
    """
    columns = pair.columns.get(relation, ())
    found = bool(columns) and not pair.rows(f"from ({one_sided(relation, columns)}) limit 1")
    if found:
        pair.same |= {relation}
    return found


def concerned(pair: Pair) -> Sequence[str]:
    """Agents whose numbers can have moved a line, in order: whose lines, scores, grades or places differ."""
    looked_at = {**OF_AGENTS} if pair.is_same_evidence else {**OF_AGENTS, RANKED_UNROUNDED: "agent_id"}
    conditions = {RANKED_UNROUNDED: f"(agent_id, kpi_id) in ({query('ranked_by')})"}
    others = " union ".join(
        f"select {agent} as agent_id from ({one_sided(relation, pair.columns[relation])}) "
        f"where {conditions.get(relation, 'true')}"
        for relation, agent in looked_at.items()
        if relation not in pair.same
    )
    if not others:
        return ()
    rows = pair.rows(f"select distinct agent_id from ({others}) where agent_id is not null order by agent_id")
    return [row["agent_id"] for row in rows]


def moved_periods(pair: Pair, agents: Sequence[str], read: Collection[str]) -> Sequence[tuple[str, str]]:
    """Agent and period of each of these agents of which some row differs in what lines rest on or what their
    numbers `read` (`schema.name`), in order. The numbers of all other periods come out as published. A
    relation by months is one of every period that holds the month, one without a period one of all.
    """
    relations = {**dict.fromkeys(read, "agent_id"), **OF_AGENTS}
    found = " union ".join(
        moved
        for relation, agent in relations.items()
        if relation not in pair.same and relation in pair.columns
        for moved in _moved(pair, relation, agent)
    )
    if not found:
        return ()
    rows = pair.rows(
        f"select distinct agent_id, period_id from ({found}) where agent_id in (select unnest($agents)) "
        "order by all",
        agents=list(agents),
    )
    return [(row["agent_id"], row["period_id"]) for row in rows]


def _moved(pair: Pair, relation: str, agent: str) -> Iterator[str]:
    columns = pair.columns[relation]
    differing = f"({one_sided(relation, columns)}) as differing"
    if PERIOD in columns:
        yield f"select {agent} as agent_id, period_id from {differing}"
    elif MONTH in columns:
        yield (
            f"select differing.{agent} as agent_id, held.period_id from {differing} inner join "
            "(from a.facts.dim_period_month union from b.facts.dim_period_month) as held using (month_id)"
        )
    else:
        yield (
            f"select differing.{agent} as agent_id, held.period_id from {differing} cross join "
            "(from a.facts.dim_period_month union from b.facts.dim_period_month) as held"
        )
