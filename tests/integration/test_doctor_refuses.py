"""What the night would refuse, `doctor` refuses: exit 2, every fault named, nothing left behind."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from orchestration.cli import run
from orchestration.state.folder import StateFolder
from tests.conftest import AS_OF


def _roster(landing: Path, change: Callable[[list[dict[str, str]]], list[str]]) -> list[str]:
    """Rewrite the roster of a landing folder; returns what `change` does."""
    [path] = (landing / "workforce").glob("agent*.csv")
    with path.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    told = change(rows)
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return told


def _mistype(rows: list[dict[str, str]]) -> list[str]:
    """Two agents on a mistyped plan, in every row of theirs."""
    agents = sorted({row["agent_id"] for row in rows if row["scheme_id"] and not row["left_on"]})[:2]
    for row in rows:
        if row["agent_id"] in agents:
            row["scheme_id"] = "cnetre_grade"
    return agents


@pytest.fixture
def mistyped(demo_landing: Path, tmp_path: Path) -> tuple[Path, list[str]]:
    landing = tmp_path / "landing"
    shutil.copytree(demo_landing, landing)
    return landing, _roster(landing, _mistype)


def _said(capsys: pytest.CaptureFixture[str]) -> str:
    seen = capsys.readouterr()
    return seen.out + seen.err


def test_an_unknown_plan_is_named_with_its_agents(
    mistyped: tuple[Path, list[str]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    landing, agents = mistyped
    state = tmp_path / "state"
    assert run(["--state", str(state), "doctor", "--landing", str(landing)]) == 2
    said = _said(capsys)
    assert f"'cnetre_grade' of {', '.join(agents)}, nearest is centre_grade" in said
    assert not state.exists()


def test_the_night_refuses_it_in_the_same_words_before_it_builds(
    mistyped: tuple[Path, list[str]], demo_copy: StateFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    landing, agents = mistyped
    words = ["--state", str(demo_copy.root)]
    assert run([*words, "nightly", "--landing", str(landing), "--as-of", AS_OF]) == 3
    said = _said(capsys)
    assert f"'cnetre_grade' of {', '.join(agents)}" in said and "The last publication stays" in said
    assert "build" not in said
    assert run([*words, "doctor"]) == 2
    assert f"'cnetre_grade' of {', '.join(agents)}" in _said(capsys)


def test_a_sound_roster_passes(
    published_demo: Path, demo_landing: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for more in ([], ["--landing", str(demo_landing)]):
        run(["--state", str(published_demo), "doctor", *more])
        said = _said(capsys)
        assert "ok   roster" in said
        assert "days and months are those of Asia/Shanghai" in said


def test_a_notice_command_that_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    plain = tmp_path / "notify.sh"
    plain.write_text("#!/bin/sh\n", encoding="utf-8")
    for command in ("no_such_command --now", str(tmp_path / "absent.sh"), str(plain)):
        monkeypatch.setenv("MERITLINE_NOTIFY_COMMAND", command)
        assert run(["--state", str(tmp_path / "state"), "doctor"]) == 2
        said = _said(capsys)
        assert "BAD  notices" in said and command.split()[0] in said and "MERITLINE_NOTIFY_COMMAND" in said
    plain.chmod(0o700)
    run(["--state", str(tmp_path / "state"), "doctor"])
    assert "ok   notices" in _said(capsys)


def test_a_state_folder_that_cannot_be_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "file"
    file.touch()
    for state in (file, file / "below", tmp_path / ("x" * 300), Path("/proc/meritline")):
        assert run(["--state", str(state), "doctor"]) == 2
        said = _said(capsys)
        assert "cannot be written" in said or "is a file" in said
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
