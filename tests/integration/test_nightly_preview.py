"""A night of an earlier business date is a preview: shown, kept apart, and gone from what follows."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest

from orchestration.audit.verify.run import verify_state
from orchestration.cli import run
from orchestration.hashing import file_hash
from orchestration.publish.publication import MANIFEST, current_publication
from orchestration.state.folder import StateFolder
from orchestration.state.record import read_records
from tests.conftest import AS_OF, copy_state
from tests.tampering import settle_first_month

EARLIER = "2026-10-10"
PREVIEW = f"000003-{EARLIER}"


def _files(state: StateFolder) -> dict[str, str]:
    """Every file of a state by its content, but what holds it and what a preview may add."""
    return {
        name: file_hash(path)
        for path in sorted(state.root.rglob("*"))
        if path.is_file()
        and not (name := path.relative_to(state.root).as_posix()).startswith(("lock", "previews/"))
    }


@pytest.fixture(scope="module")
def previewed(
    published_demo: Path, demo_landing: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[StateFolder, dict[str, str]]:
    """The demo with a settled month and a preview of an earlier day; and its files before that."""
    state = copy_state(published_demo, tmp_path_factory.mktemp("previewed") / "state")
    settle_first_month(state)
    before = _files(state)
    assert run(_words(state, "nightly", "--landing", str(demo_landing), "--as-of", EARLIER)) == 0
    return state, before


def _words(state: StateFolder, *words: str) -> list[str]:
    return ["--state", str(state.root), *words]


def test_nothing_of_the_state_changes_but_the_register_of_runs(
    previewed: tuple[StateFolder, dict[str, str]],
) -> None:
    state, before = previewed
    after = _files(state)
    added = {"runs/000003.json", "runs/000003.events.jsonl"}
    assert set(after) - set(before) == added
    assert {name: after[name] for name in before} == before
    assert [path.name for path in state.previews.iterdir()] == [PREVIEW]
    assert read_records(state)[-1].outcome == "previewed"


def test_the_preview_says_that_it_is_one(previewed: tuple[StateFolder, dict[str, str]]) -> None:
    state, _ = previewed
    folder = state.previews / PREVIEW
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    assert (manifest["run_id"], manifest["as_of"], manifest["is_preview"]) == (PREVIEW, EARLIER, True)
    assert manifest["previous"] is None
    for audience in ("bi", "payroll", "auditor"):
        with duckdb.connect(str(folder / f"{audience}.duckdb"), read_only=True) as database:
            assert database.execute("select run_id, is_preview from about").fetchall() == [(PREVIEW, True)]
    assert state.previews.stat().st_mode & 0o777 == 0o700


def test_it_is_verified_and_traced_by_its_name(
    previewed: tuple[StateFolder, dict[str, str]], capsys: pytest.CaptureFixture[str]
) -> None:
    state, _ = previewed
    assert run(_words(state, "verify", "--publication", PREVIEW)) == 0, capsys.readouterr().out
    with duckdb.connect(str(state.previews / PREVIEW / "auditor.duckdb"), read_only=True) as database:
        [agent] = database.execute(
            "select min(agent_id) from bonus.bonus_line where period_id = '2026-10'"
        ).fetchone() or ("",)
    assert run(_words(state, "trace", agent, "2026-10", "--publication", PREVIEW)) == 0
    assert run(_words(state, "diff", PREVIEW, "current", "--agent", agent)) == 0
    capsys.readouterr()
    assert run(_words(state, "status")) == 0
    shown = capsys.readouterr().out
    assert f"previews     {PREVIEW}" in shown and "previewed" in shown


def test_the_chain_does_not_know_it(
    previewed: tuple[StateFolder, dict[str, str]], demo_landing: Path
) -> None:
    state, _ = previewed
    report = verify_state(state, landing=demo_landing, progress=lambda _: None)
    assert report.is_sound, report.findings


def test_in_the_chain_it_would_be_found(
    previewed: tuple[StateFolder, dict[str, str]], demo_landing: Path, tmp_path: Path
) -> None:
    state = copy_state(previewed[0].root, tmp_path / "state")
    (state.previews / PREVIEW).rename(state.published / PREVIEW)
    report = verify_state(state, landing=demo_landing, progress=lambda _: None)
    assert any("is of a preview" in str(finding) for finding in report.findings)


def test_the_next_night_publishes_what_it_would_have_without_it(
    previewed: tuple[StateFolder, dict[str, str]], demo_landing: Path, tmp_path: Path
) -> None:
    state = copy_state(previewed[0].root, tmp_path / "state")
    before = current_publication(state)
    assert run(_words(state, "nightly", "--landing", str(demo_landing), "--as-of", AS_OF)) == 0
    after = current_publication(state)
    assert before is not None and after is not None
    assert after.run_id == f"000004-{AS_OF}"
    assert after.manifest["previous"]["run_id"] == before.run_id
    bonus = "auditor/bonus.bonus_line/all.parquet"
    assert after.manifest["files"][bonus] == before.manifest["files"][bonus]
    assert verify_state(state, landing=demo_landing, progress=lambda _: None).is_sound
