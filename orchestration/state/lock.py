"""One run at a time per state folder.

The operating system holds the lock, so that it is gone with the process however that ends; the file beside it
only names the holder.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from orchestration.clock import now
from orchestration.errors import StateHeld
from orchestration.state.folder import StateFolder, remove_drafts, write_atomically
from orchestration.state.memory import spilling_into


@dataclass(frozen=True)
class Holder:
    """Who holds a state folder: process id, what it runs, since when (UTC, ISO 8601)."""

    pid: int
    command: str
    since: str


_held: dict[Path, int] = {}
"""State folders that this process holds, with how often: a job takes the lock that its own command holds
already.
"""


@contextmanager
def hold(state: StateFolder, command: str) -> Iterator[None]:
    """Hold the state folder while the block runs; entering again in the same process is free.

    Raises StateHeld naming the holder when another process has it, ConfigurationError for a form that this
    release does not know. A lock whose process is gone counts for nothing.
    """
    key = state.root.resolve()
    if key in _held:
        _held[key] += 1
        try:
            yield
        finally:
            _held[key] -= 1
        return
    lock = FileLock(state.lock, mode=0o600, thread_local=False)
    try:
        # A moment's patience: `status` takes the lock for an instant to see whether anyone has it.
        lock.acquire(timeout=1)
    except Timeout as error:
        raise _held_by_another(state) from error
    try:
        state.bring_to_form()
        for folder in (state.root, state.runs, state.checks):
            remove_drafts(folder)
        write_atomically(
            _holder_file(state), json.dumps(asdict(Holder(os.getpid(), command, now().isoformat())))
        )
        _held[key] = 1
        with spilling_into(state):
            yield
    finally:
        _held.pop(key, None)
        _holder_file(state).unlink(missing_ok=True)
        lock.release()


def current_holder(state: StateFolder) -> Holder | None:
    """Who holds the state folder now; None when nobody does."""
    if state.root.resolve() in _held:
        return _read_holder(state)
    if not state.lock.exists():
        return None
    lock = FileLock(state.lock, mode=0o600)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return _read_holder(state) or Holder(pid=0, command="unknown", since="unknown")
    lock.release()
    return None


@contextmanager
def undisturbed(state: StateFolder) -> Iterator[None]:
    """Look at the state folder while no run changes it; nothing of it is written, and a run that begins waits
    a moment. Raises StateHeld naming the holder when a run is at work.
    """
    try:
        lock = os.open(state.lock, os.O_RDONLY)
    except FileNotFoundError:
        yield  # no run ever held it
        return
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise _held_by_another(state) from error
        yield
    finally:
        os.close(lock)


def _held_by_another(state: StateFolder) -> StateHeld:
    holder = _read_holder(state)
    who = f"process {holder.pid} ({holder.command}, since {holder.since})" if holder else "another process"
    return StateHeld(
        path=state.root,
        problem=f"{who} holds the state folder",
        remedy="Wait until it is done, or stop it; a lock of a stopped process releases itself",
    )


def _holder_file(state: StateFolder) -> Path:
    return state.lock.with_suffix(".json")


def _read_holder(state: StateFolder) -> Holder | None:
    try:
        return Holder(**json.loads(_holder_file(state).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
