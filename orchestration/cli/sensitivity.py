"""`meritline sensitivity`: what grades hang on."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from orchestration.cli.options import FILE, Options, common_options, publication_option

if TYPE_CHECKING:
    from orchestration.audit.node import Phrase
    from orchestration.audit.sensitivity.change import Finding, Sensitivity

EPILOG = """\b
Example:
  meritline sensitivity 2026-10
  meritline sensitivity A0007 2026-10"""


@click.command(epilog=EPILOG)
@common_options
@click.argument("asked", nargs=-1, required=True, metavar="[AGENT] PERIOD")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
    help="Tables and sentences, or everything as JSON.",
)
@click.option("--out", type=FILE, help="File to write, for its owner alone. [default: standard output]")
@publication_option("Take")
@click.pass_obj
def sensitivity(
    options: Options, *, asked: Sequence[str], form: str, out: Path | None, run_id: str | None
) -> None:
    """Per agent the smallest change of the inputs that changes the grade of PERIOD.

    Rows set aside or counted again, one rating, seconds of one duration, an amount: each worked out with the
    rank of everybody in the group, and each one that can be made. Grades that hang on a single row come
    first. AGENT narrows it to one agent and names every change found.
    """
    from dataclasses import replace

    from orchestration.audit.sensitivity.run import find
    from orchestration.audit.sensitivity.words import document
    from orchestration.audit.settled import explaining
    from orchestration.errors import ConfigurationError
    from orchestration.settlement.frozen import settlements

    if not 1 <= len(asked) <= 2:
        raise click.UsageError("Name a period, or an agent and a period: meritline sensitivity A0007 2026-10")
    *agents, period = asked
    agent = agents[0] if agents else None
    if out is not None and not out.absolute().parent.is_dir():
        raise ConfigurationError(
            path=out, problem="there is no such folder", remedy="Make it, or name another file"
        )
    state = options.state_folder()
    source = explaining(state, agent_id=agent or "", period_id=period, run_id=run_id)
    found = find(source.folder, period_id=period, agent_id=agent)
    if period in settlements(state):
        # The publication that it was settled on was made before, and does not know.
        found = replace(found, is_settled=True)
    if form == "json":
        said = {**document(found), "notes": [str(note) for note in source.notes]}
        text = json.dumps(said, ensure_ascii=False, indent=2) + "\n"
    else:
        text = _page(found, source.notes, is_one=agent is not None)
    if out is None:
        click.echo(text, nl=False)
    else:
        from orchestration.audit.sensitivity.words import say
        from orchestration.state.folder import write_private

        write_private(out, text.encode())
        count = len(found.findings)
        done = say("written_one" if count == 1 else "written", file=out, count=count)
        click.echo(f"{done.en} {done.zh}")


def _page(found: Sensitivity, notes: Sequence[Phrase], *, is_one: bool) -> str:
    from orchestration.audit.sensitivity.words import headline, say

    lines = [str(note) for note in notes]
    if found.is_settled:
        said = say("settled")
        lines += [said.en, said.zh]
    if is_one:
        return _text([*lines, *(line for one in found.findings for line in _paragraph(one))])
    single = [one for one in found.findings if one.fewest_rows == 1]
    title = say("single_title") if single else say("none_single")
    lines.append(f"{title.en} {title.zh}")
    for one in single:
        lines += _paragraph(one, only_rows=True)
    title = say("margin_title")
    lines += ["", f"{title.en} {title.zh}", *_margins([one for one in found.findings if not one.note])]
    lines += [line for one in found.findings if one.note for line in (headline(one).en, headline(one).zh)]
    return _text(lines)


def _text(lines: Sequence[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _paragraph(one: Finding, *, only_rows: bool = False) -> list[str]:
    from orchestration.audit.sensitivity.words import change_in_words, headline

    head = headline(one)
    changes = [change for change in one.changes if not only_rows or change.row_count == 1]
    said = [change_in_words(change) for change in changes]
    return [head.en, head.zh, *(f"  {line}" for phrase in said for line in (phrase.en, phrase.zh))]


def _margins(findings: Sequence[Finding]) -> list[str]:
    from io import StringIO

    from rich.console import Console
    from rich.table import Table

    from orchestration.text import plain

    table = Table(box=None, pad_edge=False)
    columns = [
        "agent 客服",
        "plan 方案",
        "grade 等级",
        "total 总分",
        "to better 升",
        "to worse 降",
        "rows 行数",
    ]
    for title in columns:
        table.add_column(title, justify="left" if title in columns[:3] else "right", no_wrap=True)
    for one in findings:
        numbers = (one.total, one.points_to_better, one.points_to_worse, one.fewest_rows)
        table.add_row(one.agent_id, one.scheme_id, one.grade, *map(plain, numbers))
    page = StringIO()
    Console(file=page, width=WIDTH, color_system=None).print(table)
    return [line.rstrip() for line in page.getvalue().splitlines()]


WIDTH = 110
"""Columns of the table of margins."""
