"""Run the nightly job in this process, as one Dagster run recorded in the state's instance."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from dagster import AssetKey, DagsterExecutionInterruptedError, ExecuteInProcessResult, JobDefinition

from expectations.bound import require_numbers
from expectations.own_bounds import bounds_in_force
from orchestration.errors import MeritlineError
from orchestration.nightly.instance import open_instance
from orchestration.nightly.job import JOB, build_definitions
from orchestration.nightly.notices import failed_before_the_run, send
from orchestration.nightly.run import NightlyRun
from orchestration.policy.folder import install_policy, policy_notes
from orchestration.policy.site import Site
from orchestration.progress import say, stage
from orchestration.settings import BOUNDS_DIR, Settings
from orchestration.state.folder import StateFolder, keep_private
from orchestration.state.lock import hold
from orchestration.warehouse.dbt import is_parsed, parse_project


@dataclass(frozen=True)
class JobRequest:
    """A run of the job: the resource's values, and the assets it is restricted to (all when empty)."""

    run: NightlyRun
    command: str
    selection: Sequence[AssetKey] = ()


def execute(settings: Settings, request: JobRequest) -> ExecuteInProcessResult:
    """Run the job and return its result; an error of a stage is raised as it was, after Dagster has recorded
    it, an interruption as KeyboardInterrupt.

    Raises StateHeld when another process has the state, ConfigurationError before anything ran when policy or
    project are unsound.
    """
    keep_private()
    state = request.run.state_folder
    with _told_when_it_cannot_begin(settings, state):
        state.prepare()
    with hold(state, request.command):
        with _told_when_it_cannot_begin(settings, state):
            job = _prepared_job(settings, state)
        logging.getLogger("dagster").setLevel(logging.ERROR)
        with open_instance(state) as instance:
            try:
                return job.execute_in_process(
                    instance=instance,
                    run_config=_run_config(request.run),
                    asset_selection=list(request.selection) or None,
                    tags={"meritline/command": request.command},
                )
            except DagsterExecutionInterruptedError as error:
                raise KeyboardInterrupt from error


def _prepared_job(settings: Settings, state: StateFolder) -> JobDefinition:
    with stage("prepare") as current:
        site = Site(settings.site)
        install_policy(state, settings.policy, site=site)
        for note in policy_notes(settings.policy, site=site):
            current.note(note)
        require_numbers(bounds_in_force(BOUNDS_DIR, site.bounds), BOUNDS_DIR)
        if not is_parsed(state):
            parse_project(state)
        current.message = "policy in force, dbt project parsed"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return build_definitions(settings).resolve_job_def(JOB)


@contextmanager
def _told_when_it_cannot_begin(settings: Settings, state: StateFolder) -> Iterator[None]:
    """A failure before the run has a record of its own is told from here."""
    try:
        yield
    except Exception as error:
        status = error.exit_status if isinstance(error, MeritlineError) else MeritlineError.exit_status
        for problem in send(failed_before_the_run(state, status), settings):
            say("notify", problem)
        raise


def _run_config(run: NightlyRun) -> dict[str, Any]:
    return {
        "resources": {"nightly": {"config": run.model_dump(exclude={"_recorder"})}},
        "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
    }
