"""kill -9 at random moments of a whole night, in its own process."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration.state.lock import current_holder
from orchestration.state.record import read_records
from tests.faults.conftest import IS_ALL, Faults
from tests.faults.harness import Centre, command, kill_after, names, require_recovery, require_whole, start

KIND = "kill -9 of a night"
MOMENTS = 50 if IS_ALL else 1


@pytest.mark.parametrize("number", range(MOMENTS))
def test_a_night_killed_at_any_moment_is_simply_run_again(
    centre: Centre, faults: Faults, tmp_path: Path, number: int
) -> None:
    for again in range(5):
        state = centre.copy(tmp_path / f"state{again}", without_raw=number % 2 == 0)
        before = {*names(state), "raw"}
        # One moment in each of as many equal parts of the night, so that no stage is left out by chance.
        share = (number + faults.random.random()) / MOMENTS
        if kill_after(start(command(state, centre)), share * centre.processor_seconds):
            break
    else:
        pytest.fail("each of five nights ended before its moment")
    assert current_holder(state) is None
    last = require_whole(state)
    reached = next((stage.name for stage in reversed(read_records(state)[-1].stages)), "nothing")
    require_recovery(state, centre, sorted(before))
    record = read_records(state)[-2]
    assert record.outcome != "running", "a killed run is not shown as one that still works"
    faults.survived(f"at {share:.0%} of the night, the last finished stage was {reached} ({last.run_id})")
