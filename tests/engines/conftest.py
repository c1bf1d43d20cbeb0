"""The state whose raw files the other engines build from, and whose warehouse they are compared with; the
cluster.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestration.state.folder import StateFolder
from tests.engines.spark_cluster import Cluster, running_cluster, why_not

NAMED = "MERITLINE_ENGINES_STATE"
"""Variable that names a built state to compare with, as of a larger centre. It is only read."""


@pytest.fixture(scope="session")
def demo_state(request: pytest.FixtureRequest) -> StateFolder:
    """The demo centre as DuckDB has built it, or the state that was named."""
    if NAMED in os.environ:
        return StateFolder(Path(os.environ[NAMED]).resolve())
    return StateFolder(request.getfixturevalue("published_demo"))


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A master, two workers and the Thrift server; a test that asks for it is skipped where there is none."""
    if "MERITLINE_SPARK" not in os.environ:
        pytest.skip("a cluster is for `make spark-test`")
    if why := why_not():
        pytest.skip(why)
    with running_cluster(tmp_path_factory.mktemp("spark")) as running:
        yield running
