"""A night for show: the whole job on a private copy of the state, published beside the publications.

The chain of publications, the warehouse, the exports taken in, settlements and the policy in force stay as
they are: a later night cannot tell whether there was a preview. Kept of it are the publication, under
`<state>/previews/<run id>/`, and the record of the run.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date

from orchestration.audit.publications import preview_folders
from orchestration.errors import MeritlineError
from orchestration.nightly.execute import JobRequest, execute
from orchestration.publish.publication import Publication, current_publication, published_business_date
from orchestration.settings import Settings
from orchestration.settlement.frozen import record_path, settlements
from orchestration.state.folder import OWNER_DIR, StateFolder
from orchestration.state.lock import hold
from orchestration.state.record import next_number
from orchestration.warehouse.dbt import TEMPLATES
from orchestration.warehouse.ledger import warehouse_files

WORK = ".work"
TAKEN = ("raw", "settled", "runs", "candidate")
"""Folders that a night reads beside the exports. Their files are replaced, never written into: links do."""
PARSED = ("partial_parse.msgpack", "parsed_manifest.json", "project_fingerprint", TEMPLATES)
"""What dbt knows of the project already: parsing it anew takes seconds."""
KEY = "pseudonym.key"


def is_earlier(state: StateFolder, as_of: date | None) -> bool:
    """Whether a business date that was asked for lies before that of the current publication."""
    published = published_business_date(state)
    return as_of is not None and published is not None and as_of.isoformat() < published


def preview(settings: Settings, request: JobRequest, *, keep: int) -> Publication:
    """Run the job as `execute` does and publish under `<state>/previews`, where the newest `keep` stay.

    Raises what `execute` raises; what a failed run left to read lies in `previews/.work` until the next.
    """
    state = request.run.state_folder
    state.prepare()
    with hold(state, f"{request.command} --preview"), _workspace(state) as work:
        if (as_of := request.run.business_date) is not None:
            forget_settled_after(work, as_of)
        number = next_number(work)
        try:
            execute(
                replace(settings, state=work.root, notify_command=(), notify_webhook="", postgres_dsn=""),
                replace(
                    request,
                    run=request.run.model_copy(update={"state": str(work.root), "is_preview": True}),
                ),
            )
        finally:
            for path in sorted(work.runs.glob(f"{number:06d}.*")):
                shutil.copyfile(path, state.runs / path.name)
        made = current_publication(work)
        if made is None:
            raise MeritlineError(
                path=work.root, problem="the preview published nothing", remedy="Run it again with --debug"
            )
        target = state.previews / made.run_id
        shutil.rmtree(target, ignore_errors=True)
        made.folder.rename(target)
        for old in preview_folders(state)[:-keep]:
            shutil.rmtree(old)
    return Publication(target, made.manifest)


def forget_settled_after(work: StateFolder, as_of: date) -> None:
    """Take the settled periods away that begin after a business date: on that day there was no such period,
    and lines of one that no period has are nobody's.
    """
    for period_id in settlements(work):
        if _first_day(period_id) > as_of:
            record_path(work, period_id).unlink()
            for path in (work.raw / "settlement").glob(f"*/{period_id}.parquet"):
                path.unlink()


def _first_day(period_id: str) -> date:
    """The first day of 2026-10, 2026-Q4 or 2026."""
    year, _, part = period_id.partition("-")
    month = int(part[1:]) * 3 - 2 if part.startswith("Q") else int(part or 1)
    return date(int(year), month, 1)


@contextmanager
def _workspace(state: StateFolder) -> Iterator[StateFolder]:
    """A state folder of its own with what the state has taken in and settled; removed when all went well."""
    state.previews.mkdir(exist_ok=True)
    state.previews.chmod(OWNER_DIR)
    work = StateFolder(state.previews / WORK)
    shutil.rmtree(work.root, ignore_errors=True)
    work.root.mkdir(OWNER_DIR)
    for name in TAKEN:
        if (state.root / name).is_dir():
            shutil.copytree(state.root / name, work.root / name, copy_function=os.link)
    if (state.root / KEY).is_file():
        shutil.copy2(state.root / KEY, work.root / KEY)
    # It is written into: a copy, from which the preview goes on as the next night would.
    for path in (path for path in warehouse_files(state) if path.is_file()):
        shutil.copyfile(path, work.root / path.name)
    work.dbt.mkdir(OWNER_DIR)
    for path in (state.dbt / name for name in PARSED):
        if path.is_file():
            shutil.copyfile(path, work.dbt / path.name)
    yield work
    shutil.rmtree(work.root)
