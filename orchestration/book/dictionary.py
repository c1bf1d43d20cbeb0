"""The data dictionary and the diagram of the star, from the parsed dbt project."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orchestration.book.documents import filled
from orchestration.scratch import scratch_folder
from orchestration.state.folder import StateFolder
from orchestration.warehouse.dbt import manifest_path, parse_project
from orchestration.warehouse.manifest import Relation, published_relations, read_manifest

DICTIONARY = "docs/data_dictionary.md"
STAR = "marts.dim_"
"""How the dimensions of the star begin."""


@dataclass(frozen=True)
class Described:
    """A published relation with the types of its columns by name."""

    relation: Relation
    types: Mapping[str, str]

    @property
    def readers(self) -> str:
        """Who gets it, in the order in which they see ever more."""
        return ", ".join([*sorted(self.relation.audiences), "auditors"])


@dataclass(frozen=True)
class Join:
    """A mart's columns that lead to one row of a dimension."""

    dimension: Relation
    mart: Relation

    @property
    def columns(self) -> tuple[str, ...]:
        """The mart's columns, in the order of the dimension's key."""
        return tuple(_SCORED if self._is_of_a_score(name) else name for name in self.dimension.key)

    def _is_of_a_score(self, name: str) -> bool:
        # A grade is one of the plan scored under, which need not be that of the last day.
        return name == "scheme_id" and "grade" in self.dimension.key and _SCORED in self.mart.columns


_SCORED = "scored_scheme_id"


def shipped_manifest() -> dict[str, Any]:
    """The project parsed anew; nothing is connected to."""
    with scratch_folder() as folder:
        state = StateFolder(folder)
        state.prepare()
        parse_project(state)
        return read_manifest(manifest_path(state))


def data_dictionary(manifest: Mapping[str, Any]) -> str:
    """Every published relation by schema with its readers, key and columns, and the star as a diagram."""
    described = [_described(relation, manifest) for relation in published_relations(manifest)]
    relations = [one.relation for one in described]
    return filled("data_dictionary.md.jinja", described=described, joins=star_joins(relations))


def star_joins(relations: Sequence[Relation]) -> list[Join]:
    """Which marts of BI join which dimensions: those that have all columns of the dimension's key."""
    of_bi = [relation for relation in relations if "bi" in relation.audiences]
    dimensions = [relation for relation in of_bi if relation.full_name.startswith(STAR)]
    return [
        Join(dimension, mart)
        for mart in of_bi
        for dimension in dimensions
        if mart not in dimensions and _has(mart.columns, dimension.key)
    ]


def _has(columns: Iterable[str], wanted: Iterable[str]) -> bool:
    return set(wanted) <= set(columns)


def _described(relation: Relation, manifest: Mapping[str, Any]) -> Described:
    columns = manifest["nodes"][relation.unique_id]["columns"]
    return Described(relation, {name: str(column["data_type"]) for name, column in columns.items()})
