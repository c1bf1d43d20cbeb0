"""What must hold so that a night may build only touched months: what evidence reads tells all its days."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from orchestration.warehouse.touched import ALL, changes_told, reads_of
from tests.project.manifest_rules import layer, models

Manifest = Mapping[str, Any]

WINDOW = re.compile(r"\b(?:is_within_days|has_elapsed)\(([^)]*)\)")
"""A call of a macro that says a window, with its arguments."""
WINDOWS = ("definition.window_days", "definition.window_days + signal.tail_days", "longest_window.day_count")
"""What a window may be: months in which a row may still change are reckoned from the longest. The radar's
tail is looked at only where it ends within the longest.
"""


def untold_days(manifest: Manifest) -> list[str]:
    """Facts that models built by months read, and whose changes they are not told by every date that a row
    may be dated by.
    """
    by_name = {node["name"]: node for node in models(manifest)}
    reads = reads_of(manifest)
    found = []
    for node in models(manifest):
        rules = (node["config"].get("meta") or {}).get("touched_by") or {}
        if layer(node) not in ("kpi", "bonus") or not rules:
            continue
        for name in sorted(reads[node["name"]] & by_name.keys()):
            fact = by_name[name]
            if layer(fact) != "facts" or not name.startswith("fct_") or name not in rules:
                continue
            if rules[name] != ALL:
                found.append(f"{node['name']} is touched by some days of {name}, not by all")
            days = {column for column, said in fact["columns"].items() if said["data_type"] == "date"}
            found += [f"{name} tells no changes by {day}" for day in sorted(days - set(changes_told(fact)))]
    return sorted(set(found))


def windows_of_their_own(sources: Mapping[str, str]) -> list[str]:
    """Models, by name with their text, that reckon with a window that no definition of a KPI has."""
    return [
        f"{name}: {' '.join(arguments.split())}"
        for name, text in sorted(sources.items())
        for arguments in WINDOW.findall(text)
        if not any(f"'{window}'" in arguments for window in WINDOWS)
    ]
