"""Numbers of a calculation and their operands, as published in `audit.calculation_node` and `…_operand`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cached_property
from sys import intern
from typing import Any


@dataclass(frozen=True, slots=True)
class Number:
    """One number (or word). `operation` is empty for a leaf; `decimals` is to how many it is rounded, half
    away from zero, and `is_exact` says that who reads it takes it unrounded. `row_key` and `band_side` tell
    which keys and edges a row of a table is for. `input_model`, `input_key` and `input_column` name
    the published cell.
    """

    node_key: str
    kind: str
    operation: str | None = None
    label: str = ""
    label_zh: str = ""
    value: Decimal | None = None
    text_value: str | None = None
    unit: str = ""
    decimals: int | None = None
    is_exact: bool = False
    row_key: str | None = None
    band_side: str | None = None
    reason: str | None = None
    reason_zh: str | None = None
    effective_from_on: date | None = None
    clause_id: str | None = None
    value_origin: str | None = None
    input_model: str | None = None
    input_key: str | None = None
    input_column: str | None = None


@dataclass(frozen=True, slots=True)
class Operand:
    """One number as an operand of another: in which part, and in which place among its kind."""

    operand: str
    position: int
    node_key: str
    is_chosen: bool | None = None


@dataclass(frozen=True)
class Graph:
    """Numbers by key, and the operands of each in order. Numbers are shared: it is no tree."""

    numbers: Mapping[str, Number]
    operands: Mapping[str, Sequence[Operand]] = field(default_factory=dict)

    def of(self, node_key: str) -> Sequence[Operand]:
        """The operands of a number."""
        return self.operands.get(node_key, ())

    def above(self, node_keys: Iterable[str]) -> frozenset[str]:
        """These numbers and all that rest on them."""
        found, waiting = set(node_keys), list(node_keys)
        while waiting:
            for parent in self._parents.get(waiting.pop(), ()):
                if parent not in found:
                    found.add(parent)
                    waiting.append(parent)
        return frozenset(found)

    @cached_property
    def _parents(self) -> Mapping[str, Sequence[str]]:
        found: dict[str, list[str]] = {}
        for parent, operands in self.operands.items():
            for one in operands:
                found.setdefault(one.node_key, []).append(parent)
        return found


def graph_of(nodes: Iterable[Mapping[str, Any]], operands: Iterable[Mapping[str, Any]]) -> Graph:
    """A graph from rows of the two relations; fields that the nodes lack stay empty."""
    numbers = {row["node_key"]: Number(**_given(row)) for row in nodes}
    # Each row of the operands brings its keys as strings of its own: one of each is enough.
    keys = {key: key for key in numbers}
    found: dict[str, list[Operand]] = {}
    for row in operands:
        key, node_key = row["parent_key"], row["node_key"]
        found.setdefault(keys.get(key, key), []).append(
            Operand(intern(row["operand"]), row["position"], keys.get(node_key, node_key), row["is_chosen"])
        )
    for below in found.values():
        below.sort(key=lambda one: (one.position, one.operand, one.node_key))
    return Graph(numbers, found)


def graph_of_tree(rows: Iterable[Mapping[str, Any]]) -> Graph:
    """The part of the graph below one bonus, from its rows of `audit.bonus_trace`."""
    places = {row["node_id"]: row for row in rows}
    # Of the places of one number the one where it is taken apart says its operation: it comes last.
    last = sorted(places.values(), key=lambda row: not row["is_shared"])
    nodes = {row["node_key"]: {**row, "effective_from_on": row["effective_from"]} for row in last}
    operands = [
        {**row, "parent_key": places[row["parent_node_id"]]["node_key"]}
        for row in places.values()
        if row["parent_node_id"] is not None
    ]
    return graph_of(nodes.values(), operands)


FIELDS = tuple(Number.__dataclass_fields__)
IN_WORDS = {
    "label",
    "label_zh",
    "unit",
    "reason",
    "reason_zh",
    "effective_from_on",
    "clause_id",
    "value_origin",
}
FIELDS_OF_ARITHMETIC = tuple(name for name in FIELDS if name not in IN_WORDS)
"""What a number is worked out from, and the published cell that it is: nothing of what is said about it."""
_NEVER_NONE = {"label": "", "label_zh": "", "unit": "", "is_exact": False}


def _given(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: _NEVER_NONE[name] if row[name] is None and name in _NEVER_NONE else row[name]
        for name in FIELDS
        if name in row
    }
