"""What a run says while it works: one log record per event, rendered by whoever listens.

The command line renders them for a person, the run record keeps them as JSON lines, Dagster's log shows them
as text.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

from orchestration.clock import elapsed
from orchestration.errors import MeritlineError
from orchestration.interruption import INTERRUPTED, status_of_signal, stop_where_told

LOGGER = logging.getLogger("meritline")
LOGGER.setLevel(logging.INFO)
LOGGER.propagate = False
LOGGER.addHandler(logging.NullHandler())

Kind = Literal["start", "step", "note", "done", "failed"]


@dataclass(frozen=True)
class Event:
    """One event of a stage.

    `seconds` is the stage's duration, on `done` and `failed` only; `exit_status` the error's, on `failed`
    only.
    """

    stage: str
    kind: Kind
    message: str = ""
    seconds: float | None = None
    figures: Mapping[str, object] = field(default_factory=dict)
    exit_status: int | None = None


@dataclass
class Stage:
    """A running stage: `step` reports on the way, `figures` and `message` are reported when it is done."""

    name: str
    message: str = ""
    figures: dict[str, object] = field(default_factory=dict)
    seconds: float | None = None
    """Duration, once it is done."""

    def step(self, message: str) -> None:
        """Report one step of the stage; none is begun in a process that was told to stop."""
        stop_where_told()
        _emit(Event(self.name, "step", message))

    def note(self, message: str) -> None:
        """Report something that the operator should read."""
        _emit(Event(self.name, "note", message))


@contextmanager
def stage(name: str) -> Iterator[Stage]:
    """Report a stage's start, its end with duration and figures, or its failure. Nothing starts in a process
    that was told to stop.
    """
    stop_where_told()
    began = elapsed()
    current = Stage(name)
    _emit(Event(name, "start"))
    try:
        yield current
    except BaseException as error:
        message, status = str(error), MeritlineError.exit_status
        if isinstance(error, MeritlineError):
            status = error.exit_status
        elif status_of_signal() is not None or not isinstance(error, Exception):
            message, status = "interrupted", status_of_signal() or INTERRUPTED
        _emit(Event(name, "failed", message, elapsed() - began, current.figures, status))
        raise
    current.seconds = elapsed() - began
    _emit(Event(name, "done", current.message, current.seconds, current.figures))


def say(name: str, message: str) -> None:
    """Report something about a stage that is not running (any more), which the operator should read."""
    _emit(Event(name, "note", message))


def _emit(event: Event) -> None:
    text = " ".join(part for part in (event.stage, event.kind, event.message) if part)
    LOGGER.info(text, extra={"progress": event})
