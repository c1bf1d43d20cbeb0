"""A state folder says which form it has; one of a later release is touched by no command."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import click
import pytest

from orchestration.cli import cli, run
from orchestration.errors import ConfigurationError
from orchestration.hashing import file_hash
from orchestration.nightly.job import build_definitions
from orchestration.settings import load_settings
from orchestration.state.folder import StateFolder
from orchestration.state.form import FORM, NAME, form_of, this_release
from orchestration.state.lock import hold

WITHOUT_STATE = {"generate", "site init"}
"""Commands that have no business with a state folder."""


def commands(group: click.Group, *names: str) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command with its names, those of groups within."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, *names, name)
        else:
            yield (*names, name), command


COMMANDS = {
    " ".join(names): command for names, command in commands(cli) if " ".join(names) not in WITHOUT_STATE
}


@pytest.fixture
def later(tmp_path: Path) -> StateFolder:
    """A state folder as a release with the next form would leave it."""
    state = StateFolder(tmp_path / "state")
    state.prepare()
    (state.root / NAME).write_text(json.dumps({"form": FORM + 1, "release": "9.9.9"}), encoding="utf-8")
    (state.published / "000001-2026-10-31").mkdir()
    state.current.symlink_to("000001-2026-10-31")
    return state


def contents(state: StateFolder) -> dict[str, str]:
    return {
        str(path.relative_to(state.root)): file_hash(path) if path.is_file() else "folder"
        for path in state.root.rglob("*")
    }


def words_for(command: click.Command, folder: Path) -> list[str]:
    """Something for everything that a command requires: what it is given does not come to be read."""
    words = []
    for parameter in command.params:
        if not parameter.required:
            continue
        kind = parameter.type
        is_file = isinstance(kind, click.Path) and not kind.dir_okay
        value = (
            str(folder / "file") if is_file else str(folder) if isinstance(kind, click.Path) else "2026-10"
        )
        words += [value] if isinstance(parameter, click.Argument) else [parameter.opts[0], value]
    return words


@pytest.mark.parametrize("name", COMMANDS)
def test_a_state_of_a_later_release_is_refused_in_one_paragraph(
    name: str, later: StateFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = contents(later)
    (tmp_path / "file").touch()
    words = words_for(COMMANDS[name], tmp_path)
    assert run(["--state", str(later.root), *name.split(), *words]) == 2
    told = capsys.readouterr()
    [said] = told.err.splitlines()
    if name == "doctor":
        # It says what is wrong among what it looked at.
        assert "checks failed (form)" in said
        said = told.out
    assert f"has form {FORM + 1}, from meritline 9.9.9" in said
    assert f"this is meritline {this_release()}, which knows form {FORM}" in said
    assert contents(later) == before, "nothing was written"


def test_neither_schedule_nor_lock_get_past_it(later: StateFolder) -> None:
    before = contents(later)
    with pytest.raises(ConfigurationError, match=r"from meritline 9\.9\.9"):
        build_definitions(replace(load_settings({}), state=later.root))
    with pytest.raises(ConfigurationError, match=r"from meritline 9\.9\.9"):
        later.prepare()
    with pytest.raises(ConfigurationError, match=r"from meritline 9\.9\.9"), hold(later, "a night"):
        pass
    assert {name for name in contents(later) if not name.startswith("lock")} == set(before)


def test_whoever_holds_a_state_without_a_form_gives_it_todays(tmp_path: Path) -> None:
    state = StateFolder(tmp_path / "state")
    state.prepare()
    assert not (state.root / NAME).exists(), "the holder alone brings a state to another form"
    with hold(state, "a night"):
        assert form_of(state.root).form == FORM
    written = (state.root / NAME).read_bytes()
    assert json.loads(written) == {"form": FORM, "release": this_release()}
    assert (state.root / NAME).stat().st_mode & 0o777 == 0o600
    with hold(state, "another"):
        pass
    assert (state.root / NAME).read_bytes() == written


def test_who_only_reads_takes_a_state_without_a_form_as_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = StateFolder(tmp_path / "state")
    state.prepare()
    assert run(["--state", str(state.root), "status"]) == 0
    assert "publication  none yet" in capsys.readouterr().out
    assert not (state.root / NAME).exists()


@pytest.mark.parametrize(
    "text", ["", "1", "{}", '{"form": 1}', '{"form": "1", "release": "0.1.0"}', '{"form": 0}']
)
def test_a_file_that_says_no_form_is_no_guess(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = StateFolder(tmp_path / "state")
    state.prepare()
    (state.root / NAME).write_text(text, encoding="utf-8")
    assert run(["--state", str(state.root), "status"]) == 2
    [said] = capsys.readouterr().err.splitlines()
    assert "does not say which form the state folder has" in said and "Restore it from the backup" in said
