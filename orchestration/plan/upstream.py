"""Which relations a plan builds and which it takes as they are published, read from the manifest's graph.

A relation that no differing file of the policy is above of is taken, and one that it is above of through
facts alone that are taken. A few facts rest on rows of a seed (the longest window of any KPI, the calendar):
where just that differs between the two policies, they are built again from the exports.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
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
OWN_MACROS = "macro.meritline."
WORD = re.compile(r"[a-z_0-9]+")

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
    changed: Collection[str] = (),
    *,
    differing: Collection[str] | None = None,
) -> Selection:
    """What to build for the targets, given the tables that are published (`schema.name`), the seeds whose
    rows differ in what facts read of them (`changed`), and those that differ at all (`differing`; None where
    other code made the publication: then all but facts is built).
    """
    nodes: Graph = manifest["nodes"]
    moved = frozenset(changed)
    others = None if differing is None else frozenset(differing)

    def is_given(node: Graph) -> bool:
        if f"{node['schema']}.{node['alias']}" not in published:
            return False
        if node["schema"] == GIVEN:
            return not moved & _seeds_above(manifest, node["unique_id"])
        return others is not None and not others & _seeds_above(manifest, node["unique_id"], given_facts)

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


def read_columns(manifest: Graph, seed: str) -> frozenset[str]:
    """Words that models before the facts, and facts, say that rest on a seed: a column of the seed that none
    of them names moves no fact. Rather a word too many than a column too few. Where a model reads the seed
    itself, the macros that it calls may name the columns for it (dates: `holds_on`).
    """
    words: set[str] = set()
    for node in manifest["nodes"].values():
        is_upstream = node["resource_type"] == "model" and node["schema"] in {*BEFORE_FACTS, GIVEN}
        if is_upstream and seed in _seeds_above(manifest, node["unique_id"]):
            words.update(WORD.findall(node["raw_code"].lower()))
            if seed in _seeds_read(manifest, node["unique_id"]):
                for text in _macro_texts(manifest, node["depends_on"]["macros"], set()):
                    words.update(WORD.findall(text.lower()))
    return frozenset(words)


def _seeds_read(manifest: Graph, unique_id: str) -> frozenset[str]:
    """Seeds that a model reads itself."""
    nodes = manifest["nodes"]
    return frozenset(
        str(nodes[parent]["name"])
        for parent in manifest["parent_map"].get(unique_id, ())
        if parent in nodes and nodes[parent]["resource_type"] == "seed"
    )


def _macro_texts(manifest: Graph, macros: Collection[str], seen: set[str]) -> Iterator[str]:
    """The text of the project's own macros among these, and of those that they call."""
    for unique_id in macros:
        if unique_id in seen or not unique_id.startswith(OWN_MACROS):
            continue
        seen.add(unique_id)
        macro = manifest["macros"][unique_id]
        yield str(macro["macro_sql"])
        yield from _macro_texts(manifest, macro["depends_on"]["macros"], seen)


def changed_seeds(manifest: Graph, before: Mapping[str, Path | None], after: Path) -> frozenset[str]:
    """Seeds whose rows differ in what facts read of them. `before` has the published file by its path below
    the seeds where it is there to be read (None where it is another and is not); `after` is the folder of
    seeds.
    """
    found = set()
    for name, file in before.items():
        seed = Path(name).stem
        columns = read_columns(manifest, seed)
        if columns and (file is None or rows_of(file, columns) != rows_of(after / name, columns)):
            found.add(seed)
    return frozenset(found)


def rows_of(path: Path, columns: Collection[str]) -> frozenset[tuple[tuple[str, str], ...]]:
    """The distinct rows of a CSV file in some of its columns."""
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return frozenset(
            tuple((name, value) for name, value in row.items() if name in columns)
            for row in csv.DictReader(stream)
        )


def _seeds_above(manifest: Graph, unique_id: str, beside: Collection[str] = ()) -> frozenset[str]:
    """Seeds that a model rests on, but not those that it does through the models `beside`."""
    return frozenset(_names_above(manifest, unique_id, {*beside}))


def _names_above(manifest: Graph, unique_id: str, seen: set[str]) -> Iterator[str]:
    for parent in manifest["parent_map"].get(unique_id, ()):
        if parent in seen:
            continue
        seen.add(parent)
        if parent in manifest["nodes"] and manifest["nodes"][parent]["resource_type"] == "seed":
            yield str(manifest["nodes"][parent]["name"])
        yield from _names_above(manifest, parent, seen)
