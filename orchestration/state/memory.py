"""How much memory DuckDB may take (`MERITLINE_MEMORY`), and where it goes on when that is not enough.

Every connection through which the rows of a whole relation go is opened here. What does not fit is spilled
to a folder of the connection's own under `<state>/spill`, which DuckDB makes when it is needed and removes
when the connection closes; what a killed process left there goes with the next run.
"""

from __future__ import annotations

import itertools
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.settings import load_settings
from orchestration.state.folder import OWNER_DIR, StateFolder

if TYPE_CHECKING:
    import duckdb

UNITS = {
    "KB": 1000,
    "MB": 1000**2,
    "GB": 1000**3,
    "TB": 1000**4,
    "KiB": 1024,
    "MiB": 1024**2,
    "GiB": 1024**3,
    "TiB": 1024**4,
}
"""Bytes of the units that DuckDB knows."""

_numbers = itertools.count()
_given: set[str] = set()
"""Names of the folders given to connections of this process."""
_states: list[StateFolder] = []
"""The state folder that this process works on, when it has said so."""


def spill_into(state: StateFolder) -> None:
    """Have this process's connections spill into the state folder; touches nothing."""
    _states[:] = [state]


@contextmanager
def spilling_into(state: StateFolder) -> Iterator[None]:
    """Spill into the state folder while the block runs; the caller holds the folder, and what processes that
    have ended left there goes before and after.
    """
    before = list(_states)
    remove_spilled(state)
    spill_into(state)
    try:
        yield
    finally:
        _states[:] = before
        remove_spilled(state)


def connect(at_most: str = "", *, threads: int | None = None) -> duckdb.DuckDBPyConnection:
    """A database in memory under the site's limit, or under `at_most` where that is less; on every core
    unless `threads` says how many.
    """
    import duckdb  # the command line says what it knows without it

    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": memory_limit(at_most),
        "temp_directory": str(spill_folder()),
    }
    return duckdb.connect(config=config if threads is None else {**config, "threads": threads})


def memory_limit(at_most: str = "") -> str:
    """What a connection may take: the site's setting or half of the machine, like `8GB`; less where `at_most`
    is.
    """
    limit = load_settings().memory or half_of_the_machine()
    return min((one for one in (limit, at_most) if one), key=_bytes)


@cache
def half_of_the_machine() -> str:
    """Half of the memory that this process may use: DuckDB, which knows of containers, takes four fifths."""
    import duckdb

    with duckdb.connect() as database:
        [said] = database.execute("select current_setting('memory_limit')").fetchone() or ("",)
    return f"{max(1, _bytes(str(said)) * 5 // 8 // UNITS['MiB'])}MiB"


def spill_folder() -> Path:
    """A folder for one connection to spill into, not made yet: two connections would write the same files.

    For whoever may not write into the state, an auditor say, it is among the system's temporary files.
    """
    name = f"{os.getpid()}-{next(_numbers)}"
    _given.add(name)
    for state in _states:
        try:
            state.spill.mkdir(OWNER_DIR, exist_ok=True)
        except OSError:
            continue
        if os.access(state.spill, os.W_OK):
            return state.spill / name
    return Path(tempfile.gettempdir()) / f"meritline-{name}"


def remove_spilled(state: StateFolder) -> None:
    """Remove what processes that have ended left in the state's spill folder."""
    if not state.spill.is_dir():
        return
    for path in state.spill.iterdir():
        process = path.name.partition("-")[0]
        if path.name not in _given and not (process.isdigit() and _is_another(int(process))):
            shutil.rmtree(path, ignore_errors=True)


def _is_another(process: int) -> bool:
    """Whether a process other than this one has the number and is alive."""
    if process == os.getpid():
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _bytes(amount: str) -> int:
    found = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?) ?([A-Za-z]+)", amount)
    if found is None or found[2] not in UNITS:
        raise ValueError(f"{amount!r} is no amount of memory")
    return int(float(found[1]) * UNITS[found[2]])
