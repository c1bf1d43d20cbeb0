"""The part of a published calculation that lies below some of its numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from orchestration.audit.calculation.graph import FIELDS, Graph, graph_of
from orchestration.audit.relations import AuditFile

# What is published of another member of a cohort is not followed further.
BELOW = """
    with recursive edge as materialized (
        select operand.parent_key, operand.node_key,
            operand.operand = 'member' as is_member, said.node_key is not null as is_said
        from audit.calculation_operand as operand
        left join (
            select node_key from audit.calculation_node
            where $with_members and value is not null and is_exact is not true
        ) as said on operand.node_key = said.node_key
        where $with_members or operand.operand <> 'member'
    ), below as (
        select unnest($roots) as node_key, false as is_other, false as is_said
        union
        select edge.node_key, below.is_other or edge.is_member, edge.is_said
        from below inner join edge on below.node_key = edge.parent_key
        where not (below.is_other and below.is_said)
    )
    select * from audit.calculation_operand
    where parent_key in (select node_key from below where not (is_other and is_said))
        and ($with_members or operand <> 'member')
"""
NODES = f"select {', '.join(FIELDS)} from audit.calculation_node where node_key in (select unnest(?))"


def read_below(audit: AuditFile, roots: Sequence[str], *, with_members: bool) -> Graph:
    """The numbers with the keys `roots` and all that they are made of; keys that there are not are left out.

    `with_members` reads members of cohorts too. Of the other members only what is published of them: those
    numbers are leaves here.
    """
    operands = audit.query_named(BELOW, {"roots": list(roots), "with_members": with_members})
    nodes = audit.query(NODES, [sorted({*roots, *(row["node_key"] for row in operands)})])
    graph = graph_of(nodes, operands)
    if not with_members:
        return graph
    numbers = {
        key: one if one.value is None or graph.of(key) else replace(one, operation=None)
        for key, one in graph.numbers.items()
    }
    return Graph(numbers, graph.operands)
