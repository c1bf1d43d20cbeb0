"""Memory that ran out while a publication was looked at: no finding, where its files are those published."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import duckdb

from orchestration.audit.publications import MANIFEST, read_manifest
from orchestration.errors import ConfigurationError, MemoryRanOut, expected_error
from orchestration.hashing import FileHashes


def memory_ran_out(error: Exception) -> MemoryRanOut | None:
    """The error to raise where DuckDB says that memory ran out; None where it says anything else, such as
    that a cell does not convert, whose text it quotes.
    """
    if not isinstance(error, duckdb.OperationalError | duckdb.InternalError):
        return None
    known = expected_error(error)
    return known if isinstance(known, MemoryRanOut) else None


def require_memory(error: Exception, folder: Path, beside: Mapping[Path, str] | None = None) -> None:
    """Raise MemoryRanOut where it is what DuckDB's error says, and every file of the publication in `folder`,
    and those `beside` it that were read too, have the SHA-256 they should have.

    A damaged file can claim any memory, a Parquet file by its header: of one the error is a finding.
    """
    known = memory_ran_out(error)
    if known is None:
        return
    hashes = FileHashes()
    present = hashes.below(folder)
    present.pop(MANIFEST, None)
    try:
        is_sound = present == read_manifest(folder)["files"]
    except (ConfigurationError, LookupError, TypeError):  # no manifest, or one that has lost its form
        return
    if is_sound and all(path.is_file() and hashes.of(path) == said for path, said in (beside or {}).items()):
        raise known from error
