"""`meritline radar`: where a paid KPI may be met by displacing work."""

from __future__ import annotations

import click

from orchestration.cli.options import Options, common_options

EPILOG = """\b
Examples:
  meritline radar 2026-10
  meritline radar 2026-10 --agent A0007 --rows"""


@click.command(epilog=EPILOG)
@common_options
@click.argument("period")
@click.option("--agent", help="Only this agent, with whatever there is to say.")
@click.option("--signal", "signal_id", help="Only this signal (set_aside, late_return …).")
@click.option(
    "--rows", "all_rows", is_flag=True, help="Every row of a hit with file and row number, not the first."
)
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
@click.option(
    "--publication", "run_id", default="current", help="Look at this publication. [default: the newest]"
)
@click.pass_obj
def radar(
    options: Options,
    *,
    period: str,
    agent: str | None,
    signal_id: str | None,
    all_rows: bool,
    form: str,
    run_id: str,
) -> None:
    """Show whether a paid KPI may be met by displacing work, in PERIOD: a month, quarter or year.

    Tickets voided, customers back just after the window, short contacts picked, contacts left … against
    the others of the same queue, each with its rows and the KPI to look at beside it; then the grade shares
    of groups. It accuses nobody: nothing is paid or withheld by it.
    """
    from orchestration.audit.publications import publication_folder
    from orchestration.audit.radar import read_radar
    from orchestration.audit.radar.show import radar_json, radar_lines

    folder = publication_folder(options.state_folder(), run_id)
    found = read_radar(folder, period_id=period, agent_id=agent, signal_id=signal_id)
    if signal_id is not None and not found.signals:
        raise click.BadParameter(
            f"there is no signal {signal_id!r}; meritline radar {period} shows them all",
            param_hint="--signal",
        )
    if form == "json":
        click.echo(radar_json(found))
        return
    for line in radar_lines(found, agent_id=agent, all_rows=all_rows):
        click.echo(line)
