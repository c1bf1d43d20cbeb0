"""The part of a published calculation that lies below some of its numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from orchestration.audit.beside import text_beside
from orchestration.audit.calculation.graph import FIELDS, Graph, graph_of
from orchestration.audit.relations import AuditFile

OPERANDS = "select parent_key, operand, position, node_key, is_chosen from operand_below"
NODES = """
select {fields} from audit.calculation_node
where node_key in (select unnest($roots) union all select node_key from operand_below)
"""


def read_below(
    audit: AuditFile, roots: Sequence[str], *, with_members: bool, fields: Sequence[str] = FIELDS
) -> Graph:
    """The numbers with the keys `roots` and all that they are made of; keys that there are not are left out.

    `with_members` reads members of cohorts too. Of the other members only what is published of them: those
    numbers are leaves here. `fields` are those of the numbers that are read.
    """
    below = text_beside(__file__, "sql/below.sql")
    audit.keep("operand_below", below, {"roots": list(roots), "with_members": with_members})
    nodes = audit.each(NODES.format(fields=", ".join(fields)), {"roots": list(roots)})
    graph = graph_of(nodes, audit.each(OPERANDS))
    audit.forget("operand_below")
    if not with_members:
        return graph
    numbers = {
        key: one
        if one.operation is None or one.value is None or graph.of(key)
        else replace(one, operation=None)
        for key, one in graph.numbers.items()
    }
    return Graph(numbers, graph.operands)
