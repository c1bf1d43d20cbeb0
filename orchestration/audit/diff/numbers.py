"""The calculations of two publications joined number by number, and the deepest numbers that differ."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from orchestration.audit.diff.pair import Pair, query
from orchestration.text import in_words, measured


@dataclass(frozen=True)
class NumberChange:
    """A number (or word) that differs and none below it does; `–` where it is not there."""

    label: str
    label_zh: str
    before: str
    after: str
    clause_id: str | None = None

    def __str__(self) -> str:
        name = self.label + (f" ({self.label_zh})" if self.label_zh not in ("", self.label) else "")
        return f"{name}: {self.before} → {self.after}" + (f" [{self.clause_id}]" if self.clause_id else "")


Group = tuple[str, bool]
"""A cohort, and whether who moved within it counts, or who came and left alone."""


class Member(NamedTuple):
    """One that moved, came or left (`how`), and the number by which it is compared."""

    node_key: str
    who: str
    how: str


@dataclass(frozen=True)
class Moved:
    """The groups of each start, and of each group its members that moved, in order."""

    groups: Mapping[str, frozenset[Group]]
    members: Mapping[Group, Sequence[Member]]


OF_CONCERNED = "(agent_id is null or agent_id in (from concerned))"
"""Numbers of those who are concerned, and nobody's own."""
OF_PERIODS = "(agent_id is null or (agent_id, period_id) in (from concerned_period))"
"""The same, of their periods of which something moved."""


def join_numbers(pair: Pair) -> None:
    """Make the tables of both: `number`, `operand` and `edge`, what `moved`, and the `deepest` that did. Of
    parts that one of them does not state, and of periods of which nothing moved, nothing is there, until
    something asks for it (`join_all`).
    """
    if pair.only is None:
        _join(pair, *("from {side}.audit.{relation}",) * 2)
        return
    pair.rows(
        "create or replace temp table concerned as select unnest(cast($agents as varchar[])) as agent_id",
        agents=list(pair.only.agents),
    )
    if pair.only.parts is None:
        _join(pair, *(f"from {{side}}.audit.{{relation}} where {OF_CONCERNED}",) * 2)
        return
    pair.rows(
        "create or replace temp table concerned_period as select unnest(cast($agents as varchar[])) "
        "as agent_id, unnest(cast($periods as varchar[])) as period_id",
        agents=[agent for agent, _ in pair.only.periods],
        periods=[period for _, period in pair.only.periods],
    )
    pair.rows(
        "create or replace temp table stated_part as select unnest(cast($parts as varchar[])) as part",
        parts=list(pair.only.parts),
    )
    stated = f"from {{side}}.audit.{{relation}} where {OF_PERIODS} and part in (from stated_part)"
    _join(pair, stated, stated)
    # A number of another part that rests on one that moved may lie between it and a line.
    if pair.rows(
        "from a.audit.calculation_operand where part not in (from stated_part) "
        f"and node_key in (select node_key from moved) and {OF_CONCERNED} limit 1"
    ):
        join_all(pair)


def join_all(pair: Pair) -> None:
    """The tables of `join_numbers` with all that both have: what one does not state, the other does."""
    if pair.has_all_numbers:
        return
    _join(
        pair,
        f"from {{side}}.audit.{{relation}} where {OF_CONCERNED}",
        "from (from {side}.audit.{relation} union all by name "
        f"from a.audit.{{relation}} where part not in (from stated_part)) where {OF_CONCERNED}",
    )
    pair.has_all_numbers = True


def _join(pair: Pair, one: str, other: str) -> None:
    """`number` and what follows, of the SQL of both with `{side}` and `{relation}`."""
    nodes, operands = (
        {side: sql.format(side=side, relation=relation) for side, sql in (("a", one), ("b", other))}
        for relation in ("calculation_node", "calculation_operand")
    )
    pair.rows(
        query(
            "numbers",
            nodes_a=nodes["a"],
            nodes_b=nodes["b"],
            operands_a=operands["a"],
            operands_b=operands["b"],
        )
    )


def look_below(pair: Pair, *, followed: str) -> None:
    """Fill `leaf` and `passed` below each start that has no leaf: with the deepest numbers that moved those
    above them (`followed='step'`), with the deepest moved ones whatever they moved (`way`), or all (`edge`).
    """
    pair.rows(query("look_below", followed=followed))


def changes(pair: Pair, one_sided: Collection[str] = ()) -> Mapping[str, Sequence[NumberChange]]:
    """The deepest moved numbers in `leaf` by start, in words, those of both publications first. Of starts
    that are `one_sided` only these: what came or went with them moved nothing.
    """
    found: dict[str, dict[NumberChange, None]] = defaultdict(dict)
    for row in pair.rows(query("changes"), one_sided=list(one_sided)):
        before, after = (_shown(row, side) for side in "ab")
        if before != after:
            change = NumberChange(row["label"] or "", row["label_zh"] or "", before, after, row["clause_id"])
            found[row["start_key"]][change] = None
    return {start_key: tuple(said) for start_key, said in found.items()}


def find_groups(pair: Pair) -> Moved:
    """The groups of each start that has a rank or the size of one in `passed`, where somebody moved."""
    pair.rows(query("groups"))
    groups: dict[str, set[Group]] = defaultdict(set)
    for row in pair.rows("from ranked_group"):
        groups[row["start_key"]].add((row["cohort_key"], row["has_moved"]))
    members: dict[Group, list[Member]] = defaultdict(list)
    for row in pair.rows(
        "select distinct ranked.cohort_key, has_moved, node_key, who, how "
        "from (select distinct cohort_key, has_moved from ranked_group) as ranked "
        "inner join cohort_member as member on ranked.cohort_key = member.cohort_key "
        "and (has_moved or how <> 'moved') order by all"
    ):
        members[row["cohort_key"], row["has_moved"]].append(Member(row["node_key"], row["who"], row["how"]))
    return Moved({start_key: frozenset(found) for start_key, found in groups.items()}, members)


def _shown(row: Mapping[str, Any], side: str) -> str:
    value, text = row[f"value_{side}"], row[f"text_{side}"]
    return in_words(text) if value is None else measured(value, row["unit"] or "")
