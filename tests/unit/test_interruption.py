"""Which signal told a process to stop, whatever became of it on its way."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from orchestration.interruption import status_of_signal
from orchestration.settings import PROJECT_ROOT

PROCESS = """
import multiprocessing, sys, threading, time
import click
from orchestration import cli
from orchestration.progress import stage

@click.command()
@click.argument("kind")
def work(kind: str) -> None:
    lock = multiprocessing.get_context("spawn").RLock()
    # A build in a thread of its own that nobody can stop, as dbt's is.
    threading.Thread(target=lambda: time.sleep(600)).start()
    print("working", flush=True)
    with stage("build") as current:
        try:
            time.sleep(600)
        except KeyboardInterrupt:
            if kind == "turned into an error":
                raise RuntimeError("Query interrupted") from None
            if kind == "raised as it is":
                raise
        # What swallowed it goes on as if nothing had been said, until the next step or stage.
        if kind == "swallowed before a step":
            current.step("more")
            print("went on", flush=True)
    with stage("publish"):
        print("published", flush=True)

cli.cli.add_command(work)
cli.main()
"""


@pytest.mark.parametrize(
    "kind", ["raised as it is", "turned into an error", "swallowed", "swallowed before a step"]
)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_command_that_is_told_to_stop_ends_with_one_line_and_the_signals_status(
    number: signal.Signals, kind: str
) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", PROCESS, "work", kind],
        cwd=PROJECT_ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "working\n"
    process.send_signal(number)
    went_on, shown = process.communicate(timeout=30)
    assert went_on == ""
    assert process.returncode == 128 + number
    assert shown.strip() == "Interrupted. The last publication stays; run the command again."


def test_where_nobody_notes_signals_there_is_none() -> None:
    assert status_of_signal() is None
