"""A full disk and folders that cannot be written, under a publication and under whole nights."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from orchestration.cli import run
from orchestration.errors import MeritlineError, expected_error
from orchestration.state.folder import StateFolder
from tests.conftest import copy_state
from tests.faults.conftest import Faults, needs_all
from tests.faults.harness import (
    CannotMount,
    Centre,
    fill,
    names,
    one_paragraph,
    read_only,
    require_recovery,
    require_whole,
    run_night,
    small_disk,
)
from tests.faults.small import place, prepared_candidates, publish_placed, publish_prepared, small_state

KIND = "full disk or read-only folder"
LEFT_KIB = (0, 4, 40, 400, 800)
"""Space left for a small publication, which takes about 600 KiB."""
NIGHT_LEFT_KIB = (0, 256, 2_000, 8_000, 16_000, 24_000)
"""Space left for a night, which takes up to about 40 MiB: it runs out in one stage after the other."""
PLACES = ("", "published", "raw", "checks", "runs", "dagster")
CANNOT_MOUNT = "this user may not mount a file system of limited size"


@pytest.fixture
def small(tmp_path: Path) -> tuple[StateFolder, list[Path]]:
    """A state with one small publication, and candidates for more."""
    state = small_state(tmp_path / "small")
    candidates = prepared_candidates(state, 2)
    publish_prepared(state, candidates[0], 1)
    return state, candidates


@pytest.mark.parametrize("left", LEFT_KIB)
def test_a_disk_that_fills_up_while_publishing_changes_nothing(
    small: tuple[StateFolder, list[Path]], faults: Faults, tmp_path: Path, left: int
) -> None:
    source, candidates = small
    try:
        with small_disk(tmp_path / "disk", 32) as disk:
            state = copy_state(source.root, disk / "state")
            place(state, candidates[1], 2)
            ballast = fill(disk, left)
            with pytest.raises((OSError, duckdb.Error, MeritlineError)) as failed:
                publish_placed(state)
            found = expected_error(failed.value)
            assert found is not None, failed.value
            assert "full" in found.problem
            assert require_whole(state).run_id.startswith("000001")
            ballast.unlink()
            publish_placed(state)
            assert require_whole(state).run_id.startswith("000002")
    except CannotMount:
        pytest.skip(CANNOT_MOUNT)
    faults.survived(f"publication with {left} KiB left")


def test_a_publication_folder_that_cannot_be_written_changes_nothing(
    small: tuple[StateFolder, list[Path]], faults: Faults
) -> None:
    state, candidates = small
    try:
        with read_only(state.published):
            with pytest.raises(OSError) as failed:
                publish_prepared(state, candidates[1], 2)
            assert expected_error(failed.value) is not None
            assert require_whole(state).run_id.startswith("000001")
    except CannotMount:
        pytest.skip(CANNOT_MOUNT)
    publish_prepared(state, candidates[1], 2)
    assert require_whole(state).run_id.startswith("000002")
    faults.survived("publication into a read-only folder")


def test_a_state_folder_that_cannot_be_written_is_named_before_anything_runs(
    small: tuple[StateFolder, list[Path]],
    faults: Faults,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    state, _ = small
    try:
        with read_only(state.root):
            status = run(["nightly", "--state", str(state.root), "--landing", str(tmp_path)])
    except CannotMount:
        pytest.skip(CANNOT_MOUNT)
    assert status == 2
    assert str(state.root) in capsys.readouterr().err
    require_whole(state)
    faults.survived("read-only state folder")


@needs_all
@pytest.mark.parametrize("left", NIGHT_LEFT_KIB)
def test_a_disk_that_fills_up_in_a_night_is_freed_and_the_night_run_again(
    centre: Centre, faults: Faults, tmp_path: Path, left: int
) -> None:
    try:
        with small_disk(tmp_path / "disk", 600) as disk:
            state = centre.copy(disk / "state", without_raw=True)
            before = [*names(state), "raw"]
            ballast = fill(disk, left)
            night = run_night(state, centre)
            assert night.status in (1, 2), night.output
            assert "space" in one_paragraph(night.output) or "full" in one_paragraph(night.output)
            require_whole(state)
            ballast.unlink()
            require_recovery(state, centre, before)
    except CannotMount:
        pytest.skip(CANNOT_MOUNT)
    faults.survived(f"night with {left} KiB left: {one_paragraph(night.output)[:100]}")


@needs_all
@pytest.mark.parametrize("folder", PLACES)
def test_a_night_on_a_folder_that_cannot_be_written_is_run_again(
    centre: Centre, faults: Faults, tmp_path: Path, folder: str
) -> None:
    state = centre.copy(tmp_path / "state")
    before = names(state)
    try:
        with read_only(state.root / folder):
            night = run_night(state, centre)
            require_whole(state)
    except CannotMount:
        pytest.skip(CANNOT_MOUNT)
    assert night.status in (1, 2), night.output
    one_paragraph(night.output)
    require_recovery(state, centre, before)
    faults.survived(f"read-only {folder or 'state folder'}: status {night.status}")
