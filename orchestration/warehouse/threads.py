"""dbt ends when a thread of its pool dies; by itself it would wait for ever for the node that this one had.

dbt hands each node to a thread and waits until all are marked as done. A thread that dies of what dbt does
not catch (memory that runs out while it reports an error, say) never marks its node.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass
class LostThread:
    """Whether a thread died, and of what."""

    happened: threading.Event = field(default_factory=threading.Event)
    error: BaseException | None = None

    def report(self, error: BaseException | None) -> None:
        """Keep the first."""
        if self.error is None:
            self.error = error
        self.happened.set()


@contextmanager
def watched_threads() -> Iterator[LostThread]:
    """Have threads that die in the block reported, dbt's nodes in them marked as done and the build ended."""
    from dbt.task.runnable import GraphRunnableTask

    lost, submit, hook = LostThread(), GraphRunnableTask._submit, threading.excepthook

    def watched_submit(task: Any, pool: Any, args: list[Any], callback: Callable[[Any], None]) -> None:
        def end(error: BaseException) -> None:
            lost.report(error)
            # Raised by dbt itself as soon as it looks; the node must be done for it to look.
            task._raise_next_tick = error
            task.job_queue.mark_done(args[0].node.unique_id)

        def done(result: Any) -> None:
            try:
                callback(result)
            except Exception as error:
                end(error)

        pool.apply_async(task.call_runner, args=args, callback=done, error_callback=end)

    def died(said: threading.ExceptHookArgs) -> None:
        lost.report(said.exc_value)

    GraphRunnableTask._submit = watched_submit  # type: ignore[method-assign, assignment]
    threading.excepthook = died
    try:
        yield lost
    finally:
        GraphRunnableTask._submit = submit  # type: ignore[method-assign]
        threading.excepthook = hook
