"""What comes out as published under another policy although files above it differ.

A part of the calculation whose relations all do states the numbers that are published: its SQL is the same.
They are neither stated nor compared again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cached_property

from orchestration.plan.upstream import POLICY, Graph

PART = "calculation__"
"""How models begin that state a part of the calculation; the rest of the name is the part's."""

OF_POLICY = PART + POLICY
"""The part that states the rows in force: others look them up, so it never stands."""


@dataclass(frozen=True)
class Standing:
    """The models of `graph` that come out as published: those of `given` (`schema.name`), what no seed of
    `differing` is above of, and what `is_same` says the rows are the same of, which is asked of what parts
    read alone, where something above it differs.
    """

    graph: Graph
    given: Collection[str]
    differing: Collection[str]
    is_same: Callable[[str], bool]

    @cached_property
    def parts(self) -> tuple[str, ...]:
        """Unique ids of the parts that stand, in order."""
        return tuple(sorted(one for one in self._parts if self._stand_above(one)))

    @property
    def _nodes(self) -> Graph:
        return self.graph["nodes"]  # type: ignore[no-any-return]

    @cached_property
    def _parts(self) -> frozenset[str]:
        return frozenset(
            one
            for one, node in self._nodes.items()
            if node["resource_type"] == "model"
            and node["name"].startswith(PART)
            and node["name"] != OF_POLICY
        )

    @cached_property
    def _read(self) -> frozenset[str]:
        above = {parent for one in self._parts for parent in self.graph["parent_map"].get(one, ())}
        return frozenset(above & self._nodes.keys())

    @cached_property
    def _known(self) -> dict[str, bool]:
        return {}

    def _stands(self, unique_id: str) -> bool:
        if unique_id not in self._known:
            self._known[unique_id] = self._found(unique_id)
        return self._known[unique_id]

    def _found(self, unique_id: str) -> bool:
        node = self._nodes.get(unique_id)
        # An export: the same as that of the publication.
        if node is None:
            return True
        if node["resource_type"] == "seed":
            return node["name"] not in self.differing
        if _name(node) in self.given or self._stand_above(unique_id):
            return True
        return unique_id in self._read and self.is_same(_name(node))

    def _stand_above(self, unique_id: str) -> bool:
        # Rows of the policy are few: where they differ, no other relation is compared.
        parents = self.graph["parent_map"].get(unique_id, ())
        return all(map(self._stands, sorted(parents, key=self._is_no_policy)))

    def _is_no_policy(self, unique_id: str) -> bool:
        return unique_id in self._nodes and self._nodes[unique_id]["schema"] != POLICY


def _name(node: Graph) -> str:
    return f"{node['schema']}.{node['alias']}"
