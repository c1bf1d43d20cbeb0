"""Measures: small relations made from the candidate for the checks of a suite, one SELECT each.

A row is a `subject` (a KPI, a plan, a table; never a person), every other column a number measured of it.
NULL says that there is too little to judge by, and stays a row. All checks on a measure share its one query.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError

from expectations.bound import ScopeValue, SuiteBounds
from orchestration.errors import ConfigurationError

FOLDER = Path(__file__).parent / "measures"
MEASURES = "temp.measures"
"""The relation of all measures taken: measure, subject, name of the column, value."""


@dataclass(frozen=True)
class Measure:
    """A SELECT over the candidate with the numbers of its suite's scope in place."""

    name: str
    sql: str


def load_measure(name: str, bounds: SuiteBounds) -> Measure:
    """The measure of `measures/<name>.sql`. Raises ConfigurationError when it needs a number that the suite's
    scope lacks.
    """
    path = FOLDER / f"{name}.sql"
    values = {key: _literal(value) for key, value in bounds.scope.items()}
    try:
        return Measure(name, path.read_text(encoding="utf-8").format(**values))
    except KeyError as error:
        raise ConfigurationError(
            path=f"expectations/bounds/{bounds.suite}.yml",
            problem=f"scope has no {error.args[0]}, which the measure {name} needs",
            remedy="Add it to scope",
        ) from error


def take(connection: Connection, measures: Collection[Measure]) -> Mapping[str, str]:
    """Take each measure once into the relation MEASURES; return the errors of broken ones, by name."""
    broken: dict[str, str] = {}
    connection.exec_driver_sql(
        f"create temp table {MEASURES} (measure varchar, subject varchar, name varchar, value double)"
    )
    for measure in sorted(measures, key=lambda one: one.name):
        try:
            connection.exec_driver_sql(
                f"""
                insert into {MEASURES}
                select measure, subject, name, value
                from (
                    select '{measure.name}' as measure, subject, cast(columns(* exclude (subject)) as double)
                    from ({measure.sql})
                ) unpivot include nulls (value for name in (columns(* exclude (measure, subject))))
                """
            )
        except SQLAlchemyError as error:
            broken[measure.name] = str(error.args[0] if error.args else error)
    return broken


def _literal(value: ScopeValue) -> str:
    """A number, a list as `'a', 'b'`, a mapping as rows `('a', 1), ('b', 2)`."""
    if isinstance(value, dict):
        return ", ".join(f"('{name}', {number})" for name, number in value.items())
    if isinstance(value, list):
        return ", ".join(f"'{word}'" for word in value)
    return str(value)
