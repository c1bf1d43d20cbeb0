"""Faults that pass by themselves: a lock that another process is about to let go, a disk or network share
that was away for a moment.

Only these are tried again. A refusal, a rejected export or an unsound policy is the same the next time.
"""

from __future__ import annotations

import errno

from orchestration.errors import MeritlineError

ERRNOS = frozenset(
    {
        errno.EAGAIN,
        errno.EBUSY,
        errno.EDEADLK,
        errno.EINTR,
        errno.EIO,
        errno.EMFILE,
        errno.ENFILE,
        errno.ENOLCK,
        errno.ESTALE,
        errno.ETIMEDOUT,
        errno.ETXTBSY,
    }
)
TEXTS = (
    "could not set lock on file",
    "conflicting lock is held",
    "database is locked",
    "resource temporarily unavailable",
    "input/output error",
    "stale file handle",
)
"""How DuckDB and SQLite, and dbt after them, say the same."""


def is_transient(error: BaseException) -> bool:
    """Whether the same step may succeed if it is done again a moment later: by what the error, or one that it
    was raised from, says. An error that asks something of the operator never does.
    """
    if isinstance(error, MeritlineError) and error.passes:
        return True
    if isinstance(error, MeritlineError) and error.exit_status != MeritlineError.exit_status:
        return False
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, OSError) and seen.errno is not None:
            return seen.errno in ERRNOS
        if any(text in str(seen).lower() for text in TEXTS):
            return True
        seen = seen.__cause__
    return False
