"""What models say of the months that a change touches (`config.meta`), read from the parsed manifest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from orchestration.warehouse.manifest import STEPS

KEY = "key"
"""Of a rule: not by months, by the keys of the rows in new files."""
ALL = "all"
"""Of a rule: every column that the relation tells its changes by."""


def reads_of(manifest: Mapping[str, Any]) -> Mapping[str, frozenset[str]]:
    """By model the tables, seeds and sources (`source.table`) that it reads, itself or through views."""
    nodes = {**manifest["sources"], **manifest["nodes"]}

    @cache
    def read_by(unique_id: str) -> frozenset[str]:
        found: set[str] = set()
        for parent in nodes[unique_id].get("depends_on", {}).get("nodes", ()):
            node = nodes[parent]
            is_source = node["resource_type"] == "source"
            found.add(f"{node['source_name']}.{node['name']}" if is_source else node["name"])
            if node["config"].get("materialized") in STEPS:
                found |= read_by(parent)
        return frozenset(found)

    return {model["name"]: read_by(model["unique_id"]) for model in _models(manifest)}


def wrong_rules(manifest: Mapping[str, Any]) -> list[str]:
    """Sentences on what models say that cannot hold: a rule on what is not read, or by a column that the
    relation does not tell; a model built again by months that does not tell its own.
    """
    reads = reads_of(manifest)
    told = {model["name"]: changes_told(model) for model in _models(manifest)}
    found = []
    for model in _models(manifest):
        name, meta = model["name"], model["config"].get("meta") or {}
        month = meta.get("month")
        if month and month not in told[name]:
            found.append(f"{name} is built by months of {month}, which is none of its changes")
        for relation, asked in (meta.get("touched_by") or {}).items():
            if relation not in reads[name]:
                found.append(f"{name} is touched by {relation}, which it does not read")
            for rule in asked if isinstance(asked, list) else [asked]:
                if isinstance(rule, Mapping) and KEY in rule:
                    continue
                if not month:
                    found.append(f"{name} is touched by {relation}, and is built by no month")
                column = rule if isinstance(rule, str) else rule.get("window") or rule.get("by")
                if column != ALL and column not in told.get(relation, ()):
                    found.append(f"{name} is touched by {relation}.{column}, by which no change is told")
    return found


def changes_told(model: Mapping[str, Any]) -> tuple[str, ...]:
    """The columns by which a model tells its changes."""
    meta = model["config"].get("meta") or {}
    columns = [one["value"] if isinstance(one, Mapping) else one for one in meta.get("changes") or ()]
    part = meta.get("part_by")
    return (*columns, part) if part and part not in columns else tuple(columns)


def months_told(manifest: Mapping[str, Any]) -> Mapping[str, tuple[str, ...]]:
    """By model that tells its changes by months, the columns that it does so by."""
    told = {}
    for model in _models(manifest):
        values = {
            one["value"]
            for one in model["config"].get("meta", {}).get("changes") or ()
            if isinstance(one, Mapping)
        }
        columns = tuple(column for column in changes_told(model) if column not in values)
        if columns:
            told[model["name"]] = columns
    return told


def _models(manifest: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    return (node for node in manifest["nodes"].values() if node["resource_type"] == "model")
