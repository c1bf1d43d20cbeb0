"""The calculation as it states itself: every number from its operands, every cell it names, nothing left out.

No mechanism, plan or KPI is known here: numbers have operations, cells have relations with keys.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any, Protocol

from orchestration.audit.calculation.evaluate import PLACES, CannotEvaluate, Evaluator, decimal_of, rounded
from orchestration.audit.calculation.graph import FIELDS, Graph, Number, graph_of
from orchestration.audit.verify.data import ParquetData
from orchestration.audit.verify.findings import Finding, shown
from orchestration.audit.verify.rows import Checked
from orchestration.state.folder import place_of

NODES, OPERANDS, KEYS = "audit.calculation_node", "audit.calculation_operand", "audit.relation_key"
FOUND_PER_CELL = 20


class PublishedRows(Protocol):
    """Rows of published relations: of a publication, or of a pack."""

    def has(self, relation: str) -> bool:
        """Whether the relation is there."""
        ...

    def scan(self, relation: str) -> str:
        """The relation as a table expression."""
        ...

    def rows(self, relation: str) -> Sequence[Mapping[str, Any]]:
        """All rows of a relation."""
        ...

    def query(self, sql: str, values: Sequence[object] = (), *, relation: str) -> Iterator[Mapping[str, Any]]:
        """Rows of a query."""
        ...


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
        if problem:
            findings.append(_finding(number, relations, problem))
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


def _finding(number: Number, relations: Mapping[str, str], problem: str) -> Finding:
    relation = relations.get(number.input_model or "")
    if relation is None:
        return Finding(place_of(NODES), problem, row=f"node_key={number.node_key}", column="value")
    return Finding(
        place_of(relation),
        problem,
        row=f"{number.input_key} ({number.node_key})",
        column=number.input_column or "",
    )


def _relations(data: PublishedRows) -> dict[str, str]:
    return {row["model"]: row["relation"] for row in data.rows(KEYS)}


def _keys(data: PublishedRows) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for row in sorted(data.rows(KEYS), key=lambda one: (one["model"], one["position"])):
        found.setdefault(row["model"], []).append(row["column_name"])
    return found


def check_cells(data: PublishedRows, nodes: str = NODES) -> Checked:
    """Every number against the published cell that it names."""
    relations, keys = _relations(data), _keys(data)
    cells = data.query(
        f"select input_model, input_column, count(*) as n from {data.scan(nodes)} "
        "where input_model is not null group by all order by all",
        relation=nodes,
    )
    findings: list[Finding] = []
    looked_at = 0
    for cell in list(cells):
        model, column = cell["input_model"], cell["input_column"]
        looked_at += cell["n"]
        if model not in relations or not data.has(relations[model]):
            problem = f"{cell['n']} numbers name {model}, which is not published"
            findings.append(Finding(place_of(nodes), problem))
            continue
        findings += _cell(data, nodes, model, column, relations[model], keys[model])
    return looked_at, "cells", findings


def _cell(
    data: PublishedRows, nodes: str, model: str, column: str, relation: str, keys: Sequence[str]
) -> Iterator[Finding]:
    types = {
        row["column_name"]: row["column_type"]
        for row in data.query(f"describe from {data.scan(relation)}", relation=relation)
    }
    if column not in types:
        yield Finding(place_of(NODES), f"numbers name the column {column} of {model}, which has none")
        return
    is_word = types[column] == "VARCHAR"
    key = " || ':' || ".join(f"coalesce(cast({one} as varchar), '')" for one in keys)
    own = f"cast({column} as varchar)" if is_word else f"cast({column} as decimal(38, 12))"
    stated = "text_value" if is_word else "value"
    rows = data.query(
        f"""
        select node.node_key, node.input_key, node.{stated} as stated, cell.own,
            cell.key is null as is_strange
        from (select * from {data.scan(nodes)} where input_model = ? and input_column = ?) as node
        left join (select {key} as key, {own} as own from {data.scan(relation)}) as cell
            on node.input_key = cell.key
        where cell.key is null or node.{stated} is distinct from cell.own
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
        yield Finding(
            place_of(relation), problem, row=f"{row['input_key']} ({row['node_key']})", column=column
        )
