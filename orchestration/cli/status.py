"""`meritline status`: what the state folder holds, and how the last runs went."""

from __future__ import annotations

from collections.abc import Collection
from statistics import median
from typing import TYPE_CHECKING

import click

from orchestration.cli.options import Options, common_options

if TYPE_CHECKING:
    from orchestration.publish.publication import Publication
    from orchestration.record import RunRecord
    from orchestration.state import StateFolder

SHOWN_RUNS = 5
COMPARED_RUNS = 20


@click.command()
@common_options
@click.pass_obj
def status(options: Options) -> None:
    """Show the publication, the last runs with their durations, open periods and the lock."""
    from orchestration.lock import current_holder
    from orchestration.publish.publication import current_publication
    from orchestration.record import read_records
    from orchestration.settlement.frozen import settlements

    state = options.state_folder()
    click.echo(f"state        {state.root}" + ("" if state.root.is_dir() else " (does not exist yet)"))
    click.echo(f"lock         {_lock(state)}")
    publication = current_publication(state)
    for line in (
        ["publication  none yet"] if publication is None else _publication(publication, settlements(state))
    ):
        click.echo(line)
    for line in _runs(read_records(state), is_held=current_holder(state) is not None):
        click.echo(line)


def _lock(state: StateFolder) -> str:
    from orchestration.lock import current_holder

    holder = current_holder(state)
    return (
        "free" if holder is None else f"held by process {holder.pid}: {holder.command}, since {holder.since}"
    )


def _publication(publication: Publication, settled: Collection[str]) -> list[str]:
    from orchestration.publish.publication import CALIBRATION_PAGE

    manifest = publication.manifest
    checks = manifest["checks"]
    periods = ", ".join(_open_periods(publication, settled)) or "none"
    return [
        f"publication  {publication.run_id}, business date {manifest['as_of']}, at {manifest['finished_at']}",
        f"             {checks['checks']} checks, {checks['failed_warning']} warnings: "
        f"{publication.folder / CALIBRATION_PAGE}",
        f"open         {periods}",
    ]


def _open_periods(publication: Publication, settled: Collection[str]) -> list[str]:
    """Periods with bonuses whose register is not frozen."""
    import duckdb

    path = publication.folder / "audit" / "bonus.bonus.parquet"
    if not path.exists():
        return []
    periods = duckdb.from_parquet(str(path)).project("period_id").distinct().order("period_id").fetchall()
    return [str(row[0]) for row in periods if row[0] not in settled]


def _runs(records: list[RunRecord], *, is_held: bool) -> list[str]:
    from orchestration.record import KILLED, RUNNING

    if not records:
        return ["runs         none yet"]
    lines = ["runs"]
    for record in reversed(records[-SHOWN_RUNS:]):
        # A record stays open when its process is killed; without a holder of the state nobody works on it.
        outcome = KILLED if record.outcome == RUNNING and not is_held else record.outcome
        lines.append(
            f"  {record.number:06d}  {record.started_at}  {outcome:<9} {record.seconds:7.1f} s  "
            f"{record.run_id or ''}".rstrip()
        )
        if record.error:
            lines.append(f"          {record.error}")
    usual = _usual_seconds(records[-COMPARED_RUNS:-1])
    lines.append("stages of the last run (median of the runs before it)")
    for stage in records[-1].stages:
        before = f"{usual[stage.name]:7.1f} s" if stage.name in usual else "       –  "
        lines.append(f"  {stage.name:<10}{stage.seconds:7.1f} s  ({before})  {stage.message}".rstrip())
    return lines


def _usual_seconds(records: list[RunRecord]) -> dict[str, float]:
    seconds: dict[str, list[float]] = {}
    for record in records:
        for stage in record.stages:
            if stage.is_done:
                seconds.setdefault(stage.name, []).append(stage.seconds)
    return {name: median(values) for name, values in seconds.items()}
