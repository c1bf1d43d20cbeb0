"""One run at a time per state folder, whatever happens to the one that holds it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestration.errors import StateHeld
from orchestration.settings import PROJECT_ROOT
from orchestration.state.folder import StateFolder, write_atomically
from orchestration.state.lock import current_holder, hold

HOLDER = """
import sys, time
from pathlib import Path
from orchestration.state.lock import hold
from orchestration.state.folder import StateFolder, write_atomically
with hold(StateFolder(Path(sys.argv[1])), "another nightly"):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def state(tmp_path: Path) -> StateFolder:
    folder = StateFolder(tmp_path / "state")
    folder.prepare()
    return folder


@pytest.fixture
def holder(state: StateFolder) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(state.root)], cwd=PROJECT_ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()


def test_a_held_state_names_its_holder(state: StateFolder, holder: subprocess.Popen[str]) -> None:
    named = rf"process {holder.pid} \(another nightly, since 20"
    with pytest.raises(StateHeld, match=named) as held, hold(state, "this one"):
        pass
    assert held.value.exit_status == 5
    found = current_holder(state)
    assert found is not None
    assert (found.pid, found.command) == (holder.pid, "another nightly")


def test_the_lock_of_a_killed_process_counts_for_nothing(
    state: StateFolder, holder: subprocess.Popen[str]
) -> None:
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    assert current_holder(state) is None
    with hold(state, "this one"):
        found = current_holder(state)
        assert found is not None
        assert (found.pid, found.command) == (os.getpid(), "this one")
    assert current_holder(state) is None


def test_the_same_process_may_enter_again_and_holds_until_the_outermost_ends(state: StateFolder) -> None:
    with hold(state, "outer"):
        with hold(state, "inner"):
            pass
        found = current_holder(state)
        assert found is not None
        assert found.command == "outer"
    assert current_holder(state) is None


def test_the_lock_is_released_when_the_block_fails(state: StateFolder) -> None:
    with pytest.raises(RuntimeError, match="boom"), hold(state, "this one"):
        raise RuntimeError("boom")
    assert current_holder(state) is None


def test_drafts_of_a_killed_process_are_removed_by_the_next_holder(state: StateFolder) -> None:
    left = [state.root / ".lock.json.4711", state.runs / ".000001.json.4711", state.checks / ".ab.json.4711"]
    for path in left:
        path.touch()
    kept = state.root / ".candidate.new"
    kept.mkdir()
    with hold(state, "this one"):
        assert not any(path.exists() for path in left)
    assert kept.exists()


def test_a_write_that_fails_leaves_neither_draft_nor_a_changed_file(state: StateFolder) -> None:
    path = state.root / "note.json"
    write_atomically(path, "old")
    with pytest.raises(UnicodeEncodeError):
        write_atomically(path, "\ud800")
    assert path.read_text(encoding="utf-8") == "old"
    assert sorted(one.name for one in state.root.glob("*note*")) == ["note.json"]
