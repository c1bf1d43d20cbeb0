"""Memory that runs out ends a night with a word, its lock let go, and the next night publishes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any, NoReturn

import pytest
from dbt.graph.queue import GraphQueue
from dbt.task.runnable import GraphRunnableTask

from orchestration.cli import run
from orchestration.errors import MemoryRanOut, expected_error
from orchestration.publish.publication import current_publication
from orchestration.settings import child_environment
from orchestration.state.folder import StateFolder
from orchestration.state.lock import current_holder
from orchestration.state.record import read_records
from orchestration.warehouse.dbt import DbtOutcome, log_path, stream_dbt, take_parsed
from tests.conftest import AS_OF

TINY = "8MB"
"""Too little for the build of the demo, enough for DuckDB to begin."""


def test_a_night_without_memory_says_so_and_the_next_one_publishes(
    demo_copy: StateFolder,
    demo_landing: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = current_publication(demo_copy)
    assert before is not None
    words = ["--state", str(demo_copy.root), "nightly", "--landing", str(demo_landing), "--as-of", AS_OF]
    monkeypatch.setenv("MERITLINE_MEMORY", TINY)
    assert run(words) == 1
    said = capsys.readouterr().err
    assert "memory ran out" in said and "MERITLINE_MEMORY" in said and "The last publication stays" in said
    assert "not foreseen" not in said and len(said.splitlines()) == 1
    assert current_holder(demo_copy) is None
    assert read_records(demo_copy)[-1].outcome == "failed"
    assert current_publication(demo_copy) == before
    monkeypatch.delenv("MERITLINE_MEMORY")
    assert run(words) == 0
    after = current_publication(demo_copy)
    assert after is not None and after.manifest["content_hash"] == before.manifest["content_hash"]


@pytest.mark.parametrize(
    "words",
    [
        ["trace", "A0007", "2026-10"],
        ["why", "A0007", "2026-10"],
        ["sensitivity", "2026-10"],
        ["radar", "2026-10"],
    ],
)
def test_what_reads_a_publication_without_memory_says_so(
    published_demo: Path,
    words: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """It said that the publication might be of another version."""
    monkeypatch.setenv("MERITLINE_MEMORY", "4MB")
    assert run(["--state", str(published_demo), *words]) == 1
    said = capsys.readouterr().err
    assert "memory ran out" in said and "MERITLINE_MEMORY" in said and "version" not in said


def _no_memory(*_: Any, **__: Any) -> NoReturn:
    raise MemoryError


def _build_of_a_seed(state: StateFolder) -> DbtOutcome:
    outcome = DbtOutcome()
    arguments = ["seed", "--select", "scheme"]
    for _ in stream_dbt(state, arguments, outcome=outcome, manifest=take_parsed(state)):
        pass
    return outcome


@pytest.mark.parametrize("dies", ["call_runner", "_handle_result"])
def test_a_thread_that_dies_ends_the_build(
    demo_copy: StateFolder, dies: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(GraphRunnableTask, dies, _no_memory)
    outcome = _build_of_a_seed(demo_copy)
    with pytest.raises(MemoryRanOut):
        outcome.raise_if_failed(log_path(demo_copy))


def test_a_build_that_cannot_end_is_given_up(demo_copy: StateFolder) -> None:
    """In a process of its own: what waits for ever goes with it."""
    done = subprocess.run(
        [sys.executable, "-m", f"tests.integration.{Path(__file__).stem}", str(demo_copy.root)],
        check=False,
        capture_output=True,
        text=True,
        timeout=240,
        env=child_environment({}),
    )
    assert (done.returncode, done.stdout.strip()) == (0, "memory ran out"), done.stderr


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        OSError(12, "Cannot allocate memory"),
        RuntimeError("can't start new thread"),
        RuntimeError("Out of Memory Error: could not allocate block (7.4 MiB/7.6 MiB used)"),
        RuntimeError("std::bad_alloc"),
    ],
)
def test_every_way_to_say_it_is_understood(error: Exception) -> None:
    assert isinstance(expected_error(error), MemoryRanOut)
    wrapped = ValueError("a library's own words")
    wrapped.__cause__ = error
    assert isinstance(expected_error(wrapped), MemoryRanOut)


if __name__ == "__main__":
    from orchestration.warehouse import dbt

    dbt.GRACE_SECONDS = 2.0
    GraphRunnableTask._handle_result = _no_memory  # type: ignore[method-assign]
    GraphQueue.mark_done = _no_memory  # type: ignore[method-assign]
    found = _build_of_a_seed(StateFolder(Path(sys.argv[1])))
    try:
        found.raise_if_failed(Path("dbt.log"))
    except MemoryRanOut as ran_out:
        print(ran_out.problem)
