"""The part of a published calculation that lies below some of its numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from orchestration.audit.beside import text_beside
from orchestration.audit.calculation.graph import FIELDS, Graph, graph_of
from orchestration.audit.relations import AuditFile

NODES = f"select {', '.join(FIELDS)} from audit.calculation_node where node_key in (select unnest(?))"


def read_below(audit: AuditFile, roots: Sequence[str], *, with_members: bool) -> Graph:
    """The numbers with the keys `roots` and all that they are made of; keys that there are not are left out.

    `with_members` reads members of cohorts too. Of the other members only what is published of them: those
    numbers are leaves here.
    """
    below = text_beside(__file__, "sql/below.sql")
    operands = audit.query(below, {"roots": list(roots), "with_members": with_members})
    nodes = audit.query(NODES, [sorted({*roots, *(row["node_key"] for row in operands)})])
    graph = graph_of(nodes, operands)
    if not with_members:
        return graph
    numbers = {
        key: one if one.value is None or graph.of(key) else replace(one, operation=None)
        for key, one in graph.numbers.items()
    }
    return Graph(numbers, graph.operands)
