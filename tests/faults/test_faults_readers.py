"""Readers poll `current` through a hundred publications: no error, and never more than one publication at
once.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from orchestration.settings import PROJECT_ROOT
from tests.faults.conftest import IS_ALL, Faults
from tests.faults.small import CONTENTS, prepared_candidates, publish_prepared, small_state

KIND = "publication under readers"
PUBLICATIONS, READERS = (500, 4) if IS_ALL else (100, 2)


def test_readers_see_one_publication_at_a_time(faults: Faults, tmp_path: Path) -> None:
    state, stop = small_state(tmp_path / "state"), tmp_path / "stop"
    candidates = prepared_candidates(state, CONTENTS)
    publish_prepared(state, candidates[1], 1)
    readers = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.faults.reader", str(state.published), str(stop)],
            cwd=PROJECT_ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(READERS)
    ]
    try:
        for reader in readers:
            assert reader.stdout is not None
            assert reader.stdout.readline() == "reading\n"
        for number in range(2, PUBLICATIONS + 2):
            published = publish_prepared(state, candidates[number % CONTENTS], number)
            assert published.folder.name == str(state.current.readlink())
            faults.survived()
    finally:
        stop.touch()
        found = [json.loads(reader.communicate(timeout=120)[0]) for reader in readers]
    assert [(one["errors"], one["mixed"], one["first"]) for one in found] == [(0, 0, [])] * READERS
    assert all(one["seen"] > 1 for one in found), "the readers saw publications come and go"
    print(f"{sum(one['reads'] for one in found)} reads of {PUBLICATIONS} publications, 0 errors, 0 mixed")
