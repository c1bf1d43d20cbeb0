"""`audit.bonus_trace` against the relations that its nodes are of: each value, and no line left out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from orchestration.audit.recompute.book import Row
from orchestration.audit.verify.data import with_files
from orchestration.audit.verify.findings import Finding, shown
from orchestration.state import place_of

TRACE = "audit.bonus_trace"
PLACE = place_of(TRACE)
FOUND_PER_KIND = 20


@dataclass(frozen=True)
class _Kind:
    """A kind of node: which nodes, their key, and the relation that has key and value.

    `source` is a query with a column `key`, a column `value` and, where nodes repeat it in words, a column
    `words`; `{relation}` names published relations.
    """

    which: str
    key: str
    source: str
    has_words: bool = False
    is_complete: bool = False


BELOW = "/recalculated"
"""Below an adjustment stands the corrected line as today's data and policy make it."""
_IS_OWN = f"not contains(node.node_id, '{BELOW}')"
_CORRECTED = f"split_part(split_part(node.node_id, ':adjustment:', 2), '{BELOW}', 1)"
_PERIOD = f"split_part(case when {_IS_OWN} then node.bonus_id else {_CORRECTED} end, ':', 1)"

KINDS = (
    _Kind(
        "node.input_model = 'bonus'",
        "node.node_id",
        "select bonus_id as key, amount_cny as value from {bonus.bonus}",
        is_complete=True,
    ),
    _Kind(
        f"node.depth = 1 and node.input_model <> 'bonus_unpaid' and {_IS_OWN}",
        "node.node_id",
        "select bonus_line_id as key, amount_cny as value from {bonus.bonus_line}",
        is_complete=True,
    ),
    _Kind(
        "node.input_model = 'bonus_unpaid'",
        "node.input_key || ' ' || node.parameter",
        "select agent_id || ':' || period_id || ':' || component_id || ':' || segment_no || ' ' || reason "
        "as key, "
        "0 as value, lacks as words from {bonus.bonus_unpaid}",
        has_words=True,
    ),
    _Kind(
        f"node.depth = 2 and node.label = 'quantity' and {_IS_OWN}",
        "node.node_id",
        "select bonus_line_id || '/quantity' as key, quantity as value from {bonus.bonus_line}",
        is_complete=True,
    ),
    _Kind(
        f"node.depth = 2 and node.label = 'rate' and {_IS_OWN}",
        "node.node_id",
        "select bonus_line_id || '/rate' as key, rate as value from {bonus.bonus_line}",
        is_complete=True,
    ),
    _Kind(
        f"node.depth = 2 and node.unit = 'days' and {_IS_OWN}",
        "node.node_id || node.label",
        "select bonus_line_id || '/daysdays of ' || period_day_count as key, day_count as value "
        "from {bonus.bonus_line} where period_day_count > 1",
        is_complete=True,
    ),
    *(
        _Kind(
            f"ends_with(node.node_id, '{BELOW}{part}')",
            _CORRECTED,
            f"select bonus_line_id as key, {column} as value from {{bonus.bonus_line_computed}}",
        )
        for part, column in (("", "amount_cny"), ("/quantity", "quantity"), ("/rate", "rate"))
    ),
    _Kind(
        "node.label = 'rate table' and node.input_model = 'policy_component_rate'",
        f"{_PERIOD} || '|' || node.input_key",
        "select period_id || '|' || component_id || ':' || rate_key || ':' || lower_bound as key, "
        "coalesce(rate, amount_cny) as value, cast(coalesce(rate, amount_cny) as varchar) as words "
        "from {policy.policy_component_rate}",
        has_words=True,
    ),
    _Kind(
        "node.input_model = 'policy_component_parameter'",
        f"{_PERIOD} || '|' || node.input_key",
        "select period_id || '|' || component_id || ':' || parameter as key, value, "
        "coalesce(text_value, cast(value as varchar)) as words from {policy.policy_component_parameter}",
        has_words=True,
    ),
    _Kind(
        "node.input_model = 'grade' and node.unit = 'position'",
        "node.input_key || ' ' || node.label",
        "select agent_id || ':' || period_id || ' grade ' || grade || ' (' || method || '), rank ' || rank "
        "|| ' of ' || cohort_size || ' in ' || cohort_id as key, position as value from {grade.grade}",
    ),
    _Kind(
        "node.input_model = 'policy_grade_band'",
        f"{_PERIOD} || '|' || node.input_key",
        "select period_id || '|' || scheme_id || ':' || method || ':' || grade as key, "
        "coalesce(cumulative_share, min_score) as value, "
        "cast(coalesce(cumulative_share, min_score) as varchar) as words from {policy.policy_grade_band}",
        has_words=True,
    ),
    _Kind(
        "node.input_model = 'score' and starts_with(node.label, 'total score ')",
        "node.input_key",
        "select agent_id || ':' || period_id as key, total_score as value from {score.score}",
    ),
    *(
        _Kind(
            f"node.parameter = 'share' and node.label = '{part}'",
            "node.input_key",
            f"select agent_id || ':' || period_id as key, {column} as value from {{score.score}}",
        )
        for part, column in (
            ("data score", "data_score"),
            ("supervisor score", "supervisor_score"),
            ("collaboration score", "collaboration_score"),
        )
    ),
    _Kind(
        "node.unit = 'weighted points' and node.input_model = 'score_line'",
        "node.input_key",
        "select agent_id || ':' || period_id || ':' || kpi_id as key, weighted_points as value, "
        "cast(effective_weight as varchar) as words from {score.score_line}",
        has_words=True,
    ),
    _Kind(
        "node.input_model = 'policy_score_kpi' and node.label = 'points on the curve'",
        "split_part(node.bonus_id, ':', 2) || '|' || node.input_key",
        "select agent_id || '|' || scheme_id || ':' || period_id || ':' || kpi_id as key, points as value, "
        "floor_value || ' / ' || target_value || ' / ' || coalesce(cast(stretch_value as varchar), 'none') "
        "as words from {score.score_line}",
        has_words=True,
    ),
    *(
        _Kind(
            f"node.input_model in ('kpi_observation', 'kpi_evidence') and node.unit = '{unit}' "
            f"and ends_with(node.label, ' {column}')",
            "node.input_key",
            f"select agent_id || ':' || period_id || ':' || kpi_id as key, {column} as value "
            "from {kpi.kpi_observation}",
        )
        for unit, column in (
            ("numerator / denominator", "value"),
            ("sum over evidence", "numerator"),
            ("sum over evidence", "denominator"),
        )
    ),
)


class Queried(Protocol):
    """Published relations that queries can name."""

    def scan(self, relation: str) -> str:
        """A relation as a table expression."""
        ...

    def query(self, sql: str, values: Sequence[object] = (), *, relation: str) -> Iterator[Row]:
        """Rows of a query."""
        ...


def check_trace(data: Queried) -> tuple[int, str, list[Finding], int]:
    """Nodes looked at, their unit, findings, and how many nodes rest on no published relation."""
    findings: list[Finding] = []
    looked_at = 0
    for kind in KINDS:
        source = with_files(kind.source, data.scan)
        words = "or node.parameter_value is distinct from source.words" if kind.has_words else ""
        node = f"(select * from {data.scan(TRACE)} as node where {kind.which})"
        [count] = data.query(f"select count(*) as n from {node}", relation=TRACE)
        looked_at += count["n"]
        rows = data.query(
            f"""
            select node.node_id, node.value, cast(source.value as decimal(24, 6)) as expected,
                source.key is null as is_strange
            from {node} as node
            left join ({source}) as source on {kind.key} = source.key
            where source.key is null
                or node.value is distinct from cast(source.value as decimal(24, 6)) {words}
            order by node.node_id limit {FOUND_PER_KIND}
            """,
            relation=TRACE,
        )
        for row in rows:
            says = f"published {shown(row['value'])}"
            problem = (
                f"{says}, which no published row has"
                if row["is_strange"]
                else f"{says}, its own row has {shown(row['expected'])} or other words"
            )
            findings.append(Finding(PLACE, problem, row=f"node_id={row['node_id']}", column="value"))
        if kind.is_complete:
            missing = data.query(
                f"select key from ({source}) anti join {node} as node on key = {kind.key} "
                f"order by key limit {FOUND_PER_KIND}",
                relation=TRACE,
            )
            findings += [
                Finding(PLACE, "the node is missing", row=f"node_id={row['key']}") for row in missing
            ]
    findings += [
        Finding(PLACE, "hangs below no node of its bonus", row=f"node_id={row['node_id']}")
        for row in data.query(
            f"""
            select node_id from {data.scan(TRACE)} as node anti join {data.scan(TRACE)} as parent
            on node.bonus_id = parent.bonus_id and node.parent_node_id = parent.node_id
            where depth > 0 order by node_id limit {FOUND_PER_KIND}
            """,
            relation=TRACE,
        )
    ]
    [total] = data.query(f"select count(*) as n from {data.scan(TRACE)}", relation=TRACE)
    return looked_at, "nodes", findings, total["n"] - looked_at
