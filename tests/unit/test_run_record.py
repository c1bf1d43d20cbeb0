"""The record of a run: numbers, stages, outcomes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from orchestration.errors import ExportRejected, MeritlineError, PublicationRefused
from orchestration.progress import stage
from orchestration.state.folder import StateFolder
from orchestration.state.record import read_records, recording


@pytest.fixture
def state(tmp_path: Path) -> StateFolder:
    folder = StateFolder(tmp_path)
    folder.prepare()
    return folder


def test_a_record_keeps_stages_with_seconds_figures_and_events(state: StateFolder) -> None:
    with recording(state, "nightly") as recorder:
        with stage("ingest") as current:
            current.step("reading 1 of 1")
            current.figures["rows"] = 12
            current.message = "12 rows"
        recorder.update(run_id="000001-2026-10-31")
        recorder.finish("published")
    [record] = read_records(state)
    assert (record.number, record.outcome, record.run_id) == (1, "published", "000001-2026-10-31")
    [ingest] = record.stages
    assert (ingest.name, ingest.is_done, ingest.message, ingest.figures) == (
        "ingest",
        True,
        "12 rows",
        {"rows": 12},
    )
    events = [
        json.loads(line)
        for line in (state.runs / "000001.events.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    assert [event["kind"] for event in events] == ["start", "step", "done"]


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (PublicationRefused(problem="p", remedy="r"), "refused"),
        (ExportRejected(problem="p", remedy="r"), "rejected"),
        (MeritlineError(problem="p", remedy="r"), "failed"),
        (ValueError("p. r"), "failed"),
    ],
)
def test_the_outcome_tells_a_refusal_from_a_fault(state: StateFolder, error: Exception, outcome: str) -> None:
    with pytest.raises(type(error)), recording(state, "nightly"), stage("publish"):
        raise error
    [record] = read_records(state)
    assert (record.outcome, record.error) == (outcome, "p. r")
    assert not record.stages[0].is_done


def test_numbers_go_on_after_publications_whose_records_are_gone(state: StateFolder) -> None:
    (state.published / "000041-2026-10-31").mkdir()
    with recording(state, "nightly") as recorder:
        assert recorder.number == 42


def test_an_unreadable_record_is_left_out(state: StateFolder) -> None:
    (state.runs / "000001.json").write_text("{", encoding="utf-8")
    assert read_records(state) == []


def test_a_stage_that_succeeds_the_second_time_has_not_failed_the_run(state: StateFolder) -> None:
    with recording(state, "nightly") as recorder:
        with pytest.raises(OSError), stage("candidate"):
            raise OSError("busy")
        with stage("candidate"):
            pass
        recorder.finish("published")
    [record] = read_records(state)
    assert (record.outcome, record.error) == ("published", None)
    assert [one.is_done for one in record.stages] == [False, True]


def test_the_record_of_a_killed_run_is_closed_by_the_next(state: StateFolder) -> None:
    with recording(state, "nightly") as recorder:
        text = (state.runs / "000001.json").read_text(encoding="utf-8")
        recorder.finish("published")
    (state.runs / "000001.json").write_text(text, encoding="utf-8")
    assert [record.outcome for record in read_records(state)] == ["running"]
    with recording(state, "nightly") as recorder:
        recorder.finish("published")
    assert [record.outcome for record in read_records(state)] == ["killed", "published"]


def test_an_interrupted_run_is_neither_a_fault_nor_killed(state: StateFolder) -> None:
    with pytest.raises(KeyboardInterrupt), recording(state, "nightly"), stage("build"):
        raise KeyboardInterrupt
    [record] = read_records(state)
    assert (record.outcome, record.error, record.exit_status) == ("interrupted", "interrupted", 130)
