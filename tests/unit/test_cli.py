"""The command line without a run: usage, readable errors, exit statuses."""

from __future__ import annotations

import errno
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from orchestration import cli
from orchestration.cli import run
from orchestration.errors import (
    ExportRejected,
    MeritlineError,
    PublicationRefused,
    StateHeld,
    expected_error,
)
from orchestration.settings import PROJECT_ROOT


def failing_command(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    @click.command()
    def fail() -> None:
        raise error

    monkeypatch.setitem(cli.cli.commands, "fail", fail)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (MeritlineError(path="a.csv", row=3, problem="agent_id is empty", remedy="Fix it"), 1),
        (PublicationRefused(path="a.csv", row=3, problem="agent_id is empty", remedy="Fix it"), 3),
        (ExportRejected(path="a.csv", row=3, problem="agent_id is empty", remedy="Fix it"), 4),
        (StateHeld(path="a.csv", row=3, problem="agent_id is empty", remedy="Fix it"), 5),
    ],
)
def test_an_expected_error_is_one_paragraph_and_its_status(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: MeritlineError, status: int
) -> None:
    failing_command(monkeypatch, error)
    assert run(["fail"]) == status
    assert capsys.readouterr().err == "a.csv, row 3: agent_id is empty. Fix it\n"


def test_an_expected_error_inside_another_exception_is_still_that_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    wrapper = RuntimeError("step failed")
    wrapper.__cause__ = PublicationRefused(problem="a check failed", remedy="Look")
    failing_command(monkeypatch, wrapper)
    assert run(["fail"]) == 3
    assert capsys.readouterr().err == "a check failed. Look\n"


def test_a_full_disk_is_said_in_words(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    failing_command(monkeypatch, OSError(errno.ENOSPC, "No space left on device", "/x/y"))
    assert run(["fail"]) == 1
    assert "/x/y: the disk is full" in capsys.readouterr().err


def test_an_unforeseen_error_is_one_line_and_the_traceback_only_with_debug(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    failing_command(monkeypatch, ValueError("two\nlines"))
    assert run(["fail"]) == 1
    shown = capsys.readouterr().err
    assert shown.startswith("ValueError: two lines.")
    assert "--debug" in shown
    assert "Traceback" not in shown
    assert run(["--debug", "fail"]) == 1
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ["nightly"],
        ["nightly", "--landing", "x", "--allow-rejects", "2"],
        ["--state", "", "status"],
        ["--site", "", "doctor"],
        ["nightly", "--landing", ""],
        ["check", "--landing", "x", "--policy", ""],
        ["generate", "--out", ""],
        ["nightly", "--landing", "x", "--allow-rejects", "nan"],
        ["check", "--landing", "x", "--allow-rejects", "-inf"],
        ["generate", "--out", "x", "--dirty", "snan"],
        ["nightly", "--landing", "x", "--as-of", "31/10/2026"],
        ["nightly", "--landing", "x", "--engine", "spark"],
        ["nightly", "--landing", "x", "--profile", "no_such_profile"],
        ["nightly", "--landing", "x", "--policy", "no_such_policy"],
        ["reopen"],
        ["--no-such-option"],
    ],
)
def test_wrong_usage_is_status_2_and_writes_nothing(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["--state", str(tmp_path / "state"), *arguments]) == 2
    shown = capsys.readouterr()
    assert shown.err
    assert "Traceback" not in shown.err
    assert not (tmp_path / "state" / "published").exists() or not list(
        (tmp_path / "state" / "published").iterdir()
    )


@pytest.mark.parametrize("target", ["000002-2026-10-31", None])
@pytest.mark.parametrize(
    "arguments", [["trace", "A1", "2026-10"], ["diff", "current", "current"], ["board", "--out", "b"]]
)
def test_a_lost_publication_is_not_said_to_have_never_been(
    arguments: list[str], target: str | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    published = tmp_path / "published"
    (published / "000001-2026-10-30").mkdir(parents=True)
    if target is not None:
        (published / "current").symlink_to(target)
    assert run(["--state", str(tmp_path), *arguments]) == 2
    shown = capsys.readouterr().err
    assert shown.startswith(f"{published / 'current'}: ")
    assert "is not there" in shown if target else "is gone" in shown
    assert "000001-2026-10-30" in shown
    assert "run meritline nightly" in shown and ("ln -s 000001-2026-10-30" in shown) == (target is None)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--pack", __file__, "--anchor", "be5d"], "--pack does not go with --anchor"),
        (["--pack", __file__, "--publication", "current"], "--pack does not go with --publication"),
        (["--pack", __file__, "--landing", "."], "--pack does not go with --landing"),
        (["--publication", "current", "--anchor", "be5d"], "--publication does not go with --anchor"),
        (["--landing", "no_such_folder"], "'no_such_folder' does not exist"),
        (["--landing", __file__], "is a file"),
    ],
)
def test_verify_refuses_what_it_would_not_look_at(
    arguments: list[str], named: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["--state", str(tmp_path), "verify", *arguments]) == 2
    assert named in capsys.readouterr().err


def test_help_lists_the_commands_without_loading_what_they_work_with() -> None:
    code = (
        "import sys; from orchestration.cli import run; status = run(['--help']);"
        "heavy = {'dagster', 'dbt', 'great_expectations', 'duckdb'} & set(sys.modules);"
        "sys.exit(f'loaded {heavy}' if heavy else status)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT_ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    for name in ("nightly", "demo", "generate", "status", "doctor", "ui"):
        assert f"  {name} " in done.stdout


def test_status_of_a_state_that_does_not_exist_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["status", "--state", str(tmp_path / "none")]) == 0
    assert "none yet" in capsys.readouterr().out
    assert not (tmp_path / "none").exists()


def test_doctor_names_what_is_wrong_with_a_policy_and_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["doctor", "--state", str(tmp_path), "--policy", str(tmp_path / "none")]) == 2
    shown = capsys.readouterr()
    assert "BAD  policy" in shown.out
    assert "→ Name a folder with --policy" in shown.out
    assert "policy" in shown.err


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "/s/x"), "/s/x: the disk is full"),
        (OSError(errno.EDQUOT, "Disk quota exceeded", "/s/x"), "the disk is full"),
        (RuntimeError("(sqlite3.OperationalError) database or disk is full"), "the disk is full"),
        (RuntimeError("(sqlite3.OperationalError) disk I/O error"), "the disk is full or does not answer"),
        (OSError(errno.EROFS, "Read-only file system", "/s/x"), "/s/x: this cannot be read or written"),
        (PermissionError(errno.EACCES, "Permission denied", "/s/x"), "this cannot be read or written"),
    ],
)
def test_a_full_disk_and_a_missing_right_are_foreseen(error: Exception, words: str) -> None:
    found = expected_error(error)
    assert found is not None
    assert words in str(found)
    assert found.exit_status == 1


def test_every_command_shows_an_example() -> None:
    found = dict(every_command(cli.cli))
    assert {"nightly", "accept", "site init"} <= found.keys()
    silent = [name for name, command in found.items() if f"  meritline {name}" not in epilog(command)]
    assert not silent


def every_command(group: click.Group, *names: str) -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from every_command(command, *names, name)
        else:
            yield " ".join([*names, name]), command


def epilog(command: click.Command) -> str:
    return (command.epilog or "").replace("Example: ", "  ")
