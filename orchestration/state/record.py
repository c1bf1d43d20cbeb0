"""The record of each run of a state folder: `runs/<number>.json`, and its events as JSON lines beside it.

Kept for the operator (`meritline status`, durations against earlier runs); nothing published depends on it.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from orchestration.clock import now
from orchestration.errors import ExportRejected, PublicationRefused
from orchestration.interruption import STOPPING, status_of_signal
from orchestration.progress import LOGGER, Event
from orchestration.state.folder import StateFolder, write_atomically

OUTCOMES = {
    PublicationRefused.exit_status: "refused",
    ExportRejected.exit_status: "rejected",
    **{128 + number: "interrupted" for number in STOPPING},
}
"""Outcomes of a failed run that an operator treats differently from a fault, by exit status."""
RUNNING, KILLED = "running", "killed"
PUBLISHED, PREVIEWED = "published", "previewed"


@dataclass(frozen=True)
class StageRecord:
    """A finished stage: seconds, figures (counts by name), what it said."""

    name: str
    seconds: float
    is_done: bool
    message: str = ""
    figures: dict[str, object] = field(default_factory=dict)


NIGHTLY, PREVIEW = "nightly", "preview"
"""How the command of a night begins, and of one for show; a settlement has a place among the runs too."""


@dataclass(frozen=True)
class RunRecord:
    """One run. `outcome` is `running`, `published`, `refused`, `rejected`, `interrupted`, `failed`,
    `killed` or, of a settlement, `settled`, of a preview `previewed`; times are UTC, ISO 8601.
    `exit_status` is that of the error it failed with.
    """

    number: int
    command: str
    started_at: str
    outcome: str = RUNNING
    run_id: str | None = None
    finished_at: str | None = None
    error: str | None = None
    exit_status: int | None = None
    stages: tuple[StageRecord, ...] = ()

    @property
    def seconds(self) -> float:
        """Sum of the stages' durations."""
        return sum(stage.seconds for stage in self.stages)


class Recorder(logging.Handler):
    """Writes the record of one run as its events come in."""

    def __init__(self, state: StateFolder, command: str) -> None:
        super().__init__()
        number = next_number(state)
        self._failure: Event | None = None
        self._state = state
        self._events = state.runs / f"{number:06d}.events.jsonl"
        self._record = RunRecord(number=number, command=command, started_at=now().isoformat())
        self._write()

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one progress event."""
        event = getattr(record, "progress", None)
        if not isinstance(event, Event):
            return
        with self._events.open("a", encoding="utf-8") as stream:
            stream.write(
                json.dumps({"at": now().isoformat(), **asdict(event)}, ensure_ascii=False, default=str)
            )
            stream.write("\n")
        if event.kind in ("done", "failed") and event.seconds is not None:
            done = StageRecord(
                event.stage, round(event.seconds, 3), event.kind == "done", event.message, dict(event.figures)
            )
            self.update(stages=(*self._record.stages, done))
        # A stage that failed may be tried again: only the end of the run says what it came to.
        if event.kind in ("start", "failed"):
            self._failure = event if event.kind == "failed" else None

    @property
    def number(self) -> int:
        """The run's number in its state folder."""
        return self._record.number

    @property
    def started_at(self) -> str:
        """When the run began, UTC, ISO 8601."""
        return self._record.started_at

    def update(self, **changes: object) -> None:
        """Change fields of the record and write it."""
        self._record = replace(self._record, **changes)  # type: ignore[arg-type]
        self._write()

    @property
    def record(self) -> RunRecord:
        """The record as it is now."""
        return self._record

    def finish(self, outcome: str, error: str | None = None) -> None:
        """Close the record, unless it is closed already; what its last stage failed with goes before
        `outcome` and `error`, and so does being told to stop between two stages.
        """
        if self._record.outcome != RUNNING:
            return
        status = None
        if self._failure is not None:
            status = self._failure.exit_status
            outcome, error = OUTCOMES.get(status or 0, "failed"), self._failure.message
        elif outcome == "failed" and (status := status_of_signal()) is not None:
            outcome, error = OUTCOMES[status], "interrupted"
        self.update(outcome=outcome, error=error, exit_status=status, finished_at=now().isoformat())

    def _write(self) -> None:
        _write(self._state, self._record)


@contextmanager
def recording(state: StateFolder, command: str) -> Iterator[Recorder]:
    """Record the run that happens in the block; a run that ends with an exception is recorded as failed.

    The caller holds the state folder: a record that still says `running` is of a run that was killed, and is
    closed as such.
    """
    for record in read_records(state):
        if record.outcome == RUNNING:
            _write(state, replace(record, outcome=KILLED, error="the process ended before the run did"))
    recorder = Recorder(state, command)
    LOGGER.addHandler(recorder)
    try:
        yield recorder
    except BaseException as error:
        recorder.finish("failed", str(error) or type(error).__name__)
        raise
    finally:
        LOGGER.removeHandler(recorder)


def next_number(state: StateFolder) -> int:
    """The number of the next run: one above every run and publication of the state."""
    taken = [int(path.name[:6]) for path in state.runs.glob("[0-9]*.json") if path.name[:6].isdigit()]
    taken += [int(path.name[:6]) for path in state.published.glob("[0-9]*-*") if path.name[:6].isdigit()]
    return max(taken, default=0) + 1


def read_records(state: StateFolder) -> list[RunRecord]:
    """All readable records, oldest first."""
    records = []
    for path in sorted(state.runs.glob("[0-9]*.json")):
        record = _read(path)
        if record is not None:
            records.append(record)
    return records


def _write(state: StateFolder, record: RunRecord) -> None:
    text = json.dumps(asdict(record), ensure_ascii=False, indent=1, default=str)
    write_atomically(state.runs / f"{record.number:06d}.json", text)


def _read(path: Path) -> RunRecord | None:
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        stages = tuple(StageRecord(**stage) for stage in raw.pop("stages"))
        return RunRecord(**raw, stages=stages)
    except (OSError, ValueError, TypeError, KeyError):
        return None
