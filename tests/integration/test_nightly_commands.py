"""The commands of an operator on a state that has a publication."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from orchestration.cli import run
from orchestration.settings import PROJECT_ROOT, child_environment
from orchestration.state.folder import StateFolder
from orchestration.state.lock import hold
from tests.conftest import AS_OF


def test_status_shows_publication_stages_and_the_calibration_page(
    published_demo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["--state", str(published_demo), "status"]) == 0
    shown = capsys.readouterr().out
    assert f"000001-{AS_OF}" in shown
    assert "calibration.html" in shown
    assert "2026-09, 2026-10" in shown
    for stage in ("ingest", "build", "candidate", "calibrate", "publish"):
        assert f"  {stage}" in shown


def test_status_shows_durations_beside_the_runs_before_and_a_killed_run_as_killed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = StateFolder(tmp_path / "state")
    state.prepare()
    stages = [{"name": "build", "seconds": 0.0, "is_done": True, "message": "", "figures": {}}]
    for number, (outcome, seconds) in enumerate(
        [("published", 10), ("published", 30), ("published", 20), ("running", 45)], start=1
    ):
        record = {
            "number": number,
            "command": "nightly",
            "started_at": f"2026-11-0{number}T18:30:00+00:00",
            "outcome": outcome,
            "stages": [{**stages[0], "seconds": seconds}],
        }
        (state.runs / f"{number:06d}.json").write_text(json.dumps(record), encoding="utf-8")
    assert run(["--state", str(state.root), "status"]) == 0
    shown = capsys.readouterr().out
    assert re.search(r"000004  2026-11-04T18:30:00\+00:00  killed +45\.0 s", shown), shown
    assert re.search(r"build +45\.0 s  \( +20\.0 s\)", shown), shown
    with hold(state, "the fourth"):
        run(["--state", str(state.root), "status"])
    assert "running" in capsys.readouterr().out


def test_doctor_finds_the_policy_and_the_published_state_sound(
    published_demo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(["--state", str(published_demo), "doctor"])
    lines = capsys.readouterr().out.splitlines()
    found = {line.split()[1]: line.split()[0] for line in lines if line.startswith(("ok", "BAD"))}
    assert {found[subject] for subject in ("contract", "bounds", "policy", "state", "lock")} == {"ok"}


def test_a_second_nightly_meanwhile_is_turned_away_with_status_5(
    published_demo: Path, demo_landing: Path, tmp_path: Path
) -> None:
    state = StateFolder(tmp_path / "held")
    state.prepare()
    with hold(state, "the first"):
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "orchestration",
                "nightly",
                "--state",
                str(state.root),
                "--landing",
                str(demo_landing),
            ],
            cwd=PROJECT_ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 5, done.stderr
    assert "the first" in done.stderr
    assert not list(state.published.iterdir())


def test_definitions_import_without_a_state_and_connect_to_nothing(tmp_path: Path) -> None:
    code = (
        "import duckdb, sqlite3\n"
        "def refuse(*a, **k): raise AssertionError('connected')\n"
        "duckdb.connect = refuse\n"
        "sqlite3.connect = refuse\n"
        "from orchestration.definitions import defs\n"
        "job = defs.resolve_job_def('nightly')\n"
        "groups = {s.group_name for s in defs.resolve_all_asset_specs()}\n"
        "print(*sorted(groups))\n"
        "print(*(s.name for s in defs.schedules), *(s.name for s in defs.sensors))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=PROJECT_ROOT,
        env=child_environment({"MERITLINE_STATE": str(tmp_path / "none")}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    groups, names = done.stdout.splitlines()[-2:]
    assert {"raw", "staging", "facts", "kpi", "bonus", "marts", "publish", "gate"} <= set(groups.split())
    assert names == "nightly_schedule new_files"
    assert not (tmp_path / "none" / "warehouse.duckdb").exists()


def test_definitions_stay_thin() -> None:
    lines = (PROJECT_ROOT / "orchestration" / "definitions.py").read_text().splitlines()
    assert len(lines) <= 40
