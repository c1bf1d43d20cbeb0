"""Where plans lie in a state folder: `<state>/plans/`, the owner's alone; the scratch of one that runs is in
there too and gone after any end, what a killed one left with the next plan.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from orchestration.errors import ConfigurationError, StateHeld
from orchestration.state.folder import OWNER_DIR, OWNER_FILE, StateFolder

PLANS = "plans"
WORK, GOING = ".work", ".going"
"""The scratch folder, and the same while it is removed."""
TRIES, PAUSE = 20, 0.05
"""How often, and seconds between: dbt's thread may still write when a plan is broken off."""
LOCK = ".lock"


def plans_folder(state: StateFolder) -> Path:
    """The folder of the state's plans; it may not be there yet."""
    return state.root / PLANS


@contextmanager
def scratch(state: StateFolder) -> Iterator[StateFolder]:
    """A state folder of its own to build in. One plan runs at a time; a night may run beside it.

    Raises StateHeld while another plan runs, ConfigurationError where nothing can be written.
    """
    plans = plans_folder(state)
    try:
        plans.mkdir(OWNER_DIR, exist_ok=True)
        plans.chmod(OWNER_DIR)
        lock = FileLock(plans / LOCK, mode=OWNER_FILE)
        lock.acquire(timeout=1)
    except Timeout as error:
        raise StateHeld(
            path=state.root,
            problem="another plan is being made here",
            remedy="Run meritline plan again when it is done",
        ) from error
    except OSError as error:
        raise ConfigurationError(
            path=plans,
            problem=f"a plan needs a scratch folder in the state, which cannot be written ({error.strerror})",
            remedy="Name a state folder that you own with --state, such as a restored copy",
        ) from error
    work = StateFolder(plans / WORK)
    try:
        _remove(plans)
        work.root.mkdir(OWNER_DIR)
        for folder in (work.seeds, work.dbt, work.raw, work.spill):
            folder.mkdir(OWNER_DIR)
        yield work
    finally:
        _remove(plans)
        lock.release()


def _remove(plans: Path) -> None:
    """Remove the scratch. Under another name first: who still writes into it by its name finds no folder, and
    what they make anew goes with the next try.
    """
    for number in range(TRIES):
        if number:
            time.sleep(PAUSE)
        with suppress(OSError):
            (plans / WORK).rename(plans / GOING)
        shutil.rmtree(plans / GOING, ignore_errors=True)
        if not any((plans / name).exists() for name in (WORK, GOING)):
            return
