"""What the boards read of a publication, with one query for all agents, teams or plans at once.

The boards for BI and leads see the Parquet of BI alone: what it has not they cannot show.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from typing import Any

import duckdb

from orchestration.errors import MeritlineError, expected_error
from orchestration.sql import literal, query
from orchestration.state.folder import auditor_database
from orchestration.state.memory import connect

Row = Mapping[str, Any]
"""A row by column name: DECIMAL as Decimal, DATE as date, a list as list, NULL as None."""


class Reading:
    """A publication's relations, open read-only; names are `schema.table`."""

    def __init__(self, database: duckdb.DuckDBPyConnection) -> None:
        self._database = database
        self._database.execute(query(__file__, "focus"))

    def rows(self, name: str) -> list[Row]:
        """Rows of the query `sql/<name>.sql`, in its order."""
        result = self._database.execute(query(__file__, name))
        columns = [one[0] for one in result.description or ()]
        return [dict(zip(columns, row, strict=True)) for row in result.fetchall()]

    def by(self, column: str, name: str) -> dict[str, list[Row]]:
        """The same by the value of a column that their order begins with."""
        found = self.rows(name)
        return {key: list(rows) for key, rows in groupby(found, key=lambda row: row[column])}


class NoBoard(MeritlineError):
    """The publication has not what a board is made of."""


@contextmanager
def of_bi(publication: Path) -> Iterator[Reading]:
    """What BI may have."""
    with connect() as database, _said(publication):
        database.execute("create schema marts")
        for path in sorted((publication / "bi").glob("*.parquet")):
            database.execute(f'create view marts."{path.stem}" as from read_parquet({literal(path)})')
        yield Reading(database)


@contextmanager
def of_everything(publication: Path) -> Iterator[Reading]:
    """What auditors have: of it each agent is shown the own part, payroll what it pays."""
    with connect() as database, _said(publication):
        database.execute(f"attach {literal(auditor_database(publication))} as publication (read_only)")
        database.execute("use publication")
        yield Reading(database)


@contextmanager
def _said(publication: Path) -> Iterator[None]:
    try:
        yield
    except duckdb.Error as error:
        if (known := expected_error(error)) is not None:
            raise known from error
        raise NoBoard(
            path=publication,
            problem=f"the publication has not what a board is made of ({str(error).splitlines()[0]})",
            remedy="Retention has removed its data, or an earlier release published it: name a newer one, or "
            "run meritline nightly",
        ) from error
