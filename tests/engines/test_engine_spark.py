"""The real thing: what dbt-spark builds over Thrift on a cluster of Apache Spark says what DuckDB says.

Minutes and 4 GB: `make spark-test` runs it, `make test` skips it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestration.state.folder import StateFolder
from tests.engines.agreement import ROWS, agreements, published_by
from tests.engines.macro_cases import CASES, Case
from tests.engines.macros import macros_of
from tests.engines.spark_cluster import HOST, Cluster, running_cluster, why_not
from tests.project.conftest import DBT, ROOT

pytestmark = [
    pytest.mark.skipif("MERITLINE_SPARK" not in os.environ, reason="a cluster is for `make spark-test`"),
    pytest.mark.skipif(why_not() != "", reason=why_not()),
]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A master, two workers and the Thrift server."""
    with running_cluster(tmp_path_factory.mktemp("spark")) as running:
        yield running


@pytest.fixture(scope="module")
def built(cluster: Cluster, demo_state: StateFolder) -> Path:
    """The warehouse that the cluster makes of the demo centre's raw files."""
    warehouse = cluster.folder / "built"
    folders = {
        "--project-dir": ROOT / "dbt_project",
        "--profiles-dir": ROOT / "dbt_project",
        "--target-path": cluster.folder / "target",
        "--log-path": cluster.folder / "logs",
    }
    kinds = ("unit_test", "exposure", "test")
    done = subprocess.run(
        [
            *(
                sys.executable,
                "-c",
                DBT,
                "build",
                "--target",
                "spark",
                "--no-version-check",
                "--no-use-colors",
            ),
            *(part for kind in kinds for part in ("--exclude-resource-type", kind)),
            *(str(part) for pair in folders.items() for part in pair),
        ],
        capture_output=True,
        text=True,
        check=False,
        env={
            **os.environ,
            "MERITLINE_RAW": str(demo_state.raw),
            "MERITLINE_SPARK_HOST": HOST,
            "MERITLINE_SPARK_PORT": str(cluster.port),
            "MERITLINE_SPARK_WAREHOUSE": str(warehouse),
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        },
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
    assert cluster.run(case.query(macros_of("spark", "default"))) == [(case.value,)]


def test_models_were_built_with_ansi_on(built: Path, cluster: Cluster) -> None:
    """The adapter turns it off when a session begins; a view tells under what it was made."""
    described = {str(row[0]): str(row[1]) for row in cluster.run("describe extended kpi.kpi_evidence")}
    assert "spark.sql.ansi.enabled=true" in str(described)


@pytest.mark.parametrize("wrong", ["cast('many' as bigint)", "cast(9223372036854775807 as bigint) + 1"])
def test_what_is_no_number_stops_a_statement(wrong: str, cluster: Cluster) -> None:
    with pytest.raises(Exception, match=r"CAST_INVALID_INPUT|ARITHMETIC_OVERFLOW|out of range|overflow"):
        cluster.run(f"select {wrong}")
