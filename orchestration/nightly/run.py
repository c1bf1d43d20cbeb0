"""One run of a state folder as a Dagster resource: its settings, its lock, its record.

Whoever starts a run (the command line, the web UI, the schedule, the sensor) gets the same lock and the same
record.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from dagster import ConfigurableResource, InitResourceContext
from pydantic import Field, PrivateAttr

from orchestration.lock import hold
from orchestration.record import Recorder, recording
from orchestration.settings import Settings
from orchestration.state import StateFolder


class NightlyRun(ConfigurableResource["NightlyRun"]):
    """What a run works on. Paths are absolute; `as_of` empty means the newest event's date that is not after
    today.

    `allow_rejects` is the share (0 to 1) of a table's rows that may be rejected; `full_refresh` rebuilds
    incremental models.
    """

    state: str
    landing: str
    policy: str
    profiles: list[str] = Field(default_factory=list)
    as_of: str = ""
    business_timezone: str = "Asia/Shanghai"
    allow_rejects: str = "0.05"
    full_refresh: bool = False
    keep_publications: int = 35

    _recorder: Recorder | None = PrivateAttr(default=None)

    @classmethod
    def of(cls, settings: Settings) -> NightlyRun:
        """The resource for scheduled runs of a site."""
        return cls(
            state=str(settings.state),
            landing=str(settings.landing),
            policy=str(settings.policy),
            profiles=[str(path) for path in settings.profiles],
            business_timezone=settings.business_timezone,
            keep_publications=settings.keep_publications,
        )

    @contextmanager
    def yield_for_execution(self, context: InitResourceContext) -> Iterator[NightlyRun]:
        """Hold the state folder and keep a record for as long as the run lasts."""
        command = f"nightly, Dagster run {context.run_id}"
        self.state_folder.prepare()
        with hold(self.state_folder, command), recording(self.state_folder, command) as recorder:
            self._recorder = recorder
            yield self
            recorder.finish("failed", "the run ended before it published")

    @property
    def state_folder(self) -> StateFolder:
        """The state folder's paths."""
        return StateFolder(Path(self.state))

    @property
    def business_date(self) -> date | None:
        """The business date asked for."""
        return date.fromisoformat(self.as_of) if self.as_of else None

    @property
    def recorder(self) -> Recorder:
        """The record of this run; there is one while the run lasts."""
        assert self._recorder is not None
        return self._recorder
