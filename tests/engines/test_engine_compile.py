"""Models, seeds and data tests parse and compile for Spark with Spark's own adapter, connected to nothing."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest

from tests.project.conftest import ROOT, start_dbt
from tests.project.sql_rules import unparsable_on_spark

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("dbt.adapters.spark") is None,
    reason="the extra `spark` is not installed here: `make engines` has an environment of its own",
)


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The manifest of a compilation for the target `spark`."""
    work = tmp_path_factory.mktemp("compiled_for_spark")
    process = start_dbt(ROOT, work, "compile", "--target", "spark", "--no-introspect", "--no-populate-cache")
    output, _ = process.communicate()
    assert process.returncode == 0, output
    return json.loads((Path(work) / "target" / "manifest.json").read_text(encoding="utf-8"))


def test_every_model_and_data_test_is_spark_sql(manifest: Any) -> None:
    assert manifest["metadata"]["adapter_type"] == "spark"
    compiled = {
        name: node["compiled_code"]
        for name, node in manifest["nodes"].items()
        if node["resource_type"] in ("model", "test")
    }
    assert len(compiled) > 300
    found = [f"{name}: {fault}" for name, sql in compiled.items() for fault in unparsable_on_spark(sql)]
    assert not found, "\n" + "\n".join(found)


def test_sources_are_tables_there_and_no_files(manifest: Any) -> None:
    reading = [
        node
        for name, node in manifest["nodes"].items()
        if ".stg_" in name and node["resource_type"] == "model"
    ]
    assert reading and not any("read_parquet" in node["compiled_code"] for node in reading)
