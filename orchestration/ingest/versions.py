"""Which of a key's rows is the newest, in SQL over raw rows, as staging orders them (macros/lineage.sql)."""

from __future__ import annotations

from orchestration.ingest.contract import ContractTable
from orchestration.ingest.database import quoted

BY_LOAD = "_load_seq DESC, _file DESC"


def is_by_load(table: ContractTable) -> str:
    """SQL: nothing but load order says whether a row is newer than another one of its key."""
    return f"{quoted(table.version_column)} IS NULL" if table.version_column else "true"


def newest_first(table: ContractTable) -> str:
    """SQL to order a key's rows by, the newest first: by version, and those without one by load."""
    if table.version_column is None:
        return f"{BY_LOAD}, _row_number DESC"
    version = quoted(table.version_column)
    by_load = ", ".join(
        f"CASE WHEN {version} IS NULL THEN {name} END DESC" for name in ("_load_seq", "_file")
    )
    by_hash = ", ".join(
        f"CASE WHEN {version} IS NOT NULL THEN {name} END DESC" for name in ("_row_hash", "_load_id")
    )
    return f"{version} DESC NULLS LAST, {by_load}, {by_hash}, _row_number DESC"
