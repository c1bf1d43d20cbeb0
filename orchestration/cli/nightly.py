"""`meritline nightly`: the whole job as one Dagster run in this process."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import click

from orchestration.cli.garbage import rare_collections
from orchestration.cli.options import FILE, FOLDER, Options, Share, common_options
from orchestration.errors import ConfigurationError
from orchestration.settings import ALLOWED_REJECTS
from orchestration.settings_table import ENGINES


@click.command(epilog="Example: meritline nightly --landing /data/landing --state /data/meritline")
@common_options
@click.option("--landing", type=FOLDER, required=True, help="Folder of exports: <source>/<table>*.<format>.")
@click.option(
    "--profile",
    "profiles",
    multiple=True,
    type=FILE,
    help="Profile that maps foreign exports: a YAML file or a shipped one's name; repeatable.",
)
@click.option(
    "--as-of",
    type=click.DateTime(formats=["%Y-%m-%d"]),
    help="Business date. [default: the newest event's date that is not after today]",
)
@click.option("--policy", type=FOLDER, help="Policy folder. [default: the site's, else the shipped policy]")
@click.option("--engine", type=click.Choice(ENGINES), help="What builds. [default: the site's, else duckdb]")
@click.option("--full-refresh", is_flag=True, help="Build everything anew.")
@click.option(
    "--allow-rejects",
    type=Share(),
    default=ALLOWED_REJECTS,
    show_default=True,
    help="Share of a table's rows that may be rejected.",
)
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
    from orchestration.ingest.profile import resolve_profile
    from orchestration.policy.site import Site

    settings = options.settings()
    if (engine or settings.engine) != "duckdb":
        raise ConfigurationError(
            path="--engine",
            problem=f"the {engine or settings.engine} engine is not part of this version",
            remedy="Use duckdb",
        )
    site = Site(settings.site)
    settings = replace(
        settings,
        landing=landing.absolute(),
        policy=settings.policy if policy is None else policy.absolute(),
        profiles=tuple(
            resolve_profile(site.profile(path)).absolute() for path in profiles or settings.profiles
        ),
    )
    console = new_console()
    with rare_collections(), shown_progress(console):
        from orchestration.nightly.execute import JobRequest, execute
        from orchestration.nightly.preview import is_earlier, preview
        from orchestration.nightly.run import NightlyRun

        run = NightlyRun.of(settings).model_copy(
            update={
                "as_of": "" if as_of is None else as_of.date().isoformat(),
                "full_refresh": full_refresh,
                "allow_rejects": str(allow_rejects),
            }
        )
        request = JobRequest(run=run, command="meritline nightly")
        if is_preview or is_earlier(run.state_folder, run.business_date):
            made = preview(settings, request, keep=settings.keep_publications)
        else:
            execute(settings, request)
            made = None
    print_summary(run.state_folder, console, made)
