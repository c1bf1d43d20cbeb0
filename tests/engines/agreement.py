"""Do two engines say the same? Every published relation of a DuckDB warehouse beside the Parquet files that
another engine has built it as.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from orchestration.sql import literal
from orchestration.state.folder import StateFolder
from orchestration.warehouse.manifest import Relation, published_relations

ROWS = "__rows"
"""Behind the name of a view: the table that its rows were written to, to be compared."""


@dataclass(frozen=True)
class Agreement:
    """One relation on both engines: rows on DuckDB, rows that only DuckDB has, that only the other has,
    and how their columns differ ('' where they do not).
    """

    relation: str
    rows: int
    only_duckdb: int = 0
    only_other: int = 0
    columns: str = ""

    @property
    def is_equal(self) -> bool:
        """The same rows, as often, in the same columns and types."""
        return not (self.only_duckdb or self.only_other or self.columns)


def published_by(state: StateFolder) -> tuple[Relation, ...]:
    """The relations that a night of this state publishes."""
    return published_relations(json.loads((state.dbt / "manifest.json").read_text(encoding="utf-8")))


def folder_of(relation: Relation, built: Path) -> Path:
    """Where the other engine has put the rows: `<schema>/<name>`, of a view `<name>__rows`."""
    return built / relation.schema / (relation.name + (ROWS if relation.is_view else ""))


def agreements(relations: Sequence[Relation], warehouse: Path, built: Path) -> list[Agreement]:
    """Each relation compared: EXCEPT ALL both ways, over the columns that both have."""
    with duckdb.connect() as database:
        database.execute("set TimeZone = 'UTC'")
        # Its views name it as it was called when they were made.
        database.execute(f"attach {literal(warehouse)} as {warehouse.stem} (read_only)")
        database.execute(f"use {warehouse.stem}")
        return [_compared(database, relation, built) for relation in relations]


def _compared(database: duckdb.DuckDBPyConnection, relation: Relation, built: Path) -> Agreement:
    here = relation.full_name
    rows = _count(database, f"select 1 from {here}")
    if not any(folder_of(relation, built).glob("*.parquet")):
        # Of no rows an engine may write no file.
        return Agreement(relation=here, rows=rows, only_duckdb=rows)
    there = f"read_parquet({literal(folder_of(relation, built) / '*.parquet')})"
    of_here, of_there = _types(database, here), _types(database, there)
    columns = ", ".join(_as_here(name, kind) for name, kind in of_here.items() if name in of_there)
    only_here, only_there = (
        _count(database, f"select {columns} from {one} except all select {columns} from {other}")
        for one, other in ((here, there), (there, here))
    )
    said = [f"{name} {kind}" for name, kind in of_here.items() if of_there.get(name, "absent") != kind]
    said += [f"{name} is new" for name in of_there if name not in of_here]
    return Agreement(
        relation=here,
        rows=rows,
        only_duckdb=only_here,
        only_other=only_there,
        columns="; ".join(f"{one} (there {of_there.get(one.split()[0])})" for one in said),
    )


def _types(database: duckdb.DuckDBPyConnection, relation: str) -> Mapping[str, str]:
    """Types by column. An instant in UTC is the same with its zone written beside it and without."""
    rows = database.sql(f"describe select * from {relation}").fetchall()
    return {str(name): str(kind).removesuffix(" WITH TIME ZONE") for name, kind, *_ in rows}


def _as_here(name: str, kind: str) -> str:
    return f'cast("{name}" as timestamp) as "{name}"' if kind == "TIMESTAMP" else f'"{name}"'


def _count(database: duckdb.DuckDBPyConnection, query: str) -> int:
    row = database.sql(f"select count(*) from ({query})").fetchone()
    assert row is not None
    return int(row[0])
