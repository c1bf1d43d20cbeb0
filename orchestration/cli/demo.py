"""`meritline demo`: a small made-up centre, one whole night, and what came of it."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

import click

from orchestration.cli.garbage import rare_collections
from orchestration.cli.options import Options, common_options
from orchestration.settings import POLICY_DIR

if TYPE_CHECKING:
    from rich.console import Console

    from orchestration.publish.publication import Publication
    from orchestration.state.folder import StateFolder

CALIBRATION_PAGE = "calibration.html"
AGENTS, MONTHS, TICKETS, SEED, LAST_MONTH = 40, 4, 8_000, 7, "2026-10"


EPILOG = """\b
Example:
  meritline demo"""


@click.command(epilog=EPILOG)
@common_options
@click.pass_obj
def demo(options: Options) -> None:
    """Make a small centre's exports, run the night on them, show one agent and where to look next."""
    from orchestration.cli.console import new_console, shown_progress
    from orchestration.cli.summary import print_summary
    from orchestration.generate import generate
    from orchestration.progress import stage
    from orchestration.publish.publication import current_publication

    state = options.state_folder()
    settings = replace(
        options.settings(),
        landing=state.root / "landing",
        policy=POLICY_DIR,
        profiles=(),
        site=None,
        postgres_dsn="",
    )
    state.prepare()
    console = new_console()
    with rare_collections(), shown_progress(console):
        with stage("generate") as current:
            made = generate(
                out=settings.landing,
                agents=AGENTS,
                months=MONTHS,
                tickets=TICKETS,
                seed=SEED,
                last_month=LAST_MONTH,
                progress=current.step,
            )
            current.message = f"{made.row_count:,} rows in {len(made.files)} files"
        from orchestration.nightly.execute import JobRequest, execute
        from orchestration.nightly.run import NightlyRun

        run = NightlyRun.of(settings).model_copy(update={"as_of": made.last_day.isoformat()})
        execute(settings, JobRequest(run=run, command="meritline demo"))
    print_summary(state, console)
    publication = current_publication(state)
    assert publication is not None
    chosen = _telling_bonus(publication)
    if chosen is not None:
        agent_id, period_id = chosen
        _print_scorecard(publication, agent_id, period_id, console)
        _print_trace(publication, agent_id, period_id, console)
        _print_where_next(publication, state, console, trace=f"trace {agent_id} {period_id} --evidence")


def _telling_bonus(publication: Publication) -> tuple[str, str] | None:
    """Agent and month of the graded bonus with the most kinds of lines in the last month; None without
    one.
    """
    import duckdb

    from orchestration.state.folder import auditor_parquet

    return duckdb.execute(
        """
        select agent_id, period_id from read_parquet($path)
        where period_kind = 'month'
        group by agent_id, period_id
        having bool_or(mechanism = 'graded') and count(*) = count(distinct component_id)
        order by period_id desc, count(*) desc, agent_id
        limit 1
        """,
        {"path": str(auditor_parquet(publication.folder, "bonus.bonus_line"))},
    ).fetchone()


def _print_scorecard(publication: Publication, agent_id: str, period_id: str, console: Console) -> None:
    import duckdb
    from rich.table import Table

    rows = duckdb.execute(
        """
        select kpi_id, value, target_value, points, effective_weight, weighted_points, total_score, grade
        from read_parquet($path)
        where agent_id = $agent_id and period_id = $period_id and points is not null
        order by kpi_id
        """,
        {
            "path": str(publication.folder / "bi" / "mart_agent_scorecard.parquet"),
            "agent_id": agent_id,
            "period_id": period_id,
        },
    ).fetchall()
    if not rows:
        return
    total, grade = rows[0][-2:]
    title = f"Scorecard · 评分卡 {agent_id} {period_id}: score · 总分 {_short(total)}, grade · 等级 {grade}"
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    table.add_column("KPI · 指标", no_wrap=True)
    for name in ("value · 值", "target · 目标", "points · 得分", "weight · 权重", "weighted · 加权"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in rows:
        table.add_row(str(row[0]), *(_short(value) for value in row[1:6]))
    console.print()
    console.print(table)
    console.print()


def _short(value: object) -> str:
    """A number as a reader wants it: at most 4 decimals, no trailing zeros."""
    if not isinstance(value, Decimal):
        return "" if value is None else str(value)
    text = f"{value:.4f}"
    return text.rstrip("0").rstrip(".")


def _print_trace(publication: Publication, agent_id: str, period_id: str, console: Console) -> None:
    from orchestration.audit.show.terminal import print_trace
    from orchestration.audit.trace import trace_bonus

    print_trace(trace_bonus(publication.folder, agent_id=agent_id, period_id=period_id), console)


def _print_where_next(publication: Publication, state: StateFolder, console: Console, *, trace: str) -> None:
    from orchestration.state.folder import auditor_database

    meritline = f"meritline --state {state.root}"
    rows = [
        (f"{meritline} {trace}", "the same bonus down to every export line"),
        (f"{meritline} status", "the last run, stage by stage"),
        (f"{meritline} ui", "runs, assets and checks in Dagster"),
        (f"{publication.folder / CALIBRATION_PAGE}", "what was checked before publication"),
        (f"{publication.folder / 'board' / 'index.html'}", "performance boards, for the browser"),
        (f"{publication.folder / 'payroll'}", "each month's register as a workbook, a statement per person"),
        (f"{auditor_database(publication.folder)}", "every table, for any DuckDB client"),
    ]
    console.print("\nWhere to look next")
    for place, what in rows:
        console.print(f"  {what}:\n    {place}", markup=False, soft_wrap=True)
