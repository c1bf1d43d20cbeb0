"""`meritline demo`: a small made-up centre, one whole night, and what came of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from orchestration.cli.options import Options, common_options
from orchestration.garbage import rare_collections
from orchestration.settings import POLICY_DIR

if TYPE_CHECKING:
    from rich.console import Console

    from orchestration.publish.publication import Publication
    from orchestration.state import StateFolder

AGENTS, MONTHS, TICKETS, SEED, LAST_MONTH = 40, 4, 12_000, 7, "2026-10"


@click.command()
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
    settings = replace(options.settings(), landing=state.root / "landing", policy=POLICY_DIR, profiles=())
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
    chosen = _agent_with_most_lines(publication)
    if chosen is not None:
        _print_scorecard(publication, *chosen, console=console)
        _print_register(publication, *chosen, console=console)
    _print_where_next(publication, state, console)


def _agent_with_most_lines(publication: Publication) -> tuple[str, str] | None:
    """Agent and month whose bonus has the most lines in the last month; None without bonuses."""
    import duckdb

    return duckdb.execute(
        """
        select agent_id, period_id from read_parquet($path)
        where period_kind = 'month'
        group by agent_id, period_id
        order by period_id desc, count(*) desc, agent_id
        limit 1
        """,
        {"path": str(publication.folder / "audit" / "bonus.bonus_line.parquet")},
    ).fetchone()


def _print_scorecard(publication: Publication, agent_id: str, period_id: str, *, console: Console) -> None:
    _print_table(
        console,
        f"Scorecard · 绩效评分卡 {agent_id} {period_id}",
        """
        select kpi_id, value, target_value, points, effective_weight, weighted_points, total_score, grade
        from read_parquet($path)
        where agent_id = $agent_id and period_id = $period_id and points is not null
        order by kpi_id
        """,
        publication.folder / "bi" / "mart_agent_scorecard.parquet",
        (agent_id, period_id),
    )


def _print_register(publication: Publication, agent_id: str, period_id: str, *, console: Console) -> None:
    _print_table(
        console,
        f"Bonus · 奖金 {agent_id} {period_id}",
        """
        select line_no, line_label, quantity, quantity_unit, rate, amount_cny, clause_id, value_origin
        from read_parquet($path)
        where agent_id = $agent_id and period_id = $period_id
        order by line_no, bonus_line_id
        """,
        publication.folder / "payroll" / "mart_bonus_register.parquet",
        (agent_id, period_id),
    )


def _print_table(console: Console, title: str, query: str, path: Path, agent_period: tuple[str, str]) -> None:
    import duckdb
    from rich.table import Table

    agent_id, period_id = agent_period
    found = duckdb.execute(query, {"path": str(path), "agent_id": agent_id, "period_id": period_id})
    names = [column[0] for column in found.description or []]
    table = Table(title=title, title_justify="left")
    for name in names:
        table.add_column(name, overflow="fold")
    for row in found.fetchall():
        table.add_row(*("" if value is None else str(value) for value in row))
    console.print(table)


def _print_where_next(publication: Publication, state: StateFolder, console: Console) -> None:
    folder = publication.folder
    console.print(
        "\n".join(
            [
                "Where to look next",
                f"  meritline --state {state.root} status          the last run, stage by stage",
                f"  meritline --state {state.root} ui              runs, assets and checks in Dagster",
                f"  {folder / 'calibration.html'}   what was checked before publication",
                f"  {folder / 'payroll'}   the register of each month as a workbook",
                f"  {folder / 'audit.duckdb'}   every table, for any DuckDB client",
            ]
        ),
        markup=False,
        soft_wrap=True,
    )
