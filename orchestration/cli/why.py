"""`meritline why`: what would have changed the grade and the pay."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

import click

from orchestration.cli.options import Options, common_options, publication_option

if TYPE_CHECKING:
    from orchestration.audit.levers import Lever
    from orchestration.audit.why import Why


EPILOG = """\b
Example:
  meritline why A0007 2026-10"""


@click.command(epilog=EPILOG)
@common_options
@click.argument("agent")
@click.argument("period")
@publication_option("Take")
@click.pass_obj
def why(options: Options, *, agent: str, period: str, run_id: str | None) -> None:
    """Per KPI the smallest change that gives AGENT a better grade for PERIOD, all else held.

    Then per KPI, rating and count the smallest change that alone raises the bonus. For awards by rank, who
    stands next to AGENT and what decided between them.
    """
    from orchestration.audit.settled import explaining
    from orchestration.audit.why import explain

    source = explaining(options.state_folder(), agent_id=agent, period_id=period, run_id=run_id)
    found = explain(source.folder, agent_id=agent, period_id=period)
    for line in _headline(found):
        click.echo(line)
    _print_levers(found.levers)
    for line in _payline(found):
        click.echo(line)
    _print_levers(found.pay_levers, "bonus then 奖金")
    for line in found.awards:
        click.echo(line)


def _print_levers(levers: Sequence[Lever], reached: str = "") -> None:
    from rich.table import Table

    from orchestration.audit.show.terminal import at_most_wide
    from orchestration.cli.console import new_console

    if not levers:
        return
    table = Table(box=None, pad_edge=False)
    titles = ["KPI 指标", "value 当前值", "needed 需要", "change 变化", *([reached] if reached else []), ""]
    for title in titles:
        table.add_column(title, justify="left" if title in ("KPI 指标", "") else "right", no_wrap=bool(title))
    for lever in levers:
        *cells, note = _cells(lever)
        table.add_row(*cells, *([_money(lever.reached)] if reached else []), note)
    at_most_wide(new_console()).print(table)


def _money(amount: Decimal | None) -> str:
    from orchestration.text import money

    return "–" if amount is None else money(amount)


def _payline(found: Why) -> list[str]:
    if found.amount is None:
        return []
    said = "what alone pays more" if found.pay_levers else "no number alone pays more"
    return [f"bonus 奖金 {_money(found.amount)}: {said}"]


def _headline(found: Why) -> list[str]:
    from orchestration.text import plain

    place = (
        f"rank {found.rank} of {found.cohort_size}, {found.method}"
        if found.rank is not None
        else "not ranked"
    )
    lines = [
        f"{found.agent_id} {found.period_id} {found.scheme_id}: "
        f"grade {found.grade or '–'} ({place}), total score {plain(found.total)}"
    ]
    if found.needed_total is not None and found.total is not None:
        short = plain(found.needed_total - found.total)
        lines.append(
            f"grade {found.next_grade} takes a total score of {plain(found.needed_total)} "
            f"with the others' as they are: {short} more"
        )
    return [*lines, found.note] if found.note else lines


def _cells(lever: Lever) -> list[str]:
    from orchestration.text import plain

    name = f"{lever.kpi_id} {lever.label_zh}".strip()
    if lever.needed is None:
        best = "" if lever.best is None else f"at its best the total is {plain(lever.best)}"
        return [name, plain(lever.value), "–", "–", lever.note or f"not enough alone: {best}"]
    change = f"{'+' if lever.change is not None and lever.change > 0 else ''}{plain(lever.change)}"
    return [name, plain(lever.value), plain(lever.needed), change, lever.note]
