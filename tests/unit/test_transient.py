"""Which faults pass by themselves."""

from __future__ import annotations

import errno
from pathlib import Path

import duckdb
import pytest

from orchestration.errors import ConfigurationError, ExportRejected, MeritlineError, PublicationRefused
from orchestration.transient import is_transient
from orchestration.warehouse.dbt import BuildFailed

LOCK = 'IO Error: Could not set lock on file "w.duckdb": Conflicting lock is held in python3 (PID 7)'


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.EBUSY, "busy"),
        OSError(errno.EIO, "disk"),
        OSError(errno.ESTALE, "share"),
        duckdb.IOException(LOCK),
        BuildFailed(problem=f"dbt stopped: {LOCK}", remedy="Read the log"),
    ],
)
def test_a_lock_or_a_disk_that_was_away_passes(error: Exception) -> None:
    assert is_transient(error)


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "full"),
        OSError(errno.EROFS, "read-only"),
        FileNotFoundError(errno.ENOENT, "gone"),
        ValueError("a bug"),
        duckdb.BinderException("no such column"),
        BuildFailed(problem="1 model(s) were not built: x", remedy="Read the log"),
        *(
            kind(problem=LOCK, remedy="r")
            for kind in (PublicationRefused, ExportRejected, ConfigurationError)
        ),
    ],
)
def test_what_is_the_same_the_next_time_does_not(error: Exception) -> None:
    assert not is_transient(error)


def test_the_cause_counts(tmp_path: Path) -> None:
    with pytest.raises(MeritlineError) as raised:
        raise MeritlineError(problem="p", remedy="r") from OSError(errno.EBUSY, "busy")
    assert is_transient(raised.value)
