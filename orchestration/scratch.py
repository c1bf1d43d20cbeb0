"""Folders of temporary files that are gone when this process is, however it was told to end.

Whatever interrupts the making of a folder, it is on the list of those to remove. Only a process that is
killed leaves its own behind.
"""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from orchestration.interruption import uninterrupted

PREFIX = "meritline-"

_made: list[Path] = []


@contextmanager
def scratch_folder(prefix: str = PREFIX, *, place: Path | None = None) -> Iterator[Path]:
    """A new folder of the owner's alone, removed after the block with what is in it.

    It is made in `place`, by default among the system's temporary files. Raises OSError where none can be.
    """
    folder: Path | None = None
    try:
        folder = new_scratch_folder(prefix, place=place)
        yield folder
    finally:
        if folder is not None:
            with uninterrupted():
                _remove(folder)


def new_scratch_folder(prefix: str = PREFIX, *, place: Path | None = None) -> Path:
    """The same for as long as this process lives."""
    with uninterrupted():
        folder = Path(tempfile.mkdtemp(prefix=prefix, dir=place))
        _made.append(folder)
    return folder


def remove_scratch() -> None:
    """Remove every folder that is left, at the end of the process."""
    while _made:
        _remove(_made[-1])


def _remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    # The end of the process may have come before the end of a block.
    if folder in _made:
        _made.remove(folder)


atexit.register(remove_scratch)
