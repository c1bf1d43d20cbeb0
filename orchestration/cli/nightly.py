"""`meritline nightly`: the whole job as one Dagster run in this process."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import click

from orchestration.cli.exports import exports_options, settings_of_a_night
from orchestration.cli.garbage import rare_collections
from orchestration.cli.options import Options, common_options
from orchestration.errors import ConfigurationError
from orchestration.settings_table import ENGINES


@click.command(epilog="Example: meritline nightly --landing /data/landing --state /data/meritline")
@common_options
@exports_options
@click.option("--engine", type=click.Choice(ENGINES), help="What builds. [default: the site's, else duckdb]")
@click.option("--full-refresh", is_flag=True, help="Build everything anew.")
@click.option(
    "--preview",
    "is_preview",
    is_flag=True,
    help="Publish under <state>/previews; `current` and later nights stay as they are. An --as-of before "
    "the current publication's implies it.",
)
@click.pass_obj
def nightly(
    options: Options,
    *,
    landing: Path,
    profiles: tuple[Path, ...],
    as_of: datetime | None,
    policy: Path | None,
    engine: str | None,
    full_refresh: bool,
    allow_rejects: Decimal,
    is_preview: bool,
) -> None:
    """Ingest, build, check and publish, as one recorded run."""
    from orchestration.cli.console import new_console, shown_progress
    from orchestration.cli.summary import print_summary
    from orchestration.warehouse.spark import require_client

    settings = settings_of_a_night(options, landing=landing, profiles=profiles, policy=policy)
    settings = replace(settings, engine=engine or settings.engine)
    if settings.engine == "spark":
        require_client()
    console = new_console()
    with rare_collections(), shown_progress(console):
        from orchestration.nightly.execute import JobRequest, execute
        from orchestration.nightly.preview import is_earlier, preview
        from orchestration.nightly.run import NightlyRun
        from orchestration.nightly.serving import NotLoaded

        run = NightlyRun.of(settings).model_copy(
            update={
                "as_of": "" if as_of is None else as_of.date().isoformat(),
                "full_refresh": full_refresh,
                "allow_rejects": str(allow_rejects),
            }
        )
        request = JobRequest(run=run, command="meritline nightly")
        if is_preview or is_earlier(run.state_folder, run.business_date):
            _require_duckdb(settings.engine)
            made = preview(settings, request, keep=settings.keep_publications)
        else:
            made = None
            try:
                execute(settings, request)
            except NotLoaded:
                # It is published: what it came to is told before what did not follow.
                print_summary(run.state_folder, console)
                raise
    print_summary(run.state_folder, console, made)


def _require_duckdb(engine: str) -> None:
    if engine != "duckdb":
        raise ConfigurationError(
            path="--engine",
            problem=f"a preview is of a copy of the state, which {engine} does not know",
            remedy="Add --engine duckdb: it builds the same, to the cent",
        )
