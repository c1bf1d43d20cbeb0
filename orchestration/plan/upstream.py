"""Which relations a plan builds and which it takes as they are published, read from the manifest's graph.

A relation that no differing file of the policy is above of is taken, and one that it is above of through
facts alone that are taken. A few facts rest on the policy, through models of seeds alone (the longest window
of any KPI) or on a seed itself (the calendar): where the rows of just those differ, they are built again from
the exports.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

GIVEN = "facts"
"""Schema of the relations that are taken as published."""
BEFORE_FACTS = frozenset({"staging", "intermediate"})
POLICY = "policy"
PAY = (
    *("bonus_line", "bonus_line_computed", "bonus", "bonus_evidence", "bonus_ranking", "score", "grade"),
    *("kpi_evidence", "kpi_observation", "relation_key", "source_row", "load_file"),
)
"""What is compared and what causes are looked for in, beside all of the policy in force."""
NUMBERS = ("calculation_node", "calculation_operand")
"""What says by which numbers pay differs."""
CALCULATION = "calculation"
"""How models begin that state numbers and nothing that is paid: built of those alone whose pay differs."""
OF_AGENT = "agent_id"

Graph = Mapping[str, Any]


@dataclass(frozen=True)
class Selection:
    """What dbt builds, as unique ids: first what is paid, then the numbers behind it. The relations that are
    taken as published; the facts that need the exports.
    """

    pay: tuple[str, ...]
    numbers: tuple[str, ...]
    given: tuple[str, ...]
    from_exports: tuple[str, ...] = ()


def select(
    manifest: Graph,
    published: Collection[str],
    moved: Collection[str] = (),
    *,
    differing: Collection[str] | None = None,
) -> Selection:
    """What to build for the targets, given the tables that are published (`schema.name`), what facts read of
    the policy and has other rows (`moved`, of `read_by_facts`), and the seeds that differ at all
    (`differing`, by name; None where other code made the publication: then all but facts is built).
    """
    nodes: Graph = manifest["nodes"]
    kept = of_seeds(manifest)
    others = None if differing is None else seeds_named(manifest, differing)

    def is_given(node: Graph) -> bool:
        if f"{node['schema']}.{node['alias']}" not in published:
            return False
        if node["schema"] == GIVEN:
            return not {*moved} & {*_of_policy_above(manifest, node["unique_id"], kept)}
        return others is not None and not others & seeds_above(manifest, node["unique_id"], given_facts)

    given_facts = frozenset(
        unique_id for unique_id, node in nodes.items() if node["schema"] == GIVEN and is_given(node)
    )

    built: set[str] = set()
    given: set[str] = set()
    again: set[str] = set()

    def take(unique_id: str) -> None:
        node = nodes.get(unique_id)
        if node is None or unique_id in built or node["resource_type"] not in ("model", "seed"):
            return
        name = f"{node['schema']}.{node['alias']}"
        if node["resource_type"] == "model" and is_given(node):
            given.add(name)
            return
        if node["schema"] == GIVEN:
            again.add(str(node["name"]))
        built.add(unique_id)
        for parent in manifest["parent_map"].get(unique_id, ()):
            take(parent)

    for node in nodes.values():
        if node["resource_type"] != "model":
            continue
        if node["name"] in (*PAY, *NUMBERS) or node["schema"] == POLICY:
            take(node["unique_id"])
    numbers = {one for one in built if nodes[one]["name"].startswith(CALCULATION)}
    return Selection(
        tuple(sorted(built - numbers)),
        tuple(sorted(numbers)),
        tuple(sorted(given)),
        tuple(sorted(again)),
    )


def selectors(manifest: Graph, unique_ids: Collection[str]) -> tuple[str, ...]:
    """How dbt is asked for these."""
    return tuple(sorted(".".join(manifest["nodes"][one]["fqn"]) for one in unique_ids))


def read_of_agents(manifest: Graph, unique_ids: Collection[str]) -> tuple[str, ...]:
    """The relations of agents that these read (`schema.name`) and that are none of them."""
    nodes: Graph = manifest["nodes"]
    read = {parent for one in unique_ids for parent in manifest["parent_map"].get(one, ())}
    return tuple(
        sorted(
            f"{nodes[one]['schema']}.{nodes[one]['alias']}"
            for one in read.difference(unique_ids)
            if OF_AGENT in nodes.get(one, {}).get("columns", {})
        )
    )


def seeds_named(manifest: Graph, names: Collection[str]) -> frozenset[str]:
    """Unique ids of seeds by their names."""
    return frozenset(
        one for one, node in manifest["nodes"].items() if _is_seed(node) and node["name"] in names
    )


def of_seeds(manifest: Graph) -> frozenset[str]:
    """Models before the facts that rest on seeds alone: what they have can be asked under either policy."""
    nodes: Graph = manifest["nodes"]

    @cache
    def is_one(unique_id: str) -> bool:
        node = nodes.get(unique_id, {})
        parents = manifest["parent_map"].get(unique_id, ())
        return node.get("schema") in BEFORE_FACTS and bool(parents) and all(map(rests, parents))

    def rests(unique_id: str) -> bool:
        return _is_seed(nodes.get(unique_id, {})) or is_one(unique_id)

    return frozenset(filter(is_one, nodes))


def read_by_facts(manifest: Graph) -> frozenset[str]:
    """Unique ids of what facts read of seeds: models of seeds alone, and the seeds that they read beside."""
    kept = of_seeds(manifest)
    facts = [one for one, node in manifest["nodes"].items() if node["schema"] == GIVEN]
    return frozenset(one for fact in facts for one in _of_policy_above(manifest, fact, kept))


def seeds_above(manifest: Graph, unique_id: str, beside: Collection[str] = ()) -> frozenset[str]:
    """Seeds that a model rests on (unique ids), but not those that it does through the models `beside`."""
    return frozenset(_of_policy_above(manifest, unique_id, (), {*beside}))


def _of_policy_above(
    manifest: Graph, unique_id: str, kept: Collection[str], seen: set[str] | None = None
) -> Iterator[str]:
    """Seeds above a model, and the models `kept` in place of what is above those."""
    seen = set() if seen is None else seen
    for parent in manifest["parent_map"].get(unique_id, ()):
        if parent in seen:
            continue
        seen.add(parent)
        if parent in kept or _is_seed(manifest["nodes"].get(parent, {})):
            yield parent
        else:
            yield from _of_policy_above(manifest, parent, kept, seen)


def _is_seed(node: Graph) -> bool:
    return node.get("resource_type") == "seed"
