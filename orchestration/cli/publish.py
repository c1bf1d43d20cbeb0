"""`meritline publish`: take the current publication to where its readers are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from orchestration.cli.options import FILE, Options, common_options
from orchestration.errors import ConfigurationError

EPILOG = """\b
Examples:
  meritline publish postgres --dsn service=meritline
  meritline publish postgres --readers readers.csv --site /etc/meritline

Exit status: 0 loaded, 2 no target, or the target, its roles or the file of readers will not do, 5 another
load or readers were in the way for too long, 1 the server refused, went away, or was changed by hand.
Whatever the status, readers have a whole publication: this one or the one before."""


@click.group()
def publish() -> None:
    """Take the current publication to where its readers are."""


@publish.command(epilog=EPILOG)
@common_options
@click.option(
    "--dsn",
    help="Database as libpq reads it: service=NAME, host=… dbname=…, or an address. A password in it shows "
    "in the list of processes: keep it in .pgpass or a service file. [default: the site's postgres_dsn]",
)
@click.option("--schema", help="Schema that readers ask. [default: the site's, else meritline]")
@click.option(
    "--readers",
    type=FILE,
    help="CSV file of who reads: login,audience,agent_id,team_id. [default: the site's postgres_readers, "
    "else whoever was mapped before]",
)
@click.option(
    "--wait",
    "patience",
    type=click.FloatRange(min=0),
    help="Seconds to wait for another load, and for readers in a transaction. [default: 600]",
)
@click.option(
    "--take-over",
    "takes_over",
    is_flag=True,
    help="Replace what another state loaded: after a restore, or with a state begun anew.",
)
@click.pass_obj
def postgres(
    options: Options,
    *,
    dsn: str | None,
    schema: str | None,
    readers: Path | None,
    patience: float | None,
    takes_over: bool,
) -> None:
    """Load the current publication into PostgreSQL (15 or later), with roles and row-level security.

    Readers see the publication before or this one, never both. docs/postgres.md says who sees what.
    """
    from orchestration.cli.console import new_console, shown_progress
    from orchestration.progress import stage
    from orchestration.serve.database import target_of
    from orchestration.serve.publish import publish_to_postgres

    settings = options.settings()
    target = target_of(
        replace(
            settings,
            postgres_dsn=dsn or settings.postgres_dsn,
            postgres_schema=schema or settings.postgres_schema,
            postgres_readers=settings.postgres_readers if readers is None else readers.absolute(),
        )
    )
    if target is None:
        raise ConfigurationError(
            path="--dsn",
            problem="no database is named",
            remedy="Name one with --dsn, in site.yml (postgres_dsn) or in MERITLINE_POSTGRES_DSN",
        )
    if patience is not None:
        target = replace(target, patience=patience)
    with shown_progress(new_console()), stage("postgres") as current:
        current.message = str(
            publish_to_postgres(options.state_folder(), target, current, takes_over=takes_over)
        )
