"""`meritline generate`: reproducible exports of a made-up centre."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import click

from orchestration.cli.options import FOLDER, Share, common_options

EPILOG = """\b
Example:
  meritline generate --out landing --agents 40 --months 2 --tickets 3000 --seed 7"""


@click.command(epilog=EPILOG)
@common_options
@click.option("--out", type=FOLDER, required=True, help="Folder to write to.")
@click.option("--agents", type=int, default=200, show_default=True)
@click.option("--months", type=int, default=12, show_default=True)
@click.option("--tickets", type=int, default=200_000, show_default=True)
@click.option("--seed", type=int, default=7, show_default=True)
@click.option("--dirty", type=Share(), default="0", show_default=True, help="Share of damaged rows to add.")
@click.option("--last-month", default="2026-10", show_default=True, help="The last month of the history.")
def generate(
    *, out: Path, agents: int, months: int, tickets: int, seed: int, dirty: Decimal, last_month: str
) -> None:
    """Write exports of a made-up centre: the same seed gives the same bytes."""
    from orchestration.cli.console import new_console, shown_progress
    from orchestration.generate import generate as generate_centre
    from orchestration.progress import stage

    console = new_console()
    with shown_progress(console), stage("generate") as current:
        report = generate_centre(
            out=out.absolute(),
            agents=agents,
            months=months,
            tickets=tickets,
            seed=seed,
            dirty=dirty,
            last_month=last_month,
            progress=current.step,
        )
        current.message = (
            f"{report.row_count:,} rows in {len(report.files)} files, {report.damaged_count:,} damaged"
        )
    console.print(
        f"exports of {report.first_day} to {report.last_day} in {report.out}", markup=False, soft_wrap=True
    )
