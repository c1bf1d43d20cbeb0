"""A night that goes on from the night before publishes what one from nothing does, and shares what stayed."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner

from orchestration.cli import cli
from orchestration.errors import PublicationRefused
from orchestration.nightly.execute import JobRequest, execute
from orchestration.nightly.run import NightlyRun
from orchestration.publish.publication import current_publication
from orchestration.state.folder import StateFolder
from tests.bench.touched_months import one_sequence
from tests.conftest import copy_state, run_night, settings_of

NEXT_DAY = "2026-11-01"


def _night(state: StateFolder, landing: Path, *, full_refresh: bool = False) -> Mapping[str, Any]:
    """A whole night on the next business date; the manifest it publishes."""
    settings = settings_of(state.root, landing)
    run = NightlyRun.of(settings).model_copy(update={"as_of": NEXT_DAY, "full_refresh": full_refresh})
    execute(settings, JobRequest(run=run, command="nightly", selection=[]))
    publication = current_publication(state)
    assert publication is not None
    return publication.manifest


@pytest.fixture(scope="module")
def next_day(demo_landing: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The landing folder a day later: some tickets of the last month again, one of them solved anew."""
    landing = tmp_path_factory.mktemp("next_day") / "landing"
    shutil.copytree(demo_landing, landing)
    path = landing / "ticket" / "ticket_2026-10.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    changed = [{**row, "status": "void", "updated_at": f"{NEXT_DAY} 00:10:00"} for row in rows[100:110]]
    came = {**rows[200], "ticket_id": "T-new", "created_at": "2026-10-31 09:00:00", "solved_at": ""}
    with path.with_name("ticket_2026-11-01.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows([*changed, came])
    return landing


@pytest.fixture(scope="module")
def gone_on(
    published_demo: Path, next_day: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[StateFolder, Mapping[str, Any]]]:
    """The state a day later, gone on from the night before, and its manifest."""
    state = copy_state(published_demo, tmp_path_factory.mktemp("gone_on") / "state")
    yield state, _night(state, next_day)


def test_what_is_published_is_what_a_night_from_nothing_publishes(
    gone_on: tuple[StateFolder, Mapping[str, Any]], published_demo: Path, next_day: Path, tmp_path: Path
) -> None:
    _, manifest = gone_on
    anew = _night(copy_state(published_demo, tmp_path / "state"), next_day, full_refresh=True)
    before = json.loads((published_demo / "published" / "current" / "manifest.json").read_text("utf-8"))
    assert manifest["content_hash"] == anew["content_hash"]
    assert manifest["rows"] == anew["rows"]
    assert manifest["content_hash"] != before["content_hash"]
    assert {touched["month"] for touched in anew["touched"]} == {"all"}, "from nothing, everything is built"


def test_months_that_stayed_are_the_files_of_the_night_before(
    gone_on: tuple[StateFolder, Mapping[str, Any]],
) -> None:
    state, manifest = gone_on
    before, after = (
        {path.stem: path.stat().st_ino for path in (folder / "auditor" / "facts.fct_ticket").iterdir()}
        for folder in sorted(state.published.glob("0*"))
    )
    shared = {month for month, inode in after.items() if before.get(month) == inode}
    assert "2026-10" not in shared
    assert "2026-09" in after.keys() - {"2026-10"}
    assert shared, "files of other months"
    touched = {(one["month"], one["cause"]): one["row_count"] for one in manifest["touched"]}
    assert touched["2026-10", "stg_ticket__ticket"] == 10 * 2 + 1, "old and new versions, and one that came"


def test_what_went_on_verifies(gone_on: tuple[StateFolder, Mapping[str, Any]]) -> None:
    """The auditors' DuckDB file, brought up to date, against the Parquet beside it; every sum and leaf."""
    state, _ = gone_on
    said = CliRunner().invoke(cli, ["--state", str(state.root), "verify"])
    assert said.exit_code == 0, said.output
    assert "Everything checked is sound" in said.output


def test_nothing_new_builds_nothing_that_grows(
    gone_on: tuple[StateFolder, Mapping[str, Any]], next_day: Path, tmp_path: Path
) -> None:
    before, manifest = gone_on
    state = copy_state(before.root, tmp_path / "state")
    with duckdb.connect(str(state.warehouse)) as warehouse:
        warehouse.execute("update build.built set kind = 'before'")
    again = _night(state, next_day)
    assert again["content_hash"] == manifest["content_hash"]
    with duckdb.connect(str(state.warehouse), read_only=True) as warehouse:
        built = warehouse.execute("select model from build.built where kind <> 'before'").fetchall()
    assert not {"stg_ticket__ticket", "fct_ticket", "kpi_daily", "bonus_line"} & {model for (model,) in built}


def test_a_damaged_warehouse_is_built_anew_in_the_same_night(
    gone_on: tuple[StateFolder, Mapping[str, Any]], next_day: Path, tmp_path: Path
) -> None:
    """One in which a model cannot be brought up to date."""
    before, manifest = gone_on
    state = copy_state(before.root, tmp_path / "state")
    with duckdb.connect(str(state.warehouse)) as warehouse:
        warehouse.execute("alter table facts.fct_ticket rename column solved_on to other")
        warehouse.execute("delete from build.built where model = 'kpi_daily'")
    assert _night(state, next_day)["content_hash"] == manifest["content_hash"]
    with duckdb.connect(str(state.warehouse), read_only=True) as warehouse:
        kinds = {str(kind) for (kind,) in warehouse.execute("select kind from build.built").fetchall()}
    assert kinds == {"new"}


def test_a_warehouse_that_is_not_built_throughout_gives_no_candidate(
    gone_on: tuple[StateFolder, Mapping[str, Any]], next_day: Path, tmp_path: Path
) -> None:
    """As a night leaves it that was killed between two models, or refused by a data test."""
    before, _ = gone_on
    state = copy_state(before.root, tmp_path / "state")
    with duckdb.connect(str(state.warehouse)) as warehouse:
        warehouse.execute(
            "insert into build.change select max(seq) + 1, 'fct_ticket', '', '', '~', 1 from build.built"
        )
    with pytest.raises(PublicationRefused, match="not every relation of the warehouse has been built"):
        run_night(state.root, next_day, "candidate", "calibration", "publication", as_of=NEXT_DAY)


def test_random_nights_equal_warehouses_built_from_nothing(tmp_path: Path) -> None:
    assert one_sequence(tmp_path, seed=3, nights=4) == []
