"""Nights that nobody starts: schedule and sensor as Dagster evaluates them, and its daemon at work."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from dagster import DagsterInstance, RunRequest, build_schedule_context, build_sensor_context

from orchestration.nightly.job import JOB, build_definitions
from orchestration.settings import PROJECT_ROOT, child_environment
from orchestration.state.folder import StateFolder
from orchestration.state.record import RunRecord, read_records
from tests.conftest import settings_of

START_SECONDS = 900
EVERY_MINUTE = "* * * * *"


def test_the_schedule_asks_for_a_night_at_its_hour(demo_copy: StateFolder, demo_landing: Path) -> None:
    settings = settings_of(demo_copy.root, demo_landing)
    definitions = build_definitions(settings)
    schedule = definitions.get_schedule_def("nightly_schedule")
    assert (schedule.job_name, schedule.cron_schedule, schedule.execution_timezone) == (
        JOB,
        settings.nightly_cron,
        settings.business_timezone,
    )
    with DagsterInstance.from_config(str(demo_copy.dagster)) as instance:
        context = build_schedule_context(
            instance=instance, scheduled_execution_time=dt.datetime(2026, 11, 1, 2, 30, tzinfo=dt.UTC)
        )
        assert len(schedule.evaluate_tick(context).run_requests or []) == 1


def test_the_sensor_asks_once_new_files_have_come_to_rest(demo_copy: StateFolder, tmp_path: Path) -> None:
    landing = tmp_path / "landing"
    sensor = build_definitions(settings_of(demo_copy.root, landing)).get_sensor_def("new_files")
    asked, cursor = [], ""
    with DagsterInstance.from_config(str(demo_copy.dagster)) as instance:
        for name in ("ticket.csv", "", "", "late.csv", ""):
            if name:
                (landing / "ticket").mkdir(parents=True, exist_ok=True)
                (landing / "ticket" / name).write_text("ticket_id\n", encoding="utf-8")
            context = build_sensor_context(instance=instance, cursor=cursor)
            said = sensor(context)
            cursor = context.cursor or ""
            asked.append(isinstance(said, RunRequest))
    assert asked == [False, True, False, False, True]


@pytest.fixture
def daemon(demo_copy: StateFolder, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """What `meritline ui --daemon` starts, its schedule switched on for every minute, over an empty landing
    folder.
    """
    (tmp_path / "empty").mkdir()
    environment = child_environment(
        {
            "DAGSTER_HOME": str(demo_copy.dagster),
            "MERITLINE_STATE": str(demo_copy.root),
            "MERITLINE_LANDING": str(tmp_path / "empty"),
            "MERITLINE_CRON": EVERY_MINUTE,
        }
    )
    module = ["-m", "orchestration.definitions"]
    switched_on = [sys.executable, "-m", "dagster", "schedule", "start", "nightly_schedule", *module]
    subprocess.run(switched_on, cwd=PROJECT_ROOT, env=environment, check=True, capture_output=True)
    process = subprocess.Popen(
        [sys.executable, "-m", "dagster._daemon", "run", *module],
        cwd=PROJECT_ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    yield process
    process.terminate()
    process.wait(timeout=120)


def test_the_daemon_runs_the_night_and_the_state_has_its_record(
    daemon: subprocess.Popen[bytes], demo_copy: StateFolder
) -> None:
    published = demo_copy.current.resolve()
    record = _second_run(daemon, demo_copy)
    assert record.command.startswith("nightly, Dagster run ")
    assert (record.outcome, record.exit_status) == ("failed", 2)
    assert "the landing folder is empty" in str(record.error)
    assert demo_copy.current.resolve() == published, "the last publication stays"


def _second_run(daemon: subprocess.Popen[bytes], state: StateFolder) -> RunRecord:
    last = time.monotonic() + START_SECONDS
    while time.monotonic() < last:
        assert daemon.poll() is None, "the daemon ended"
        done = [one for one in read_records(state) if one.number == 2 and one.finished_at]
        if done:
            return done[0]
        time.sleep(1)
    raise AssertionError("the schedule started nothing")
