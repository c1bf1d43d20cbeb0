"""The numbers behind what is paid, in a scratch warehouse: of some agents and some parts of the calculation.

They are views: who compares reads them once, and writing them took longer than working them out.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import duckdb

from orchestration.audit.diff import OF_ALL
from orchestration.plan.upstream import Graph

VIEW = "view"


def state_nothing(warehouse: Path, graph: Graph, parts: Collection[str]) -> None:
    """Have parts of the calculation (unique ids) state no numbers."""
    with duckdb.connect(str(warehouse)) as database:
        for part in parts:
            node = graph["nodes"][part]
            fields = ", ".join(
                f"cast(null as {one['data_type']}) as {name}" for name, one in node["columns"].items()
            )
            database.execute(f'create schema if not exists "{node["schema"]}"')
            database.execute(
                f'create view "{node["schema"]}"."{node["alias"]}" as select {fields} where false'
            )


def read_of_some(warehouse: Path, relations: Collection[str], agents: Sequence[str]) -> None:
    """Have relations of agents (`schema.name`) show some alone to whoever reads them by their names; the
    whole stands beside each. The numbers behind the pay of all others are not asked for: an agent's rest on
    the own ones and on nobody's.
    """
    with duckdb.connect(str(warehouse)) as database:
        views = database.execute("select schema_name || '.' || view_name from duckdb_views()").fetchall()
        database.execute("create temp table wanted as select unnest($1) as agent_id", [list(agents)])
        for name in relations:
            schema, table = name.split(".")
            kind = VIEW if (name,) in views else "table"
            database.execute(f'alter {kind} "{schema}"."{table}" rename to "{table}{OF_ALL}"')
            database.execute(
                f'create table "{schema}"."{table}" as from "{schema}"."{table}{OF_ALL}" '
                "semi join wanted using (agent_id)"
            )


def as_views(parsed: Any, unique_ids: Collection[str]) -> Any:
    """dbt's parsed project with these models as views."""
    for one in unique_ids:
        parsed.nodes[one].config.materialized = VIEW
    return parsed
