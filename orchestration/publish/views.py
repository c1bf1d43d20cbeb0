"""Published views: relations that are a question to other published relations, kept as its text."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path

import duckdb

from orchestration.errors import MeritlineError
from orchestration.state.folder import AUDITOR, StateFolder, auditor_view
from orchestration.warehouse.manifest import Relation

NAMED = re.compile(r"\w+\.\w+")
QUALIFIED = re.compile(r'"\w+"\."(?P<schema>\w+)"\."(?P<name>\w+)"')
"""A relation as dbt's compiled SQL calls it: database, schema and name."""


class CompiledViews:
    """The SQL that dbt compiled for views, over published relations: any other view stands in it whole."""

    def __init__(self, state: StateFolder, relations: Sequence[Relation]) -> None:
        self._folder = state.dbt / "compiled"
        self._published = {relation.full_name for relation in relations}

    @cached_property
    def _paths(self) -> Mapping[str, Path]:
        return {path.stem: path for path in sorted(self._folder.rglob("models/**/*.sql"))}

    def text(self, name: str) -> str:
        """The SQL of a view by its model's name, over `schema.table`."""
        return QUALIFIED.sub(self._named, self._paths[name].read_text(encoding="utf-8").strip())

    def _named(self, found: re.Match[str]) -> str:
        full_name = f"{found['schema']}.{found['name']}"
        return full_name if full_name in self._published else f"(\n{self.text(found['name'])}\n)"


def write_views(state: StateFolder, relations: Sequence[Relation], draft: Path) -> None:
    """Write `auditor/<schema>.<name>.sql` for each view among the relations."""
    compiled = CompiledViews(state, relations)
    for relation in relations:
        if relation.is_view:
            path = auditor_view(draft, relation.full_name)
            path.write_text(compiled.text(relation.name) + "\n", encoding="utf-8")


def create_views(database: duckdb.DuckDBPyConnection, folder: Path, names: Collection[str]) -> None:
    """Create views in the database in use, which has the tables that they ask."""
    for name in sorted(names):
        schema, view = name.split(".")
        database.execute(f'create schema if not exists "{schema}"')
        database.execute(f'create or replace view "{schema}"."{view}" as\n{view_text(folder, name)}')


def view_text(folder: Path, name: str) -> str:
    """The SQL of a view as it lies in a publication or candidate.

    Raises MeritlineError where it is anything but one question: whoever could write there would have the one
    who verifies run it.
    """
    path = auditor_view(folder, name)
    text, kinds = "", []
    # UnicodeDecodeError is a ValueError.
    with suppress(duckdb.Error, OSError, ValueError):
        text = path.read_text(encoding="utf-8")
        kinds = [statement.type for statement in duckdb.extract_statements(text)]
    if kinds != [duckdb.StatementType.SELECT]:
        raise MeritlineError(
            path=path, problem="is not one SELECT", remedy="Compare it with a backup of the publication"
        )
    return text


def view_names(folder: Path) -> list[str]:
    """Views of a publication or candidate, `schema.name`."""
    names = (path.name.removesuffix(".sql") for path in (folder / AUDITOR).glob("*.sql"))
    return sorted(name for name in names if NAMED.fullmatch(name))
