"""Every day, without Java: the models built on Sail, which reads Spark's SQL, say what they say on DuckDB.

What Sail gets wrong or cannot do is the cluster's to prove (test_engine_spark.py).
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from orchestration.state.folder import StateFolder
from tests.engines.agreement import Agreement, agreements, published_by
from tests.engines.macro_cases import CASES, Case
from tests.engines.macros import macros_of

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("pysail") is None,
    reason="Sail is not installed here: `make engines` has an environment of its own",
)

NOT_ON_SAIL = {"audit.bonus_trace": "it knows no recursive query"}
"""Published relations that Sail cannot build, with what it lacks."""

MACROS_NOT_ON_SAIL = {"each_once"}


@pytest.fixture(scope="module")
def built(demo_state: StateFolder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The warehouse that Sail makes of the demo centre's raw files."""
    folder = tmp_path_factory.mktemp("sail")
    views = [relation.full_name for relation in published_by(demo_state) if relation.is_view]
    left_out = [name.partition(".")[2] for name in NOT_ON_SAIL]
    done = subprocess.run(
        [
            *(
                sys.executable,
                str(Path(__file__).with_name("sail_build.py")),
                str(demo_state.raw),
                str(folder),
            ),
            *(part for view in views for part in ("--view", view)),
            *(part for model in left_out for part in ("--exclude", model)),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    return folder / "warehouse"


def test_every_published_relation_is_the_same(built: Path, demo_state: StateFolder) -> None:
    relations = [one for one in published_by(demo_state) if one.full_name not in NOT_ON_SAIL]
    compared = agreements(relations, demo_state.warehouse, built)
    assert [one for one in compared if not one.is_equal] == []
    assert sum(one.rows for one in compared) > 10_000


def test_a_cent_more_on_one_line_is_found(built: Path, demo_state: StateFolder, tmp_path: Path) -> None:
    """The comparison itself: one amount changed, one row twice, one column of another type."""
    import duckdb

    relation = next(one for one in published_by(demo_state) if one.full_name == "bonus.bonus_line")
    rows = f"read_parquet('{built}/bonus/bonus_line/*.parquet')"
    last = f"bonus_line_id = (select max(bonus_line_id) from {rows})"
    dearer = f"cast(amount_cny + case when {last} then 0.01 else 0 end as decimal(18, 2))"
    faults = {
        "cent": f"select * replace ({dearer} as amount_cny) from {rows}",
        "twice": f"from {rows} union all (from {rows} order by bonus_line_id limit 1)",
        "type": f"select * replace (cast(amount_cny as double) as amount_cny) from {rows}",
    }
    found: dict[str, Agreement] = {}
    for name, query in faults.items():
        planted = tmp_path / name / "bonus" / "bonus_line"
        planted.mkdir(parents=True)
        with duckdb.connect() as database:
            database.execute(f"copy ({query}) to '{planted}/one.parquet' (format parquet)")
        found[name] = agreements([relation], demo_state.warehouse, tmp_path / name)[0]
    assert (found["cent"].only_duckdb, found["cent"].only_other) == (1, 1)
    assert (found["twice"].only_duckdb, found["twice"].only_other) == (0, 1)
    assert found["type"].columns.startswith("amount_cny DECIMAL(18,2)")


@pytest.fixture(scope="module")
def session() -> Iterator[Any]:
    """A session of a Sail server in this process."""
    from pysail.spark import SparkConnectServer
    from pyspark.sql import SparkSession

    server = SparkConnectServer(ip="127.0.0.1", port=0)
    server.start(background=True)
    address, port = server.listening_address
    session = SparkSession.builder.remote(f"sc://{address}:{port}").getOrCreate()
    session.conf.set("spark.sql.session.timeZone", "UTC")
    session.conf.set("spark.sql.ansi.enabled", "true")
    yield session
    session.stop()
    server.stop()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.macro)
def test_a_macro_on_sail(case: Case, session: Any) -> None:
    if case.macro in MACROS_NOT_ON_SAIL:
        pytest.skip("Sail knows no recursive query")
    query = case.query(macros_of("sail", "spark", "default"))
    assert session.sql(query).collect()[0]["value"] == case.value
