"""What DuckDB may take, where it goes on when that is not enough, and what of that stays behind."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from orchestration.settings import PROJECT_ROOT
from orchestration.state.folder import StateFolder, keep_private
from orchestration.state.lock import hold
from orchestration.state.memory import connect, half_of_the_machine, memory_limit, spill_folder, spilling_into

SMALL = "30MB"
TOO_MUCH = "create temp table rows as select range as a, range || repeat('x', 20) as b from range(1500000)"
"""Some 60 MB."""
KILLED = f"""
import os, signal, sys
from pathlib import Path
from orchestration.state.folder import StateFolder
from orchestration.state.lock import hold
from orchestration.state.memory import connect
with hold(StateFolder(Path(sys.argv[1])), "a night"):
    database = connect("{SMALL}", threads=1)
    database.execute("{TOO_MUCH}")
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def state(tmp_path: Path) -> StateFolder:
    folder = StateFolder(tmp_path / "state")
    folder.prepare()
    return folder


def _limit(database: duckdb.DuckDBPyConnection) -> str:
    [said] = database.execute("select current_setting('memory_limit')").fetchone() or ("",)
    return str(said)


def test_the_setting_holds_for_every_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MERITLINE_MEMORY", "512MiB")
    with connect() as database, connect() as other:
        assert (_limit(database), _limit(other)) == ("512.0 MiB", "512.0 MiB")


def test_without_a_setting_it_is_half_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MERITLINE_MEMORY", raising=False)
    machine = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 1024**2
    half = int(half_of_the_machine().removesuffix("MiB"))
    # A container may have less than the machine.
    assert 0 < half <= machine * 51 // 100
    assert memory_limit() == half_of_the_machine()


@pytest.mark.parametrize(
    ("setting", "at_most", "expected"),
    [("8GB", "700MB", "700MB"), ("100MiB", "700MB", "100MiB"), ("1 GB", "1GiB", "1 GB"), ("2TB", "", "2TB")],
)
def test_the_lesser_of_two_limits_holds(
    setting: str, at_most: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MERITLINE_MEMORY", setting)
    assert memory_limit(at_most) == expected


def test_what_does_not_fit_goes_into_the_state_and_is_gone_afterwards(state: StateFolder) -> None:
    keep_private()
    with hold(state, "a night"):
        with connect(SMALL, threads=1) as database, connect(SMALL, threads=1) as other:
            database.execute(TOO_MUCH)
            other.execute(TOO_MUCH)
            folders = sorted(state.spill.iterdir())
            assert len(folders) == 2, "each connection has a folder of its own"
            assert all(any(folder.iterdir()) for folder in folders)
            assert {stat.S_IMODE(folder.stat().st_mode) for folder in (state.spill, *folders)} == {0o700}
            assert database.execute("select count(distinct b) from rows").fetchone() == (1500000,)
        assert list(state.spill.iterdir()) == []


def test_what_a_killed_run_left_goes_with_the_next(state: StateFolder) -> None:
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(state.root)], check=False, cwd=PROJECT_ROOT, timeout=120
    )
    assert done.returncode == -signal.SIGKILL
    left = list(state.spill.iterdir())
    assert len(left) == 1 and any(left[0].iterdir())
    with hold(state, "the next night"):
        assert list(state.spill.iterdir()) == []


def test_what_this_process_spills_stays_and_what_others_left_goes(state: StateFolder) -> None:
    (state.spill / "of-another").mkdir()
    with spilling_into(state):
        mine = spill_folder()
        mine.mkdir()
        with hold(state, "a night"):
            assert set(state.spill.iterdir()) == {mine}


def test_who_only_reads_spills_among_the_temporary_files_alone(state: StateFolder) -> None:
    with spilling_into(state):
        assert spill_folder().parent == state.spill
    one, other = spill_folder(), spill_folder()
    assert one != other and one.parent == other.parent
    assert state.root not in one.parents
    assert stat.S_IMODE(one.parent.stat().st_mode) == 0o700
    assert list(state.spill.iterdir()) == []


def test_what_a_reader_spilled_goes_with_its_process(tmp_path: Path) -> None:
    code = "from orchestration.state.memory import spill_folder as f; one = f(); one.mkdir(); print(one)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        capture_output=True,
        text=True,
        cwd=PROJECT_ROOT,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    assert tmp_path in Path(done.stdout.strip()).parents
    assert list(tmp_path.iterdir()) == []
