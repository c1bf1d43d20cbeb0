"""A look at exports before a night takes them: what would load, what would not, and what plans would lack.

Everything happens in a folder of its own among the system's temporary files; of the state it has links to the
exports taken in and to the key of the pseudonyms, so that nothing of the state is copied, written or made.
"""

from __future__ import annotations

import datetime as dt
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from orchestration.errors import ConfigurationError, MeritlineError
from orchestration.ingest import ingest
from orchestration.ingest.personal import KEY_FILE
from orchestration.ingest.seen import Seen, TableSeen
from orchestration.policy.folder import install_policy
from orchestration.policy.installed import installed_site
from orchestration.policy.needs import PlanNeed
from orchestration.policy.roster import require_known_plans
from orchestration.policy.site import Site
from orchestration.policy.state_needs import needs_of_state
from orchestration.scratch import scratch_folder
from orchestration.settings import CONTRACT_DIR, Settings
from orchestration.state.folder import StateFolder
from orchestration.state.lock import undisturbed

PREFIX = "meritline-check-"
REGISTERS = "run"
"""Folder of raw with the lists that a run replaces: copied, since they are small and read more than once."""


@dataclass
class Trial:
    """What a night would find. `refusal` is the error that it would end with before anything is built, None
    where it would go on; `notes` what it would tell.
    """

    tables: list[TableSeen] = field(default_factory=list)
    faulty_rows: list[tuple[object, ...]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    business_date: dt.date | None = None
    needs: tuple[PlanNeed, ...] = ()
    refusal: MeritlineError | None = None


def try_exports(
    settings: Settings,
    *,
    as_of: dt.date | None,
    today: dt.date,
    allow_rejects: Decimal,
    again: str,
    out: Path | None = None,
) -> Trial:
    """Read the landing folder of the settings as a night would, on top of what its state has taken in, and
    write nothing to the state. `again` is the command of that night; `out` gets every faulty row as CSV.

    Raises StateHeld while a run is at work, ConfigurationError where nothing can be read at all, or `out` has
    no place.
    """
    if out is not None and not out.parent.is_dir():
        raise ConfigurationError(
            path=out, problem="its folder is not there", remedy="Make the folder, or name another file"
        )
    found = Trial()
    with _workspace(StateFolder(settings.state)) as work:
        install_policy(work, settings.policy, site=Site(settings.site))

        def look(seen: Seen) -> None:
            found.tables, found.faulty_rows = seen.tables(), seen.faulty_rows()
            if out is not None:
                seen.write_faulty_rows(work.root / "faulty.csv")
                _put(work.root / "faulty.csv", out)

        try:
            report = ingest(
                landing=settings.landing,
                state=work.root,
                profiles=settings.profiles,
                contract_dir=CONTRACT_DIR,
                as_of=as_of,
                today=today,
                business_timezone=settings.business_timezone,
                allow_rejects=allow_rejects,
                note=found.notes.append,
                seen=look,
                again=again,
            )
            found.notes += report.notes
            found.business_date = report.as_of
            found.needs = needs_of_state(
                work.raw, work.seeds / "policy", report.as_of, site=installed_site(work)
            )
            require_known_plans(work.raw, work.seeds / "policy", report.as_of)
        except MeritlineError as error:
            if not found.tables:
                raise
            found.refusal = error
    return found


@contextmanager
def _workspace(state: StateFolder) -> Iterator[StateFolder]:
    """A folder that looks like the state to whoever takes exports in; removed whatever happens."""
    _remove_leftovers()
    with scratch_folder(f"{PREFIX}{os.getpid()}-") as folder:
        work = StateFolder(folder)
        with undisturbed(state):
            _link_raw(state.raw, work.raw)
            if (state.root / KEY_FILE).is_file():
                (work.root / KEY_FILE).symlink_to((state.root / KEY_FILE).resolve())
        yield work


def _link_raw(raw: Path, target: Path) -> None:
    """Links to every file: what a run does to one is done to the link."""
    target.mkdir()
    for path in sorted(raw.rglob("*")) if raw.is_dir() else ():
        place = target / path.relative_to(raw)
        if path.is_dir():
            place.mkdir()
        elif path.relative_to(raw).parts[0] == REGISTERS and path.parent.name != "rejected_row":
            shutil.copyfile(path, place)
        else:
            place.symlink_to(path.resolve())


def _remove_leftovers() -> None:
    """Remove the folders of processes that were killed."""
    for path in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        pid = path.name.removeprefix(PREFIX).partition("-")[0]
        # Another check may end meanwhile, and its folder with it.
        with suppress(FileNotFoundError):
            if pid.isdigit() and path.stat().st_uid == os.getuid() and not _lives(int(pid)):
                shutil.rmtree(path, ignore_errors=True)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _put(made: Path, target: Path) -> None:
    """Put a file in its place, whole or not at all."""
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        shutil.copyfile(made, draft)
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
