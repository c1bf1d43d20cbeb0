"""The same rows give the same facts, in whatever order, files and nights they arrive."""

from __future__ import annotations

import csv
import random
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from orchestration.ingest import ingest
from orchestration.settings import CONTRACT_DIR
from orchestration.settlement.frozen import ensure_register
from orchestration.state.folder import StateFolder, auditor_folder
from tests.conftest import AS_OF, run_night

NIGHTS = 12
RELATIONS = ("kpi.kpi_daily", "kpi.kpi_observation", "kpi.kpi_group_observation", "bonus.bonus_line")


@pytest.fixture(scope="module")
def dealt(demo_landing: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """State folder after twelve nights that each brought a part of the centre's rows, shuffled; the last one
    built and published. Earlier nights only take their exports: a build begins with an empty warehouse.
    """
    folder = tmp_path_factory.mktemp("dealt")
    landing, state = folder / "landing", StateFolder(folder / "state")
    state.prepare()
    files = sorted(demo_landing.rglob("*.csv"))
    for number in range(NIGHTS):
        for path in files:
            _deal(path, landing / path.relative_to(demo_landing), number)
        if number < NIGHTS - 1:
            _take(state, landing)
    run_night(state.root, landing)
    return state.root


def _take(state: StateFolder, landing: Path) -> None:
    """What a night does with its exports."""
    ensure_register(state)
    ingest(
        landing=landing,
        state=state.root,
        profiles=[],
        contract_dir=CONTRACT_DIR,
        as_of=date.fromisoformat(AS_OF),
        today=date.fromisoformat(AS_OF),
        allow_rejects=Decimal(0),
    )


def _deal(source: Path, target: Path, number: int) -> None:
    """Write the rows of `source` that chance gives to night `number`, in an order of chance."""
    with source.open(encoding="utf-8", newline="") as stream:
        header, *rows = csv.reader(stream)
    chance = random.Random(source.name)
    mine = [row for row in rows if chance.randrange(NIGHTS) == number]
    chance.shuffle(mine)
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.with_name(f"{target.stem}_{number:02d}.csv").open(
        "w", encoding="utf-8", newline=""
    ) as stream:
        writer = csv.writer(stream)
        writer.writerow(header)
        writer.writerows(mine)


@pytest.mark.parametrize("relation", RELATIONS)
def test_twelve_nights_of_shuffled_rows_publish_what_one_night_does(
    relation: str, published_demo: Path, dealt: Path
) -> None:
    """Byte for byte: the relation's files, the order of their rows included."""
    one, other = (
        {
            path.name: path.read_bytes()
            for path in auditor_folder(state / "published" / "current", relation).iterdir()
        }
        for state in (published_demo, dealt)
    )
    assert one and one == other


def test_twelve_nights_of_shuffled_rows_have_the_evidence_of_one_night(
    published_demo: Path, dealt: Path
) -> None:
    with duckdb.connect() as database:
        for name, state in (("one", published_demo), ("twelve", dealt)):
            path = state / "published" / "current" / "auditor.duckdb"
            database.execute(f"attach '{path}' as {name} (read_only)")
        [count] = database.execute("select count(*) from one.kpi.kpi_evidence").fetchone() or (0,)
        differing = database.execute(
            "(from one.kpi.kpi_evidence except all from twelve.kpi.kpi_evidence) union all "
            "(from twelve.kpi.kpi_evidence except all from one.kpi.kpi_evidence)"
        ).fetchall()
    assert count > 10_000 and differing == []
