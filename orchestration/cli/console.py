"""What a person sees while a run works: a live line on a terminal, plain lines in a log."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.status import Status

from orchestration.progress import LOGGER, Event

LOG_WIDTH = 120


class ProgressPrinter(logging.Handler):
    """Prints each finished stage with its time; on a terminal also the step at hand."""

    def __init__(self, console: Console) -> None:
        super().__init__()
        self._console = console
        self._live: Status | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Show one progress event."""
        event = getattr(record, "progress", None)
        if not isinstance(event, Event):
            return
        if event.kind in ("done", "failed"):
            self._finish(event)
        elif event.kind == "note":
            self._console.print(f"{'':<10}note: {event.message}", markup=False, soft_wrap=True)
        elif self._console.is_terminal:
            text = f"{event.stage} {event.message}"[: max(20, self._console.width - 6)]
            if self._live is None:
                self._live = self._console.status(text)
                self._live.start()
            else:
                self._live.update(text)

    def close(self) -> None:
        """Stop the live line."""
        if self._live is not None:
            self._live.stop()
            self._live = None
        super().close()

    def _finish(self, event: Event) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None
        # The reason of a failure is printed once, as the command's error.
        text = event.message if event.kind == "done" else "failed"
        self._console.print(
            f"{event.stage:<10}{event.seconds or 0:7.1f} s  {text}", markup=False, soft_wrap=True
        )


@contextmanager
def shown_progress(console: Console) -> Iterator[None]:
    """Show the progress of what happens in the block."""
    printer = ProgressPrinter(console)
    LOGGER.addHandler(printer)
    try:
        yield
    finally:
        LOGGER.removeHandler(printer)
        printer.close()


def new_console(*, is_error: bool = False) -> Console:
    """A console on standard output (or error, where the output is a document); into a file or a log it writes
    lines of 120 columns.
    """
    console = Console(highlight=False, stderr=is_error)
    return console if console.is_terminal else Console(highlight=False, stderr=is_error, width=LOG_WIDTH)
