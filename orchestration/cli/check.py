"""`meritline check`: what a night would make of the exports, before it runs."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import click

from orchestration.cli.exports import exports_options, settings_of_a_night
from orchestration.cli.options import FILE, Options, common_options

if TYPE_CHECKING:
    from orchestration.policy.trial import Trial

SHOWN_ROWS = 20
EPILOG = """\b
Example:
  meritline check --landing /data/landing --profile my.yml --out rejects.csv

Exit status: 0 a night would go on to build, 2 wrong usage, or a night would ask for --as-of or find a profile
or policy row wrong, 3 the roster names a plan that the policy lacks, 4 more rows are rejected than
--allow-rejects or a required export is missing, 5 a run holds the state."""


@click.command(epilog=EPILOG)
@common_options
@exports_options
@click.option("--out", type=FILE, help="Write every rejected row with its reason to this CSV file.")
@click.pass_obj
def check(
    options: Options,
    *,
    landing: Path,
    profiles: tuple[Path, ...],
    policy: Path | None,
    as_of: datetime | None,
    allow_rejects: Decimal,
    out: Path | None,
) -> None:
    """Read the exports as a night would, and write nothing to the state.

    Says per table what became of the rows, every rejected row with its reason, the business date, and per
    plan in use what it reads and lacks.
    """
    from orchestration.clock import today
    from orchestration.policy.trial import try_exports

    settings = settings_of_a_night(options, landing=landing, profiles=profiles, policy=policy)
    found = try_exports(
        settings,
        as_of=None if as_of is None else as_of.date(),
        today=today(settings.business_timezone),
        allow_rejects=allow_rejects,
        again=settings.nightly_command(as_of="", allow_rejects=str(allow_rejects)),
        out=None if out is None else out.absolute(),
    )
    _print(found, out)
    if found.refusal is not None:
        raise found.refusal


def _print(found: Trial, out: Path | None) -> None:
    from orchestration.policy.needs import lack_sentences

    _print_tables(found)
    for note in found.notes:
        click.echo(f"note: {note}")
    _print_rejects(found, out)
    if found.business_date is not None:
        click.echo(f"business date {found.business_date}")
    plans = sorted({one.need.scheme_id for one in found.needs})
    lacking = {one.need.scheme_id for one in found.needs if one.is_lacking}
    for plan in plans:
        needs = [one.need for one in found.needs if one.need.scheme_id == plan]
        tables = sorted({need.table_name for need in needs if not need.column_name})
        columns = sorted({need.place for need in needs if need.column_name})
        state = "lacks something" if plan in lacking else "has what it reads"
        click.echo(f"plan {plan} {state}")
        click.echo(f"  reads {', '.join([*tables, *columns])}")
    for sentence in lack_sentences(found.needs):
        click.echo(f"  {sentence}")


def _print_tables(found: Trial) -> None:
    header = ("table", "files", "new", "rows in", "loaded", "superseded", "rejected", "left out")
    lines = [
        (
            one.name,
            *(
                f"{count:,}"
                for count in (
                    *(one.files, one.new_files, one.rows, one.loaded),
                    *(one.superseded, one.rejected, one.left_out),
                )
            ),
        )
        for one in found.tables
    ]
    widths = [max(len(line[at]) for line in [header, *lines]) for at in range(len(header))]
    for name, *figures in [header, *lines]:
        shown = "  ".join(f"{text:>{width}}" for text, width in zip(figures, widths[1:], strict=True))
        click.echo(f"{name:<{widths[0]}}  {shown}")
    for one in found.tables:
        if one.unreadable_files:
            click.echo(f"{one.name}: {one.unreadable_files} file(s) rejected whole")


def _print_rejects(found: Trial, out: Path | None) -> None:
    for file, row, table, reason, _ in found.faulty_rows[:SHOWN_ROWS]:
        place = f"{file}" if row is None else f"{file}, row {row}"
        click.echo(f"rejected: {place} ({table}): {reason}")
    more = len(found.faulty_rows) - SHOWN_ROWS
    if more > 0 and out is None:
        click.echo(f"and {more:,} more: --out FILE lists all {len(found.faulty_rows):,}")
    if out is not None:
        click.echo(f"{len(found.faulty_rows):,} rejected rows are listed in {out}")
