"""A whole night on a small centre: what it publishes, and that doing it again gives the same bytes."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path

import duckdb
import pytest
from dagster import DagsterEventType, DagsterInstance, DagsterRunStatus

from orchestration.errors import ConfigurationError
from orchestration.hashing import file_hash
from orchestration.publish.candidate import content_hash, read_candidate
from orchestration.publish.publication import Publication, current_publication
from orchestration.publish.views import view_names
from orchestration.state.folder import StateFolder, auditor_parquet
from orchestration.state.record import read_records
from tests.compiled import build_compiled, contents, failing_tests, project_of
from tests.conftest import AS_OF, copy_state, run_night


@pytest.fixture
def publication(published_demo: Path) -> Publication:
    found = current_publication(StateFolder(published_demo))
    assert found is not None
    return found


def parquet_hashes(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): file_hash(path) for path in sorted(folder.rglob("*.parquet"))
    }


def test_the_publication_says_what_it_is(publication: Publication, demo_landing: Path) -> None:
    manifest = publication.manifest
    assert manifest["run_id"] == f"000001-{AS_OF}"
    assert manifest["as_of"] == AS_OF
    assert manifest["content_hash"] == content_hash(publication.folder)
    assert manifest["checks"]["failed_critical"] == 0
    assert manifest["checks"]["checks"] > 0
    assert manifest["previous"] is None
    landed = {
        path.relative_to(demo_landing).as_posix(): file_hash(path)
        for path in demo_landing.rglob("*")
        if path.is_file() and not path.name.startswith(".")
    }
    assert {one["file"]: one["sha256"] for one in manifest["inputs"]} == landed


def test_every_file_of_the_publication_is_listed_with_its_hash(publication: Publication) -> None:
    on_disk = {
        path.relative_to(publication.folder).as_posix(): file_hash(path)
        for path in publication.folder.rglob("*")
        if path.is_file() and path.name != "manifest.json"
    }
    assert publication.manifest["files"] == on_disk


@pytest.mark.parametrize("audience", ["bi", "payroll", "auditor"])
def test_each_audience_has_a_database_with_the_rows_of_its_parquet(
    publication: Publication, audience: str
) -> None:
    with duckdb.connect(str(publication.folder / f"{audience}.duckdb"), read_only=True) as database:
        tables = database.execute(
            "select schema_name, table_name from duckdb_tables() where schema_name <> 'main'"
        ).fetchall()
        files = "*/" if audience == "auditor" else "*.parquet"
        assert len(tables) == len(list((publication.folder / audience).glob(files))) > 0
        for schema, table in tables:
            parquet = publication.folder / audience / f"{table}.parquet"
            if audience == "auditor":
                parquet = auditor_parquet(publication.folder, f"{schema}.{table}")
            different = database.execute(
                f"(from {audience}.{schema}.{table} except all from '{parquet}') "
                f"union all (from '{parquet}' except all from {audience}.{schema}.{table})"
            ).fetchall()
            assert different == []


def test_the_contract_of_outputs_is_there(publication: Publication) -> None:
    assert {
        "kpi.kpi_observation",
        "kpi.kpi_daily",
        "score.score_line",
        "score.score",
        "grade.grade",
        "bonus.bonus_line",
        "bonus.bonus",
        "audit.bonus_trace",
        "audit.rejected_row",
        "audit.load_file",
        "audit.reconciliation",
        "marts.mart_agent_scorecard",
        "marts.mart_bonus_register",
    } <= set(publication.manifest["rows"])
    assert view_names(publication.folder) == [
        "audit.source_row",
        "kpi.kpi_evidence",
        "marts.mart_kpi_radar__row",
    ]
    assert publication.manifest["rows"]["bonus.bonus_line"] > 0


def test_payroll_has_a_workbook_per_period_that_pays(publication: Publication) -> None:
    payroll = publication.folder / "payroll"
    paid = duckdb.sql(f"select distinct period_id from '{payroll}/mart_bonus_register.parquet'").fetchall()
    assert {"2026-09", "2026-10", "2026-Q3"} <= {period for (period,) in paid}
    assert {path.name for path in payroll.glob("*.xlsx")} == {f"register_{period}.xlsx" for (period,) in paid}


def test_bi_has_no_amount_of_an_agent(publication: Publication) -> None:
    with duckdb.connect(str(publication.folder / "bi.duckdb"), read_only=True) as database:
        columns = database.execute(
            "select table_name, column_name from information_schema.columns"
        ).fetchall()
    by_table: dict[str, set[str]] = {}
    for table, column in columns:
        by_table.setdefault(table, set()).add(column)
    secret = {
        table
        for table, names in by_table.items()
        if "agent_id" in names and any(name.endswith("_cny") for name in names)
    }
    assert secret == set()
    assert "mart_bonus_register" not in by_table


def test_a_second_night_on_the_same_files_and_copies_of_them_publishes_the_same_bytes(
    published_demo: Path, demo_landing: Path, tmp_path: Path
) -> None:
    """Every file again, and once more under another name: nothing new was said, so nothing else is."""
    state, landing = copy_state(published_demo, tmp_path / "state"), tmp_path / "landing"
    shutil.copytree(demo_landing, landing)
    files = sorted(demo_landing.rglob("*.csv"))
    for path in files:
        copy = path.relative_to(demo_landing).with_name(f"{path.stem}_again{path.suffix}")
        shutil.copy(path, landing / copy)
    run_night(state.root, landing)
    with duckdb.connect() as database:
        loads = database.sql(f"select status from '{state.raw}/run/load_file/*.parquet'").fetchall()
    assert Counter(status for (status,) in loads) == {"loaded": len(files), "duplicate": len(files)}
    first = state.published / f"000001-{AS_OF}"
    manifest = json.loads((first / "manifest.json").read_text("utf-8"))
    second = current_publication(state)
    assert second is not None
    assert second.run_id == f"000002-{AS_OF}"
    assert second.manifest["content_hash"] == manifest["content_hash"]
    assert parquet_hashes(second.folder) == parquet_hashes(first)
    assert second.manifest["previous"]["manifest_sha256"] == file_hash(first / "manifest.json")
    registers = [path.name for path in first.glob("payroll/*.xlsx")]
    assert registers
    for name in registers:
        assert file_hash(first / "payroll" / name) == file_hash(second.folder / "payroll" / name)


def test_compiled_sql_by_itself_builds_what_the_night_did(published_demo: Path, tmp_path: Path) -> None:
    """Every relation with its columns and rows: worked cases and honest centres are built so."""
    state = StateFolder(published_demo)
    project, by_itself = project_of(state), tmp_path / state.warehouse.name
    build_compiled(state, project, by_itself)
    assert failing_tests(project, by_itself) == []
    built = contents(state.warehouse)
    assert contents(by_itself) == built
    filled = [rows for _, rows in built.values() if rows and rows[0]]
    assert len(filled) > len(built) / 2
    with duckdb.connect(str(by_itself)) as database:
        database.execute("update facts.fct_ticket set ticket_id = ticket_id || ' '")
        database.execute("insert into bonus.bonus select * from bonus.bonus limit 1")
    assert contents(by_itself)["facts.fct_ticket"] != built["facts.fct_ticket"]
    assert "unique_key_bonus_" in failing_tests(project, by_itself)


def test_the_night_is_one_recorded_dagster_run_with_its_checks(published_demo: Path) -> None:
    with DagsterInstance.from_config(str(published_demo / "dagster")) as instance:
        [record] = instance.get_run_records()
        run = record.dagster_run
        assert (run.job_name, run.status) == ("nightly", DagsterRunStatus.SUCCESS)
        kinds = Counter(
            entry.dagster_event.event_type for entry in instance.all_logs(run.run_id) if entry.dagster_event
        )
    assert (
        kinds[DagsterEventType.ASSET_MATERIALIZATION] == kinds[DagsterEventType.ASSET_MATERIALIZATION_PLANNED]
    )
    assert (
        kinds[DagsterEventType.ASSET_CHECK_EVALUATION]
        == kinds[DagsterEventType.ASSET_CHECK_EVALUATION_PLANNED]
    )
    assert kinds[DagsterEventType.ASSET_CHECK_EVALUATION] > 0
    # One for the rows of each published relation; a test that is no check of its asset would be one more.
    rows = read_candidate(StateFolder(published_demo)).rows
    assert kinds[DagsterEventType.ASSET_OBSERVATION] == len(rows)


def test_the_record_has_every_stage_with_its_duration(published_demo: Path) -> None:
    [record] = read_records(StateFolder(published_demo))
    assert record.outcome == "published"
    assert record.run_id == f"000001-{AS_OF}"
    assert [stage.name for stage in record.stages] == ["ingest", "build", "candidate", "calibrate", "publish"]
    assert all(stage.is_done for stage in record.stages)


def test_nothing_of_the_state_is_open_to_others(published_demo: Path) -> None:
    open_to_others = [
        path
        for path in (published_demo / "published").rglob("*")
        if not path.is_symlink() and path.stat().st_mode & 0o007
    ]
    assert open_to_others == []
    for name in ("raw", "seeds", "dbt", "dagster", "checks", "runs", "candidate"):
        assert (published_demo / name).stat().st_mode & 0o077 == 0, name
    assert published_demo.stat().st_mode & 0o007 == 0


def test_an_empty_landing_folder_is_named_and_the_last_publication_stays(
    demo_copy: StateFolder, tmp_path: Path
) -> None:
    before = json.dumps(dict(current_publication(demo_copy).manifest))  # type: ignore[union-attr]
    empty = tmp_path / "landing"
    empty.mkdir()
    with pytest.raises(ConfigurationError, match=str(empty)):
        run_night(demo_copy.root, empty)
    assert json.dumps(dict(current_publication(demo_copy).manifest)) == before  # type: ignore[union-attr]
    assert [record.outcome for record in read_records(demo_copy)] == ["published", "failed"]
