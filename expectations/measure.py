"""Measures: small relations made from the candidate for the checks of a suite, one SELECT each.

A row is a `subject` (a KPI, a plan, a table; never a person), every other column a number measured of it.
NULL says that there is too little to judge by, and stays a row. All checks on a measure share its one query.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

FOLDER = Path(__file__).parent / "measures"
PARSE = "select json_serialize_sql($sql)"


@dataclass(frozen=True)
class Measure:
    """A SELECT over the candidate with the numbers of its suite's scope in place."""

    name: str
    sql: str


_parsed: dict[Measure, frozenset[str]] = {}
"""What the SQL of a measure names: it follows from its text, which a night asks for four times."""


def measured_columns(measures: Iterable[Measure]) -> Mapping[str, frozenset[str]]:
    """The numbers that each measures of a subject, by its name. Raises ValueError for SQL that does not
    parse.
    """
    asked = list(measures)
    new = [one for one in asked if one not in _parsed]
    if new:
        with duckdb.connect() as parser:
            for one in new:
                row = parser.execute(PARSE, {"sql": one.sql}).fetchall()[0]
                _parsed[one] = frozenset(_names(one.name, *row))
    return {one.name: _parsed[one] for one in asked}


def _names(name: str, parsed: str) -> Iterator[str]:
    tree: Mapping[str, Any] = json.loads(parsed)
    if tree["error"]:
        raise ValueError(f"measures/{name}.sql: {tree['error_message']}")
    node = tree["statements"][0]["node"]
    while "select_list" not in node:  # of a union: its first part names the columns
        node = node["left"]
    names = (one["alias"] or one["column_names"][-1] for one in node["select_list"])
    return (one for one in names if one != "subject")


def load_measure(name: str, scope: Mapping[str, Any]) -> Measure:
    """The measure of `measures/<name>.sql`. Raises ValueError when there is none, and when it needs a number
    that the scope lacks.
    """
    path = FOLDER / f"{name}.sql"
    if not path.is_file():
        raise ValueError(f"there is no expectations/measures/{name}.sql")
    values = {key: _literal(value) for key, value in scope.items()}
    try:
        return Measure(name, path.read_text(encoding="utf-8").format(**values))
    except KeyError as error:
        raise ValueError(f"scope has no {error.args[0]}, which measures/{name}.sql needs") from error


def _literal(value: Any) -> str:
    """A number, a list as `'a', 'b'`, a mapping as rows `('a', 1), ('b', 2)`."""
    if isinstance(value, dict):
        return ", ".join(f"('{name}', {number})" for name, number in value.items())
    if isinstance(value, list):
        return ", ".join(f"'{word}'" for word in value)
    return str(value)
