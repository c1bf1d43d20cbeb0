"""What of a publication a plan rests on, beside policy and code."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from orchestration.state.folder import auditor_parquet
from orchestration.state.memory import connect


def inputs_of(manifest: Mapping[str, Any]) -> tuple[str, ...]:
    """SHA-256 of every export of a publication, in order."""
    return tuple(sorted(str(one["sha256"]) for one in manifest["inputs"]))


def settled_of(publication: Path) -> tuple[str, ...]:
    """The settled periods of a publication, in order."""
    with connect() as database:
        rows = database.execute(
            "select period_id from read_parquet($path) order by period_id",
            {"path": str(auditor_parquet(publication, "facts.dim_settled_period"))},
        ).fetchall()
    return tuple(str(period) for (period,) in rows)
