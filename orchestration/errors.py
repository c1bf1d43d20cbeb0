"""Errors that a person can act on. Each says which file and row, what is wrong and what to do; each knows its
exit status.
"""

from __future__ import annotations

import errno
from pathlib import Path
from typing import ClassVar

_NO_SPACE = ("No space left on device", "database or disk is full", "Disk quota exceeded")
"""How DuckDB, SQLite and Python say it."""
_DISK_FAULT = "disk I/O error"
"""SQLite's words, also for a full disk."""
_NO_MEMORY = (
    "Out of Memory Error",
    "Cannot allocate memory",
    "bad_alloc",
    "bad allocation",
    "can't start new thread",
    "Thread constructor failed",
)
"""How DuckDB, the system and Python say it; a new thread takes memory for its stack."""
_NOT_WRITABLE = frozenset({errno.EROFS, errno.EACCES, errno.EPERM})
_NO_PLACE = frozenset({errno.ENAMETOOLONG, errno.ENOTDIR, errno.EISDIR, errno.ELOOP, errno.EINVAL})
_AWAY = frozenset({errno.EIO, errno.ESTALE, errno.ENODEV, errno.ENXIO, errno.ETIMEDOUT, errno.EHOSTDOWN})
_TOO_MANY = frozenset({errno.EMFILE, errno.ENFILE})


class MeritlineError(Exception):
    """Base of every expected error.

    `str(error)` is one readable paragraph: place, problem, remedy. `exit_status` is the process's exit status
    (CONTRACT: 2 usage or configuration, 3 refused to publish, 4 input rejected, 5 state is held, 1 anything
    else).
    """

    exit_status: ClassVar[int] = 1
    passes: ClassVar[bool] = False
    """Whether the fault may pass by itself, so that the same step is worth trying again."""

    def __init__(
        self, *, problem: str, remedy: str, path: Path | str | None = None, row: int | None = None
    ) -> None:
        self.problem = problem
        self.remedy = remedy
        self.path = path
        self.row = row
        super().__init__(self.paragraph())

    def paragraph(self) -> str:
        """Place, problem and remedy as one paragraph."""
        place = (
            "" if self.path is None else f"{self.path}" + ("" if self.row is None else f", row {self.row}")
        )
        stop = "" if self.problem.endswith("?") else "."
        return f"{place + ': ' if place else ''}{self.problem}{stop} {self.remedy}"


class ConfigurationError(MeritlineError):
    """Wrong usage, an unknown profile key, an unsound policy folder."""

    exit_status = 2


class PublicationRefused(MeritlineError):
    """Calibration did not pass for this content; the last publication stays."""

    exit_status = 3


class ExportRejected(MeritlineError):
    """Input rejected beyond the allowed share, or a required file that cannot be read."""

    exit_status = 4


class StateHeld(MeritlineError):
    """Another run holds the state folder."""

    exit_status = 5


class MemoryRanOut(MeritlineError):
    """The machine, or the limit that the site set, has too little memory for the work."""


def says_out_of_memory(text: str) -> bool:
    """Whether a library's message says that memory ran out."""
    return any(words in text for words in _NO_MEMORY)


def out_of_memory(said: str = "") -> MemoryRanOut:
    """The error to raise, with what the library said."""
    words = " ".join(said.split())[:300]
    return MemoryRanOut(
        problem="memory ran out" + (f" ({words})" if words else ""),
        remedy="The last publication stays and nothing is half done. Free memory or run on a larger machine; "
        "where MERITLINE_MEMORY or a limit of the system (ulimit, container) holds it down, raise that; run "
        "again",
    )


def expected_error(error: BaseException) -> MeritlineError | None:
    """The readable error behind a library's exception: one that it wraps, memory that ran out, a full disk, a
    place that cannot be written; None for any other.
    """
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, MeritlineError):
            return seen
        if (
            isinstance(seen, MemoryError)
            or getattr(seen, "errno", None) == errno.ENOMEM
            or says_out_of_memory(str(seen))
        ):
            return out_of_memory(str(seen))
        if _DISK_FAULT in str(seen):
            return MeritlineError(
                problem="the disk is full or does not answer",
                remedy="The last publication stays. Free space or have the disk seen to, run again",
            )
        code, text = getattr(seen, "errno", None), str(seen)
        if code in (errno.ENOSPC, errno.EDQUOT) or any(words in text for words in _NO_SPACE):
            return MeritlineError(
                path=getattr(seen, "filename", None),
                problem="the disk is full",
                remedy="The last publication stays. Free space and run the command again",
            )
        if isinstance(seen, OSError) and seen.errno in _NOT_WRITABLE:
            return MeritlineError(
                path=seen.filename,
                problem=f"this cannot be read or written ({seen.strerror})",
                remedy="The last publication stays. Give the user of this command the right to it, run again",
            )
        if isinstance(seen, OSError) and seen.errno in _NO_PLACE:
            return ConfigurationError(
                path=seen.filename,
                problem=f"this is no place that can be used ({seen.strerror})",
                remedy="The last publication stays. Name another file or folder",
            )
        if isinstance(seen, OSError) and seen.errno in _AWAY:
            return MeritlineError(
                path=seen.filename,
                problem=f"the disk or network share does not answer ({seen.strerror})",
                remedy="The last publication stays. Have it seen to and run the command again",
            )
        if isinstance(seen, OSError) and seen.errno in _TOO_MANY:
            return MeritlineError(
                problem=f"the system allows no further open file ({seen.strerror})",
                remedy="The last publication stays. Raise the limit (ulimit -n) and run the command again",
            )
        seen = seen.__cause__
    return None
