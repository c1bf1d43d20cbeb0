"""A night that is told to stop, by Ctrl-C or by a service manager, stops at once and in order."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestration.cli.health import exposed_paths
from orchestration.state.folder import StateFolder
from orchestration.state.lock import current_holder
from orchestration.state.record import read_records
from tests.faults.conftest import Faults, needs_all
from tests.faults.harness import (
    NIGHT_SECONDS,
    POLL_SECONDS,
    Centre,
    command,
    finish,
    names,
    one_paragraph,
    require_recovery,
    require_whole,
    start,
)

KIND = "night told to stop"
PATIENCE_SECONDS = 20
"""In which a night must be gone, on a machine that is busy with other things."""


def reached(state: StateFolder, night: subprocess.Popen[str], stage: str, before: int) -> bool:
    """Wait until the night, which had `before` records before it, is within that stage."""
    event = f'"stage": "{stage}", "kind": "step"'
    until = time.monotonic() + NIGHT_SECONDS
    while night.poll() is None and time.monotonic() < until:
        events = sorted(state.runs.glob("*.events.jsonl"))[before:]
        if events and event in events[0].read_text(encoding="utf-8"):
            return True
        time.sleep(POLL_SECONDS)
    return False


def processes_on(state: StateFolder) -> Iterator[str]:
    """Command lines of living processes that name the state folder, but for this one."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if str(state.root) in line and path.parent.name != str(os.getpid()):
            yield line


@pytest.mark.parametrize(
    ("number", "status", "stage"),
    [
        (signal.SIGINT, 130, "build"),
        pytest.param(signal.SIGTERM, 143, "build", marks=needs_all),
        pytest.param(signal.SIGINT, 130, "ingest", marks=needs_all),
        pytest.param(signal.SIGTERM, 143, "candidate", marks=needs_all),
    ],
)
def test_a_night_that_is_told_to_stop_says_so_and_the_next_one_publishes(
    centre: Centre, faults: Faults, tmp_path: Path, number: signal.Signals, status: int, stage: str
) -> None:
    state = centre.copy(tmp_path / "state", without_raw=stage == "ingest")
    before, runs = {*names(state), "raw"}, len(read_records(state))
    last = require_whole(state).run_id
    process = start(command(state, centre))
    assert reached(state, process, stage, runs), "the night ended before that stage"
    process.send_signal(number)
    told = time.monotonic()
    night = finish(process)
    assert time.monotonic() - told < PATIENCE_SECONDS
    assert night.status == status, night.output
    assert "Interrupted" in one_paragraph(night.output)
    assert current_holder(state) is None
    assert list(processes_on(state)) == []
    record = read_records(state)[-1]
    assert (record.outcome, record.exit_status) == ("interrupted", status)
    assert require_whole(state).run_id == last
    since = time.time()
    # The next night begins with no umask at all, and what it writes is its owner's alone all the same.
    require_recovery(state, centre, sorted(before), umask=0)
    assert list(exposed_paths(state)) == []
    written = [
        path
        for path in state.root.rglob("*")
        if path.is_file() and path.stat().st_mtime >= since and path.stat().st_mode & 0o077
    ]
    files = [path for folder in ("bi", "board/bi") for path in (state.current / folder).iterdir()]
    files += [state.current / name for name in ("bi.duckdb", "manifest.json", "calibration.html")]
    files += [*state.candidate.glob("bi*/*"), state.candidate / "bi.duckdb"]
    of_readers = {path.stat().st_ino for path in files}
    assert [path for path in written if path.stat().st_ino not in of_readers] == []
    faults.survived(f"signal {number.name} in {stage}")
