"""Reproducible chance in SQL: the macros `key`, `u`, `pick`, `z`, `one_of` and helpers of `sql/dice.sql`."""

from __future__ import annotations

import hashlib

import duckdb

from orchestration.generate.centre import statements


def load_dice(connection: duckdb.DuckDBPyConnection, *, seed: int) -> None:
    """Define the macros for this seed."""
    digest = hashlib.md5(str(seed).encode("ascii"), usedforsecurity=False).hexdigest()
    connection.execute(statements("dice", seed=int(digest[:8], 16)))
