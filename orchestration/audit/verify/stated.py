"""The calculation as it states itself: every number from its operands, every cell it names, nothing left out.

No mechanism, plan or KPI is known here: numbers have operations, cells have relations with keys.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction

from orchestration.audit.calculation.evaluate import PLACES, CannotEvaluate, Evaluator, decimal_of, rounded
from orchestration.audit.calculation.graph import FIELDS, Graph, Number, graph_of
from orchestration.audit.relations import Row
from orchestration.audit.verify.data import KEYS, ParquetData, PublishedRows, keys_of, types_of
from orchestration.audit.verify.findings import Finding, shown
from orchestration.audit.verify.rows import Checked
from orchestration.state.folder import place_of

NODES, OPERANDS = "audit.calculation_node", "audit.calculation_operand"
FOUND_PER_CELL = 20


def check_numbers(data: ParquetData) -> Checked:
    """Every number against what its operands give."""
    graph = read_graph(data)
    count = sum(1 for one in graph.numbers.values() if one.operation is not None)
    return count, "numbers", evaluated(graph, _relations(data))


def read_graph(data: ParquetData) -> Graph:
    """The published calculation. Raises RelationUnreadable."""
    nodes = data.query(f"select {', '.join(FIELDS)} from {data.scan(NODES)}", relation=NODES)
    operands = data.query(f"select * from {data.scan(OPERANDS)}", relation=OPERANDS)
    return graph_of(nodes, operands)


def evaluated(
    graph: Graph, relations: Mapping[str, str], evaluator: Evaluator | None = None
) -> list[Finding]:
    """Findings where a number is not what its operands give, or cannot be worked out. `relations` are names
    of published relations by model.
    """
    evaluator, findings = evaluator or Evaluator(graph), []
    for number in graph.numbers.values():
        if number.operation is None:
            continue
        try:
            problem = _difference(number, evaluator)
        except CannotEvaluate as error:
            problem = str(error)
        relation = relations.get(number.input_model or "")
        if problem and relation is None:
            row = f"node_key={number.node_key}"
            findings.append(Finding(place_of(NODES), problem, row=row, column="value"))
        elif problem and relation:
            row = f"{number.input_key} ({number.node_key})"
            findings.append(Finding(place_of(relation), problem, row=row, column=number.input_column or ""))
    return findings


def _difference(number: Number, evaluator: Evaluator) -> str | None:
    result = evaluator.result(number.node_key)
    if number.value is not None:
        found = evaluator.shown(number.node_key)
        if found is None or rounded(found, PLACES) != Fraction(number.value):
            return f"published {shown(number.value)}, its operands give {shown(decimal_of(found))}"
    elif (
        result.word != number.text_value and number.operation != "compare" and number.input_model is not None
    ):
        return f"published {shown(number.text_value)}, its operands give {shown(result.word)}"
    return None


def _relations(data: PublishedRows) -> dict[str, str]:
    return {row["model"]: row["relation"] for row in data.rows(KEYS)}


def check_cells(data: PublishedRows, nodes: str = NODES) -> Checked:
    """Every number against the published cell that it names."""
    relations, keys = _relations(data), keys_of(data)
    cells = data.query(
        f"select input_model, input_column, count(*) as n from {data.scan(nodes)} "
        "where input_model is not null group by all order by all",
        relation=nodes,
    )
    findings: list[Finding] = []
    looked_at = 0
    for cell in list(cells):
        looked_at += cell["n"]
        relation = relations.get(cell["input_model"])
        if relation is None or not data.has(relation):
            problem = f"{cell['n']} numbers name {cell['input_model']}, which is not published"
            findings.append(Finding(place_of(nodes), problem))
        else:
            findings += _cell(data, nodes, relation, keys[relation], cell)
    return looked_at, "cells", findings


def _cell(
    data: PublishedRows, nodes: str, relation: str, keys: Sequence[str], cell: Row
) -> Iterator[Finding]:
    """Numbers that are not what their column of the relation has."""
    model, column = cell["input_model"], cell["input_column"]
    types = types_of(data, data.scan(relation), relation)
    if column not in types:
        yield Finding(place_of(NODES), f"numbers name the column {column} of {model}, which has none")
        return
    is_word = types[column] == "VARCHAR"
    key = " || ':' || ".join(f"coalesce(cast({one} as varchar), '')" for one in keys)
    own = f"cast({column} as varchar)" if is_word else f"cast({column} as decimal(38, 12))"
    rows = data.query(
        f"""
        select node.node_key, node.input_key, node.stated, cell.own, cell.key is null as is_strange
        from (
            select *, {"text_value" if is_word else "value"} as stated from {data.scan(nodes)}
            where input_model = ? and input_column = ?
        ) as node
        left join (select {key} as key, {own} as own from {data.scan(relation)}) as cell
            on node.input_key = cell.key
        where cell.key is null or node.stated is distinct from cell.own
        order by node.node_key limit {FOUND_PER_CELL}
        """,
        [model, column],
        relation=relation,
    )
    for row in rows:
        problem = (
            f"the calculation reads {shown(row['stated'])} from a row that is not there"
            if row["is_strange"]
            else f"published {shown(row['own'])}, the calculation has {shown(row['stated'])}"
        )
        name = f"{row['input_key']} ({row['node_key']})"
        yield Finding(place_of(relation), problem, row=name, column=column)
