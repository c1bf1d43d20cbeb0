"""Which signal told a process to stop, whatever became of it on its way."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

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


SCRATCH = """
import os, signal, sys
import click
from orchestration import cli
from orchestration.scratch import new_scratch_folder, scratch_folder

call, kind, told = sys.argv[1], sys.argv[2], signal.Signals(int(sys.argv[3]))
before = getattr(os, call)

def tell(*words, **named):
    setattr(os, call, before)
    if call == "mkdir":
        before(*words, **named)
    os.kill(os.getpid(), told)
    if call != "mkdir":
        before(*words, **named)

@click.command()
def work() -> None:
    if kind == "of the process":
        (new_scratch_folder() / "full").mkdir()
        setattr(os, call, tell)
        new_scratch_folder()
    if call != "mkdir":
        with scratch_folder() as folder:
            (folder / "full").mkdir()
            setattr(os, call, tell)
    setattr(os, call, tell)
    with scratch_folder():
        print("went on", flush=True)

cli.cli.add_command(work)
sys.argv[1:] = ["work"]
cli.main()
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(
    ("call", "kind"),
    [
        ("mkdir", "of a block"),
        ("mkdir", "of the process"),
        ("rmdir", "of a block"),
        ("scandir", "of a block"),
    ],
)
def test_what_is_told_to_stop_while_it_makes_or_removes_a_folder_leaves_none(
    tmp_path: Path, number: signal.Signals, call: str, kind: str
) -> None:
    process = subprocess.run(
        [sys.executable, "-c", SCRATCH, call, kind, str(int(number))],
        check=False,
        cwd=PROJECT_ROOT,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert process.stdout == "", "it went on"
    assert process.returncode == 128 + number, process.stderr
    assert list(tmp_path.iterdir()) == []


def test_every_folder_of_temporary_files_is_made_in_one_place() -> None:
    making = re.compile(r"TemporaryDirectory|mkdtemp|mkstemp|NamedTemporaryFile")
    modules = sorted((PROJECT_ROOT / "orchestration").rglob("*.py"))
    makers = [path.name for path in modules if making.search(path.read_text(encoding="utf-8"))]
    assert makers == ["scratch.py"]
