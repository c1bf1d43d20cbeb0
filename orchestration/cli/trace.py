"""`meritline trace`: how a bonus came about, down to file, row and hash of each export line."""

from __future__ import annotations

import click

from orchestration.cli.options import Options, common_options, publication_option

EPILOG = """\b
Examples:
  meritline trace A0007 2026-10
  meritline trace A0007 2026-10 --line 20 --format html > A0007.html"""


@click.command(epilog=EPILOG)
@common_options
@click.argument("agent")
@click.argument("period")
@click.option("--line", "line_no", type=int, help="Only this line of the bonus.")
@click.option(
    "--format", "form", type=click.Choice(["tree", "json", "html"]), default="tree", show_default=True
)
@click.option(
    "--evidence", "show_all", is_flag=True, help="Every evidence row, not just the first of each KPI."
)
@publication_option("Trace in")
@click.pass_obj
def trace(
    options: Options,
    *,
    agent: str,
    period: str,
    line_no: int | None,
    form: str,
    show_all: bool,
    run_id: str | None,
) -> None:
    """Show how AGENT's bonus of PERIOD (2026-10, 2026-Q4, 2026) came about."""
    from orchestration.audit.settled import explaining
    from orchestration.audit.trace import trace_bonus

    source = explaining(options.state_folder(), agent_id=agent, period_id=period, run_id=run_id)
    found = trace_bonus(
        source.folder,
        notes=source.notes,
        agent_id=agent,
        period_id=period,
        line_no=line_no,
        show_all=show_all,
    )
    if form == "json":
        from orchestration.audit.show.document import trace_json

        click.echo(trace_json(found))
    elif form == "html":
        from orchestration.audit.show.page import trace_page

        click.echo(trace_page(found))
    else:
        from orchestration.audit.show.terminal import print_trace
        from orchestration.cli.console import new_console

        print_trace(found, new_console())
