"""S-EXPORT through the real night and models: what never came is not counted, not paid, and said."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner

from orchestration.cli import cli
from orchestration.ingest import load_contract
from orchestration.settings import CONTRACT_DIR
from orchestration.state.folder import StateFolder

TABLES = [table.full_name for table in load_contract(CONTRACT_DIR).export_tables]
REBUILT = (
    "policy.policy_absent_export",
    "kpi.kpi_observation",
    "kpi.kpi_group_observation",
    "bonus.bonus_tally_line",
    "bonus.bonus_gate",
    "bonus.bonus_tally",
    "bonus.bonus_deduction",
    "bonus.bonus_coefficient",
)
"""Tables, made again from their SQL in this order when an export is taken away."""


@pytest.fixture(scope="module")
def warehouse(published_demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A copy of the demo's warehouse under its own name, for views name it; and the SQL of the rebuilt."""
    state = StateFolder(published_demo)
    copy = tmp_path_factory.mktemp("absent") / state.warehouse.name
    shutil.copy(state.warehouse, copy)
    sql = {}
    for name in REBUILT:
        [path] = (state.dbt / "compiled").rglob(f"models/*/{name.split('.')[1]}.sql")
        sql[name] = path.read_text(encoding="utf-8")
    with duckdb.connect(str(copy)) as connection:
        yield connection, sql


@pytest.mark.parametrize("table", TABLES)
def test_nothing_that_counts_an_absent_table_is_observed(warehouse: Any, table: str) -> None:
    connection, sql = warehouse
    connection.execute("begin")
    try:
        connection.execute("update facts.fct_export set is_delivered = false where table_name = $1", [table])
        for name, text in sql.items():
            connection.execute(f"create or replace table {name} as {text}")
        counted = f"' ' || source_tables || ' ' like '% {table} %'"

        def count(query: str) -> int:
            return int(connection.execute(f"select count(*) from {query}").fetchone()[0])

        kpis = f"(select distinct kpi_id from policy.policy_kpi_period where {counted})"
        kinds = f"(select distinct event_kind from policy.policy_event_kind where {counted})"
        for relation in ("kpi_observation", "kpi_group_observation"):
            assert count(f"kpi.{relation} where kpi_id in {kpis}") == 0
            assert count(f"kpi.{relation} where kpi_id not in {kpis}") > 0
        assert (
            count(f"bonus.bonus_gate where event_kind in {kinds} and (is_open or status <> 'no_export')") == 0
        )
        assert (
            count(f"bonus.bonus_tally_line where event_kind in {kinds} and event_quantity is not null") == 0
        )
        alone = f"""bonus.bonus_tally as tally where quantity <> 0 and not exists (
            select 1 from bonus.bonus_tally_line as line
            where (line.agent_id, line.period_id, line.component_id, line.segment_no)
                = (tally.agent_id, tally.period_id, tally.component_id, tally.segment_no)
                and line.event_kind not in {kinds}
        )"""
        assert count(alone) == 0
        is_qa = table == "ticket.quality_review"
        assert (count("bonus.bonus_coefficient where coefficient is null") > 0) is is_qa
        assert (count("bonus.bonus_coefficient where coefficient is not null") == 0) is is_qa
    finally:
        connection.execute("rollback")


def without(landing: Path, target: Path, *tables: str) -> Path:
    """A copy of a landing folder without the exports of some tables."""
    shutil.copytree(landing, target)
    for table in tables:
        source, name = table.split(".")
        gone = [
            path for path in (target / source).iterdir() if re.fullmatch(rf"{name}(_[\d-]+)?\..+", path.name)
        ]
        assert gone
        for path in gone:
            path.unlink()
    return target


def rows(state: Path, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(state / "published" / "current" / "auditor.duckdb"), read_only=True) as database:
        return database.execute(query).fetchall()


def test_a_night_without_violations_reviews_and_attendance(
    demo_landing: Path, tmp_path: Path, night: Callable[..., None]
) -> None:
    absent = ("ticket.violation", "ticket.quality_review", "workforce.attendance")
    landing, state = without(demo_landing, tmp_path / "landing", *absent), tmp_path / "state"
    night(state, landing)
    said = "".join(path.read_text(encoding="utf-8") for path in (state / "runs").glob("*.events.jsonl"))
    assert "plan points_2017 reads what is not there" in said
    assert all(f"{table} never came" in said for table in absent)
    assert rows(state, "select count(*) from kpi.kpi_observation where kpi_id = 'violation_count'") == [(0,)]
    assert rows(
        state,
        "select distinct is_scored, unscored_reason from score.score_line "
        "where kpi_id in ('violation_count', 'qa_pass_rate', 'qa_score')",
    ) == [(False, "no_export")]
    assert (
        rows(
            state,
            "select component_id, sum(amount_cny) from bonus.bonus_line where component_id in "
            "('pt_contact', 'pt_attendance', 'ss_attendance') group by all having sum(amount_cny) <> 0",
        )
        == []
    )
    assert rows(
        state,
        "select distinct component_id, reason, lacks from bonus.bonus_unpaid "
        "where component_id in ('pt_contact', 'pt_attendance', 'ss_attendance') order by all",
    ) == [
        ("pt_attendance", "no_export", "workforce.attendance"),
        ("pt_contact", "no_export", "ticket.quality_review"),
        ("ss_attendance", "no_export", "workforce.attendance"),
    ]
    lacks = rows(state, "select distinct table_name from marts.mart_plan_need where reason = 'no_export'")
    assert {name for (name,) in lacks} == set(absent)
    failed = rows(
        state, "select check_id from marts.mart_calibration where outcome = 'failed' and suite = 'raw'"
    )
    assert ("exports_of_plans_exist",) in failed
    assert {("quality_reviews_are_fresh",), ("attendance_is_fresh",)} <= set(failed)
    [(agent, period)] = rows(
        state,
        "select agent_id, period_id from bonus.bonus_unpaid where component_id = 'pt_contact' "
        "order by all limit 1",
    )
    runner = CliRunner()
    shown = runner.invoke(cli, ["--state", str(state), "trace", agent, period])
    assert shown.exit_code == 0, shown.output
    assert "no_export" in shown.output and "ticket.quality_review" in shown.output
    verified = runner.invoke(cli, ["--state", str(state), "verify"])
    assert verified.exit_code == 0, verified.output
    doctor = runner.invoke(cli, ["--state", str(state), "doctor"])
    assert "ticket.violation never came" in doctor.output
