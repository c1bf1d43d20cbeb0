"""A fault that passes by itself is tried again through Dagster, a refusal is not; what operators are told."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
from dagster import AssetKey, DagsterEventType, DagsterInstance, DagsterRunStatus

from orchestration.errors import PublicationRefused
from orchestration.ingest.contract import load_contract
from orchestration.nightly.execute import JobRequest, execute
from orchestration.nightly.run import NightlyRun
from orchestration.progress import LOGGER
from orchestration.publish.publication import current_publication
from orchestration.settings import CONTRACT_DIR, load_settings
from orchestration.state.folder import StateFolder
from orchestration.state.record import read_records
from tests.conftest import AS_OF
from tests.integration.test_nightly_gate import impossible_bounds
from tests.unit.test_notify import webhook

__all__ = ["impossible_bounds"]

HOLDER = """
import sys, time, duckdb
database = duckdb.connect(sys.argv[1])
print("held", flush=True)
time.sleep(600)
"""


def publish_again(state: StateFolder, landing: Path, *assets: str, profiles: tuple[Path, ...] = ()) -> None:
    """A run of some assets, by default from the candidate on, with this process's settings."""
    settings = replace(load_settings(), state=state.root, landing=landing, profiles=profiles)
    selection = [AssetKey(name.split("/")) for name in assets or ("candidate", "calibration", "publication")]
    night = NightlyRun.of(settings).model_copy(update={"as_of": AS_OF})
    execute(settings, JobRequest(run=night, command="nightly", selection=selection))


@contextmanager
def held(path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that has the DuckDB file open for writing."""
    process = subprocess.Popen([sys.executable, "-c", HOLDER, str(path)], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
    finally:
        process.kill()
        process.communicate()


class LetsGo(logging.Handler):
    """Ends the holder as soon as a run says that it will try again."""

    def __init__(self, holder: subprocess.Popen[str]) -> None:
        super().__init__()
        self._holder = holder

    def emit(self, record: logging.LogRecord) -> None:
        """Look at one progress event."""
        if "will be tried again" in record.getMessage():
            self._holder.kill()
            self._holder.wait()


@pytest.fixture
def retries_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MERITLINE_RETRY_SECONDS", "1")


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, object]]]:
    """What a webhook on loopback was told."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with webhook() as (address, received):
        monkeypatch.setenv("MERITLINE_NOTIFY_WEBHOOK", address)
        yield received


def events(state: StateFolder, kind: DagsterEventType) -> int:
    """How often the newest run of the state had such an event."""
    with DagsterInstance.from_config(str(state.dagster)) as instance:
        run_id = instance.get_run_records(limit=1)[0].dagster_run.run_id
        return sum(
            entry.dagster_event is not None and entry.dagster_event.event_type == kind
            for entry in instance.all_logs(run_id)
        )


def test_a_locked_warehouse_is_tried_again_until_it_is_free(
    demo_copy: StateFolder, demo_landing: Path, retries_soon: None, told: list[dict[str, object]]
) -> None:
    with held(demo_copy.warehouse) as holder:
        lets_go = LetsGo(holder)
        LOGGER.addHandler(lets_go)
        try:
            publish_again(demo_copy, demo_landing)
        finally:
            LOGGER.removeHandler(lets_go)
    assert events(demo_copy, DagsterEventType.STEP_UP_FOR_RETRY) == 1
    assert events(demo_copy, DagsterEventType.STEP_RESTARTED) == 1
    record = read_records(demo_copy)[-1]
    assert (record.outcome, record.error) == ("published", None)
    assert [one.is_done for one in record.stages if one.name == "candidate"] == [False, True]
    assert told == []


def test_a_lock_that_stays_ends_the_run_as_it_was(
    demo_copy: StateFolder,
    demo_landing: Path,
    monkeypatch: pytest.MonkeyPatch,
    told: list[dict[str, object]],
) -> None:
    monkeypatch.setenv("MERITLINE_RETRIES", "1")
    monkeypatch.setenv("MERITLINE_RETRY_SECONDS", "0")
    before = current_publication(demo_copy)
    with held(demo_copy.warehouse), pytest.raises(duckdb.IOException, match="lock"):
        publish_again(demo_copy, demo_landing)
    assert events(demo_copy, DagsterEventType.STEP_UP_FOR_RETRY) == 1
    assert current_publication(demo_copy) == before
    [notice] = told
    assert (notice["event"], notice["stage"], notice["run"]) == ("failed", "candidate", 2)


def test_a_refusal_is_not_tried_again_and_told_by_its_checks(
    demo_copy: StateFolder,
    demo_landing: Path,
    impossible_bounds: str,
    told: list[dict[str, object]],
) -> None:
    with pytest.raises(PublicationRefused):
        publish_again(demo_copy, demo_landing)
    assert events(demo_copy, DagsterEventType.STEP_UP_FOR_RETRY) == 0
    [notice] = told
    assert (notice["event"], notice["exit_status"], notice["stage"]) == ("refused", 3, "publish")
    assert notice["checks"] == [impossible_bounds.replace("__", ".", 1)]


def test_late_exports_are_told(demo_copy: StateFolder, tmp_path: Path, told: list[dict[str, object]]) -> None:
    profile = tmp_path / "calls.yml"
    profile.write_text(
        "profile: calls\ntimezone: Asia/Shanghai\nfiles:\n"
        "  - match: 'calls_*.csv'\n    table: ticket.contact\n    expected_by: '06:00'\n    columns:\n"
        "      contact_id: {from: id}\n      channel: {value: phone}\n      started_at: {from: at}\n",
        encoding="utf-8",
    )
    landing = tmp_path / "landing"
    landing.mkdir()
    (landing / "calls_2026-10-29.csv").write_text("id,at\nX1,2026-10-29 10:00:00\n", encoding="utf-8")
    raw = [f"raw/{table.source}/{table.name}" for table in load_contract(CONTRACT_DIR)]
    publish_again(demo_copy, landing, *raw, profiles=(profile,))
    [notice] = [one for one in told if one["event"] == "late_exports"]
    assert len(notice["late"]) == 2, notice  # type: ignore[arg-type]
    assert "calls_*.csv for 2026-10-30" in str(notice["text"])
    assert "X1" not in str(notice)


def test_a_killed_run_is_closed_in_dagster_by_the_next(demo_copy: StateFolder, demo_landing: Path) -> None:
    with DagsterInstance.from_config(str(demo_copy.dagster)) as instance:
        ghost = instance.add_run(
            instance.get_run_records(limit=1)[0].dagster_run._replace(
                run_id="00000000-0000-4000-8000-000000000000", status=DagsterRunStatus.STARTED
            )
        )
    publish_again(demo_copy, demo_landing, "publication")
    with DagsterInstance.from_config(str(demo_copy.dagster)) as instance:
        closed = instance.get_run_by_id(ghost.run_id)
    assert closed is not None
    assert closed.status == DagsterRunStatus.FAILURE
