"""The calculation as it states itself: every number from its operands, every cell it names, nothing left out.

No mechanism, plan or KPI is known here: numbers have operations, cells have relations with keys.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from orchestration.audit.calculation.evaluate import PLACES, CannotEvaluate, Evaluator, decimal_of, rounded
from orchestration.audit.calculation.graph import FIELDS, Graph, Number, graph_of
from orchestration.audit.verify.data import ParquetData, with_files
from orchestration.audit.verify.findings import Finding, shown
from orchestration.state import place_of

NODES, OPERANDS, KEYS = "audit.calculation_node", "audit.calculation_operand", "audit.relation_key"
FOUND_PER_CELL = 20

NEVER_ALONE = ("score_line", "score_part", "curve", "gate", "line")
"""Kinds of numbers that are always part of another."""


@dataclass(frozen=True)
class Due:
    """What must be there: rows that `wanted` gives with a column `key`, and where they are `found`."""

    what: str
    place: str
    wanted: str
    found: str


ALL_DUE: Sequence[Due] = (
    Due(
        "the due component has neither a line nor a reason why it pays nothing",
        "bonus.bonus_line_computed",
        "select concat_ws(':', period_id, agent_id, component_id, segment_no) as key from {bonus.bonus_due}",
        "select concat_ws(':', period_id, agent_id, component_id, segment_no) as key "
        "from {bonus.bonus_line_computed} union all "
        "select concat_ws(':', period_id, agent_id, component_id, segment_no) from {bonus.bonus_unpaid}",
    ),
    Due(
        "the bonus is no number of the calculation",
        "bonus.bonus",
        "select 'bonus:' || bonus_id as key from {bonus.bonus}",
        "select node_key as key from {audit.calculation_node}",
    ),
    Due(
        "the line is no number of the calculation",
        "bonus.bonus_line",
        "select bonus_line_id as key from {bonus.bonus_line}",
        "select substr(node_key, strpos(node_key, ':') + 1) as key "
        "from {audit.calculation_node} where kind in ('line', 'settled', 'adjustment')",
    ),
    Due(
        "the line is no part of its bonus",
        "bonus.bonus_line",
        "select 'bonus:' || bonus_id || ' ' || bonus_line_id as key from {bonus.bonus_line}",
        "select parent_key || ' ' || substr(node_key, strpos(node_key, ':') + 1) as key "
        "from {audit.calculation_operand} where operand = 'term' and starts_with(parent_key, 'bonus:')",
    ),
    Due(
        "the plan scores it, and it has no score line",
        "score.score_line",
        "select concat_ws(':', place.agent_id, place.period_id, policy.block, policy.kpi_id) as key "
        "from {score.score_place} as place inner join {policy.policy_score_kpi} as policy "
        "on place.period_id = policy.period_id and place.scheme_id = policy.scheme_id "
        "and (policy.role = place.role or policy.role = '*')",
        "select input_key as key from {audit.calculation_node} where kind = 'score_line'",
    ),
    Due(
        "the score is no number of the calculation",
        "score.score",
        "select 'score:' || agent_id || ':' || period_id as key from {score.score}",
        "select node_key as key from {audit.calculation_node}",
    ),
    Due(
        "the score is not ranked",
        "grade.grade",
        "select distinct 'rank:' || score.agent_id || ':' || score.period_id as key "
        "from {score.score} as score "
        "inner join {policy.policy_grade_band} as band "
        "on score.period_id = band.period_id and score.scheme_id = band.scheme_id "
        "where score.total_score is not null",
        "select node_key as key from {audit.calculation_node}",
    ),
    Due(
        "the limit is no condition of the due component",
        "bonus.bonus_gate",
        "select concat_ws(':', 'gate', due.agent_id, due.period_id, due.component_id, due.segment_no, "
        "limits.event_kind, limits.comparison) as key from {bonus.bonus_due} as due "
        "inner join {policy.policy_component_event} as limits on due.component_id = limits.component_id "
        "and due.period_id = limits.period_id and limits.use = 'gate' "
        "inner join {bonus.bonus_tally} as tally on due.agent_id = tally.agent_id "
        "and due.period_id = tally.period_id and due.component_id = tally.component_id "
        "and due.segment_no = tally.segment_no",
        "select node_key as key from {audit.calculation_operand} where operand = 'condition'",
    ),
    Due(
        "the weighed events are no part of the count",
        "bonus.bonus_tally_line",
        "select concat_ws(':', 'tally_line', due.agent_id, due.period_id, due.component_id, "
        "due.segment_no, weighed.event_kind) as key from {bonus.bonus_due} as due "
        "inner join {policy.policy_component_event} as weighed on due.component_id = weighed.component_id "
        "and due.period_id = weighed.period_id and weighed.use = 'weight'",
        "select node_key as key from {audit.calculation_operand} where starts_with(node_key, 'tally_line:')",
    ),
    Due(
        "the candidate is no member of the cohort",
        "bonus.bonus_ranking",
        "select concat_ws(':', 'candidate', period_id, component_id, subject_id) as key "
        "from {bonus.bonus_ranking}",
        "select node_key as key from {audit.calculation_operand} where operand = 'member'",
    ),
)


Checked = tuple[int, str, list[Finding]]


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


def evaluated(graph: Graph, relations: Mapping[str, str]) -> list[Finding]:
    """Findings where a number is not what its operands give, or cannot be worked out. `relations` are names
    of published relations by model.
    """
    evaluator, findings = Evaluator(graph), []
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


def _relations(data: ParquetData) -> dict[str, str]:
    return {row["model"]: row["relation"] for row in data.rows(KEYS)}


def _keys(data: ParquetData) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for row in sorted(data.rows(KEYS), key=lambda one: (one["model"], one["position"])):
        found.setdefault(row["model"], []).append(row["column_name"])
    return found


def check_cells(data: ParquetData) -> Checked:
    """Every number against the published cell that it names."""
    relations, keys = _relations(data), _keys(data)
    cells = data.query(
        f"select input_model, input_column, count(*) as n from {data.scan(NODES)} "
        "where input_model is not null group by all order by all",
        relation=NODES,
    )
    findings: list[Finding] = []
    looked_at = 0
    for cell in list(cells):
        model, column = cell["input_model"], cell["input_column"]
        looked_at += cell["n"]
        if model not in relations or not data.has(relations[model]):
            problem = f"{cell['n']} numbers name {model}, which is not published"
            findings.append(Finding(place_of(NODES), problem))
            continue
        findings += _cell(data, model, column, relations[model], keys[model])
    return looked_at, "cells", findings


def _cell(
    data: ParquetData, model: str, column: str, relation: str, keys: Sequence[str]
) -> Iterator[Finding]:
    [kind] = data.query(
        f"select data_type from (select column_name as name, column_type as data_type "
        f"from (describe select * from {data.scan(relation)})) where name = '{column}'",
        relation=relation,
    )
    is_word = kind["data_type"] == "VARCHAR"
    key = " || ':' || ".join(f"coalesce(cast({one} as varchar), '')" for one in keys)
    own = f"cast({column} as varchar)" if is_word else f"cast({column} as decimal(38, 12))"
    stated = "text_value" if is_word else "value"
    rows = data.query(
        f"""
        select node.node_key, node.input_key, node.{stated} as stated, cell.own,
            cell.key is null as is_strange
        from (select * from {data.scan(NODES)} where input_model = ? and input_column = ?) as node
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


def check_due(data: ParquetData) -> Checked:
    """Everything due is there, and part of what it is due in."""
    findings: list[Finding] = []
    looked_at = 0
    for due in ALL_DUE:
        wanted, found = with_files(due.wanted, data.scan), with_files(due.found, data.scan)
        [count] = data.query(f"select count(*) as n from ({wanted})", relation=due.place)
        looked_at += count["n"]
        rows = data.query(
            f"select key from ({wanted}) anti join (select key from ({found})) as found using (key) "
            f"order by key limit {FOUND_PER_CELL}",
            relation=due.place,
        )
        findings += [Finding(place_of(due.place), due.what, row=str(row["key"])) for row in rows]
    alone = data.query(
        f"""
        select node_key from {data.scan(NODES)} as node
        where kind in {NEVER_ALONE} and operation is not null
            and input_model is distinct from 'bonus_line_computed'
            and node_key not in (select node_key from {data.scan(OPERANDS)})
        order by node_key limit {FOUND_PER_CELL}
        """,
        relation=OPERANDS,
    )
    findings += [
        Finding(place_of(OPERANDS), "the number is part of nothing", row=f"node_key={row['node_key']}")
        for row in alone
    ]
    return looked_at, "rows", findings
