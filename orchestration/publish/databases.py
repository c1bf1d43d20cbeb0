"""The DuckDB files of a publication: who they are of, and what their tables and columns mean."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import duckdb

from orchestration.sql import literal
from orchestration.state.folder import OWNER_FILE
from orchestration.state.memory import connect

STORAGE_VERSION = "v1.2.0"
"""Old enough that DuckDB 1.2 clients of a BI tool open the files."""
OLDEST_DUCKDB = STORAGE_VERSION.removeprefix("v")

ABOUT = "about"
ABOUT_DESCRIPTION = "Grain: one row: which publication this file is of, for whoever has the file alone."
ABOUT_COLUMNS: Mapping[str, tuple[str, str]] = {
    "audience": ("varchar", "Whom the file is for: `bi`, `payroll` or `auditor`."),
    "run_id": ("varchar", "The publication: `NNNNNN-<business date>`, a folder of `published/`."),
    "as_of": ("date", "Business date of the publication."),
    "content_hash": ("varchar", "SHA-256 over every published relation: equal hashes are equal content."),
    "code_hash": ("varchar", "SHA-256 over the code that made it."),
    "policy_hash": ("varchar", "SHA-256 over the policy files in force."),
    "is_preview": ("boolean", "Whether it was made for show: no pay rests on it."),
    "oldest_duckdb": ("varchar", "The oldest version of DuckDB that opens the file."),
}
"""Columns of `about`: type and description."""


def add_about(draft: Path, audience: str, manifest: Mapping[str, object]) -> None:
    """Add the table `about` to an audience's file, with what a manifest's fields say of the publication."""
    said = {**manifest, "audience": audience, "oldest_duckdb": OLDEST_DUCKDB}
    with written(draft / f"{audience}.duckdb") as database:
        columns = ", ".join(f"cast(${name} as {kind}) as {name}" for name, (kind, _) in ABOUT_COLUMNS.items())
        database.execute(
            f"create table audience.main.{ABOUT} as select {columns}",
            {name: str(said[name]) for name in ABOUT_COLUMNS},
        )
        describe(
            database,
            f"main.{ABOUT}",
            ABOUT_DESCRIPTION,
            {name: description for name, (_, description) in ABOUT_COLUMNS.items()},
        )


@contextmanager
def written(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A publication's DuckDB file, made where it is missing, attached as `audience` to be written."""
    with connect() as database:
        database.execute("set preserve_insertion_order = true")
        database.execute(f"attach {literal(path)} as audience (storage_version '{STORAGE_VERSION}')")
        yield database
        database.execute("detach audience")


def free_share(path: Path) -> float:
    """How much of a DuckDB file is room that nothing takes, 0 to 1."""
    with duckdb.connect(str(path), read_only=True) as database:
        row = database.execute("select free_blocks, total_blocks from pragma_database_size()").fetchone()
    return row[0] / row[1] if row and row[1] else 0.0


def describe(
    database: duckdb.DuckDBPyConnection,
    relation: str,
    description: str,
    columns: Mapping[str, str],
    *,
    kind: str = "table",
) -> None:
    """Put descriptions as comments on a table or view of `audience` (`schema.table`) and its columns; a text
    that is empty is none.
    """
    schema, table = relation.split(".")
    place = f'audience."{schema}"."{table}"'
    texts = [(f"{kind} {place}", description)]
    texts += [(f'column {place}."{name}"', text) for name, text in columns.items()]
    # One call for all of a table: a published file has more than a thousand columns.
    statements = [
        f"comment on {what} is {literal(' '.join(text.split()))}" for what, text in texts if text.strip()
    ]
    database.execute(";".join(statements) or "select 1")


def own(path: Path) -> None:
    """Put a copy in the place of a link to another file, readable to its owner alone from its first byte."""
    copy = path.with_suffix(".copy")
    copy.touch(OWNER_FILE)
    shutil.copyfile(path, copy)
    copy.replace(path)
