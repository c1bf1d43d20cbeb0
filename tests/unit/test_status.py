"""What status says of a state folder in which something is damaged: words, and all the rest."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from orchestration.cli import run
from orchestration.nightly.ingestion import earlier_than_published
from orchestration.publish.publication import Publication
from orchestration.state.folder import StateFolder
from tests.faults.small import publish_placed, small_candidate, small_state


@pytest.fixture
def state(tmp_path: Path) -> StateFolder:
    """A state with one publication and the record of a run."""
    folder = small_state(tmp_path / "state")
    small_candidate(folder, 1)
    publish_placed(folder)
    record = {"number": 7, "command": "nightly", "started_at": "2026-11-01T18:30:00+00:00", "stages": []}
    (folder.runs / "000007.json").write_text(json.dumps({**record, "outcome": "published"}))
    return folder


def cut_off_manifest(state: StateFolder) -> None:
    path = state.current / "manifest.json"
    path.write_text(path.read_text()[:100])


def manifest_of_something_else(state: StateFolder) -> None:
    (state.current / "manifest.json").write_text("[1, 2]")


def lose_the_publication(state: StateFolder) -> None:
    shutil.rmtree(state.current.resolve())


def lose_the_link(state: StateFolder) -> None:
    state.current.unlink()


def lose_the_manifest(state: StateFolder) -> None:
    (state.current / "manifest.json").unlink()


def cut_off_settlement(state: StateFolder) -> None:
    (state.root / "settled").mkdir()
    (state.root / "settled" / "2026-09.json").write_text('{"period_id": "2026-')


def settlement_without_names(state: StateFolder) -> None:
    (state.root / "settled").mkdir()
    (state.root / "settled" / "2026-09.json").write_text("{}")


def cut_off_bonuses(state: StateFolder) -> None:
    folder = state.current / "auditor" / "bonus.bonus"
    folder.mkdir(parents=True)
    (folder / "all.parquet").write_bytes(b"PAR1")


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (cut_off_manifest, "publication  cannot be read"),
        (manifest_of_something_else, "publication  cannot be read"),
        (lose_the_publication, "which is not there"),
        (lose_the_link, "the link to the newest publication is gone"),
        (lose_the_manifest, "manifest is missing, cut off or is none"),
        (cut_off_settlement, "open         not known, a record in"),
        (settlement_without_names, "open         not known, a record in"),
        (cut_off_bonuses, "open         not known"),
    ],
)
def test_damage_is_said_in_words_and_the_runs_are_shown(
    state: StateFolder,
    capsys: pytest.CaptureFixture[str],
    damage: Callable[[StateFolder], None],
    words: str,
) -> None:
    damage(state)
    assert run(["status", "--state", str(state.root)]) == 0
    shown = capsys.readouterr()
    assert words in shown.out
    assert "000007" in shown.out
    assert "Traceback" not in shown.out + shown.err


def test_a_business_date_before_the_published_one_is_noted(state: StateFolder) -> None:
    published = Publication(state.current, json.loads((state.current / "manifest.json").read_text()))
    assert published.manifest["as_of"] == "2026-10-31"
    [note] = earlier_than_published(state, date(2026, 10, 30))
    assert "2026-10-30 is before 2026-10-31" in note
    assert list(earlier_than_published(state, date(2026, 10, 31))) == []
    cut_off_manifest(state)
    assert list(earlier_than_published(state, date(2026, 10, 30))) == []


def test_a_settlement_among_the_runs_is_listed_and_the_stages_are_those_of_the_last_night(
    state: StateFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    stage = {"name": "build", "is_done": True, "seconds": 3.0, "message": "", "figures": {}}
    record = json.loads((state.runs / "000007.json").read_text())
    (state.runs / "000007.json").write_text(json.dumps({**record, "stages": [stage]}))
    settled = {**record, "number": 8, "command": "settle 2026-10", "outcome": "settled"}
    (state.runs / "000008.json").write_text(json.dumps({**settled, "stages": []}))
    assert run(["--state", str(state.root), "status"]) == 0
    shown = capsys.readouterr().out
    assert "000008" in shown and "settled" in shown
    assert "stages of the last night" in shown and "build" in shown
