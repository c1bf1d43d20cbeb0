"""The real thing: what dbt-spark builds over Thrift on a cluster of Apache Spark says what DuckDB says.

Many minutes and 6 GB: `make spark-test` runs it, `make test` skips it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from orchestration.state.folder import StateFolder
from tests.engines.agreement import ROWS, agreements, published_by
from tests.engines.macro_cases import CASES, Case
from tests.engines.macros import macros_of
from tests.engines.spark_cluster import HOST, Cluster
from tests.project.conftest import DBT, ROOT

Done = subprocess.CompletedProcess[str]

pytestmark = pytest.mark.usefixtures("cluster")


@pytest.fixture(scope="module")
def built(cluster: Cluster, demo_state: StateFolder) -> Path:
    """The warehouse that the cluster makes of the demo centre's raw files."""
    warehouse = cluster.folder / "built"
    kinds = ("unit_test", "exposure", "test")
    done = _dbt(
        cluster,
        "build",
        *(part for kind in kinds for part in ("--exclude-resource-type", kind)),
        project=ROOT / "dbt_project",
        work=cluster.folder,
        MERITLINE_RAW=str(demo_state.raw),
        MERITLINE_SPARK_WAREHOUSE=str(warehouse),
    )
    assert done.returncode == 0, done.stdout[-6000:]
    for relation in published_by(demo_state):
        if relation.is_view:
            name = relation.full_name
            cluster.run(f"create table {name}{ROWS} using parquet as select * from {name}")
    return warehouse


def test_every_published_relation_is_the_same(built: Path, demo_state: StateFolder) -> None:
    compared = agreements(published_by(demo_state), demo_state.warehouse, built)
    assert [one for one in compared if not one.is_equal] == []
    assert sum(one.rows for one in compared) > 10_000


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.macro)
def test_a_macro_on_spark(case: Case, cluster: Cluster) -> None:
    # A date comes as text over Thrift.
    value = case.value.isoformat() if type(case.value) is date else case.value
    assert cluster.run(case.query(macros_of("spark", "default"))) == [(value,)]


SMALL_PROJECT = """
name: meritline
profile: meritline
config-version: 2
macro-paths: ["{dbt}/macros", "{dbt}/materializations"]
vars: {{node_list_type: ""}}
"""


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("cast('many' as bigint)", "CAST_INVALID_INPUT"),
        ("cast(9223372036854775807 as bigint) + 1", "ARITHMETIC_OVERFLOW"),
    ],
)
@pytest.mark.parametrize("kind", ["table", "view"])
def test_a_model_over_what_is_no_number_is_not_built(
    wrong: str, said: str, kind: str, cluster: Cluster, tmp_path: Path
) -> None:
    """The server has ANSI off: either would quietly be an empty value or another number. Of a view its reader
    is told.
    """
    models = tmp_path / "models"
    models.mkdir()
    (tmp_path / "dbt_project.yml").write_text(SMALL_PROJECT.format(dbt=ROOT / "dbt_project"))
    (models / "wrong.sql").write_text(
        f"{{{{ config(materialized='{kind}') }}}}\nselect {wrong} as n from (select 'many' as word) as one"
    )
    (models / "reader.sql").write_text("{{ config(materialized='table') }}\nselect n from {{ ref('wrong') }}")
    done = _dbt(cluster, "run", project=tmp_path, work=tmp_path)
    assert done.returncode != 0 and said in done.stdout, done.stdout


def _dbt(cluster: Cluster, *arguments: str, project: Path, work: Path, **variables: str) -> Done:
    """dbt on a project, for the target `spark`, writing only under `work`."""
    folders = {
        "--project-dir": project,
        "--profiles-dir": ROOT / "dbt_project",
        "--target-path": work / "target",
        "--log-path": work / "logs",
    }
    return subprocess.run(
        [
            *(sys.executable, "-c", DBT, *arguments, "--target", "spark"),
            *("--no-version-check", "--no-use-colors"),
            *(str(part) for pair in folders.items() for part in pair),
        ],
        capture_output=True,
        text=True,
        check=False,
        env={
            **os.environ,
            "MERITLINE_SPARK_HOST": HOST,
            "MERITLINE_SPARK_PORT": str(cluster.port),
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
            **variables,
        },
    )
