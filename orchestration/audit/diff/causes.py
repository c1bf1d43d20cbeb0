"""What can have moved a number: the changed rows that the cell it was read from rests on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from orchestration.audit.diff.numbers import find_groups, join_all, look_below
from orchestration.audit.diff.pair import Pair, one_sided, query
from orchestration.audit.diff.policy import PolicyChange
from orchestration.audit.relations import key_text
from orchestration.sql import literal

Kind = Literal[
    "late rows", "rulings", "definitions", "policy", "code",
    "business date", "method", "ranking", "settlement",
]  # fmt: skip

EXAMPLES = 3
"""Rows named per cause; the rest is counted."""
FIRST, NEXT = "0", "1"
"""Before the words of an example while they are put in order; one letter each."""

JOB_HISTORY, DEFINITIONS = "dim_agent_month_segment", "policy_kpi_period"

FACTS: Mapping[str, tuple[str, str, str]] = {
    "fct_rating": ("period_id", "dimension", "rating"),
    "fct_target": ("period_id", "metric", "target"),
    JOB_HISTORY: ("month_id", "null", "job history"),
}
"""Facts of an agent: their period, name and what they are."""

NO_INPUT = ("load_id", "source_row_number", "source_row_hash")
"""Columns of facts that say where a row came from, not what pay reads."""

READ_FROM: Mapping[str, str] = {
    **dict.fromkeys(("kpi_observation", "kpi_group_observation", "bonus_own_observation"), "kpi_evidence"),
    **dict.fromkeys(("bonus_deduction", "bonus_ranking"), "kpi_evidence"),
    **dict.fromkeys(("bonus_event", "bonus_gate", "bonus_tally", "bonus_tally_line"), "bonus_evidence"),
    "score_rating": "fct_rating",
    "fct_target": "fct_target",
}
"""What the cells of a model rest on; those of others on job history and the policy of their component."""

EVIDENCE: Mapping[str, str] = {"kpi_evidence": "kpi_id", "bonus_evidence": "event_kind"}
"""Evidence, with the column that says what it is of."""

PERIODS, AGENTS = ("month_id", "period_id"), ("agent_id", "subject_id")
NAMES = ("kpi_id", "metric", "dimension", "source", "event_kind", "measure_id")
"""Columns that say of which period, of whom and what a cell is a number, the first that there is."""


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
    has them, with the kind of cause that each is. Examples of policy rows go before those of other rows. Of
    evidence that is much, what is read is looked at when it is (`_gather_evidence`).
    """
    pair.rows(
        "create or replace temp table change (source text, agent_id text, team_id text, period_id text, "
        "name text, kind text, place text, said text)"
    )
    for one in policy:
        of = [("policy", value) for name, value in one.key.items() if name in ("component_id", "scheme_id")]
        kind, read_as = "policy", [(one.model, one.input_key), *(of or [("policy", "")])]
        if one.model == DEFINITIONS:
            kind, read_as = "definitions", [("kpi_evidence", one.key["kpi_id"])]
        for source, name in read_as:
            pair.rows(
                "insert into change select $source, null, null, $period, $name, $kind, $place, $said",
                source=source, period=one.period_id, name=name, kind=kind, place=FIRST, said=str(one),
            )  # fmt: skip
    pair.rows("create or replace temp table looked_for (source text, name text)")
    # Days that had not come yet are no late rows.
    fact_kind = _fact_kind(pair, moved_on="business date")
    for model, (period, name, what) in FACTS.items():
        if f"facts.{model}" in pair.same:
            continue
        columns = [column for column in pair.columns[f"facts.{model}"] if column not in NO_INPUT]
        pair.rows(
            f"insert into change select distinct '{model}', agent_id, null, {period}, {name}, $kind, $place, "
            f"concat_ws(' ', {name}, '{what} of', {period}) from ({one_sided(f'facts.{model}', columns)})",
            kind=fact_kind,
            place=NEXT,
        )
    pair.rows(query("changed"))


def _gather_evidence(pair: Pair) -> None:
    """Add the evidence that changed of what is read and has not been looked at yet."""
    asked = pair.rows(
        "select distinct source, name from read_cell where source in (select unnest($sources)) "
        "except from looked_for order by all",
        sources=list(EVIDENCE),
    )
    if pair.is_same_evidence or not asked:
        return
    names = {source: [row["name"] for row in asked if row["source"] == source] for source in EVIDENCE}
    pair.rows(
        query("changed_evidence", **{source: _named(EVIDENCE[source], names[source]) for source in EVIDENCE}),
        as_of=pair.before["as_of"],
        has_moved_on=pair.has_moved_on,
        place=NEXT,
        kind=_fact_kind(pair, moved_on=None),
    )
    pair.rows("insert into looked_for select unnest($asked, recursive := true)", asked=asked)
    pair.rows(query("changed"))


def _named(column: str, names: Sequence[str | None]) -> str:
    """SQL of the rows of some names, which the views of other KPIs need not be read for; a cell that says no
    name reads them all.
    """
    if None in names:
        return "true"
    return f"{column} in ({', '.join(map(literal, map(str, names)))})" if names else "false"


def _fact_kind(pair: Pair, *, moved_on: Kind | None) -> Kind | None:
    """What can have changed a fact; nothing where files, date and code are the same."""
    if pair.has_new_loads:
        return "late rows"
    return moved_on if pair.has_moved_on else "code" if pair.has_other_code else None


def find_causes(pair: Pair, starts: str, **values: object) -> Found:
    """Causes below each number that the SQL gives (`start_key`, `node_key`): at the deepest numbers that
    differ and, where those have none, at everything below. `leaf` keeps what was looked at.
    """
    pair.rows("delete from start; delete from leaf; delete from passed")
    pair.rows(f"insert into start {starts}", **values)
    found: dict[str, Sequence[Cause]] = {}
    for followed in ("step", "way"):
        look_below(pair, followed=followed)
        found |= _read(pair)
        known = sorted({*found, *find_groups(pair).groups})
        for table in ("leaf", "passed"):
            pair.rows(f"delete from {table} where start_key not in (select unnest($known))", known=known)
        pair.rows("delete from start where start_key in (select unnest($known))", known=known)
        if not pair.rows("from start limit 1"):
            return found
    join_all(pair)
    look_below(pair, followed="edge")
    return {**found, **_read(pair)}


def _read(pair: Pair) -> Found:
    """Causes of the starts by what their `leaf` rests on."""
    pair.rows(query("wanted"))
    models = {row["input_model"] for row in pair.rows("select distinct input_model from wanted")}
    relations = [relation for relation in pair.keys if relation.split(".")[1] in models]
    cells = " union ".join(cell for relation in relations for cell in _cells(pair, relation))
    found: dict[str, list[Cause]] = defaultdict(list)
    if not cells:
        return found
    pair.rows(query("read_cell", cells=cells))
    _gather_evidence(pair)
    for row in pair.rows(query("met"), examples=EXAMPLES):
        found[row["start_key"]].append(Cause(row["kind"], row["n"], tuple(row["examples"])))
    return found


def _cells(pair: Pair, relation: str) -> Iterator[str]:
    """SQL of what the cells of a relation rest on."""
    model, key, columns = relation.split(".")[1], key_text(pair.keys[relation]), pair.columns[relation]
    period, agent, name = (
        next((one for one in wanted if one in columns), "null") for wanted in (PERIODS, AGENTS, NAMES)
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
