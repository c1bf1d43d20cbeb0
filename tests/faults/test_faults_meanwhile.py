"""Two nights at once, and clocks that jump while a night works.

The clock of this machine is not touched. A night gets a clock that jumps in place of `orchestration.clock`,
the only module that reads one; where libfaketime is installed, also one under Python, DuckDB, dbt and
Dagster.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.faults.conftest import Faults, needs_all
from tests.faults.harness import (
    Centre,
    command,
    finish,
    names,
    one_paragraph,
    require_recovery,
    require_whole,
    start,
)

KIND = "two nights at once or clock jump"
DAY = 86_400
JUMPS = {"a year ahead": 365 * DAY, "a year back": -365 * DAY, "an hour back": -3_600, "a minute ahead": 60}
"""How far the clock jumps, seconds, at every reading after the first few."""
STEADY_READINGS = 5
JUMPY = """
import itertools, sys
from datetime import timedelta
from orchestration import clock
jump, steady = float(sys.argv[1]), int(sys.argv[2])
readings, now, today = itertools.count(), clock.now, clock.today
def shifted():
    return timedelta(seconds=jump if next(readings) >= steady else 0)
clock.now = lambda: now() + shifted()
clock.today = lambda timezone: today(timezone) + shifted()
from orchestration.cli import run
sys.exit(run(sys.argv[3:]))
"""
FAKETIME = [
    path
    for folder in ("x86_64-linux-gnu", "aarch64-linux-gnu")
    for path in [f"/usr/lib/{folder}/faketime/libfaketimeMT.so.1"]
]


@needs_all
@pytest.mark.parametrize("number", range(3))
def test_of_two_nights_at_once_one_publishes_and_one_is_turned_away(
    centre: Centre, faults: Faults, tmp_path: Path, number: int
) -> None:
    state = centre.copy(tmp_path / "state", without_raw=number % 2 == 0)
    before = {*names(state), "raw"}
    first, second = start(command(state, centre)), start(command(state, centre))
    nights = [finish(first), finish(second)]
    turned_away = [night for night in nights if night.status == 5]
    published = [night for night in nights if night.status == 0]
    assert (len(published), len(turned_away)) == (1, 1), [night.output for night in nights]
    assert "holds the state folder" in one_paragraph(turned_away[0].output)
    assert require_whole(state).manifest["content_hash"] == centre.expected
    require_recovery(state, centre, sorted(before))
    faults.survived(f"two nights at once, {number + 1}")


@needs_all
@pytest.mark.parametrize("jump", JUMPS.values(), ids=list(JUMPS))
def test_a_clock_that_jumps_changes_no_number(
    centre: Centre, faults: Faults, tmp_path: Path, jump: int
) -> None:
    state = centre.copy(tmp_path / "state")
    before = names(state)
    arguments = [str(jump), str(STEADY_READINGS), *command(state, centre)[3:]]
    night = finish(start([sys.executable, "-c", JUMPY, *arguments]))
    assert night.status == 0, night.output
    assert require_whole(state).manifest["content_hash"] == centre.expected
    require_recovery(state, centre, before)
    faults.survived(f"clock jumps {jump} s")


@needs_all
@pytest.mark.parametrize("offset", ["+400d", "-400d"])
def test_a_wrong_system_clock_changes_no_number(
    centre: Centre, faults: Faults, tmp_path: Path, offset: str
) -> None:
    library = next((path for path in FAKETIME if Path(path).exists()), None)
    if library is None:
        pytest.skip("libfaketime is not installed")
    state = centre.copy(tmp_path / "state")
    before = names(state)
    variables = {"LD_PRELOAD": library, "FAKETIME": offset, "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
    night = finish(start(command(state, centre), variables))
    assert night.status == 0, night.output
    assert require_whole(state).manifest["content_hash"] == centre.expected
    require_recovery(state, centre, before)
    faults.survived(f"system clock {offset}")
