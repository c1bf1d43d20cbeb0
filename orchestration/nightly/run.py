"""One run of a state folder as a Dagster resource: its settings, its lock, its record.

Whoever starts a run (the command line, the web UI, the schedule, the sensor) gets the same lock and the same
record.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path

from dagster import ConfigurableResource, DagsterInstance, DagsterRunStatus, InitResourceContext, RunsFilter
from pydantic import Field, PrivateAttr

from orchestration.nightly.notices import notices_of, send
from orchestration.policy.site import SHIPPED, Site
from orchestration.progress import say
from orchestration.settings import ALLOWED_REJECTS, STATEMENT_MONTHS, Settings, load_settings
from orchestration.settings_table import BOARDS
from orchestration.state.folder import StateFolder, keep_private
from orchestration.state.lock import hold
from orchestration.state.record import NIGHTLY, PREVIEW, Recorder, recording
from orchestration.warehouse.spark import Spark


class NightlyRun(ConfigurableResource["NightlyRun"]):
    """What a run works on. Paths are absolute; `as_of` empty means the newest event's date that is not after
    today, `site` empty that the site has no folder of its own.

    `is_preview` is of a run on a private copy of the state (`nightly.preview`). `allow_rejects` is the share
    (0 to 1) of a table's rows that may be rejected; `boards` are the audiences of the performance
    boards; `full_refresh` builds everything anew; `retries` and `retry_seconds` are about faults that pass by
    themselves.
    `engine` builds the relations; `spark_…` say where Spark is and where its tables lie.
    """

    state: str
    landing: str
    policy: str
    site: str = ""
    profiles: list[str] = Field(default_factory=list)
    as_of: str = ""
    business_timezone: str = "Asia/Shanghai"
    allow_rejects: str = ALLOWED_REJECTS
    full_refresh: bool = False
    keep_publications: int = 35
    statement_months: int = STATEMENT_MONTHS
    boards: list[str] = Field(default_factory=lambda: list(BOARDS))
    retries: int = 2
    retry_seconds: int = 10
    is_preview: bool = False
    engine: str = "duckdb"
    spark_host: str = "127.0.0.1"
    spark_port: int = 10000
    spark_user: str = "meritline"
    spark_warehouse: str = ""

    _recorder: Recorder | None = PrivateAttr(default=None)
    _late: list[str] = PrivateAttr(default_factory=list)

    @classmethod
    def of(cls, settings: Settings) -> NightlyRun:
        """The resource for scheduled runs of a site."""
        return cls(
            state=str(settings.state),
            landing=str(settings.landing),
            policy=str(settings.policy),
            site="" if settings.site is None else str(settings.site),
            profiles=[str(path) for path in settings.profiles],
            business_timezone=settings.business_timezone,
            keep_publications=settings.keep_publications,
            statement_months=settings.statement_months,
            boards=list(settings.boards),
            retries=settings.retries,
            retry_seconds=settings.retry_seconds,
            engine=settings.engine,
            spark_host=settings.spark_host,
            spark_port=settings.spark_port,
            spark_user=settings.spark_user,
            spark_warehouse="" if settings.spark_warehouse is None else str(settings.spark_warehouse),
        )

    @contextmanager
    def yield_for_execution(self, context: InitResourceContext) -> Iterator[NightlyRun]:
        """Hold the state folder and keep a record while the run lasts; then tell whom it concerns."""
        command = f"{PREVIEW if self.is_preview else NIGHTLY}, Dagster run {context.run_id}"
        keep_private()
        self.state_folder.prepare()
        with hold(self.state_folder, command), recording(self.state_folder, command) as recorder:
            self._recorder, self._late = recorder, []
            if context.instance is not None:
                _close_killed_runs(context.instance, context.run_id)
            try:
                yield self
            finally:
                recorder.finish("failed", "the run ended before it published")
                if not self.is_preview:
                    self._tell(recorder)

    def report_late(self, sentences: list[str]) -> None:
        """Keep which exports are late, for the notice at the end of the run."""
        self._late = sentences

    def _tell(self, recorder: Recorder) -> None:
        """Tell whom it concerns. What goes wrong here is noted, and never replaces the run's own outcome."""
        try:
            # Read here and not kept in the resource: its values are shown in the web UI, an address may be a
            # secret.
            settings = load_settings()
            for notice in notices_of(self.state_folder, recorder.record, self._late):
                for problem in send(notice, settings):
                    say("notify", problem)
        except Exception as error:
            say("notify", f"the notice could not be made ({type(error).__name__})")

    @property
    def state_folder(self) -> StateFolder:
        """The state folder's paths."""
        return StateFolder(Path(self.state))

    @property
    def site_folder(self) -> Site:
        """The site's own folder; the product as shipped where there is none."""
        return Site(Path(self.site)) if self.site else SHIPPED

    @property
    def spark(self) -> Spark | None:
        """The Spark that builds this night; None where DuckDB does."""
        if self.engine != "spark":
            return None
        warehouse = Path(self.spark_warehouse) if self.spark_warehouse else self.state_folder.root / "spark"
        return Spark(self.spark_host, self.spark_port, self.spark_user, warehouse)

    @property
    def business_date(self) -> date | None:
        """The business date asked for."""
        return date.fromisoformat(self.as_of) if self.as_of else None

    @property
    def command_line(self) -> str:
        """The command that runs this night again, as its operator would write it."""
        settings = replace(
            load_settings({}),
            # A preview works on a copy of the state, which lies two folders below it.
            state=Path(self.state).parents[1] if self.is_preview else Path(self.state),
            landing=Path(self.landing),
            policy=Path(self.policy),
            profiles=tuple(Path(path) for path in self.profiles),
            site=Path(self.site) if self.site else None,
            engine=self.engine,
        )
        again = settings.nightly_command(as_of=self.as_of, allow_rejects=self.allow_rejects)
        return f"{again} --preview" if self.is_preview else again

    @property
    def recorder(self) -> Recorder:
        """The record of this run; there is one while the run lasts."""
        assert self._recorder is not None
        return self._recorder


def _close_killed_runs(instance: DagsterInstance, own_run_id: str | None) -> None:
    """This run holds the state folder: another that Dagster takes for running was killed, or is turned
    away.
    """
    for run in instance.get_runs(RunsFilter(statuses=[DagsterRunStatus.STARTED])):
        if run.run_id != own_run_id:
            instance.report_run_failed(run, "The process of this run ended before the run did.")
