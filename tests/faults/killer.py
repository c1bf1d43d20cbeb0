"""kill -9 before every single thing that an action does to the file system: `python -m tests.faults.killer`.

Arguments: `publish`, `ingest` or `accept`, a folder to work in, every how many-th step. Each kill is a
forked process of its own, on a fresh copy of the same state; afterwards another does the same action and
looks at the result. Prints one line of JSON: steps, kills, and what was wrong.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import traceback
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from orchestration.gate.acceptance import acceptance_path, read_acceptances
from orchestration.gate.result import store_result
from orchestration.ingest.guard import restore_raw, seal_raw
from orchestration.publish.accept import accept
from orchestration.publish.candidate import read_candidate
from orchestration.state.folder import StateFolder
from orchestration.state.lock import hold
from tests import ingest_support
from tests.faults.harness import require_whole
from tests.faults.small import (
    SMALL_BOUNDS,
    passed_result,
    prepared_candidates,
    publish_placed,
    publish_prepared,
    small_candidate,
    small_state,
)

STEPS = frozenset(
    {
        *(
            "os.rename",
            "os.remove",
            "os.link",
            "os.symlink",
            "os.mkdir",
            "os.rmdir",
            "os.chmod",
            "os.truncate",
        ),
        "shutil.rmtree",
    }
)
"""Audited operations that change the file system; `open` counts when it is for writing."""
ENDED, BROKEN = 0, 99


def count_steps(limit: int, done: list[int]) -> None:
    """Count the steps of this process from here on in `done`, and kill it at the `limit`-th (from 1)."""

    def look(event: str, arguments: tuple[object, ...]) -> None:
        is_write = (
            event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)
        )
        if event in STEPS or is_write:
            done[0] += 1
            if done[0] == limit:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(look)


def forked(work: Callable[[], int]) -> int:
    """Exit status of a forked process that does the work; negative for a signal."""
    child = os.fork()
    if child == 0:
        try:
            os._exit(work())
        except BaseException:
            traceback.print_exc()
            os._exit(BROKEN)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


class Publishing:
    """Publish a second content over a first one."""

    def __init__(self, folder: Path) -> None:
        self.base = folder / "base"
        state = small_state(self.base)
        self.candidates = prepared_candidates(state, 2)
        publish_prepared(state, self.candidates[0], 1)

    def act(self, state: StateFolder) -> None:
        """Publish the second content as run 2."""
        publish_prepared(state, self.candidates[1], 2)

    def look(self, state: StateFolder, *, is_after: bool) -> None:
        """One whole publication at any time; after the action the second one and no leftovers."""
        found = require_whole(state)
        assert found.folder.name[:6] == "000002" or not is_after
        assert not (is_after and list(state.published.glob(".*")))


class Ingesting:
    """Take a second export after a first one, as a night does."""

    def __init__(self, folder: Path) -> None:
        self.base, self.landing = folder / "base", folder / "landing"
        state = StateFolder(self.base)
        state.prepare()
        (self.landing / "ticket").mkdir(parents=True)
        self._export("first", range(40))
        self.act(state)
        self._export("second", range(20, 80))
        undisturbed = StateFolder(Path(shutil.copytree(self.base, folder / "undisturbed")))
        self.act(undisturbed)
        self.expected = self._content(undisturbed)

    def _export(self, name: str, numbers: range) -> None:
        lines = "".join(f"T{n},2026-10-{n % 28 + 1:02d} 10:00:00,{name}\n" for n in numbers)
        path = self.landing / "ticket" / f"ticket_{name}.csv"
        path.write_text(f"ticket_id,created_at,status\n{lines}".replace(name, "open"), encoding="utf-8")

    def act(self, state: StateFolder) -> None:
        """What the ingest stage does."""
        restore_raw(state, self.landing)
        ingest_support.run(self.landing, state.root)
        seal_raw(state)

    @staticmethod
    def _content(state: StateFolder) -> list[tuple[object, ...]]:
        columns = "ticket_id, created_at, status, _file, _row_number, _load_id, _load_seq"
        rows = ingest_support.query(state.root, "ticket.ticket", f"select {columns} from raw order by all")
        return rows + ingest_support.query(state.root, "run.load_file", "select * from raw order by all")

    def look(self, state: StateFolder, *, is_after: bool) -> None:
        """After the action every row is there once, whoever was killed before."""
        if is_after:
            assert self._content(state) == self.expected
            assert not (state.root / "staging").exists()


class Accepting:
    """Accept the failed check of a refused content."""

    def __init__(self, folder: Path) -> None:
        self.base = folder / "base"
        state = small_state(self.base)
        result = passed_result(small_candidate(state, 1).content_hash)
        failed = [
            replace(one, outcome="failed") if one.severity == "critical" else one for one in result.checks
        ]
        store_result(state, replace(result, checks=tuple(failed)))
        [self.check] = [one for one in failed if one.outcome == "failed"]

    def act(self, state: StateFolder) -> None:
        """What the command does."""
        with hold(state, "accept"):
            accept(state, [self.check.name], by="Li Na", why="a first load", bounds=SMALL_BOUNDS)

    def look(self, state: StateFolder, *, is_after: bool) -> None:
        """What lies there is whole at any time; after the action the content goes out with it."""
        content = read_candidate(state).content_hash
        path = acceptance_path(state, content)
        assert path.exists() == bool(read_acceptances(state, content))
        if is_after:
            assert publish_placed(state).manifest["accepted"]
            assert not list(state.checks.glob(".*"))


def main() -> None:
    """Kill at each step, recover, look."""
    kind, folder, every = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    action = {"publish": Publishing, "ingest": Ingesting, "accept": Accepting}[kind](folder)

    def fresh() -> StateFolder:
        shutil.rmtree(folder / "state", ignore_errors=True)
        return StateFolder(Path(shutil.copytree(action.base, folder / "state", symlinks=True)))

    def measured() -> int:
        done = [0]
        count_steps(-1, done)
        action.act(StateFolder(folder / "state"))
        (folder / "steps").write_text(str(done[0]))
        return ENDED

    def killed(step: int) -> int:
        count_steps(step, [0])
        action.act(StateFolder(folder / "state"))
        return ENDED

    def recovered() -> int:
        state = StateFolder(folder / "state")
        action.look(state, is_after=False)
        action.act(state)
        action.look(state, is_after=True)
        return ENDED

    fresh()
    wrong = [] if forked(measured) == ENDED else ["the undisturbed action failed"]
    steps, kills = int((folder / "steps").read_text()), 0
    for step in range(1, steps + 1, every):
        fresh()
        status = forked(lambda step=step: killed(step))  # type: ignore[misc]
        kills += status == -signal.SIGKILL
        if status != -signal.SIGKILL:
            wrong.append(f"step {step}: ended with {status} and was not killed")
        if forked(recovered) != ENDED:
            wrong.append(f"step {step}: what it left is not recovered from")
    print(json.dumps({"steps": steps, "kills": kills, "wrong": wrong}))


if __name__ == "__main__":
    main()
