"""What the manifest says about relations: what is published, to whom, in which order."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from orchestration.errors import ConfigurationError
from orchestration.warehouse.manifest import published_relations, read_manifest


def model(schema: str, name: str, **meta: object) -> dict[str, Any]:
    return {
        "unique_id": f"model.meritline.{name}",
        "resource_type": "model",
        "schema": schema,
        "alias": name,
        "name": name,
        "original_file_path": f"models/{schema}/{name}.sql",
        "config": {"materialized": "table", "meta": meta},
        "depends_on": {"nodes": []},
    }


def view(schema: str, name: str, **meta: object) -> dict[str, Any]:
    node = model(schema, name, **meta)
    return {**node, "config": {**node["config"], "materialized": "view"}}


def manifest(*nodes: dict[str, Any]) -> Mapping[str, Any]:
    return {"nodes": {node["unique_id"]: node for node in nodes}, "parent_map": {}}


def test_relations_come_along_the_data_path_then_by_name() -> None:
    found = published_relations(
        manifest(
            model("marts", "mart_a", key=["a"], audience=["bi", "payroll"]),
            model("facts", "fct_b", key=["b"]),
            model("facts", "fct_a", key=["a", "b"]),
            model("staging", "stg_x__a"),
            model("kpi", "kpi_csat", is_published=False),
            view("kpi", "kpi_fcr", key=["a"]),
            view("kpi", "kpi_evidence", key=["a"], is_published=True),
        )
    )
    assert [one.full_name for one in found if not one.is_view] == [
        "facts.fct_a",
        "facts.fct_b",
        "marts.mart_a",
    ]
    assert [one.full_name for one in found if one.is_view] == ["kpi.kpi_evidence"]
    assert found[0].key == ("a", "b")
    assert found[3].audiences == {"bi", "payroll"}


def test_a_published_model_without_a_key_is_named() -> None:
    with pytest.raises(ConfigurationError, match=r"models/facts/fct_a\.sql: a published model names no key"):
        published_relations(manifest(model("facts", "fct_a")))


@pytest.mark.parametrize(("schema", "audience"), [("marts", "everyone"), ("facts", "bi")])
def test_an_audience_that_cannot_be_is_named(schema: str, audience: str) -> None:
    with pytest.raises(ConfigurationError, match=audience):
        published_relations(manifest(model(schema, "a", key=["a"], audience=[audience])))


def test_a_singular_test_over_several_models_belongs_to_the_one_furthest_down(tmp_path: Path) -> None:
    up, down = model("facts", "fct_a", key=["a"]), model("kpi", "kpi_a", key=["a"])
    both = {
        "unique_id": "test.meritline.assert_x",
        "resource_type": "test",
        "depends_on": {"nodes": [down["unique_id"], up["unique_id"]]},
    }
    path = tmp_path / "manifest.json"
    path.write_text(
        json.dumps({**manifest(up, down, both), "parent_map": {down["unique_id"]: [up["unique_id"]]}})
    )
    assert read_manifest(path)["nodes"][both["unique_id"]]["attached_node"] == down["unique_id"]
