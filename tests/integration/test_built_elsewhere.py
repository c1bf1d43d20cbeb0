"""A night whose tables another engine has built: this machine shows their files, builds the views, runs data
tests and publishes the same content. The files are those of DuckDB here, written as Spark writes them;
tests/engines has the real thing.
"""

from __future__ import annotations

import errno
import shutil
import stat
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.errors import ConfigurationError, MeritlineError, PublicationRefused
from orchestration.nightly import on_spark
from orchestration.publish.candidate import read_candidate
from orchestration.publish.publication import current_publication
from orchestration.sql import literal
from orchestration.state.folder import StateFolder
from orchestration.warehouse.dbt import DbtOutcome, log_path, manifest_path, take_parsed
from orchestration.warehouse.ledger import all_built
from orchestration.warehouse.manifest import read_manifest
from orchestration.warehouse.spark import (
    Spark,
    is_table,
    make_ready,
    new_folder,
    require_answer,
    shown_relations,
)
from tests.conftest import run_night

NOBODY = 9
"""A port that nobody listens on."""


@pytest.fixture
def elsewhere(demo_copy: StateFolder) -> Spark:
    """The tables of the demo's warehouse as files of another engine: instants with their zone, two files of
    the larger ones, in no order.
    """
    spark = Spark("127.0.0.1", NOBODY, "meritline", demo_copy.root / "spark")
    with duckdb.connect(str(demo_copy.warehouse), read_only=True) as warehouse:
        warehouse.execute("set TimeZone = 'UTC'")
        for node in read_manifest(manifest_path(demo_copy))["nodes"].values():
            if not is_table(node):
                continue
            name, folder = (
                f"{node['schema']}.{node['alias']}",
                spark.warehouse / node["schema"] / node["alias"],
            )
            folder.mkdir(parents=True)
            instants = [
                f"cast({column} as timestamptz) as {column}"
                for column, kind, *_ in warehouse.sql(f"describe {name}").fetchall()
                if kind == "TIMESTAMP"
            ]
            replaced = f"* replace ({', '.join(instants)})" if instants else "*"
            for half in (0, 1):
                warehouse.execute(
                    f"copy (select {replaced} from {name} where rowid % 2 = {half} order by rowid desc) to "
                    f"{literal(folder / f'part-{half}.parquet')} (format parquet)"
                )
    return spark


def the_rest(state: StateFolder, spark: Spark) -> set[str]:
    """Build the rest; kinds of what dbt said that it did."""
    built, outcome = read_manifest(manifest_path(state)), DbtOutcome()
    events = list(on_spark.build_the_rest(state, spark, take_parsed(state), built, outcome))
    outcome.raise_if_failed(log_path(state))
    all_built(state, built)
    return {str(event["info"]["name"]) for event in events}


def test_the_content_is_that_of_a_night_built_here(
    demo_copy: StateFolder, demo_landing: Path, elsewhere: Spark
) -> None:
    published = current_publication(demo_copy)
    assert published is not None
    kinds = the_rest(demo_copy, elsewhere)
    assert "LogTestResult" in kinds and not kinds & {"LogModelResult", "LogSeedResult"}
    run_night(demo_copy.root, demo_landing, "candidate")
    assert read_candidate(demo_copy).content_hash == published.manifest["content_hash"]
    # The next night is DuckDB's, and keeps nothing of it.
    run_night(demo_copy.root, demo_landing)
    again = current_publication(demo_copy)
    assert again is not None and again.manifest["content_hash"] == published.manifest["content_hash"]
    with duckdb.connect(str(demo_copy.warehouse), read_only=True) as warehouse:
        assert warehouse.sql(
            "select count(*) from duckdb_tables() where schema_name = 'bonus'"
        ).fetchone() != (0,)


def test_a_data_test_reads_what_was_built_elsewhere(demo_copy: StateFolder, elsewhere: Spark) -> None:
    [first, *_] = sorted((elsewhere.warehouse / "bonus" / "bonus_line").glob("*.parquet"))
    duckdb.sql(
        f"copy (from read_parquet({literal(first)}) union all from read_parquet({literal(first)})) to "
        f"{literal(first.with_suffix('.twice'))} (format parquet)"
    )
    first.with_suffix(".twice").replace(first)
    with pytest.raises(PublicationRefused, match="data test"):
        the_rest(demo_copy, elsewhere)


def test_half_a_build_is_not_published(
    demo_copy: StateFolder, demo_landing: Path, elsewhere: Spark, monkeypatch: pytest.MonkeyPatch
) -> None:
    the_rest(demo_copy, elsewhere)
    monkeypatch.setattr(on_spark, "require_answer", lambda _: None)
    built = read_manifest(manifest_path(demo_copy))
    # The client of the default installation has no such server, nor its package: either way it begins.
    with pytest.raises((MeritlineError, ModuleNotFoundError)):
        list(on_spark.build_on_spark(demo_copy, elsewhere, take_parsed(demo_copy), built, DbtOutcome()))
    with pytest.raises(PublicationRefused, match="not every relation"):
        run_night(demo_copy.root, demo_landing, "candidate")


def test_a_relation_without_a_file_is_named(demo_copy: StateFolder, elsewhere: Spark) -> None:
    folder = elsewhere.warehouse / "kpi" / "kpi_observation"
    for path in folder.glob("*.parquet"):
        path.unlink()
    with pytest.raises(MeritlineError, match="there is no file") as found:
        list(shown_relations(elsewhere, read_manifest(manifest_path(demo_copy))))
    assert found.value.path == folder


def test_a_build_has_a_folder_that_was_never_written_to(tmp_path: Path) -> None:
    warehouse = tmp_path / "of" / "spark"
    first = new_folder(warehouse)
    assert (first, mode_of(first), mode_of(warehouse)) == (warehouse / "build-000001", 0o700, 0o700)
    (first / "bonus").mkdir()
    # A statement of a night that was killed may still write there.
    second = new_folder(warehouse)
    assert [*warehouse.iterdir()] == [second] == [warehouse / "build-000002"]
    (warehouse / "notes").mkdir()
    warehouse.chmod(0o2775)
    third = new_folder(warehouse)
    assert mode_of(third) == 0o2770
    assert {path.name for path in warehouse.iterdir()} == {"build-000003", "notes"}


def test_what_cannot_be_removed_of_an_earlier_build_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    first = new_folder(tmp_path)
    monkeypatch.setattr(shutil, "rmtree", refuse)
    with pytest.raises(ConfigurationError, match="cannot be removed") as found:
        new_folder(tmp_path)
    assert found.value.path == first


def test_a_warehouse_of_another_state_is_left_alone(tmp_path: Path) -> None:
    spark = Spark("127.0.0.1", NOBODY, "meritline", tmp_path / "spark")
    one, other = StateFolder(tmp_path / "one"), StateFolder(tmp_path / "other")
    manifest: dict[str, Any] = {"nodes": {}, "sources": {}}
    for state, match in ((one, "does not answer"), (one, "does not answer"), (other, "of the state .*one")):
        with pytest.raises(MeritlineError, match=match):
            make_ready(state, spark, manifest)
    assert [path.name for path in spark.warehouse.iterdir()] == ["state.txt"]


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_server_that_does_not_answer_is_named_in_one_paragraph(elsewhere: Spark) -> None:
    with pytest.raises(MeritlineError, match=rf"127\.0\.0\.1:{NOBODY}|not installed") as found:
        require_answer(elsewhere)
    assert found.value.passes or isinstance(found.value, ConfigurationError)
