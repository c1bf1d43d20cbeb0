"""`meritline why`: what would have changed the grade."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from orchestration.cli.options import Options, common_options

if TYPE_CHECKING:
    from orchestration.audit.why import Lever, Why


@click.command()
@common_options
@click.argument("agent")
@click.argument("period")
@click.option(
    "--publication",
    "run_id",
    help="Take this publication. [default: the newest; of a settled period the one it was settled on]",
)
@click.pass_obj
def why(options: Options, *, agent: str, period: str, run_id: str | None) -> None:
    """Per KPI the smallest change that gives AGENT a better grade for PERIOD, all else held.

    For awards by rank, who stands next to AGENT and what decided between them.
    """
    from orchestration.audit.settled import explaining
    from orchestration.audit.why import why_grade

    source = explaining(options.state_folder(), agent_id=agent, period_id=period, run_id=run_id)
    found = why_grade(source.folder, agent_id=agent, period_id=period)
    for line in _headline(found):
        click.echo(line)
    if found.levers:
        _print_levers(found)
    for award in found.awards:
        won = "awarded" if award.is_awarded else "not awarded"
        click.echo(f"{award.label} {award.label_zh}: rank {award.rank} in {award.scope}, {won}")
        for note in award.notes:
            click.echo(f"  {note}")


def _print_levers(found: Why) -> None:
    from rich.table import Table

    from orchestration.audit.terminal import at_most_wide
    from orchestration.cli.console import new_console

    table = Table(box=None, pad_edge=False)
    for title in ("KPI 指标", "value 当前值", "needed 需要", "change 变化", ""):
        table.add_column(title, justify="left" if title in ("KPI 指标", "") else "right", no_wrap=bool(title))
    for lever in found.levers:
        table.add_row(*_cells(lever))
    at_most_wide(new_console()).print(table)


def _headline(found: Why) -> list[str]:
    from orchestration.audit.text import plain

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
    from orchestration.audit.text import plain

    name = f"{lever.kpi_id} {lever.name_zh}".strip()
    if lever.needed is None:
        best = "" if lever.best_total is None else f"at its best the total is {plain(lever.best_total)}"
        return [name, plain(lever.value), "–", "–", lever.note or f"not enough alone: {best}"]
    change = f"{'+' if lever.change is not None and lever.change > 0 else ''}{plain(lever.change)}"
    return [name, plain(lever.value), plain(lever.needed), change, lever.note]
