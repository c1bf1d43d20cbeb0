"""The models' SQL as dbt compiled it, run by itself: the same relations without what dbt costs per node."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import duckdb

from orchestration.state.folder import StateFolder
from orchestration.warehouse.dbt import DbtOutcome, log_path, stream_dbt, take_parsed

COMPILE = ("compile", "--exclude", "test_type:unit")
Node = Mapping[str, Any]


@dataclass(frozen=True)
class Project:
    """Seeds and models, each after what it reads, and the tests of what can never be."""

    nodes: Sequence[Node]
    tests: Sequence[Node]


def compiled_project(state: StateFolder, arguments: Sequence[str] = COMPILE) -> Project:
    """The project as one dbt command (`compile`, `build`) leaves it compiled."""
    outcome = DbtOutcome()
    for _ in stream_dbt(state, arguments, outcome=outcome, manifest=take_parsed(state)):
        pass
    outcome.raise_if_failed(log_path(state))
    return project_of(state)


def project_of(state: StateFolder) -> Project:
    """The project as dbt's last command in this state left it compiled."""
    manifest = json.loads((state.dbt / "manifest.json").read_text(encoding="utf-8"))
    # A night writes compiled SQL alone, not the manifest that holds it as well.
    compiled = {path.stem: path for path in (state.dbt / "compiled").rglob("*.sql")}
    every: Mapping[str, Node] = {
        key: {**node, "compiled_code": compiled[Path(node["path"]).stem].read_text(encoding="utf-8")}
        if Path(node["path"]).stem in compiled and not node.get("compiled_code")
        else node
        for key, node in manifest["nodes"].items()
    }
    built = {key: node for key, node in every.items() if node["resource_type"] in ("model", "seed")}
    read = {key: set(node["depends_on"].get("nodes", ())) & set(built) for key, node in built.items()}
    ordered = TopologicalSorter({key: sorted(read[key]) for key in sorted(read)}).static_order()
    tests = [node for node in every.values() if node["resource_type"] == "test"]
    return Project([built[key] for key in ordered], tests)


def build_compiled(state: StateFolder, project: Project, warehouse: Path) -> None:
    """Build seeds and models over the state's raw rows and policy; the file is called as the state's own is,
    for compiled SQL names it.
    """
    with duckdb.connect(str(warehouse)) as database:
        database.execute("set file_search_path = $1", [str(state.raw)])
        database.execute("set TimeZone = 'UTC'")
        for schema in sorted({node["schema"] for node in project.nodes}):
            database.execute(f'create schema if not exists "{schema}"')
        for node in project.nodes:
            for statement in _seed(state, node) if node["resource_type"] == "seed" else _model(node):
                database.execute(statement)


def failing_tests(project: Project, warehouse: Path) -> list[str]:
    """Names of the tests that find rows in a warehouse which should have none."""
    with duckdb.connect(str(warehouse), read_only=True) as database:
        return [node["name"] for node in project.tests if database.sql(node["compiled_code"]).fetchone()]


def _seed(state: StateFolder, node: Node) -> list[str]:
    types: Mapping[str, str] = node["config"]["column_types"]
    path = state.seeds / node["original_file_path"].removeprefix("../seeds/").removeprefix("seeds/")
    casts = ", ".join(f"cast({name} as {kind}) as {name}" for name, kind in types.items())
    rows = f"read_csv('{path}', header = true, all_varchar = true)"
    return [f"create table {node['relation_name']} as select {casts} from {rows}"]


def _model(node: Node) -> list[str]:
    name, sql = node["relation_name"], node["compiled_code"]
    if node["config"]["materialized"] == "view":
        return [f"create view {name} as {sql}"]
    if not node["config"]["contract"]["enforced"]:
        return [f"create table {name} as {sql}"]
    # As dbt holds a table to its contract: the rows go into the columns as declared.
    columns = ", ".join(f"{column} {entry['data_type']}" for column, entry in node["columns"].items())
    return [f"create table {name} ({columns})", f"insert into {name} by name select * from (\n{sql}\n)"]


LEDGER = "build"
"""The schema of what the warehouse says of its own builds, which is no content of it."""


def contents(warehouse: Path) -> dict[str, tuple[Any, ...]]:
    """Of each relation its columns with their types; of each table also how many rows and a digest of them. A
    view's rows follow from its text and the tables.
    """
    found = {}
    with duckdb.connect(str(warehouse), read_only=True) as database:
        relations = database.sql(
            "select table_schema || '.' || table_name, table_type from information_schema.tables "
            f"where table_schema <> '{LEDGER}'"
        )
        for name, kind in relations.fetchall():
            columns = sorted(
                (str(row[0]), str(row[1])) for row in database.sql(f"describe {name}").fetchall()
            )
            listed = ", ".join(f'"{column}"' for column, _ in columns)
            rows = f"select count(*), sum(hash(one)) from (select {listed} from {name}) as one"
            counted = database.sql(rows).fetchone() if kind == "BASE TABLE" else None
            found[name] = (columns, counted)
    return found
