"""A failing expectation stops publication, also when only the publish asset is selected."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from dagster import AssetCheckKey, AssetKey, DagsterInstance, DagsterRunStatus

from expectations import gate
from orchestration.cli import run
from orchestration.errors import PublicationRefused
from orchestration.gate.result import GateResult, page_path
from orchestration.nightly import assets
from orchestration.publish.candidate import Candidate, read_candidate
from orchestration.publish.publication import current_publication
from orchestration.settings import BOUNDS_DIR
from orchestration.state.folder import StateFolder
from orchestration.state.record import read_records
from tests.conftest import run_night


@pytest.fixture
def impossible_bounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Bounds with one critical limit that no centre meets; returns the name of its asset check."""
    folder = Path(shutil.copytree(BOUNDS_DIR, tmp_path / "bounds"))
    path = folder / "kpi.yml"
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    document["bounds"]["observations_exist"]["limits"] = {"min_value": 10**12}
    path.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    monkeypatch.setattr(assets, "BOUNDS_DIR", folder)
    return "kpi__observations_exist"


def current_run_id(state: StateFolder) -> str:
    publication = current_publication(state)
    assert publication is not None
    return publication.run_id


def test_a_failing_expectation_refuses_with_status_3(
    demo_copy: StateFolder, demo_landing: Path, impossible_bounds: str
) -> None:
    before = current_run_id(demo_copy)
    with pytest.raises(
        PublicationRefused, match=r"kpi\.observations_exist on kpi\.kpi_observation .*Drop exports of events"
    ) as refused:
        run_night(demo_copy.root, demo_landing, "candidate", "calibration", "publication")
    assert refused.value.exit_status == 3
    assert current_run_id(demo_copy) == before

    # Selecting nothing but the publish asset does not get round it.
    with pytest.raises(PublicationRefused, match=r"kpi\.observations_exist"):
        run_night(demo_copy.root, demo_landing, "publication")
    assert current_run_id(demo_copy) == before
    assert [record.outcome for record in read_records(demo_copy)][1:] == ["refused", "refused"]

    with DagsterInstance.from_config(str(demo_copy.dagster)) as instance:
        statuses = [record.dagster_run.status for record in instance.get_run_records()]
        assert statuses == [DagsterRunStatus.FAILURE, DagsterRunStatus.FAILURE, DagsterRunStatus.SUCCESS]
        key = AssetCheckKey(AssetKey("calibration"), impossible_bounds)
        [latest] = instance.event_log_storage.get_asset_check_execution_history(key, limit=1)
        observed = instance.fetch_observations(AssetKey(["bonus", "bonus_line"]), limit=1).records
    lines = read_candidate(demo_copy).rows["bonus.bonus_line"]
    assert [one.asset_observation.metadata["dagster/row_count"].value for one in observed] == [lines]  # type: ignore[union-attr]
    page = page_path(demo_copy, read_candidate(demo_copy).content_hash).read_text(encoding="utf-8")
    assert "refused" in page and "observations_exist" in page
    assert latest.event is not None
    evaluation = latest.event.dagster_event.asset_check_evaluation_data  # type: ignore[union-attr]
    assert not evaluation.passed


def test_bounds_that_change_while_the_night_runs_refuse_it(
    demo_copy: StateFolder, demo_landing: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Path(shutil.copytree(BOUNDS_DIR, tmp_path / "bounds"))
    monkeypatch.setattr(assets, "BOUNDS_DIR", folder)
    build = assets.build_candidate

    def build_while_somebody_edits(*arguments: Any, **named: Any) -> Candidate:
        with (folder / "kpi.yml").open("a", encoding="utf-8") as stream:
            stream.write("# a thought\n")
        return build(*arguments, **named)

    monkeypatch.setattr(assets, "build_candidate", build_while_somebody_edits)
    before = current_run_id(demo_copy)
    with pytest.raises(PublicationRefused, match=r"the bounds changed while the night ran\. .*again"):
        run_night(demo_copy.root, demo_landing, "candidate", "calibration", "publication")
    assert current_run_id(demo_copy) == before


def test_a_file_changed_while_it_was_checked_has_no_result(
    demo_copy: StateFolder, demo_landing: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check = gate.run_gate
    register = next((demo_copy.candidate / "payroll").glob("register_*.xlsx"))

    def check_while_somebody_edits(*arguments: Any) -> GateResult:
        result = check(*arguments)
        content = register.read_bytes()
        register.unlink()
        register.write_bytes(content + b"x")
        return result

    monkeypatch.setattr(gate, "run_gate", check_while_somebody_edits)
    shutil.rmtree(demo_copy.checks)
    demo_copy.checks.mkdir()
    with pytest.raises(PublicationRefused, match=rf"{register.name}: the candidate's files are not those"):
        run_night(demo_copy.root, demo_landing, "calibration")
    assert not list(demo_copy.checks.glob("*.json"))


def test_publishing_alone_passes_for_a_content_that_passed(
    demo_copy: StateFolder, demo_landing: Path
) -> None:
    before = current_run_id(demo_copy)
    demo_copy.current.unlink()
    run_night(demo_copy.root, demo_landing, "publication")
    assert current_run_id(demo_copy) == before


def test_publishing_alone_refuses_a_candidate_that_was_changed(
    demo_copy: StateFolder, demo_landing: Path
) -> None:
    path = demo_copy.candidate / "auditor" / "bonus.bonus_line" / "all.parquet"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.unlink()
    path.write_bytes(content)
    with pytest.raises(PublicationRefused, match="not those that the build wrote"):
        run_night(demo_copy.root, demo_landing, "publication")


def test_the_command_line_says_3_and_keeps_the_last_publication(
    demo_copy: StateFolder,
    demo_landing: Path,
    impossible_bounds: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = current_run_id(demo_copy)
    status = run(
        ["nightly", "--state", str(demo_copy.root), "--landing", str(demo_landing), "--as-of", "2026-10-31"]
    )
    shown = capsys.readouterr()
    assert status == 3
    assert "kpi.observations_exist" in shown.err
    assert "Traceback" not in shown.err
    assert [line.split()[0] for line in shown.out.splitlines() if " s  " in line] == [
        "prepare",
        "ingest",
        "build",
        "candidate",
        "calibrate",
        "publish",
    ]
    assert current_run_id(demo_copy) == before
