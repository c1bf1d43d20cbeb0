"""A settled month, rebuilt elsewhere from the same rows in other files and orders, is the same month."""

from __future__ import annotations

import csv
from pathlib import Path
from random import Random

import pytest

from orchestration.audit.diff import compare_publications
from orchestration.settlement.frozen import settlements
from orchestration.state.folder import StateFolder
from tests.conftest import copy_state
from tests.tampering import settle_first_month

PARTS = 3


def shuffled(landing: Path, target: Path, chance: Random) -> int:
    """Write the rows of every export in another order over several files with names in another order.

    Returns how many files there are now.
    """
    written = 0
    for path in sorted(landing.rglob("*.csv")):
        with path.open(encoding="utf-8", newline="") as stream:
            header, *rows = csv.reader(stream)
        chance.shuffle(rows)
        names = [f"{path.stem}_{number:03d}" for number in chance.sample(range(1000), PARTS)]
        folder = target / path.parent.relative_to(landing)
        folder.mkdir(parents=True, exist_ok=True)
        for part, name in enumerate(names):
            own = rows[part::PARTS]
            if not own and part:
                continue
            with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as stream:
                csv.writer(stream).writerows([header, *own])
            written += 1
    return written


@pytest.fixture(scope="module")
def night_elsewhere(demo_landing: Path, tmp_path_factory: pytest.TempPathFactory) -> StateFolder:
    """A night over the shuffled exports in a state folder of its own: no key, no project, nothing shared."""
    from tests.conftest import run_night

    folder = tmp_path_factory.mktemp("elsewhere")
    assert shuffled(demo_landing, folder / "landing", Random(5)) > 40
    run_night(folder / "state", folder / "landing")
    return StateFolder(folder / "state")


def test_the_register_has_the_same_hash(
    published_demo: Path, night_elsewhere: StateFolder, tmp_path: Path
) -> None:
    here = copy_state(published_demo, tmp_path / "here")
    elsewhere = copy_state(night_elsewhere.root, tmp_path / "elsewhere")
    assert (here.root / "pseudonym.key").read_bytes() != (elsewhere.root / "pseudonym.key").read_bytes()
    months = [settle_first_month(state) for state in (here, elsewhere)]
    assert months[0] == months[1]
    records = [settlements(state)[month] for state, month in zip((here, elsewhere), months, strict=True)]
    assert records[0].inputs != records[1].inputs
    assert records[0].policy_files == records[1].policy_files
    assert records[0].register_hash == records[1].register_hash
    assert records[0].line_count == records[1].line_count > 100


def test_no_line_of_any_period_differs(published_demo: Path, night_elsewhere: StateFolder) -> None:
    before, after = StateFolder(published_demo).current.resolve(), night_elsewhere.current.resolve()
    assert not compare_publications(before, after).lines


def test_verify_needs_the_files_as_they_were_ingested(
    demo_landing: Path, night_elsewhere: StateFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    """The same rows in other files are sound; held against the original files, those were never read."""
    from orchestration.cli import run

    words = ["--state", str(night_elsewhere.root), "verify"]
    assert run(words) == 0
    shown = capsys.readouterr().out
    assert "ok  input files against the hashes" in shown and "no longer in the landing folder" not in shown
    assert run([*words, "--landing", str(demo_landing)]) == 0
    assert "no longer in the landing folder" in capsys.readouterr().out
