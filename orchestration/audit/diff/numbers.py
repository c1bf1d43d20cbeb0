"""The calculations of two publications joined number by number, and the deepest numbers that differ."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orchestration.audit.diff.pair import Pair
from orchestration.audit.text import in_words, measured

EITHER = ("label", "label_zh", "unit", "operation", "clause_id", "input_model", "input_key")

TABLES: Mapping[str, str] = {
    # A number that is otherwise the same (another cell, in force from another day) moves none above it. One
    # that is open, without a value of its own (an order) or read unrounded, has moved where one below it has.
    "number": f"""
        select
            node_key, {", ".join(f"coalesce(other.{name}, one.{name}) as {name}" for name in EITHER)},
            one.value as value_a, other.value as value_b,
            one.text_value as text_a, other.text_value as text_b,
            one.kind is null or other.kind is null as is_one_sided,
            is_one_sided or (value_a, text_a, one.row_key, one.operation)
            is distinct from (value_b, text_b, other.row_key, other.operation) as differs,
            one.is_exact or other.is_exact or coalesce(value_a, value_b) is null
            and (coalesce(text_a, text_b) is null or coalesce(one.operation, other.operation) = 'order')
            as is_open
        from a.audit.calculation_node as one
        full outer join b.audit.calculation_node as other using (node_key)""",
    # Rows of a table are operands where they applied.
    "operand": """
        select parent_key, node_key, operand, max(is_in_a) as is_in_a, max(is_in_b) as is_in_b
        from (
            select *, true as is_in_a, false as is_in_b from a.audit.calculation_operand
            union all select *, false, true from b.audit.calculation_operand
        )
        where operand <> 'row' or is_chosen
        group by all""",
    "edge": "select parent_key, node_key, operand from operand where operand <> 'member'",
    "moved": """
        with recursive moved as (
            select node_key from number where differs
            union
            select edge.parent_key
            from moved
            inner join edge using (node_key)
            inner join number on edge.parent_key = number.node_key and number.is_open
        )
        select number.* from moved inner join number using (node_key)""",
    # The two sums of a ratio are said by it, and are not taken apart.
    "part": """
        select edge.parent_key, edge.node_key
        from edge
        inner join moved on edge.parent_key = moved.node_key and moved.differs
        inner join number on edge.node_key = number.node_key and number.operation is null
        where edge.operand in ('numerator', 'denominator')""",
    "step": """
        select edge.parent_key, edge.node_key
        from edge
        semi join moved on edge.parent_key = moved.node_key
        semi join moved on edge.node_key = moved.node_key
        anti join part on edge.parent_key = part.parent_key and edge.node_key = part.node_key""",
    "deepest": """
        select * from moved
        anti join step on moved.node_key = step.parent_key
        anti join part on moved.node_key = part.node_key
        where coalesce(moved.operation, moved.input_model) is not null""",
    "start": "select '' as start_key, '' as node_key limit 0",
    "leaf": "select '' as start_key, '' as node_key, '' as clause_id limit 0",
}
"""The numbers and edges of both, and how they moved; `leaf` are those that were looked for below `start`."""


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


def join_numbers(pair: Pair) -> None:
    """Make the tables."""
    for table, sql in TABLES.items():
        pair.rows(f"create or replace temp table {table} as {sql}")


def look_below(pair: Pair, *, followed: str) -> None:
    """Fill `leaf` below each start that has none there: with the deepest moved numbers (`followed='step'`) or
    with all of them (`edge`), each with the nearest clause at or above it.

    Of what came or went as a whole, its own numbers say nothing where others do.
    """
    pair.rows(
        f"""
        insert into leaf
        with recursive reached as (
            select start_key, node_key, number.clause_id
            from start inner join number using (node_key) anti join leaf using (start_key)
            union
            select reached.start_key, number.node_key, coalesce(number.clause_id, reached.clause_id)
            from reached
            inner join {followed} as below on reached.node_key = below.parent_key
            inner join number on below.node_key = number.node_key
        )
        select start_key, node_key, min(clause_id)
        from (
            select reached.*, is_one_sided and contains(node_key, start_key) as is_own
            from reached inner join number using (node_key)
            where '{followed}' = 'edge' or node_key in (select node_key from deepest)
                and (start_key, node_key) not in (select (start_key, node_key) from start)
        )
        group by start_key, node_key, is_own
        qualify not is_own or bool_and(is_own) over (partition by start_key)
        """
    )


def changes(pair: Pair) -> Mapping[str, Sequence[NumberChange]]:
    """The deepest moved numbers in `leaf` by start, in words, those of both publications first."""
    found: dict[str, dict[NumberChange, None]] = defaultdict(dict)
    for row in pair.rows(
        "select start_key, deepest.* replace (coalesce(deepest.clause_id, leaf.clause_id) as clause_id) "
        "from leaf inner join deepest using (node_key) anti join start using (start_key, node_key) "
        "order by start_key, is_one_sided, node_key"
    ):
        before, after = (_shown(row, side) for side in "ab")
        if before != after:
            change = NumberChange(row["label"] or "", row["label_zh"] or "", before, after, row["clause_id"])
            found[row["start_key"]][change] = None
    return {start_key: tuple(said) for start_key, said in found.items()}


def moved_members(pair: Pair) -> Mapping[str, Sequence[dict[str, Any]]]:
    """Of each start with a rank or the size of a group in `leaf`: `who` moved, came or left there (`how`),
    and the number (`node_key`) by which they are compared.
    """
    found = defaultdict(list)
    for row in pair.rows(
        """
        select distinct
            leaf.start_key, member.node_key,
            coalesce(who.text_b, who.text_a, split_part(who.input_key, ':', 1)) as who,
            case when not is_in_a then 'came' when not is_in_b then 'left' else 'moved' end as how
        from leaf
        inner join number using (node_key)
        inner join edge on leaf.node_key = edge.parent_key
        inner join operand as member on edge.node_key = member.parent_key and member.operand = 'member'
        inner join number as who on member.node_key = who.node_key
        left join moved on member.node_key = moved.node_key and number.operation <> 'count'
        where moved.node_key is not null or not (is_in_a and is_in_b)
        order by all
        """
    ):
        found[row["start_key"]].append(row)
    return found


def _shown(row: Mapping[str, Any], side: str) -> str:
    value, text = row[f"value_{side}"], row[f"text_{side}"]
    return in_words(text) if value is None else measured(value, row["unit"] or "")
