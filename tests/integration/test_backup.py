"""deploy/backup.sh and restore.sh: what they leave out is made anew, what they keep stays as it was."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from orchestration.audit.verify.run import verify_state
from orchestration.hashing import file_hash
from orchestration.publish.publication import current_publication
from orchestration.settings import PROJECT_ROOT
from orchestration.state.folder import StateFolder
from orchestration.state.form import FORM, form_of
from orchestration.state.lock import hold
from tests.tampering import make_chain

LEFT_OUT = {"warehouse.duckdb", "candidate", "dbt", "dagster", "spill", "previews", "lock", "lock.json"}


def script(name: str, *words: Path) -> subprocess.CompletedProcess[str]:
    command = ["sh", str(PROJECT_ROOT / "deploy" / name), *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def files(state: StateFolder) -> Iterator[tuple[str, object]]:
    """Every file of what is kept: its mode and its hash; of a link where it leads."""
    for path in state.root.rglob("*"):
        name = path.relative_to(state.root)
        if name.parts[0] in LEFT_OUT:
            continue
        if path.is_symlink():
            yield str(name), path.readlink()
        else:
            yield str(name), (path.stat().st_mode, file_hash(path) if path.is_file() else "folder")


def inodes(state: StateFolder) -> int:
    return len({path.stat().st_ino for path in state.published.rglob("*") if path.is_file()})


@pytest.fixture
def restored(demo_copy: StateFolder, tmp_path: Path) -> StateFolder:
    """A state of three publications and a settled month, from its backup, beside what it was."""
    make_chain(demo_copy)
    archive, state = tmp_path / "backup.tar", StateFolder(tmp_path / "restored")
    assert script("backup.sh", demo_copy.root, archive).returncode == 0
    assert archive.stat().st_mode & 0o077 == 0, "it has the key of the pseudonyms"
    done = script("restore.sh", archive, state.root)
    assert done.returncode == 0, done.stderr
    return state


def test_a_restored_state_is_whole_and_the_next_night_goes_on_from_it(
    restored: StateFolder, demo_copy: StateFolder, demo_landing: Path, night: Callable[..., None]
) -> None:
    assert dict(files(restored)) == dict(files(demo_copy))
    assert not LEFT_OUT & {path.name for path in restored.root.iterdir()}
    assert (
        inodes(restored) == inodes(demo_copy) < sum(path.is_file() for path in restored.published.rglob("*"))
    )
    report = verify_state(restored, landing=demo_landing, progress=lambda _: None)
    assert report.is_sound, report.findings
    before = current_publication(restored)
    night(restored.root, demo_landing)
    after = current_publication(restored)
    assert before is not None and after is not None
    assert after.manifest["previous"]["run_id"] == before.run_id
    assert form_of(restored.root).form == FORM
    report = verify_state(restored, landing=demo_landing, progress=lambda _: None)
    assert report.is_sound, report.findings


def test_nothing_is_backed_up_while_a_night_works(demo_copy: StateFolder, tmp_path: Path) -> None:
    with hold(demo_copy, "a night"):
        done = script("backup.sh", demo_copy.root, tmp_path / "backup.tar")
    assert done.returncode == 5 and "While a night works" in done.stderr
    assert not list(tmp_path.glob("backup.tar*"))


def test_nothing_is_written_over_and_nothing_else_is_backed_up(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    done = script("restore.sh", tmp_path / "backup.tar", tmp_path / "there")
    assert done.returncode == 2 and "exists already" in done.stderr
    done = script("backup.sh", tmp_path / "there", tmp_path / "backup.tar")
    assert done.returncode == 2 and "no state folder" in done.stderr
    assert not list((tmp_path / "there").iterdir()) and not list(tmp_path.glob("backup*"))
