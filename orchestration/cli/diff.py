"""`meritline diff`: what changed between two publications, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from orchestration.cli.options import Options, common_options

if TYPE_CHECKING:
    from orchestration.audit.diff import LineChange

UNEXPLAINED = 1

SHOWN = 8
"""Numbers shown per line; the rest is counted."""


EPILOG = """\b
Example:
  meritline diff 000001-2026-10-30 current --agent A0007"""


@click.command(epilog=EPILOG)
@common_options
@click.argument("run_a")
@click.argument("run_b")
@click.option("--agent", help="Only this agent's lines.")
@click.pass_obj
def diff(options: Options, *, run_a: str, run_b: str, agent: str | None) -> int:
    """Show what changed from RUN_A to RUN_B (run ids, or `current`).

    Each bonus line with the deepest numbers that moved it and its causes, then the scores and grades that
    moved.

    A change that nothing explains is an error.
    """
    from orchestration.audit.diff import compare_publications
    from orchestration.audit.publications import publication_folder
    from orchestration.text import money

    state = options.state_folder()
    found = compare_publications(
        publication_folder(state, run_a), publication_folder(state, run_b), agent_id=agent
    )
    click.echo(f"{found.before} → {found.after}")
    for note in found.notes:
        click.echo(f"  {note}")
    for change in found.lines:
        for line in _lines(change):
            click.echo(line)
    total = money(sum((change.difference for change in found.lines), start=0))  # type: ignore[arg-type]
    click.echo(f"{len(found.lines)} lines changed, {total} yuan in sum")
    for outcome in found.outcomes:
        click.echo(f"{outcome.agent_id} {outcome.period_id}: {', '.join(outcome.what)}")
    if found.outcomes:
        click.echo(f"{len(found.outcomes)} scores and grades changed")
    if found.unexplained:
        click.echo(f"{len(found.unexplained)} changes have no cause in evidence, policy or code.", err=True)
        return UNEXPLAINED
    return 0


def _lines(change: LineChange) -> list[str]:
    from orchestration.text import money

    before = "–" if change.before is None else money(change.before)
    after = "–" if change.after is None else money(change.after)
    sign = "+" if change.difference > 0 else ""
    head = (
        f"{change.agent_id} {change.period_id} {change.label}: "
        f"{before} → {after} ({sign}{money(change.difference)})"
    )
    return [
        head,
        *([f"    {', '.join(change.what)}"] if change.what else []),
        *(f"    {number}" for number in change.deepest[:SHOWN]),
        *([f"    and {len(change.deepest) - SHOWN} more numbers"] if len(change.deepest) > SHOWN else []),
        *(f"    because of {cause}" for cause in change.causes),
        *([] if change.is_explained else ["    UNEXPLAINED"]),
    ]
