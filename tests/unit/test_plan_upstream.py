"""What a plan builds and what it takes as published, by the graph of models and by rows of the policy."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb
import pytest

from orchestration.plan.moved import moved_of_policy
from orchestration.plan.upstream import Graph, of_seeds, read_by_facts, read_of_agents, select, selectors


def node(kind: str, name: str, schema: str, *parents: str) -> dict[str, object]:
    return {
        "unique_id": f"{kind}.{name}",
        "resource_type": kind,
        "name": name,
        "alias": name,
        "schema": schema,
        "fqn": ["meritline", name],
        "columns": {"agent_id": {}} if name == "score" else {},
        "parents": parents,
    }


NODES = [
    node("seed", "kpi", "seed"),
    node("model", "int_window", "intermediate", "seed.kpi"),
    node("model", "fct_ticket", "facts", "model.int_window", "source.ticket"),
    node("model", "fct_order", "facts", "source.order"),
    node("model", "policy_kpi", "policy", "seed.kpi"),
    node("model", "score", "score", "model.policy_kpi", "model.fct_ticket", "model.fct_order"),
    node("model", "calculation_node", "audit", "model.score"),
    node("model", "mart_x", "marts", "model.score"),
]
GRAPH = {
    "nodes": {one["unique_id"]: one for one in NODES},
    "parent_map": {one["unique_id"]: list(one["parents"]) for one in NODES},  # type: ignore[call-overload]
}
PUBLISHED = {"facts.fct_ticket", "facts.fct_order"}


def test_facts_are_taken_and_the_rest_is_built() -> None:
    found = select(GRAPH, PUBLISHED)
    assert found.given == ("facts.fct_order", "facts.fct_ticket")
    assert selectors(GRAPH, found.pay) == ("meritline.kpi", "meritline.policy_kpi", "meritline.score")
    assert found.numbers == ("model.calculation_node",)
    assert read_of_agents(GRAPH, found.numbers) == ("score.score",)
    assert found.from_exports == ()


def test_a_fact_below_a_changed_seed_and_one_that_is_not_published_are_built_again() -> None:
    assert select(GRAPH, PUBLISHED, {"model.int_window"}).from_exports == ("fct_ticket",)
    assert "model.int_window" in select(GRAPH, PUBLISHED, {"model.int_window"}).pay
    assert select(GRAPH, {"facts.fct_ticket"}).from_exports == ("fct_order",)


def test_what_no_file_that_differs_is_below_of_is_taken_where_the_code_is_the_same() -> None:
    everything = {*PUBLISHED, "policy.policy_kpi", "score.score", "audit.calculation_node"}
    same = select(GRAPH, everything, differing=set())
    assert (same.pay, same.numbers) == ((), ())
    given = select(GRAPH, everything, differing={"component"}).given
    assert given == ("audit.calculation_node", "policy.policy_kpi", "score.score")
    assert select(GRAPH, everything, differing={"kpi"}).pay == select(GRAPH, everything).pay
    assert "model.score" in select(GRAPH, everything, differing={"kpi"}).pay


def test_what_rests_on_a_file_through_facts_alone_that_are_taken_is_taken() -> None:
    evidence = node("model", "bonus_evidence", "bonus", "model.fct_ticket")
    graph = {
        "nodes": {**GRAPH["nodes"], "model.bonus_evidence": evidence},
        "parent_map": {**GRAPH["parent_map"], "model.bonus_evidence": ["model.fct_ticket"]},
    }
    everything = {*PUBLISHED, "policy.policy_kpi", "score.score", "bonus.bonus_evidence"}
    found = select(graph, everything, differing={"kpi"})
    assert "bonus.bonus_evidence" in found.given and "model.score" in found.pay
    moved = select(graph, everything, {"model.int_window"}, differing={"kpi"})
    assert "bonus.bonus_evidence" not in moved.given and "model.bonus_evidence" in moved.pay


def test_what_facts_read_of_the_policy_is_models_of_seeds_alone_and_seeds_read_beside() -> None:
    graph = with_nodes(
        node("seed", "hours", "seed"),
        node("model", "int_open", "intermediate", "seed.hours", "source.ticket"),
        node("model", "fct_contact", "facts", "model.int_open", "model.int_window"),
    )
    assert of_seeds(graph) == {"model.int_window"}
    assert read_by_facts(graph) == {"model.int_window", "seed.hours"}


def with_nodes(*others: dict[str, object]) -> Graph:
    nodes = {one["unique_id"]: one for one in [*NODES, *others]}
    return {"nodes": nodes, "parent_map": {one: list(node["parents"]) for one, node in nodes.items()}}  # type: ignore[call-overload]


POLICIES = {
    "published": "fcr,7,0.8 csat,,0.8",
    "another_share": "fcr,7,0.9 csat,,0.8",
    "shorter_than_the_longest": "csat,3,0.8 fcr,7,0.8",
    "longer": "fcr,8,0.8 csat,,0.8",
}


@pytest.mark.parametrize(
    ("planned", "published", "has_moved"),
    [
        ("another_share", "published", False),
        ("shorter_than_the_longest", "published", False),
        ("longer", "published", True),
        ("published", "longer", True),
        # What was published is not there to be compared: rather built again.
        ("another_share", None, True),
    ],
)
def test_a_model_of_seeds_moves_where_its_rows_do(
    tmp_path: Path, planned: str, published: str | None, has_moved: bool
) -> None:
    files = {name: tmp_path / f"{name}.csv" for name in POLICIES}
    for name, rows in POLICIES.items():
        files[name].write_text("kpi_id,window_days,share\n" + rows.replace(" ", "\n") + "\n")
    warehouse, made = tmp_path / "warehouse.duckdb", []

    def make(asked: Sequence[str]) -> None:
        made.extend(asked)
        with duckdb.connect(str(warehouse)) as database:
            database.execute("create schema seed; create schema intermediate")
            database.execute("create table seed.kpi (kpi_id text, window_days bigint, share decimal(18, 6))")
            database.execute(f"insert into seed.kpi from read_csv('{files[planned]}')")
            database.execute(
                "create view intermediate.int_window as "
                "select coalesce(max(window_days), 0) as day_count from seed.kpi"
            )

    before = {"seed.kpi": files[published] if published else None}
    found = moved_of_policy(GRAPH, read_by_facts(GRAPH), before, warehouse, make)
    assert found == ({"model.int_window"} if has_moved else set())
    assert made == ["meritline.int_window", "meritline.kpi"]
    with duckdb.connect(str(warehouse)) as database:
        left = database.execute(f"from seed.kpi except from read_csv('{files[planned]}')").fetchall()
        assert left == [] and database.execute("select count(*) from seed.kpi").fetchall() == [(2,)]


def test_a_published_file_of_other_columns_has_moved_what_rests_on_it(tmp_path: Path) -> None:
    (tmp_path / "kpi.csv").write_text("kpi_id,days\nfcr,7\n")
    warehouse = tmp_path / "warehouse.duckdb"
    with duckdb.connect(str(warehouse)) as database:
        database.execute("create schema seed; create schema intermediate")
        database.execute("create table seed.kpi as select 'fcr' as kpi_id, 7 as window_days")
        database.execute("create view intermediate.int_window as select window_days from seed.kpi")
    before = {"seed.kpi": tmp_path / "kpi.csv"}
    assert moved_of_policy(GRAPH, {"model.int_window"}, before, warehouse, lambda _: None)


def test_nothing_is_built_where_no_seed_below_facts_differs(tmp_path: Path) -> None:
    def refuse(asked: Sequence[str]) -> None:
        raise AssertionError(asked)

    read = read_by_facts(GRAPH)
    assert moved_of_policy(GRAPH, read, {"seed.rate": tmp_path}, tmp_path / "none", refuse) == frozenset()
    hours = with_nodes(node("seed", "hours", "seed"), node("model", "fct_day", "facts", "seed.hours"))
    assert moved_of_policy(
        hours, read_by_facts(hours), {"seed.hours": tmp_path}, tmp_path / "none", refuse
    ) == {"seed.hours"}
