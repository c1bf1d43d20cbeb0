"""The step after publication: the database that readers ask, where the site has one."""

from typing import Any

from dagster import (
    AssetExecutionContext,
    AssetKey,
    AssetsDefinition,
    MaterializeResult,
    RetryRequested,
    asset,
)

from orchestration.audit.publications import current_folder
from orchestration.errors import MeritlineError, expected_error
from orchestration.nightly.retry import tried_again
from orchestration.nightly.run import NightlyRun
from orchestration.progress import stage
from orchestration.serve.database import Target
from orchestration.serve.publish import publish_to_postgres

POSTGRES = "postgres"
"""Name of the stage and of the asset."""


class NotLoaded(MeritlineError):
    """The night is published, and the database still has the publication before it."""


def postgres_asset(publication: AssetKey, target: Target) -> AssetsDefinition:
    """The asset that loads each publication into `target`, which shows nowhere in Dagster."""

    @asset(
        key=AssetKey(POSTGRES),
        deps=[publication],
        group_name="serve",
        kinds={"postgres"},
        description="The current publication in PostgreSQL, with roles and row-level security.",
    )
    def postgres(context: AssetExecutionContext, nightly: NightlyRun) -> MaterializeResult[Any]:
        """Load the current publication. What goes wrong here takes nothing back: the publication stands."""
        try:
            with tried_again(context, nightly, POSTGRES), stage(POSTGRES) as current:
                loaded = publish_to_postgres(nightly.state_folder, target, current)
                current.figures.update(relations=loaded.relations, rows=loaded.rows)
                current.message = str(loaded)
        except RetryRequested:
            raise
        except Exception as error:
            known = expected_error(error)
            said = known.paragraph() if known is not None else f"{type(error).__name__} was not foreseen"
            run_id = current_folder(nightly.state_folder).name
            failed = NotLoaded(
                problem=f"{run_id} is published, but not loaded into PostgreSQL: {said}",
                remedy="The next night loads again, meritline publish postgres does at once",
            )
            nightly.recorder.update(error=failed.problem, exit_status=failed.exit_status)
            raise failed from error
        return MaterializeResult(
            metadata={
                "run_id": loaded.run_id,
                "schema": loaded.schema,
                "dagster/row_count": loaded.rows,
                "stage_seconds": current.seconds,
            }
        )

    return postgres
