"""What the parsed dbt manifest says about the relations: one reading of it for Dagster and for publishing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from orchestration.errors import ConfigurationError

PUBLISHED_SCHEMAS = ("facts", "policy", "kpi", "score", "grade", "bonus", "audit", "marts")
"""Schemas whose relations are published, in the order of the data path."""

STEPS = frozenset({"ephemeral", "view"})
"""Steps of a calculation, whose rows stand in the table that they make up; a model may say otherwise."""

AUDIENCES = ("bi", "payroll")
"""Audiences that a mart may name in `config.meta.audience`; the auditors always have everything."""


@dataclass(frozen=True)
class Relation:
    """A relation to publish: total order `key`, the audiences beside the auditors that may see it, the
    meanings of it and of its columns by name, whether it is a view over others, and the column (a date, a
    month or a period) by which a large one is published in parts.
    """

    schema: str
    name: str
    key: tuple[str, ...]
    audiences: frozenset[str]
    unique_id: str
    description: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    is_view: bool = False
    part_by: str = ""

    @property
    def full_name(self) -> str:
        """`schema.name`."""
        return f"{self.schema}.{self.name}"


def read_manifest(path: Path) -> dict[str, Any]:
    """The manifest as dbt wrote it, with an asset for every test: a singular test over several models belongs
    to the one furthest down.
    """
    manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    ancestors = _Ancestors(manifest)
    for node in manifest["nodes"].values():
        if node["resource_type"] == "test" and not node.get("attached_node"):
            above = [parent for parent in node["depends_on"]["nodes"] if parent in manifest["nodes"]]
            if above:
                node["attached_node"] = max(above, key=lambda one: (len(ancestors.of(one)), one))
    return manifest


def published_relations(manifest: Mapping[str, Any]) -> tuple[Relation, ...]:
    """Every relation to publish, ordered by schema along the data path, then name: all tables but those that
    `config.meta.is_published: false` keeps back, and views with `is_published: true`.

    Raises ConfigurationError for a model without `config.meta.key` (rows without a total order have no stable
    bytes) and for an audience that does not exist or sits outside marts.
    """
    nodes = [
        node
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model"
        and node["schema"] in PUBLISHED_SCHEMAS
        and _meta(node).get("is_published", node["config"]["materialized"] not in STEPS)
    ]
    unkeyed = sorted(node["original_file_path"] for node in nodes if not _meta(node).get("key"))
    if unkeyed:
        raise ConfigurationError(
            path=unkeyed[0],
            problem=f"a published model names no key (of {len(unkeyed)}: {', '.join(unkeyed)})",
            remedy="Give each config.meta.key, the columns that tell its rows apart",
        )
    relations = [_relation(node) for node in nodes]
    return tuple(sorted(relations, key=lambda one: (PUBLISHED_SCHEMAS.index(one.schema), one.name)))


def _meta(node: Mapping[str, Any]) -> Mapping[str, Any]:
    return node["config"].get("meta") or {}


def _relation(node: Mapping[str, Any]) -> Relation:
    audiences = _meta(node).get("audience") or []
    unknown = sorted(set(audiences) - set(AUDIENCES))
    if unknown or (audiences and node["schema"] != "marts"):
        raise ConfigurationError(
            path=node["original_file_path"],
            problem=f"model {node['name']} names audience {', '.join(unknown or audiences)}",
            remedy=f"Only marts have audiences, and they are {' and '.join(AUDIENCES)}",
        )
    if audiences and "part_by" in _meta(node):
        raise ConfigurationError(
            path=node["original_file_path"],
            problem=f"mart {node['name']} is published in parts",
            remedy="Other audiences get one file: take config.meta.part_by out of it",
        )
    return Relation(
        schema=node["schema"],
        name=node["alias"],
        key=tuple(str(column) for column in _meta(node)["key"]),
        audiences=frozenset(audiences),
        unique_id=node["unique_id"],
        description=node.get("description", ""),
        columns={name: column["description"] for name, column in node.get("columns", {}).items()},
        is_view=node["config"]["materialized"] == "view",
        part_by=str(_meta(node).get("part_by", "")),
    )


class _Ancestors:
    """All nodes above a node, each found once."""

    def __init__(self, manifest: Mapping[str, Any]) -> None:
        self._parents: Mapping[str, list[str]] = manifest["parent_map"]
        self._found: dict[str, frozenset[str]] = {}

    def of(self, unique_id: str) -> frozenset[str]:
        if unique_id not in self._found:
            above = frozenset(self._parents.get(unique_id, ()))
            self._found[unique_id] = above.union(*(self.of(parent) for parent in above)) if above else above
        return self._found[unique_id]
