"""What doctor says of a state folder that others can look into."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from orchestration.cli import run
from orchestration.cli.health import exposed_paths
from orchestration.state.folder import StateFolder


@pytest.fixture
def state(tmp_path: Path) -> StateFolder:
    folder = StateFolder(tmp_path / "state")
    folder.prepare()
    return folder


def publication_of(state: StateFolder) -> Path:
    """A published folder with the modes that publishing gives."""
    folder = state.published / "000001-2026-10-31"
    of_bi = (".", "bi", "board", "board/bi", "board/assets")
    for name, mode in (*((one, 0o750) for one in of_bi), ("auditor", 0o700), ("board/lead", 0o700)):
        (folder / name).mkdir(exist_ok=True)
        (folder / name).chmod(mode)
    names = ("bi.duckdb", "bi/mart_x.parquet", "auditor/mart_x.parquet", "manifest.json", "calibration.html")
    for name in (*names, "board/bi/index.html", "board/assets/vega.js", "board/lead/x.html"):
        (folder / name).touch()
        (folder / name).chmod(0o640)
    (folder / "auditor.duckdb").touch(0o600)
    return folder


def test_what_bi_reads_is_no_finding(state: StateFolder) -> None:
    publication_of(state)
    assert list(exposed_paths(state)) == []


@pytest.mark.parametrize(
    ("name", "mode", "right"),
    [
        ("warehouse.duckdb", 0o644, 600),
        ("warehouse.duckdb", 0o604, 600),
        ("published/000001-2026-10-31/auditor.duckdb", 0o640, 600),
        ("published/000001-2026-10-31/bi.duckdb", 0o644, 640),
        ("published/000001-2026-10-31/bi/mart_x.parquet", 0o660, 640),
        ("published/000001-2026-10-31/auditor", 0o710, 700),
        ("published/000001-2026-10-31/board/index.html", 0o640, 600),
        ("published/000001-2026-10-31/board/agent", 0o750, 700),
        ("published/000001-2026-10-31/board/bi/index.html", 0o644, 640),
        ("published", 0o755, 750),
        ("raw", 0o750, 700),
    ],
)
def test_what_others_can_read_is_named_with_what_to_do(
    state: StateFolder, name: str, mode: int, right: int, capsys: pytest.CaptureFixture[str]
) -> None:
    publication_of(state)
    path = state.root / name
    if not path.exists() and path.suffix:
        path.touch()
    elif not path.exists():
        path.mkdir()
    path.chmod(mode)
    assert run(["doctor", "--state", str(state.root)]) == 2
    shown = capsys.readouterr().out
    assert f"BAD  state         {path}" in shown
    assert f"chmod {right} {path}" in shown


def test_a_file_in_a_folder_that_nobody_else_may_enter_is_no_finding(state: StateFolder) -> None:
    (state.raw / "part.parquet").touch(0o644)
    (state.raw / "part.parquet").chmod(0o644)
    assert list(exposed_paths(state)) == []


def test_a_state_made_below_folders_that_are_not_there_yet_can_be_reached_by_its_group(
    tmp_path: Path,
) -> None:
    root = tmp_path / "data" / "meritline"
    umask = os.umask(0o077)
    try:
        StateFolder(root).prepare()
    finally:
        os.umask(umask)
    assert [path.stat().st_mode & 0o777 for path in (root.parent, root)] == [0o750, 0o750]
