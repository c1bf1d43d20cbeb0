"""The project as dbt sees it: compiled for DuckDB and, with the dispatched macros exchanged, for Spark."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
DBT = "from dbt.cli.main import cli; cli()"


@dataclass(frozen=True)
class CompiledProject:
    """The manifest, and each model's compiled SQL by unique id, for both engines."""

    manifest: Mapping[str, Any]
    duckdb: Mapping[str, str]
    spark: Mapping[str, str]


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> CompiledProject:
    """The project of the working tree, compiled; nothing is connected to but an empty DuckDB file."""
    duckdb_root, spark_root = tmp_path_factory.mktemp("duckdb"), tmp_path_factory.mktemp("spark")
    copy_project(spark_root)
    for macro_file in (spark_root / "dbt_project" / "macros").rglob("*.sql"):
        text = macro_file.read_text(encoding="utf-8")
        macro_file.write_text(
            text.replace("default__", "duckdb_only__").replace("spark__", "default__"), encoding="utf-8"
        )
    running = [start_compile(ROOT, duckdb_root), start_compile(spark_root, spark_root)]
    for process in running:
        output, _ = process.communicate()
        assert process.returncode == 0, output
    manifest, spark_manifest = (_read_manifest(work) for work in (duckdb_root, spark_root))
    return CompiledProject(manifest, _compiled_models(manifest), _compiled_models(spark_manifest))


def copy_project(target: Path) -> None:
    """Copy models, macros, seeds and dbt tests of the working tree to `target`, laid out as they are."""
    for folder in ("dbt_project", "seeds", "tests/dbt"):
        ignored = shutil.ignore_patterns("target", "logs", "dbt_packages", "*.duckdb", "__pycache__")
        shutil.copytree(ROOT / folder, target / folder, ignore=ignored)


def start_compile(project_root: Path, work: Path) -> subprocess.Popen[str]:
    """`dbt compile` of the project under `project_root`, writing only under `work`."""
    return start_dbt(project_root, work, "compile", "--no-introspect")


def start_dbt(project_root: Path, work: Path, *arguments: str) -> subprocess.Popen[str]:
    """dbt in its own process on the project under `project_root`, writing only under `work`."""
    folder = project_root / "dbt_project"
    paths = {
        "--project-dir": folder,
        "--profiles-dir": folder,
        "--target-path": work / "target",
        "--log-path": work / "logs",
    }
    options = [str(part) for pair in paths.items() for part in pair]
    return subprocess.Popen(
        [sys.executable, "-c", DBT, *arguments, *options, "--no-use-colors", "--no-version-check"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={
            **os.environ,
            "MERITLINE_WAREHOUSE": str(work / "warehouse.duckdb"),
            "MERITLINE_RAW": str(work / "raw"),
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        },
    )


def _read_manifest(work: Path) -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads((work / "target" / "manifest.json").read_text(encoding="utf-8"))
    return manifest


def _compiled_models(manifest: Mapping[str, Any]) -> dict[str, str]:
    return {
        unique_id: node["compiled_code"]
        for unique_id, node in manifest["nodes"].items()
        if node["resource_type"] == "model"
    }
