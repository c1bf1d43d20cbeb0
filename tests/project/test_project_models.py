"""Edges, names, keys, descriptions and contracts of models; mechanisms and clauses that agree."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Mapping
from typing import Any

import pytest
import yaml

from orchestration.ingest.contract import load_contract
from orchestration.plan.upstream import read_by_facts
from orchestration.settings import CONTRACT_DIR
from tests.project.catalogue_rules import (
    LINES_OF_UNION,
    MECHANISM_UNION,
    Row,
    mechanism_disagreements,
    parents,
    read_rows,
    undescribed_seeds,
    unknown_clauses,
    unknown_clauses_in_sql,
    unstated_origins,
    untyped_columns,
)
from tests.project.conftest import ROOT, CompiledProject
from tests.project.manifest_rules import (
    ACROSS,
    forbidden_edges,
    misnamed_columns,
    misplaced,
    models,
    undocumented,
    unkeyed,
    untested_keys,
    unused_exceptions,
    without_contract,
    without_unit_test,
    wrong_audiences,
)

MODELS = ROOT / "dbt_project" / "models"
POLICY = {path.stem: read_rows(path) for path in sorted((ROOT / "seeds" / "policy").glob("*.csv"))}
CLAUSES = frozenset(
    yaml.safe_load((ROOT / "orchestration/policy/clauses.yml").read_text(encoding="utf-8"))["clauses"]
)
MECHANISM_MODELS = {path.stem for path in (MODELS / "bonus").glob("bonus_line__*.sql")} - LINES_OF_UNION


def listed(findings: list[str]) -> str:
    return "\n" + "\n".join(findings)


# The tree


def test_no_edge_runs_against_the_data_path(project: CompiledProject) -> None:
    found = forbidden_edges(project.manifest, ACROSS)
    assert not found, listed(found)


def test_every_exception_is_needed(project: CompiledProject) -> None:
    found = unused_exceptions(project.manifest, ACROSS)
    assert not found, listed(found)


@pytest.mark.parametrize(
    "rule",
    [misplaced, undocumented, unkeyed, untested_keys, without_contract, misnamed_columns, wrong_audiences],
)
def test_every_model_keeps_the_rule(project: CompiledProject, rule: Callable[[Any], list[str]]) -> None:
    found = rule(project.manifest)
    assert not found, listed(found)


def test_every_mechanism_is_a_file_and_a_line_of_the_union(project: CompiledProject) -> None:
    files = {name.removeprefix("bonus_line__") for name in MECHANISM_MODELS}
    above = parents(project.manifest, MECHANISM_UNION)
    union = {name.removeprefix("bonus_line__") for name in above if name.startswith("bonus_line__")}
    found = mechanism_disagreements(files, union, {row["mechanism"] for row in POLICY["component"]})
    assert files and not found, listed(found)


def test_every_mechanism_has_its_edges_tried(project: CompiledProject) -> None:
    calculating = {
        "kpi_evidence",
        "kpi_observation",
        "score_line__month_quarter",
        "grade",
        "bonus_line_computed",
    }
    found = without_unit_test(project.manifest, {*MECHANISM_MODELS, *calculating})
    assert not found, listed(found)


def test_every_policy_row_cites_a_rule_and_says_whose_number_it_is() -> None:
    found = unknown_clauses(POLICY, CLAUSES) + unstated_origins(POLICY)
    found += unknown_clauses_in_sql({path.name: path.read_text() for path in MODELS.rglob("*.sql")}, CLAUSES)
    assert not found, listed(found)


def test_every_policy_file_is_described_and_typed(project: CompiledProject) -> None:
    found = undescribed_seeds(project.manifest, POLICY) + untyped_columns(project.manifest, POLICY)
    assert not found, listed(found)


# The rules, on planted faults


def column(name: str, data_type: str = "varchar", description: str = "What it is.") -> dict[str, Any]:
    return {"name": name, "data_type": data_type, "description": description}


def model(folder: str, name: str, *reads: str, **changes: Any) -> dict[str, Any]:
    node: dict[str, Any] = {
        "unique_id": f"model.meritline.{name}",
        "resource_type": "model",
        "name": name,
        "alias": name,
        "schema": folder.split("/", maxsplit=1)[0],
        "original_file_path": f"models/{folder}/{name}.sql",
        "description": "Grain: one row of something.",
        "columns": {"agent_id": column("agent_id")},
        "depends_on": {"nodes": list(reads)},
        "config": {"materialized": "table", "contract": {"enforced": True}, "meta": {"key": ["agent_id"]}},
    }
    if folder == "marts":
        node["config"]["meta"]["audience"] = ["bi"]
    return {**node, **changes}


def unique_key_test(name: str) -> dict[str, Any]:
    return {
        "unique_id": f"test.meritline.unique_key_{name}",
        "resource_type": "test",
        "test_metadata": {"name": "unique_key"},
        "attached_node": f"model.meritline.{name}",
    }


def seed(name: str, folder: str = "policy") -> dict[str, Any]:
    return {
        "unique_id": f"seed.meritline.{name}",
        "resource_type": "seed",
        "name": name,
        "original_file_path": f"../seeds/{folder}/{name}.csv",
        "description": "Grain: one row.",
        "config": {"meta": {"key": ["kpi_id"]}, "column_types": {"kpi_id": "varchar"}},
    }


def manifest_of(*nodes: Mapping[str, Any]) -> dict[str, Any]:
    source = {"source_name": "ticket", "name": "ticket"}
    return {
        "nodes": {node["unique_id"]: dict(node) for node in nodes},
        "sources": {"source.meritline.ticket.ticket": source},
    }


SOURCE = "source.meritline.ticket.ticket"
STAGED = model("staging/ticket", "stg_ticket__ticket", SOURCE)
FACT = model("facts", "fct_ticket", "model.meritline.stg_ticket__ticket")
RULE = model("policy", "policy_kpi", "seed.meritline.kpi", "model.meritline.fct_ticket")
KPI = model("kpi", "kpi_observation", "model.meritline.fct_ticket", "model.meritline.policy_kpi")
MART = model("marts", "mart_team_kpi", "model.meritline.kpi_observation")
IN_ORDER = (
    STAGED,
    FACT,
    RULE,
    KPI,
    MART,
    seed("kpi"),
    *(unique_key_test(one["name"]) for one in (FACT, RULE, KPI, MART)),
)


@pytest.mark.parametrize(
    "rule",
    [
        forbidden_edges,
        misplaced,
        undocumented,
        unkeyed,
        untested_keys,
        without_contract,
        misnamed_columns,
        wrong_audiences,
    ],
)
def test_a_project_in_order_has_no_findings(rule: Callable[[Any], list[str]]) -> None:
    assert rule(manifest_of(*IN_ORDER)) == []


@pytest.mark.parametrize(
    ("planted", "said"),
    [
        (model("kpi", "kpi_csat", "model.meritline.stg_ticket__ticket"), "past the boundary"),
        (model("marts", "mart_kpi", SOURCE), "only staging reads sources"),
        (model("facts", "fct_kpi", "model.meritline.kpi_observation"), "against the data path"),
        (
            model("staging/ticket", "stg_ticket__x", "model.meritline.stg_ticket__ticket"),
            "staging reads sources",
        ),
        (model("bonus", "bonus_line", "seed.meritline.kpi"), "only policy read seeds/policy"),
        (model("kpi", "kpi_evidence", "model.meritline.mart_team_kpi"), "against the data path"),
    ],
)
def test_a_planted_edge_is_found(planted: dict[str, Any], said: str) -> None:
    found = forbidden_edges(manifest_of(*IN_ORDER, planted))
    assert len(found) == 1 and said in found[0]


def test_an_exception_covers_its_edge_and_is_missed_when_it_covers_none() -> None:
    planted = manifest_of(*IN_ORDER, model("marts", "mart_kpi", SOURCE))
    meant = {("marts.mart_kpi", "source.ticket.ticket"): "for the test"}
    assert forbidden_edges(planted, meant) == [] and unused_exceptions(planted, meant) == []
    assert unused_exceptions(manifest_of(*IN_ORDER), meant)


@pytest.mark.parametrize(
    ("rule", "changes"),
    [
        (misplaced, {"schema": "grade"}),
        (
            misplaced,
            {"name": "ticket", "alias": "ticket", "original_file_path": "models/facts/ticket.sql"},
        ),
        (misplaced, {"alias": "ticket"}),
        (misplaced, {"original_file_path": "models/facts/fct_tickets.sql"}),
        (undocumented, {"description": ""}),
        (undocumented, {"description": "Tickets."}),
        (undocumented, {"columns": {}}),
        (undocumented, {"columns": {"agent_id": column("agent_id", description=" ")}}),
        (unkeyed, {"config": {**FACT["config"], "meta": {}}}),
        (unkeyed, {"config": {**FACT["config"], "meta": {"key": []}}}),
        (unkeyed, {"config": {**FACT["config"], "meta": {"key": ["ticket_id"]}}}),
        (without_contract, {"config": {**FACT["config"], "contract": {"enforced": False}}}),
        (without_contract, {"columns": {"agent_id": column("agent_id", "")}}),
        (without_contract, {"columns": {"agent_id": column("agent_id", "double")}}),
        (without_contract, {"columns": {"agent_id": column("agent_id", "HUGEINT")}}),
        (misnamed_columns, {"columns": {"created_at": column("created_at", "date")}}),
        (misnamed_columns, {"columns": {"is_valid": column("is_valid", "bigint")}}),
        (misnamed_columns, {"columns": {"amount_cny": column("amount_cny", "decimal(18,4)")}}),
        (misnamed_columns, {"columns": {"handle_seconds": column("handle_seconds", "decimal(18,6)")}}),
        (wrong_audiences, {"config": {**FACT["config"], "meta": {"key": ["agent_id"], "audience": ["bi"]}}}),
    ],
)
def test_a_planted_model_is_found(rule: Callable[[Any], list[str]], changes: dict[str, Any]) -> None:
    planted = {**copy.deepcopy(FACT), **changes}
    assert len(rule(manifest_of(STAGED, planted))) == 1


def test_a_planted_folder_is_found() -> None:
    planted = {**FACT, "original_file_path": "models/misc/fct_ticket.sql"}
    assert misplaced(manifest_of(planted)) == ["fct_ticket: models/misc is no layer"]


def test_a_planted_table_without_a_key_test_is_found() -> None:
    assert untested_keys(manifest_of(FACT)) == ["fct_ticket: no unique_key test"]
    view = {**FACT, "config": {**FACT["config"], "materialized": "view"}}
    assert untested_keys(manifest_of(view)) == [] and untested_keys(manifest_of(STAGED)) == []


@pytest.mark.parametrize("audience", [None, ["everyone"]])
def test_a_planted_mart_without_a_known_audience_is_found(audience: list[str] | None) -> None:
    planted = copy.deepcopy(MART)
    planted["config"]["meta"]["audience"] = audience
    assert len(wrong_audiences(manifest_of(planted))) == 1


def test_a_mechanism_missing_in_any_of_its_places_is_found() -> None:
    assert mechanism_disagreements({"fixed"}, {"fixed"}, {"fixed"}) == []
    assert mechanism_disagreements({"fixed", "points"}, {"fixed"}, set())
    assert mechanism_disagreements({"fixed"}, {"fixed", "points"}, set())
    assert mechanism_disagreements({"fixed"}, {"fixed"}, {"points"})


def test_a_model_without_a_unit_test_is_found() -> None:
    tried = {"unit_tests": {"unit_test.meritline.kpi_csat.edge": {"model": "kpi_csat"}}}
    assert without_unit_test(tried, {"kpi_csat", "kpi_nps"}) == ["kpi_nps: no unit test"]


def test_planted_policy_rows_are_found() -> None:
    rows: dict[str, list[Row]] = {"component": [{"clause_id": "CG-11", "value_origin": "site"}]}
    assert unknown_clauses(rows, {"CG-11"}) == [] and unstated_origins(rows) == []
    assert unknown_clauses(rows, {"CG-12"}) == ["component.csv:2: clause CG-11 is no rule"]
    assert unknown_clauses({"component": [{"clause_id": ""}]}, {"CG-12"})
    assert unstated_origins({"component": [{"value_origin": "guess"}]})
    assert unknown_clauses_in_sql({"a.sql": "select 'PR-99' as clause_id"}, {"PR-04"})
    assert (
        unknown_clauses_in_sql(
            {"a.sql": "select 'PR-04' as clause_id, 'UTF-8' as encoding"}, {"PR-04", "UTF-8"}
        )
        == []
    )


def test_planted_policy_files_without_types_are_found() -> None:
    manifest = manifest_of(seed("kpi"))
    assert undescribed_seeds(manifest, ["kpi"]) == [] and undescribed_seeds(manifest, ["bonus"])
    assert untyped_columns(manifest, {"kpi": [{"kpi_id": "csat"}]}) == []
    assert untyped_columns(manifest, {"kpi": [{"kpi_id": "csat", "weight": "1"}]}) == [
        "kpi.csv: column weight has no type"
    ]
    assert untyped_columns(manifest, {"kpi": [{"weight": "1"}]})


def test_every_export_is_counted_into_what_loaded() -> None:
    """A table that is left out would have all of its rows called superseded."""
    counted = set(re.findall(r"'(stg_\w+)'", (MODELS / "facts" / "fct_load.sql").read_text(encoding="utf-8")))
    exports = {f"stg_{table.source}__{table.name}" for table in load_contract(CONTRACT_DIR).export_tables}
    assert counted == exports


def test_nothing_is_paid_or_graded_by_the_radar(project: CompiledProject) -> None:
    assert radar_readers(project.manifest) == []


def test_who_reads_the_radar_is_found(project: CompiledProject) -> None:
    spoiled = copy.deepcopy(project.manifest)
    spoiled["nodes"]["model.meritline.bonus_line"]["depends_on"]["nodes"].append(
        "model.meritline.mart_kpi_radar"
    )
    assert radar_readers(spoiled) == ["bonus_line"]


def radar_readers(manifest: dict[str, Any]) -> list[str]:
    """Models that read the radar and are no part of it (decision 0054)."""
    return sorted(
        node["name"]
        for node in models(manifest)
        if "radar" not in node["name"] and any("radar" in parent for parent in node["depends_on"]["nodes"])
    )


# What a plan takes as published

READ_BY_FACTS = {
    "model.meritline.int_kpi__known",
    "model.meritline.int_kpi__longest_window",
    "seed.meritline.business_hours",
    "seed.meritline.calendar_day",
    "seed.meritline.schedule_assignment",
}
"""What facts read of the policy: where just others differ, a plan takes the facts as published. Who reads one
of the seeds reads all of its columns; of a policy seed they read what a model of seeds alone says.
"""


def test_facts_read_this_of_the_policy(project: CompiledProject) -> None:
    assert read_by_facts(project.manifest) == READ_BY_FACTS
