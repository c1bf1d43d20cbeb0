"""Every dbt test of the project is shown rows in order, which it must pass, and planted faults to find.

The compiled SQL of the tests runs on tables of a few rows, made from the columns of the models' contracts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import duckdb
import pytest

from tests.project.conftest import ROOT, CompiledProject

Rows = list[dict[str, Any]]
Tables = Mapping[str, Rows]

UNIQUE_KEY = "unique_key_dim_team_"


@dataclass(frozen=True)
class Case:
    """Tables in order by model, and for each planted fault the tables that differ."""

    in_order: Tables
    planted: Mapping[str, Tables]


def evidence(
    numerator: int,
    *,
    agent: str = "A",
    month: str = "2026-10",
    counted: bool = True,
    denominator: int = 1,
) -> dict[str, Any]:
    keys = {"agent_id": agent, "month_id": month, "kpi_id": "fcr", "evidence_model": "fct_ticket"}
    return {
        **keys,
        "numerator": numerator,
        "denominator": denominator,
        "is_counted": counted,
    }


def observation(
    numerator: int, denominator: int, *, agent: str = "A", period: str = "2026-10"
) -> dict[str, Any]:
    keys = {"agent_id": agent, "period_id": period, "kpi_id": "fcr"}
    kind = "quarter" if "Q" in period else "month"
    return {**keys, "period_kind": kind, "numerator": numerator, "denominator": denominator}


def group(kind: str, name: str, numerator: int, denominator: int) -> dict[str, Any]:
    keys = {"group_kind": kind, "group_id": name, "period_id": "2026-10", "kpi_id": "fcr"}
    return {**keys, "numerator": numerator, "denominator": denominator}


def graded(agent: str, score: str | None, band: int | None, cohort: str = "c") -> dict[str, Any]:
    return {
        "agent_id": agent,
        "period_id": "2026-10",
        "cohort_id": cohort,
        "total_score": score,
        "band_no": band,
    }


def weighed(kpi: str, weight: str, *, scored: bool = True) -> dict[str, Any]:
    keys = {"agent_id": "A", "period_id": "2026-10", "kpi_id": kpi}
    return {**keys, "is_scored": scored, "effective_weight": weight}


def segment(start: str, end: str, agent: str = "A") -> dict[str, Any]:
    return {"agent_id": agent, "segment_from_on": start, "segment_to_on": end}


def line(name: str, bonus: str = "2026-10:A", adjusts: str | None = None) -> dict[str, Any]:
    period, agent = bonus.split(":")
    keys = {"bonus_line_id": name, "bonus_id": bonus, "agent_id": agent, "period_id": period}
    return {**keys, "adjusts_bonus_line_id": adjusts}


def node(name: str, parent: str | None, depth: int, bonus: str = "b") -> dict[str, Any]:
    return {"bonus_id": bonus, "node_id": name, "parent_node_id": parent, "depth": depth}


def reconciled(table: str, balanced: bool, superseded: int = 0) -> dict[str, Any]:
    counts = {"loaded_row_count": 1, "superseded_row_count": superseded, "rejected_row_count": 0}
    return {"table_name": table, "is_balanced": balanced, **counts}


BONUS = {"bonus_id": "2026-10:A", "agent_id": "A", "period_id": "2026-10"}
RATIO = [{"period_id": period, "kpi_id": "fcr", "aggregation": "ratio"} for period in ("2026-10", "2026-Q4")]
COUNT = [{**row, "aggregation": "sum"} for row in RATIO]
MONTHS = [
    {"period_id": "2026-10", "period_kind": "month", "month_id": "2026-10"},
    {"period_id": "2026-Q4", "period_kind": "quarter", "month_id": "2026-10"},
]
OBSERVED = [observation(3, 2), observation(3, 2, period="2026-Q4")]

CASES = {
    UNIQUE_KEY: Case(
        {"dim_team": [{"team_id": "T1"}, {"team_id": "T2"}]},
        {
            "a key twice": {"dim_team": [{"team_id": "T1"}, {"team_id": "T1", "team_name": "other"}]},
            "no key": {"dim_team": [{"team_id": None}]},
        },
    ),
    "assert_every_line_belongs_to_a_bonus": Case(
        {"bonus_line": [line("l1"), line("l2")], "bonus": [BONUS]},
        {
            "no bonus": {"bonus": []},
            "another agent's bonus": {"bonus": [{**BONUS, "agent_id": "B"}]},
        },
    ),
    "assert_observation_is_the_sum_of_its_evidence": Case(
        {
            "kpi_daily": [
                evidence(1),
                evidence(2),
                evidence(7, counted=False),
                evidence(1, agent="N", denominator=0),
            ],
            "kpi_observation": OBSERVED,
            "dim_period_month": MONTHS,
            "policy_kpi_period": RATIO,
        },
        {
            "a numerator off": {"kpi_observation": [observation(4, 2), observation(4, 2, period="2026-Q4")]},
            "a denominator off": {
                "kpi_observation": [observation(3, 3), observation(3, 3, period="2026-Q4")]
            },
            "evidence not observed": {"kpi_observation": []},
            "a count not observed": {"policy_kpi_period": COUNT},
            "evidence of a month of no period": {
                "kpi_daily": [evidence(1), evidence(2), evidence(3, month="2025-12")]
            },
            "a quarter that is not its months": {
                "kpi_observation": [observation(3, 2), observation(5, 2, period="2026-Q4")]
            },
            "observed without evidence": {"kpi_daily": []},
        },
    ),
    "assert_groups_sum_to_the_same_as_their_agents": Case(
        {
            "kpi_daily": [evidence(1), evidence(2, agent="B"), evidence(9, counted=False)],
            "dim_period_month": MONTHS,
            "kpi_group_observation": [
                group("team", "T1", 1, 1),
                group("team", "", 2, 1),
                group("department", "D", 3, 2),
                group("centre", "centre", 9, 9),
            ],
            "policy_kpi_period": RATIO,
        },
        {
            "a team counted twice": {
                "kpi_group_observation": [group("team", "T1", 3, 2), group("team", "T2", 3, 2)]
            },
            "a lost agent": {"kpi_group_observation": [group("department", "D", 1, 1)]},
            "a denominator off": {"kpi_group_observation": [group("department", "D", 3, 3)]},
        },
    ),
    "assert_effective_weights_sum_to_one": Case(
        {
            "score_line": [
                weighed("a", "0.333333333333"),
                weighed("b", "0.666666666667"),
                weighed("c", "0", scored=False),
            ]
        },
        {
            "weight lost": {"score_line": [weighed("a", "0.5"), weighed("c", "0", scored=False)]},
            "too much weight": {"score_line": [weighed("a", "0.5"), weighed("b", "0.500001")]},
        },
    ),
    "assert_no_better_score_has_a_worse_grade": Case(
        {
            "grade": [
                graded("A", "90", 1),
                graded("B", "80", 2),
                graded("C", "80", 2),
                graded("D", None, None),
            ]
        },
        {
            "order inverted": {"grade": [graded("A", "90", 2), graded("B", "80", 1)]},
            "a tie parted": {"grade": [graded("A", "80", 1), graded("B", "80", 2)]},
            "a score without a grade": {"grade": [graded("A", "90", 1), graded("B", "80", None)]},
        },
    ),
    "assert_segments_of_an_agent_do_not_overlap": Case(
        {"dim_agent_segment": [segment("2026-01-01", "2026-03-01"), segment("2026-03-01", "9999-12-31")]},
        {
            "a day twice": {
                "dim_agent_segment": [
                    segment("2026-01-01", "2026-03-02"),
                    segment("2026-03-01", "9999-12-31"),
                ]
            }
        },
    ),
    "assert_rows_in_are_loaded_superseded_or_rejected": Case(
        {"reconciliation": [reconciled("ticket.ticket", True)]},
        {
            "rows lost": {"reconciliation": [reconciled("ticket.ticket", False)]},
            "more loaded than accepted": {
                "reconciliation": [reconciled("ticket.ticket", True, superseded=-1)]
            },
        },
    ),
    "assert_every_trace_node_hangs_on_another": Case(
        {"bonus_trace": [node("b", None, 0), node("l", "b", 1), node("q", "l", 2)]},
        {
            "parent missing": {"bonus_trace": [node("b", None, 0), node("q", "l", 2)]},
            "parent in another bonus": {"bonus_trace": [node("b", None, 0), node("l", "b", 1, bonus="x")]},
            "a second root": {"bonus_trace": [node("b", None, 0), node("l", None, 1)]},
        },
    ),
    "assert_every_row_looked_up_is_named": Case(
        {
            "calculation_node": [
                {"node_key": "rate", "operation": "row", "value": 1},
                {"node_key": "grade", "operation": "last_row", "text_value": "A"},
                {"node_key": "of another method", "operation": "row"},
            ],
            "calculation_operand": [
                {"parent_key": "rate", "node_key": "one", "is_chosen": True},
                {"parent_key": "rate", "node_key": "other", "is_chosen": False},
                {"parent_key": "grade", "node_key": "band", "is_chosen": True},
            ],
        },
        {
            "none is": {
                "calculation_operand": [{"parent_key": "rate", "node_key": "one", "is_chosen": False}]
            },
            "two are": {
                "calculation_operand": [
                    {"parent_key": one, "node_key": row, "is_chosen": True}
                    for one, row in (("rate", "one"), ("rate", "other"), ("grade", "band"))
                ]
            },
        },
    ),
    "assert_evidence_leads_to_source_rows": Case(
        {
            "kpi_daily": [evidence(1)],
            "source_row": [{"evidence_model": "fct_ticket", "evidence_key": "A1"}],
        },
        {
            "a fact without source rows": {
                "source_row": [{"evidence_model": "fct_contact", "evidence_key": "A1"}]
            }
        },
    ),
    "assert_adjustments_point_at_settled_lines": Case(
        {
            "bonus_line": [line("l1"), line("l2", adjusts="s1"), line("l3", adjusts="s2")],
            "bonus_correction": [{"bonus_line_id": "s1"}],
            "fct_settled_line": [{"bonus_line_id": "s2"}],
        },
        {"an open line adjusted": {"bonus_line": [line("l1"), line("l2", adjusts="l1")]}},
    ),
}


def findings(project: CompiledProject, test_name: str, tables: Tables) -> list[tuple[Any, ...]]:
    """What the dbt test finds in tables that hold nothing but the rows given."""
    nodes = project.manifest["nodes"]
    test = next(one for one in nodes.values() if one["resource_type"] == "test" and one["name"] == test_name)
    with duckdb.connect() as database:
        database.execute("attach ':memory:' as warehouse")
        for parent in (nodes[one] for one in test["depends_on"]["nodes"]):
            _create(database, parent, tables.get(parent["name"], []))
        return database.execute(test["compiled_code"]).fetchall()


def _create(
    database: duckdb.DuckDBPyConnection, model: Mapping[str, Any], rows: Iterable[Mapping[str, Any]]
) -> None:
    columns = {column["name"]: column["data_type"] for column in model["columns"].values()}
    table = f"warehouse.{model['schema']}.{model['alias']}"
    database.execute(f"create schema if not exists warehouse.{model['schema']}")
    database.execute(
        f"create table {table} ({', '.join(f'{name} {kind}' for name, kind in columns.items())})"
    )
    for row in rows:
        assert set(row) <= set(columns), f"{table} has no {sorted(set(row) - set(columns))}"
        names, marks = ", ".join(row), ", ".join("?" * len(row))
        database.execute(f"insert into {table} ({names}) values ({marks})", list(row.values()))


def test_every_assertion_has_been_shown_a_fault() -> None:
    assertions = {path.stem for path in (ROOT / "tests" / "dbt").glob("*.sql")}
    assert assertions == set(CASES) - {UNIQUE_KEY}


@pytest.mark.parametrize("test_name", sorted(CASES))
def test_rows_in_order_pass(project: CompiledProject, test_name: str) -> None:
    assert findings(project, test_name, CASES[test_name].in_order) == []


@pytest.mark.parametrize(
    ("test_name", "fault"), [(name, fault) for name, case in CASES.items() for fault in case.planted]
)
def test_a_planted_row_is_found(project: CompiledProject, test_name: str, fault: str) -> None:
    case = CASES[test_name]
    assert findings(project, test_name, {**case.in_order, **case.planted[fault]})
