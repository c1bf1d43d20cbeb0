"""kill -9 at every step of a publication, an ingestion and an acceptance, one step after another."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from orchestration.settings import PROJECT_ROOT
from tests.faults.conftest import IS_ALL, Faults

KIND = "kill -9 at a step"
EVERY = {"accept": 1, "publish": 1, "ingest": 1} if IS_ALL else {"accept": 2, "publish": 8, "ingest": 12}


@pytest.mark.parametrize("action", sorted(EVERY))
def test_whatever_step_is_the_last_the_next_run_makes_it_whole(
    faults: Faults, tmp_path: Path, action: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.killer", action, str(tmp_path / "work"), str(EVERY[action])],
        cwd=PROJECT_ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["wrong"] == [], done.stderr
    assert found["kills"] == len(range(0, found["steps"], EVERY[action])) > 3
    for _ in range(found["kills"]):
        faults.survived()
