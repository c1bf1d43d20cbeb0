"""Whole nights on a cluster of Apache Spark, from the exports to the switch, while its processes die: what is
published is what DuckDB publishes, or nothing is. `make spark-test` runs it, `make test` skips it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from orchestration.publish.publication import current_publication
from orchestration.state.folder import StateFolder
from tests.engines.spark_cluster import HOST, Cluster

pytestmark = pytest.mark.usefixtures("cluster")

NOBODY = "9"
"""A port that nobody listens on."""


@dataclass(frozen=True)
class Centre:
    """A state that the cluster builds for, and what DuckDB has published of the same exports."""

    state: StateFolder
    cluster: Cluster
    landing: str
    as_of: str
    content: str

    @property
    def published(self) -> tuple[str, str]:
        """The current publication's name and content."""
        found = current_publication(self.state)
        return ("", "") if found is None else (found.folder.name, found.manifest["content_hash"])

    def begin(self, engine: str = "spark", **variables: str) -> Night:
        """Begin a night that tries nothing again by itself."""
        log = self.state.root.with_name("night.log")
        words = ("nightly", "--landing", self.landing, "--as-of", self.as_of, "--engine", engine)
        with log.open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", "orchestration", "--state", str(self.state.root), *words],
                stdout=out,
                stderr=subprocess.STDOUT,
                env={
                    **os.environ,
                    "MERITLINE_SPARK_HOST": HOST,
                    "MERITLINE_SPARK_PORT": str(self.cluster.port),
                    "MERITLINE_RETRIES": "0",
                    **variables,
                },
            )
        return Night(process, log, self.state)


@dataclass(frozen=True)
class Night:
    """A night that runs."""

    process: subprocess.Popen[bytes]
    log: Path
    state: StateFolder

    def until_it_writes(self, cluster: Cluster, schema: str) -> str:
        """Wait until a worker writes a file of a schema's tables; its name."""
        while (worker := cluster.writer(schema)) is None:
            assert self.process.poll() is None, self.said()
            time.sleep(0.01)
        return worker

    def end(self) -> int:
        """Wait for it; its exit status."""
        return self.process.wait()

    def said(self) -> str:
        """What it has said."""
        return self.log.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def centre(cluster: Cluster, demo_state: StateFolder, tmp_path_factory: pytest.TempPathFactory) -> Centre:
    """A state without a publication, of the same pseudonyms: of another key the same people have others."""
    published = current_publication(demo_state)
    assert published is not None
    state = StateFolder(tmp_path_factory.mktemp("night") / "state")
    state.prepare()
    for name in ("pseudonym.key", "version.json"):
        shutil.copy(demo_state.root / name, state.root / name)
    manifest = published.manifest
    return Centre(state, cluster, manifest["landing"], manifest["as_of"], manifest["content_hash"])


def test_schemas_of_another_state_are_left_alone(centre: Centre, cluster: Cluster) -> None:
    cluster.run(
        "drop schema if exists bonus cascade", f"create schema bonus location '{cluster.folder}/other'"
    )
    cluster.run("create table bonus.paid using parquet as select 1 as fen")
    night = centre.begin()
    assert night.end() == 2, night.said()
    assert f"the schema bonus that the server has lies at file:{cluster.folder}/other" in night.said()
    assert cluster.run("select fen from bonus.paid") == [(1,)]
    for schema in {str(row[0]) for row in cluster.run("show schemas")} - {"default"}:
        cluster.run(f"drop schema {schema} cascade")


def test_workers_that_die_change_nothing(centre: Centre, cluster: Cluster) -> None:
    """Each in the middle of a task, and with what it computed before. Another one comes, as where a cluster
    replaces what it lost.
    """
    night = centre.begin()
    for schema in ("facts", "bonus"):
        cluster.kill(night.until_it_writes(cluster, schema))
        cluster.start_worker()
    assert night.end() == 0, night.said()
    assert centre.published[1] == centre.content
    log = (cluster.folder / "thrift.log").read_text(encoding="utf-8", errors="replace")
    assert log.count("ERROR TaskSchedulerImpl: Lost executor") == 2
    assert "failed because while it was being computed, its executor exited" in log


def test_without_its_server_a_night_publishes_nothing(centre: Centre, cluster: Cluster) -> None:
    """Away from the beginning, or from the middle. The next night, on a server that knows of nothing and
    beside the folder of the one that died, and one on DuckDB after it, say what was said.
    """
    before = centre.published
    assert before[1] == centre.content
    night = centre.begin(MERITLINE_SPARK_PORT=NOBODY)
    assert night.end() == 1
    assert_one_paragraph(night)
    night = centre.begin()
    night.until_it_writes(cluster, "facts")
    cluster.kill("thrift")
    assert night.end() == 1
    assert_one_paragraph(night)
    assert centre.published == before
    assert not centre.state.warehouse.exists()
    cluster.start_thrift()
    night = centre.begin()
    assert night.end() == 0, night.said()
    on_spark = centre.published
    assert on_spark == (on_spark[0], before[1]) != before
    assert len([*(centre.state.root / "spark").glob("build-*")]) == 1
    night = centre.begin("duckdb")
    assert night.end() == 0, night.said()
    assert centre.published == (centre.published[0], before[1]) != on_spark


def assert_one_paragraph(night: Night) -> None:
    """The night's last word is of the server, and no other one is of an error."""
    said = night.said()
    assert said.rstrip().splitlines()[-1].startswith(f"{HOST}:"), said
    assert "the Thrift server of Spark does not answer" in said and "Traceback" not in said, said
