"""How much memory DuckDB may take (`MERITLINE_MEMORY`), and where it goes on when that is not enough.

Every connection through which a command's relations go is opened here. What does not fit is spilled to a
folder of the connection's own, which DuckDB makes when it is needed and removes when the connection closes:
under `<state>/spill` for the process that holds the state, where the next one removes what a killed one left.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING

from orchestration.scratch import new_scratch_folder
from orchestration.settings import load_settings
from orchestration.state.folder import StateFolder

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

_given: set[str] = set()
"""Names of the folders given to connections of this process."""
_held: list[StateFolder] = []
"""The state folder that this process holds, if it holds one."""


@contextmanager
def spilling_into(state: StateFolder) -> Iterator[None]:
    """Spill into the state folder while the block runs; the caller holds the folder, so that whatever others
    left there goes before and after.
    """
    before = list(_held)
    remove_spilled(state)
    _held[:] = [state]
    try:
        yield
    finally:
        _held[:] = before
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

    It is in the state folder for the process that holds it. Who only reads, an auditor say, leaves nothing
    there: theirs is among the system's temporary files, in a folder that is the owner's alone.
    """
    name = token_hex(8)
    _given.add(name)
    return spill_place() / name


def spill_place() -> Path:
    """The folder that has the folders of this process's connections now."""
    return _held[-1].spill if _held else _folder_of_this_process()


@cache
def _folder_of_this_process() -> Path:
    return new_scratch_folder()


def remove_spilled(state: StateFolder) -> None:
    """Remove what other processes left in the state's spill folder; the caller holds the state."""
    if not state.spill.is_dir():
        return
    for path in state.spill.iterdir():
        if path.name not in _given:
            shutil.rmtree(path, ignore_errors=True)


def _bytes(amount: str) -> int:
    found = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?) ?([A-Za-z]+)", amount)
    if found is None or found[2] not in UNITS:
        raise ValueError(f"{amount!r} is no amount of memory")
    return int(float(found[1]) * UNITS[found[2]])
