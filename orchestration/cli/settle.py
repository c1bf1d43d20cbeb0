"""`meritline settle`: close a period, so that its register stays as it was paid."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from orchestration.cli.options import Options, common_options

if TYPE_CHECKING:
    from orchestration.settlement.closing import Closing

DECLINED = 1
STATUSES = """Example: meritline settle 2026-10 --by "Li Na" --preview

Exit status: 0 settled (or shown, with --preview), 1 answered no, 2 nobody's name or a period
that is unknown, settled already or not over, 3 refused: an earlier period is open, a ruling is pending, a
review is missing or the last night was not published, 5 another run holds the state."""


@click.command(epilog=STATUSES)
@common_options
@click.argument("period")
@click.option("--by", "settled_by", required=True, help="Who settles it; recorded with the register.")
@click.option("--carry-pending", is_flag=True, help="Move pending rulings on to the next open period.")
@click.option(
    "--waive",
    "waived",
    multiple=True,
    metavar="AGENT",
    help="Settle without this agent's review; repeatable.",
)
@click.option(
    "--waive-review",
    "waives_all",
    is_flag=True,
    help="Settle without any review that is missing; the agents are recorded with the name of --by.",
)
@click.option("--preview", is_flag=True, help="Show what would be frozen or refused; write nothing.")
@click.option("--yes", is_flag=True, help="Do not ask on a terminal.")
@click.pass_obj
def settle(
    options: Options,
    *,
    period: str,
    settled_by: str,
    carry_pending: bool,
    waived: tuple[str, ...],
    waives_all: bool,
    preview: bool,
    yes: bool,
) -> int:
    """Close PERIOD (2026-10, 2026-Q4, 2026) and freeze its register.

    Shows what it comes to and, on a terminal, asks. Later corrections never change it: they become adjustment
    lines of the next open month.
    """
    from orchestration.settlement.closing import closing, settler
    from orchestration.settlement.settle import settle as settle_period
    from orchestration.state.lock import hold

    state, settled_by = options.state_folder(), settler(settled_by)
    shown = closing(
        state, period_id=period, carry_pending=carry_pending, waived_agents=waived, waives_all=waives_all
    )
    _show(shown)
    if shown.refusal is not None:
        raise shown.refusal
    if preview:
        click.echo(f"Nothing was settled: without --preview {settled_by} settles {period}.")
        return 0
    # Asked before the state is held: a night need not wait for an answer.
    if not yes and sys.stdin.isatty() and not click.confirm(f"Settle {period} as {settled_by}?"):
        click.echo("Nothing was settled.")
        return DECLINED
    with hold(state, f"settle {period}"):
        settlement = settle_period(
            state,
            period_id=period,
            settled_by=settled_by,
            carry_pending=carry_pending,
            waived_agents=waived,
            waives_all=waives_all,
            of_run=shown.run_id,
        )
    click.echo(f"{settlement.period_id} is settled by {settlement.settled_by} on {settlement.run_id}")
    click.echo(f"  register  {settlement.line_count} lines, {settlement.amount_cny} CNY")
    click.echo(f"  hash      {settlement.register_hash}")
    if settlement.carried_rulings:
        click.echo(f"  carried   {len(settlement.carried_rulings)} pending ruling(s)")
    if settlement.waived_agents:
        click.echo(f"  waived    {', '.join(settlement.waived_agents)}")
    for one in settlement.accepted_checks:
        click.echo(f"  accepted  {one}")
    return 0


def _show(shown: Closing) -> None:
    """Lines, agents and amount per plan, and what is still open; no single person's pay."""
    click.echo(f"{shown.period_id} as published by {shown.run_id}")
    width = max((len(plan.scheme_id) for plan in shown.plans), default=0)
    rows = [(plan.scheme_id, plan.lines, plan.agents, plan.amount_cny) for plan in shown.plans]
    for name, lines, agents, amount in [*rows, ("total", shown.lines, shown.agents, shown.amount_cny)]:
        click.echo(f"  {name:<{width}}  {lines:>7,} lines  {agents:>5,} agents  {amount:>16,.2f} CNY")
    if shown.pending:
        click.echo(
            f"  {len(shown.pending)} ruling(s) on its rows are pending: {', '.join(shown.pending[:5])}"
        )
    if shown.awaiting:
        named = ", ".join(shown.awaiting[:10])
        click.echo(f"  {len(shown.awaiting)} agent(s) await their supervisor's review: {named}")
    for one in shown.accepted:
        click.echo(f"  its publication rests on an accepted check, {one}")
