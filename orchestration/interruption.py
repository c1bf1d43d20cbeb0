"""Being told to stop: Ctrl-C and SIGTERM, and which of them it was.

Dagster puts its own handlers in place while a job runs and raises the same error for both signals. Python
writes the number of each signal to a file descriptor before any handler runs: that is asked here.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import NoReturn

INTERRUPTED = 128 + signal.SIGINT
"""Exit status of a command that was interrupted, by nobody knows what."""
STOPPING = frozenset({signal.SIGINT, signal.SIGTERM})

_noted: list[int] = []
_reader: list[int] = []
_blocks: list[object] = []
"""Blocks of `uninterrupted` that the main thread is in."""
_waiting: list[int] = []
"""Signals that came meanwhile."""


@contextmanager
def noted_signals() -> Iterator[None]:
    """Raise KeyboardInterrupt for SIGINT and SIGTERM in the block, and note them for `status_of_signal`.

    For the main thread of a process of its own.
    """
    reader, writer = os.pipe()
    for end in (reader, writer):
        os.set_blocking(end, False)
    fd_before = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    # One handler for both: Dagster puts that of SIGINT back in the place of each.
    before = {one: signal.signal(one, _interrupt) for one in STOPPING}
    _reader.append(reader)
    try:
        yield
    finally:
        _reader.remove(reader)
        for one, handler in before.items():
            signal.signal(one, handler)
        signal.set_wakeup_fd(fd_before)
        os.close(reader)
        os.close(writer)
        _noted.clear()


def status_of_signal() -> int | None:
    """128 plus the number of the first signal that told this process to stop, as shells count; None when none
    did, or nobody notes them.
    """
    for reader in _reader:
        with suppress(BlockingIOError):
            _noted.extend(one for one in os.read(reader, 1024) if one in STOPPING)
    return 128 + _noted[0] if _noted else None


def stop_where_told() -> None:
    """Raise KeyboardInterrupt where a signal told this process to stop: a library that was at work may have
    swallowed the one that was raised then. In the main thread only, the one that signals interrupt.
    """
    if threading.current_thread() is threading.main_thread() and status_of_signal() is not None:
        raise KeyboardInterrupt


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Let what tells this process to stop wait for the end of a short block, which then raises
    KeyboardInterrupt: what is made and noted in it is made and noted, or neither.

    Holds back the handler of `noted_signals` and no other; only the main thread is ever interrupted.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    block = object()
    try:
        _blocks.append(block)
        yield
    finally:
        if block in _blocks:
            _blocks.remove(block)
    if _waiting and not _blocks:
        _waiting.clear()
        raise KeyboardInterrupt


def leave(status: int) -> NoReturn:
    """End this process now. Lock and record are closed, but a build that was interrupted still works in a
    thread of its own, for which the interpreter would wait, or under which it would abort.
    """
    multiprocessing = sys.modules.get("multiprocessing.util")
    if multiprocessing is not None:
        # dbt's named semaphores: a helper process would complain of them after this one is gone.
        multiprocessing._run_finalizers(0)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def _interrupt(number: int, _frame: object) -> None:
    if not _blocks:
        raise KeyboardInterrupt
    _waiting.append(number)
