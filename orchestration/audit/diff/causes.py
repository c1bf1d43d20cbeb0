"""What can have moved a number: the changed rows that the cell it was read from rests on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from orchestration.audit.diff.numbers import look_below, moved_members
from orchestration.audit.diff.pair import Pair, key_text, one_sided
from orchestration.audit.diff.policy import PolicyChange

Kind = Literal[
    "late rows", "rulings", "definitions", "policy", "code",
    "business date", "method", "ranking", "settlement",
]  # fmt: skip

EXAMPLES = 3
"""Rows named per cause; the rest is counted."""

EVIDENCE: Mapping[str, tuple[str, Sequence[str], str]] = {
    "kpi.kpi_evidence": ("kpi_id", ("numerator", "denominator"), "coalesce(other.team_id, one.team_id)"),
    "bonus.bonus_evidence": ("event_kind", ("quantity", "segment_no"), "null"),
}
"""Evidence by row: what it is evidence of, its numbers, and the team that it counts for."""

TALLIES, JOB_HISTORY, DEFINITIONS = "bonus.bonus_event", "dim_agent_month_segment", "policy_kpi_period"

FACTS: Mapping[str, tuple[str, str, str]] = {
    "facts.fct_rating": ("period_id", "dimension", "rating"),
    "facts.fct_target": ("period_id", "metric", "target"),
    f"facts.{JOB_HISTORY}": ("month_id", "null", "job history"),
    TALLIES: ("period_id", "event_kind", "events"),
}
"""Facts of an agent: their period, name and what they are; events where no evidence of them is published."""

NO_INPUT = ("load_id", "source_row_number", "source_row_hash", "row_count", "first_event_on", "input_model")
"""Columns of facts that say where a row came from, not what pay reads."""

READ_FROM: Mapping[str, str] = {
    **dict.fromkeys(("kpi_observation", "kpi_group_observation", "bonus_own_observation"), "kpi_evidence"),
    **dict.fromkeys(("bonus_deduction", "bonus_ranking"), "kpi_evidence"),
    **dict.fromkeys(("bonus_event", "bonus_gate", "bonus_tally", "bonus_tally_line"), "bonus_evidence"),
    "score_rating": "fct_rating",
    "fct_target": "fct_target",
}
"""What the cells of a model rest on; those of others on job history and the policy of their component."""

NAMES = ("kpi_id", "metric", "dimension", "source", "event_kind", "measure_id", "null")
"""Columns that say what a cell is a number of, the first that there is."""

READ = """
    with cell as ({cells}),
    read as (
        select distinct
            start_key, source, team_id, name, part_id,
            unnest(case when agent_id is null then ['*', ''] else [agent_id, ''] end) as agent_id
        from cell inner join wanted using (input_model, input_key) inner join part_of_period using (period_id)
    ),
    met as (
        select distinct start_key, changed.*
        from read inner join changed
            on read.source = changed.source and read.part_id = changed.period_id
            and read.agent_id = changed.agent_id and coalesce(read.name = changed.name, true)
            and coalesce(read.team_id = changed.team_id, true)
    )
    select
        start_key, kind, cast(sum(row_count) as bigint) as n,
        list_slice(list_sort(list_distinct(flatten(list(examples)))), 1, {examples}) as examples
    from met group by all order by all
"""
"""A cell of nobody's own rests on the changes of anyone (`*`), and every cell on those of nobody's own."""


@dataclass(frozen=True)
class Cause:
    """Why a line changed: the kind, how many rows, and the first few of them in words."""

    kind: Kind
    count: int
    examples: tuple[str, ...] = ()

    def __str__(self) -> str:
        more = f" and {self.count - len(self.examples)} more" if self.count > len(self.examples) else ""
        return f"{self.kind} ({self.count}): {'; '.join(self.examples)}{more}"


Found = Mapping[str, Sequence[Cause]]
"""Causes by the key of where the search started."""


def gather_changes(pair: Pair, policy: Iterable[PolicyChange]) -> None:
    """Make the table `changed`: rows that changed, by source, agent, team, period and name, as far as each
    has them, with the kind of cause that each is.
    """
    pair.rows(
        "create or replace temp table change (source text, agent_id text, team_id text, period_id text, "
        "name text, kind text, said text)"
    )
    for one in policy:
        of = [("policy", value) for name, value in one.key.items() if name in ("component_id", "scheme_id")]
        kind, read_as = "policy", [(one.model, one.input_key), *(of or [("policy", "")])]
        if one.model == DEFINITIONS:
            kind, read_as = "definitions", [("kpi_evidence", one.key["kpi_id"])]
        for source, name in read_as:
            pair.rows(
                "insert into change select $source, null, null, $period, $name, $kind, $said",
                source=source, period=one.period_id, name=name, kind=kind, said=str(one),
            )  # fmt: skip
    for relation in EVIDENCE:
        if relation in pair.columns:
            pair.rows(_evidence(pair, relation))
    for relation in FACTS:
        if relation != TALLIES or "bonus.bonus_evidence" not in pair.columns:
            pair.rows(_facts(pair, relation))
    pair.rows(
        """
        create or replace temp table changed as
        select * exclude (said), count(distinct said) as row_count, min(said, 3) as examples
        from (
            select * replace (
                unnest(case when agent_id is null then [''] else [agent_id, '*'] end) as agent_id
            )
            from change where kind is not null
        )
        group by all;
        create or replace temp table part_of_period as
        select distinct period_id, unnest([period_id, month_id]) as part_id
        from (from a.facts.dim_period_month union from b.facts.dim_period_month)
        """
    )


def find_causes(pair: Pair, starts: str, **values: object) -> Found:
    """Causes below each number that the SQL gives (`start_key`, `node_key`): at the deepest numbers that
    differ and, where those have none, at everything below. `leaf` keeps what was looked at.
    """
    pair.rows("delete from start; delete from leaf")
    pair.rows(f"insert into start {starts}", **values)
    look_below(pair, followed="step")
    found = _read(pair)
    known = sorted({*found, *moved_members(pair)})
    pair.rows("delete from leaf where start_key not in (select unnest($known))", known=known)
    pair.rows("delete from start where start_key in (select unnest($known))", known=known)
    look_below(pair, followed="edge")
    return {**found, **_read(pair)}


def _read(pair: Pair) -> Found:
    """Causes of the starts by what their `leaf` rests on."""
    pair.rows(
        """
        create or replace temp table wanted as
        select distinct start_key, input_model, input_key
        from leaf semi join start using (start_key) left join part on leaf.node_key = part.parent_key
        inner join number on coalesce(part.node_key, leaf.node_key) = number.node_key
        """
    )
    models = {row["input_model"] for row in pair.rows("select distinct input_model from wanted")}
    relations = [relation for relation in pair.keys if relation.split(".")[1] in models]
    cells = " union ".join(cell for relation in relations for cell in _cells(pair, relation))
    found: dict[str, list[Cause]] = defaultdict(list)
    for row in pair.rows(READ.format(cells=cells, examples=EXAMPLES)) if cells else []:
        found[row["start_key"]].append(Cause(row["kind"], row["n"], tuple(row["examples"])))
    return found


def _cells(pair: Pair, relation: str) -> Iterator[str]:
    """SQL of what the cells of a relation rest on."""
    model, key, columns = (
        relation.split(".")[1],
        key_text(pair.keys[relation]),
        (*pair.columns[relation], "null"),
    )
    period, agent, name = (
        next(one for one in wanted if one in columns)
        for wanted in (("month_id", "period_id", "null"), ("agent_id", "subject_id", "null"), NAMES)
    )
    team = "case group_kind when 'team' then group_id end" if "group_id" in columns else "null"
    sources = [(READ_FROM.get(model, JOB_HISTORY), name)]
    if relation.startswith("policy."):
        sources = [(model, key)]
    elif model not in READ_FROM:
        of = [one for one in ("component_id", "scheme_id") if one in columns]
        sources = [(JOB_HISTORY, "null"), *(("policy", one) for one in (*of, "''"))]
    for side in "ab":
        for source, named in sources:
            yield (
                f"select '{model}' as input_model, {key} as input_key, '{source}' as source, "
                f"cast({agent} as varchar) as agent_id, cast({team} as varchar) as team_id, "
                f"{period} as period_id, cast({named} as varchar) as name from {side}.{relation}"
            )


def _evidence(pair: Pair, relation: str) -> str:
    """Evidence that changed, looked for where the evidence of an agent, month and name has."""
    name, numbers, team = EVIDENCE[relation]
    key = f"agent_id, month_id, {name}, evidence_model, evidence_key"
    compared = ("is_counted", "exclusion_reason", "ruling_id", *numbers)
    differs = " or ".join(
        f"one.{column} is distinct from other.{column}" for column in ("event_on", *compared)
    )
    sums, rows = (
        [text.format(rows=f"(from {side}.{relation} where agent_id is not null and event_on is not null)")
         for side in "ab"]
        for text in (
            f"(select agent_id, month_id, {name}, sum(hash({key}, {', '.join(compared)})) as content "
            "from {rows} group by all)",
            f"(from {{rows}} semi join moved_group using (agent_id, month_id, {name}))",
        )
    )  # fmt: skip
    return f"""
        insert into change
        with moved_group as (
            select agent_id, month_id, {name}
            from {sums[0]} as one full outer join {sums[1]} as other using (agent_id, month_id, {name})
            where one.content is distinct from other.content
        ),
        evidence as (
            select
                {key}, {name} as name, coalesce(one.event_on, other.event_on) as event_on, {team} as team_id,
                one.event_on is null or other.event_on is null as is_one_sided,
                [one.exclusion_reason, other.exclusion_reason] as reasons,
                one.ruling_id is distinct from other.ruling_id as is_ruled_anew
            from {rows[0]} as one full outer join {rows[1]} as other using ({key})
            where {differs}
        )
        select
            '{relation.split(".")[1]}', agent_id, team_id, month_id, name,
            case
                when is_ruled_anew or list_contains(reasons, 'ruling') then 'rulings'
                when {pair.has_moved_on} and (event_on > '{pair.before["as_of"]}'
                    or not is_one_sided and list_has_any(reasons, ['pending', 'future'])) then 'business date'
                when (one.row_hash, one.load_id) is distinct from (other.row_hash, other.load_id)
                    then 'late rows'
                when name in (select name from change where kind = 'definitions') then 'definitions'
                -- The row itself is the same: another one (a repeat, a follow-up, a later rating) has come.
                else {_fact_kind(pair, "'late rows'", "null", "'code'")}
            end,
            name || ' ' || evidence_key || ' (' || coalesce(
                other.file || ' row ' || other.row_number, one.file || ' row ' || one.row_number,
                evidence_model
            ) || ')'
        from evidence
        left join a.audit.source_row as one using (evidence_model, evidence_key)
        left join b.audit.source_row as other using (evidence_model, evidence_key)
    """


def _facts(pair: Pair, relation: str) -> str:
    """Facts of an agent that changed; days that had not come yet are no late rows."""
    period, name, what = FACTS[relation]
    source, kind = relation.split(".")[1], _fact_kind(pair, "'late rows'", "'business date'", "'code'")
    if relation == TALLIES:
        source = "bonus_evidence"
        if pair.rows(one_sided("facts.fct_ruling", ["ruling_id", "decision", "is_in_force"])):
            kind = "'rulings'"
        if pair.has_moved_on:
            kind = f"case when {period} >= '{pair.before['as_of'][:7]}' then 'business date' else {kind} end"
    columns = [column for column in pair.columns[relation] if column not in NO_INPUT]
    return (
        f"insert into change select distinct '{source}', agent_id, null, {period}, {name}, {kind}, "
        f"concat_ws(' ', {name}, '{what} of', {period}) from ({one_sided(relation, columns)})"
    )


def _fact_kind(pair: Pair, loaded: str, moved_on: str, coded: str) -> str:
    """What can have changed a fact; nothing where files, date and code are the same."""
    return (
        loaded if pair.has_new_loads
        else moved_on if pair.has_moved_on
        else coded if pair.has_other_code
        else "null"
    )  # fmt: skip
