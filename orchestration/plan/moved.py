"""Of what facts read of the policy, what has other rows under one policy than under another."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

import duckdb

from orchestration.plan.upstream import Graph, seeds_above, selectors
from orchestration.sql import literal


def moved_of_policy(
    graph: Graph,
    read: Collection[str],
    published: Mapping[str, Path | None],
    warehouse: Path,
    make: Callable[[Sequence[str]], None],
) -> frozenset[str]:
    """Those of `read` (seeds, and models of seeds alone, by unique id) that have moved. `published` has the
    seeds that differ, by unique id, with the published file (None where it is not there any more: then all
    that rests on it has moved). `make` builds what dbt is asked for in the scratch warehouse, where a model
    is asked for its rows under either policy. A seed that differs has moved: who reads one reads all of it.
    """
    models = {one: seeds_above(graph, one) for one in read if graph["nodes"][one]["resource_type"] == "model"}
    asked = {one: seeds for one, seeds in models.items() if seeds & published.keys()}
    moved = published.keys() & set(read)
    if not asked:
        return frozenset(moved)
    make(selectors(graph, asked.keys() | frozenset().union(*asked.values())))
    with duckdb.connect(str(warehouse)) as database:
        for one, seeds in asked.items():
            files = {_table(graph, seed): published[seed] for seed in seeds & published.keys()}
            if _has_moved(database, _table(graph, one), files):
                moved.add(one)
    return frozenset(moved)


def _has_moved(database: duckdb.DuckDBPyConnection, model: str, published: Mapping[str, Path | None]) -> bool:
    """Whether a model has other rows where the tables of its seeds have those of the published files."""
    if not all(published.values()):
        return True
    rows = f"from {model} order by all"
    planned = database.execute(rows).fetchall()
    database.begin()
    try:
        for table, file in published.items():
            database.execute(f"delete from {table}")
            read = f"read_csv({literal(file)}, all_varchar = true)"
            database.execute(f"insert into {table} by name from {read}")
        return database.execute(rows).fetchall() != planned
    except duckdb.Error:
        # Of another release: its columns are others.
        return True
    finally:
        database.rollback()


def _table(graph: Graph, unique_id: str) -> str:
    node = graph["nodes"][unique_id]
    return f'"{node["schema"]}"."{node["alias"]}"'
