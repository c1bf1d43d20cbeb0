"""`meritline status`: what the state folder holds, and how the last runs went."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from statistics import median
from typing import TYPE_CHECKING, Any

import click

from orchestration.cli.options import Options, common_options

if TYPE_CHECKING:
    from orchestration.publish.publication import Publication
    from orchestration.state.folder import StateFolder
    from orchestration.state.record import RunRecord

SHOWN_RUNS = 5
COMPARED_RUNS = 20
DAMAGE = (OSError, ValueError, TypeError, LookupError)
"""What a file that is cut off or lacks something makes of its reading."""


@click.command(epilog="Example: meritline status --state /data/meritline")
@common_options
@click.pass_obj
def status(options: Options) -> None:
    """Show the publication, the last runs with their durations, open periods and the lock."""
    from orchestration.state.lock import current_holder
    from orchestration.state.record import read_records

    state = options.state_folder()
    click.echo(f"state        {state.root}" + ("" if state.root.is_dir() else " (does not exist yet)"))
    click.echo(f"lock         {_lock(state)}")
    for line in (*_published(state), *_previews(state)):
        click.echo(line)
    for line in _runs(read_records(state), is_held=current_holder(state) is not None):
        click.echo(line)


def _lock(state: StateFolder) -> str:
    from orchestration.state.lock import current_holder

    holder = current_holder(state)
    return (
        "free" if holder is None else f"held by process {holder.pid}: {holder.command}, since {holder.since}"
    )


def _published(state: StateFolder) -> list[str]:
    """What is published; what does not read is said in words, and the rest of the status is shown."""
    from orchestration.errors import MeritlineError
    from orchestration.publish.publication import current_publication

    try:
        publication = current_publication(state)
        return ["publication  none yet"] if publication is None else _publication(state, publication)
    except (MeritlineError, *DAMAGE) as error:
        return [f"publication  cannot be read: {_said(error)}"]


def _previews(state: StateFolder) -> list[str]:
    from orchestration.audit.publications import preview_folders

    folders = preview_folders(state)
    if not folders:
        return []
    return [f"previews     {', '.join(folder.name for folder in folders[-SHOWN_RUNS:])}: {state.previews}"]


def _publication(state: StateFolder, publication: Publication) -> list[str]:
    from orchestration.gate.acceptance import Acceptance
    from orchestration.gate.result import said
    from orchestration.publish.accept import ACCEPTED
    from orchestration.publish.publication import CALIBRATION_PAGE

    manifest = publication.manifest
    accepted = [Acceptance(**one) for one in manifest.get(ACCEPTED, ())]
    return [
        f"publication  {publication.run_id}, business date {manifest['as_of']}, at {manifest['finished_at']}",
        f"             {said(manifest['checks'], accepted)}: {publication.folder / CALIBRATION_PAGE}",
        *(f"accepted     {one}" for one in accepted),
        *_warnings(state, manifest),
        f"open         {_open_periods(state, publication)}",
    ]


def _warnings(state: StateFolder, manifest: Mapping[str, Any]) -> list[str]:
    """Which warnings are new, and since when the others have stood."""
    from orchestration.publish.warnings import said_of_warnings, standing_warnings

    warnings = standing_warnings(state, manifest)
    if not warnings:
        return []
    return [
        f"warnings     {said_of_warnings(warnings)}",
        *(
            f"             {one.name}: " + ("new" if one.is_new else f"since {one.as_of} ({one.run_id})")
            for one in warnings
        ),
    ]


def _open_periods(state: StateFolder, publication: Publication) -> str:
    """Periods with bonuses whose register is not frozen."""
    import duckdb

    from orchestration.settlement.frozen import settlement_folder, settlements

    try:
        settled: Collection[str] = settlements(state)
    except DAMAGE as error:
        return f"not known, a record in {settlement_folder(state)} does not read: {_said(error)}"
    try:
        return ", ".join(one for one in _periods(publication) if one not in settled) or "none"
    except (duckdb.Error, *DAMAGE) as error:
        return f"not known: {_said(error)}"


def _said(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def _periods(publication: Publication) -> list[str]:
    import duckdb

    from orchestration.state.folder import auditor_parquet, is_published

    if not is_published(publication.folder, "bonus.bonus"):
        return []
    path = auditor_parquet(publication.folder, "bonus.bonus")
    periods = duckdb.from_parquet(str(path)).project("period_id").distinct().order("period_id").fetchall()
    return [str(row[0]) for row in periods]


def _runs(records: list[RunRecord], *, is_held: bool) -> list[str]:
    from orchestration.state.record import KILLED, NIGHTLY, RUNNING

    if not records:
        return ["runs         none yet"]
    lines = ["runs"]
    for record in reversed(records[-SHOWN_RUNS:]):
        # A record stays open when its process is killed; without a holder of the state nobody works on it.
        outcome = KILLED if record.outcome == RUNNING and not is_held else record.outcome
        lines.append(
            f"  {record.number:06d}  {record.started_at}  {outcome:<11} {record.seconds:7.1f} s  "
            f"{record.run_id or ''}".rstrip()
        )
        if record.error:
            lines.append(f"          {record.error}")
    nights = [record for record in records if record.command.startswith(NIGHTLY)]
    if not nights:
        return lines
    usual = _usual_seconds(nights[-COMPARED_RUNS:-1])
    lines.append("stages of the last night (median of the nights before it)")
    for stage in nights[-1].stages:
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
