"""Raw Parquet that is damaged or gone, a damaged list of loads, a truncated warehouse file."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from orchestration.errors import MeritlineError
from orchestration.ingest.guard import REGISTRY, restore_raw, seal_raw
from orchestration.state.folder import StateFolder
from orchestration.warehouse.dbt import is_parsed, manifest_path
from orchestration.warehouse.manifest import read_manifest
from tests import ingest_support
from tests.faults.conftest import Faults, needs_all
from tests.faults.harness import Centre, names, require_recovery, require_whole, run_night
from tests.faults.killer import Ingesting

KIND = "damaged file"


def flipped(path: Path) -> None:
    """One bit in the middle of the file is another."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def truncated(path: Path) -> None:
    """Only the first half of the file is left."""
    with path.open("r+b") as stream:
        stream.truncate(path.stat().st_size // 2)


def emptied(path: Path) -> None:
    """Nothing is left in the file."""
    path.write_bytes(b"")


def removed(path: Path) -> None:
    """The file is gone."""
    path.unlink()


DAMAGES = (flipped, truncated, emptied, removed)
Damage = Callable[[Path], None]


def part_of(state: StateFolder) -> Path:
    """The first part of tickets."""
    return sorted(
        path for path in (state.raw / "ticket" / "ticket").glob("*.parquet") if path.name[0] != "_"
    )[0]


@pytest.fixture
def taken(tmp_path: Path) -> Ingesting:
    """Two exports, of which the first has been taken."""
    return Ingesting(tmp_path)


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda one: one.__name__)
def test_a_damaged_load_is_read_again_in_its_old_place(
    taken: Ingesting, faults: Faults, damage: Damage
) -> None:
    state = StateFolder(taken.base)
    damage(part_of(state))
    taken.act(state)
    taken.look(state, is_after=True)
    assert restore_raw(state, taken.landing) == []
    faults.survived(f"raw part {damage.__name__}")


def test_a_damaged_load_whose_export_is_gone_stops_the_night_and_names_the_file(
    taken: Ingesting, faults: Faults
) -> None:
    state = StateFolder(taken.base)
    part, export = part_of(state), taken.landing / "ticket" / "ticket_first.csv"
    sound, kept = part.read_bytes(), export.read_bytes()
    flipped(part)
    export.unlink()
    with pytest.raises(MeritlineError, match="ticket_first") as stopped:
        taken.act(state)
    assert (stopped.value.path, stopped.value.exit_status) == (part, 1)
    part.write_bytes(sound)
    taken.act(state)
    assert restore_raw(state, taken.landing) == []
    export.write_bytes(kept)
    taken.act(state)
    taken.look(state, is_after=True)
    faults.survived("raw part without its export")


@pytest.mark.parametrize("damage", DAMAGES[1:], ids=lambda one: one.__name__)
def test_a_damaged_list_of_loads_is_put_back(taken: Ingesting, faults: Faults, damage: Damage) -> None:
    state = StateFolder(taken.base)
    damage(state.raw / REGISTRY)
    taken.act(state)
    taken.look(state, is_after=True)
    faults.survived(f"list of loads {damage.__name__}")


def test_a_damaged_list_without_its_copy_stops_the_night(taken: Ingesting) -> None:
    state = StateFolder(taken.base)
    (state.raw / "_load_file.parquet").unlink()
    truncated(state.raw / REGISTRY)
    with pytest.raises(MeritlineError, match="list of loads is damaged"):
        taken.act(state)


def test_what_was_ingested_after_the_last_seal_is_taken_as_it_is(taken: Ingesting) -> None:
    state = StateFolder(taken.base)
    ingest_support.run(taken.landing, state.root)
    assert restore_raw(state, taken.landing) == []
    seal_raw(state)
    taken.look(state, is_after=True)


def test_half_a_manifest_of_the_build_is_not_read_and_half_a_parse_is_parsed_again(
    demo_copy: StateFolder, faults: Faults
) -> None:
    """dbt writes its manifest in place at each build: a kill in there left later nights without one."""
    assert is_parsed(demo_copy)
    truncated(demo_copy.dbt / "manifest.json")
    assert is_parsed(demo_copy) and read_manifest(manifest_path(demo_copy))["nodes"]
    truncated(manifest_path(demo_copy))
    assert not is_parsed(demo_copy)
    faults.survived("half a manifest")


@needs_all
@pytest.mark.parametrize("damage", DAMAGES, ids=lambda one: one.__name__)
@pytest.mark.parametrize("place", ["part", "registry", "warehouse"])
def test_a_night_after_damage_publishes_what_an_undisturbed_one_does(
    centre: Centre, faults: Faults, tmp_path: Path, damage: Damage, place: str
) -> None:
    if (place, damage) == ("registry", flipped):
        pytest.skip("a list of loads that reads is taken as it is: it may be newer than the seal")
    state = centre.copy(tmp_path / "state")
    before = names(state)
    damage({"part": part_of(state), "registry": state.raw / REGISTRY, "warehouse": state.warehouse}[place])
    require_whole(state)
    require_recovery(state, centre, before)
    faults.survived(f"{place} {damage.__name__}")


@needs_all
def test_a_night_whose_raw_cannot_be_restored_stops_and_the_backup_lets_the_next_succeed(
    centre: Centre, faults: Faults, tmp_path: Path
) -> None:
    state = centre.copy(tmp_path / "state")
    before, part = names(state), part_of(state)
    backup = shutil.copy2(part, tmp_path / "backup.parquet")
    truncated(part)
    landing = Path(shutil.copytree(centre.landing, tmp_path / "landing"))
    for path in (landing / "ticket").glob("ticket*"):
        path.unlink()
    gone = Centre(centre.base, landing, centre.as_of, centre.expected, centre.processor_seconds)
    night = run_night(state, gone)
    assert night.status == 1, night.output
    assert part.name in night.output
    require_whole(state)
    shutil.copy2(backup, part)
    require_recovery(state, centre, before)
    faults.survived("part without its export, restored from the backup")
