"""`meritline settle`: close a period, so that its register stays as it was paid."""

from __future__ import annotations

import click

from orchestration.cli.options import Options, common_options


@click.command()
@common_options
@click.argument("period")
@click.option("--by", "settled_by", required=True, help="Who settles it; recorded with the register.")
@click.option("--carry-pending", is_flag=True, help="Move pending rulings on to the next open period.")
@click.option("--waive", "waived", multiple=True, metavar="AGENT", help="Settle without this agent's review.")
@click.pass_obj
def settle(
    options: Options, period: str, settled_by: str, carry_pending: bool, waived: tuple[str, ...]
) -> None:
    """Close PERIOD (2026-10, 2026-Q4, 2026) and freeze its register.

    Later corrections never change it: they become adjustment lines of the next open month.
    """
    from orchestration.lock import hold
    from orchestration.settlement.settle import settle as settle_period

    state = options.state_folder()
    with hold(state, f"settle {period}"):
        settlement = settle_period(
            state,
            period_id=period,
            settled_by=settled_by,
            carry_pending=carry_pending,
            waived_agents=waived,
        )
    click.echo(f"{settlement.period_id} is settled by {settlement.settled_by} on {settlement.run_id}")
    click.echo(f"  register  {settlement.line_count} lines, {settlement.amount_cny} CNY")
    click.echo(f"  hash      {settlement.register_hash}")
    if settlement.carried_rulings:
        click.echo(f"  carried   {len(settlement.carried_rulings)} pending ruling(s)")
    if settlement.waived_agents:
        click.echo(f"  waived    {', '.join(settlement.waived_agents)}")
