"""The calculation as it states itself: every number from its operands, every cell it names, nothing left out.

No mechanism, plan or KPI is known here: numbers have operations, cells have relations with keys.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Protocol

from orchestration.audit.calculation.evaluate import PLACES, CannotEvaluate, Evaluator, decimal_of, rounded
from orchestration.audit.calculation.graph import FIELDS, Graph, Number, graph_of
from orchestration.audit.verify.data import ParquetData, with_files
from orchestration.audit.verify.findings import Finding, shown
from orchestration.audit.verify.rows import Checked, Copied, Faults
from orchestration.state import place_of

NODES, OPERANDS, KEYS = "audit.calculation_node", "audit.calculation_operand", "audit.relation_key"
FOUND_PER_CELL = 20

NEVER_ALONE = ("score_line", "score_part", "curve", "gate", "line")
"""Kinds of numbers that are always part of another."""


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
        "the month is no part of what was attained",
        "bonus.bonus_own_observation",
        "select concat_ws(':', 'own_numerator', own.agent_id, own.period_id, own.component_id, own.kpi_id, "
        "own.month_id) as key from {bonus.bonus_own_observation} as own "
        "inner join {bonus.bonus_attainment} as attained using (agent_id, period_id, component_id, kpi_id) "
        "left join {facts.fct_target} as whole on own.agent_id = whole.agent_id "
        "and own.period_id = whole.period_id and own.kpi_id = whole.metric "
        "left join {facts.fct_target} as part on own.agent_id = part.agent_id "
        "and own.month_id = part.period_id and own.kpi_id = part.metric "
        "where whole.target_value is not null or part.target_value > 0 or attained.target_value is null",
        "select node_key as key from {audit.calculation_operand} where operand = 'term'",
    ),
    Due(
        "the quarter is no part of its year",
        "score.score",
        "select distinct 'score:' || quarter.agent_id || ':' || quarter.period_id as key "
        "from {score.score} as quarter inner join {facts.dim_period_month} as own using (period_id) "
        "inner join {facts.dim_period_month} as months on own.month_id = months.month_id "
        "inner join {score.score_line} as line on line.period_id = months.period_id "
        "and line.agent_id = quarter.agent_id and months.period_kind = 'year' and line.is_scored "
        "inner join {policy.policy_score_measure} as measure on line.period_id = measure.period_id "
        "and line.kpi_id = measure.measure_id and measure.kind = 'total' "
        "where quarter.period_kind = 'quarter' and quarter.total_score is not null",
        "select node_key as key from {audit.calculation_operand} where operand = 'term'",
    ),
    Due(
        "the candidate is no member of the cohort",
        "bonus.bonus_ranking",
        "select concat_ws(':', 'candidate', period_id, component_id, subject_id) as key "
        "from {bonus.bonus_ranking}",
        "select node_key as key from {audit.calculation_operand} where operand = 'member'",
    ),
)

COPIES: Sequence[Copied] = (
    Copied(
        "audit.bonus_trace",
        "audit.calculation_node",
        "node_key effective_from=effective_from_on",
        unlike="operation",
    ),
)

STATED: Sequence[Faults] = (
    Faults(
        "keys of relations are whole",
        "audit.relation_key",
        """
        select 'relation=' || relation as key, 'is of another model, or lacks a column' as problem
        from {audit.relation_key}
        qualify model <> split_part(relation, '.', 2)
            or position <> row_number() over (partition by relation order by position)
        """,
    ),
    Faults(
        "trace = the calculation, spread out",
        "audit.bonus_trace",
        """
        with trace as (
            select *, node_id in (bonus_id, bonus_id || '/' || node_key) as is_own from {audit.bonus_trace}
        ),
        operand as (
            select * replace (row_number() over (
                partition by parent_key order by operand = 'row', position, operand, node_key
            ) as position)
            from {audit.calculation_operand} where operand <> 'member'
        )
        select 'node_id=' || trace.node_id as key, 'is no operand there of what it hangs below' as problem
        from trace
        left join trace as parent on trace.bonus_id = parent.bonus_id
            and trace.parent_node_id = parent.node_id and parent.is_own and trace.depth = parent.depth + 1
        left join operand on parent.node_key = operand.parent_key and trace.node_key = operand.node_key
            and trace.operand = operand.operand and trace.position = operand.position
            and trace.is_chosen is not distinct from operand.is_chosen
        where operand.node_key is null
            and not (trace.parent_node_id is null and trace.depth = 0 and trace.position = 1)
        union all
        select 'node_id=' || parent.node_id, 'does not show its operand ' || operand.node_key
        from trace as parent
        inner join operand on parent.node_key = operand.parent_key and parent.is_own
        anti join trace on parent.bonus_id = trace.bonus_id and parent.node_id = trace.parent_node_id
            and operand.node_key = trace.node_key and operand.operand = trace.operand
        union all
        select 'node_id=' || node_id, 'is taken apart, or not, otherwise than its place says'
        from trace inner join {audit.calculation_node} as number using (node_key)
        where trace.operation is distinct from case when is_own then number.operation end
            or is_shared <> (not is_own and node_key in (select parent_key from operand))
        union all
        select 'bonus_id=' || bonus_id, 'has no trace'
        from {bonus.bonus} as bonus
        anti join trace on bonus.bonus_id = trace.bonus_id and trace.parent_node_id is null
        """,
    ),
    Faults(
        "every number under a bonus is of its agent",
        "audit.calculation_operand",
        """
        select 'node_id=' || node_id as key, 'is a number of another agent' as problem
        from {audit.bonus_trace} as trace
        inner join {bonus.bonus} as bonus using (bonus_id)
        inner join {audit.relation_key} as own on input_model = own.model and own.column_name = 'agent_id'
        where split_part(input_key, ':', own.position) <> split_part(bonus.agent_id, ':', 1)
        """,
    ),
    Faults(
        "every number reads the policy of its own period, component and kind",
        "audit.calculation_operand",
        """
        with number as (
            select node_key, coalesce(number.input_model, 'line') as model,
                coalesce(number.input_key, split_part(node_key, '/', 1)) as key
            from {audit.calculation_node} as number
            where number.input_model is not null or node_key like 'line:%/%'
        ),
        -- The id of a line begins with the key of what is due.
        named as (
            select model, column_name, position from {audit.relation_key}
            union all
            select 'line', unnest(names), generate_subscripts(names, 1)
            from (select ['', 'period_id', 'agent_id', 'component_id'] as names)
        )
        select distinct 'node_key=' || parent.node_key as key, 'reads ' || own.key || ' of ' || own.model
            as problem
        from {audit.calculation_operand} as below
        inner join number as parent on below.parent_key = parent.node_key
        inner join number as own on below.node_key = own.node_key and starts_with(own.model, 'policy_')
        inner join named as of_parent on parent.model = of_parent.model
        inner join named as of_own on own.model = of_own.model and of_parent.column_name = of_own.column_name
        where of_own.column_name in ('period_id', 'component_id', 'scheme_id', 'event_kind')
            and split_part(parent.key, ':', of_parent.position) <> split_part(own.key, ':', of_own.position)
        """,
    ),
)


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
