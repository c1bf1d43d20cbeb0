"""The definitions of the code location: assets, the nightly job, its schedule and its sensor."""

from dagster import (
    AssetSelection,
    Definitions,
    RunRequest,
    ScheduleDefinition,
    SensorDefinition,
    SensorEvaluationContext,
    SkipReason,
    define_asset_job,
    in_process_executor,
    sensor,
)
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from orchestration.nightly.assets import build_assets
from orchestration.nightly.landing import decide, listing
from orchestration.nightly.run import NightlyRun
from orchestration.policy.site import Site
from orchestration.serve.database import target_of
from orchestration.settings import Settings
from orchestration.state.folder import StateFolder
from orchestration.state.form import require_known_form
from orchestration.warehouse.dbt import is_parsed, manifest_path, parse_project
from orchestration.warehouse.manifest import read_manifest

JOB = "nightly"
SENSOR_SECONDS = 300


def build_definitions(settings: Settings) -> Definitions:
    """Everything Dagster shows of a state folder. Parses the dbt project into it when it has changed;
    connects to nothing.
    """
    state = StateFolder(settings.state)
    require_known_form(state.root)
    if not is_parsed(state):
        state.prepare()
        parse_project(state)
    job = define_asset_job(
        JOB, selection=AssetSelection.all(), description="Ingest, build, check, publish, serve."
    )
    schedule = ScheduleDefinition(
        name="nightly_schedule",
        job=job,
        cron_schedule=settings.nightly_cron,
        execution_timezone=settings.business_timezone,
    )
    return Definitions(
        assets=build_assets(
            read_manifest(manifest_path(state)), site=Site(settings.site), target=target_of(settings)
        ),
        jobs=[job],
        schedules=[schedule],
        sensors=[_new_files(settings, job)],
        resources={"nightly": NightlyRun.of(settings)},
        executor=in_process_executor,
    )


def _new_files(settings: Settings, job: UnresolvedAssetJobDefinition) -> SensorDefinition:
    @sensor(name="new_files", job=job, minimum_interval_seconds=SENSOR_SECONDS)
    def new_files(context: SensorEvaluationContext) -> RunRequest | SkipReason:
        """Start a run when the landing folder has changed since the last one and has come to rest."""
        seen = listing(settings.landing)
        decision = decide(seen, context.cursor or "")
        context.update_cursor(decision.cursor)
        return RunRequest(run_key=seen) if decision.is_settled else SkipReason(decision.reason)

    return new_files
