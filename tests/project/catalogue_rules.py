"""What must agree in several places: mechanisms as file, union and policy row; cited clauses."""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

from tests.project.manifest_rules import Manifest, models

MECHANISM_UNION = "bonus_line_stated"
LINES_OF_UNION = {"bonus_line__adjustment"}
"""Lines that bonus_line adds by itself: they correct settled lines and belong to no component."""

ORIGINS = {"stated", "site"}

Row = Mapping[str, str]


def read_rows(path: Path) -> list[Row]:
    """Rows of a CSV file."""
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def parents(manifest: Manifest, name: str) -> set[str]:
    """Names of the models that a model reads."""
    node = next(node for node in models(manifest) if node["name"] == name)
    return {manifest["nodes"][one]["name"] for one in node["depends_on"]["nodes"] if one.startswith("model.")}


def mechanism_disagreements(files: Iterable[str], union: Iterable[str], used: Iterable[str]) -> list[str]:
    """Mechanisms with a file but no place in the union, the other way round, or used without a file."""
    files, union = set(files), set(union)
    found = _disagreements({"a file in models/bonus": files, f"the union {MECHANISM_UNION}": union})
    return found + [
        f"{name}: used by component.csv, without a file in models/bonus" for name in sorted(set(used) - files)
    ]


def unknown_clauses(tables: Mapping[str, Sequence[Row]], clauses: Collection[str]) -> list[str]:
    """Policy rows whose clause_id is empty or no rule, named by table and row."""
    return [
        f"{table}.csv:{number}: clause {row['clause_id'] or '(empty)'} is no rule"
        for table, rows in sorted(tables.items())
        for number, row in enumerate(rows, start=2)
        if "clause_id" in row and row["clause_id"] not in clauses
    ]


def unknown_clauses_in_sql(sql: Mapping[str, str], clauses: Collection[str]) -> list[str]:
    """String literals of models that look like a clause and are none."""
    return [
        f"{name}: clause {clause} is no rule"
        for name, text in sorted(sql.items())
        for clause in re.findall(r"'([A-Z]{1,2}-[A-Z0-9]{2,10})'", text)
        if clause not in clauses
    ]


def unstated_origins(tables: Mapping[str, Sequence[Row]]) -> list[str]:
    """Policy rows that do not say whether a document states the value."""
    return [
        f"{table}.csv:{number}: value_origin {row['value_origin'] or '(empty)'} is neither stated nor site"
        for table, rows in sorted(tables.items())
        for number, row in enumerate(rows, start=2)
        if "value_origin" in row and row["value_origin"] not in ORIGINS
    ]


def undescribed_seeds(manifest: Manifest, tables: Iterable[str]) -> list[str]:
    """CSV files that dbt knows no types, key or description of, or that hold a column it does not."""
    seeds = {node["name"]: node for node in manifest["nodes"].values() if node["resource_type"] == "seed"}
    found = []
    for table in sorted(tables):
        node = seeds.get(table)
        if node is None or not node["description"] or not node["config"].get("meta", {}).get("key"):
            found.append(f"{table}.csv: no seed with a description and a key")
    return found


def untyped_columns(manifest: Manifest, tables: Mapping[str, Sequence[Row]]) -> list[str]:
    """Columns of policy files whose type dbt would guess, and types of columns that the file lacks."""
    seeds = {node["name"]: node for node in manifest["nodes"].values() if node["resource_type"] == "seed"}
    found = []
    for table, rows in sorted(tables.items()):
        if table in seeds and rows:
            typed, there = set(seeds[table]["config"]["column_types"]), set(rows[0])
            found += [f"{table}.csv: column {name} has no type" for name in sorted(there - typed)]
            found += [
                f"{table}.csv: column {name} has a type but is not there" for name in sorted(typed - there)
            ]
    return found


def _disagreements(places: Mapping[str, set[str]]) -> list[str]:
    everything = set().union(*places.values())
    return [
        f"{one}: not in {place}"
        for one in sorted(everything)
        for place, held in places.items()
        if one not in held
    ]
