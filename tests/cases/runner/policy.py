"""The shipped policy with a copy of its plan for every case, changed as the case says."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tests.cases.runner.case import Case

Rows = list[dict[str, str]]


def write_policy(shipped: Path, folder: Path, cases: Iterable[Case]) -> None:
    """Write the policy folder of a build: every shipped row, and each case's copy of its plan.

    Raises ValueError for a change that meets no row of the plan.
    """
    tables = {path.stem: _read(path) for path in sorted(shipped.glob("*.csv"))}
    written: dict[str, Rows] = {name: list(rows) for name, rows in tables.items()}
    for case in cases:
        for name, rows in _copy(tables, case).items():
            written[name] += rows
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in written.items():
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, list(tables[name][0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)


def _copy(tables: Mapping[str, Rows], case: Case) -> dict[str, Rows]:
    """The rows of the case's plan under its own name; components are renamed wherever a row names one."""
    components = {row["component_id"] for row in tables["component"] if row["scheme_id"] == case.scheme}
    copies: dict[str, Rows] = {}
    for name, rows in tables.items():
        mine = [
            dict(row)
            for row in rows
            if row.get("scheme_id") == case.scheme or row.get("component_id") in components
        ]
        if mine:
            copies[name] = mine
    for change in case.policy:
        _apply(change, copies, tables, case)
    components |= {row["component_id"] for row in copies.get("component", [])}
    for rows in copies.values():
        for row in rows:
            for column, value in row.items():
                if column == "scheme_id":
                    row[column] = case.plan
                elif value in components:
                    row[column] = f"{value}.{case.tag}"
    return copies


def _apply(
    change: Mapping[str, Any], copies: dict[str, Rows], tables: Mapping[str, Rows], case: Case
) -> None:
    """One change: `file` with `add: {…}`, or `where: {…}` with `set: {…}` or `remove: true`."""
    file = str(change["file"]).removesuffix(".csv")
    columns = list(tables[file][0])
    if "scheme_id" not in columns and "component_id" not in columns:
        raise ValueError(f"{case}: {file} holds for every plan, so that a case cannot change it")
    if "add" in change:
        added = {column: _text(value) for column, value in dict(change["add"]).items()}
        row = dict.fromkeys(columns, "") | {"effective_from": "1990-01-01", "value_origin": "site"} | added
        if "scheme_id" in columns:
            row["scheme_id"] = case.scheme
        copies.setdefault(file, []).append({column: row[column] for column in columns})
        return
    where = {column: _text(value) for column, value in dict(change["where"]).items()}
    met = [
        row for row in copies.get(file, []) if all(row[column] == value for column, value in where.items())
    ]
    if not met:
        raise ValueError(f"{case}: no row of {file} is {where}")
    if change.get("remove"):
        copies[file] = [row for row in copies[file] if row not in met]
        return
    for row in met:
        row.update({column: _text(value) for column, value in dict(change["set"]).items()})


def _read(path: Path) -> Rows:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def _text(value: object) -> str:
    return "" if value is None else str(value)
