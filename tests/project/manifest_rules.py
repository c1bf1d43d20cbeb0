"""What the dbt manifest must show: edges along the data path, names, keys, descriptions, contracts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from typing import Any

Node = Mapping[str, Any]
Manifest = Mapping[str, Any]

LAYERS = ("staging", "intermediate", "facts", "policy", "kpi", "score", "grade", "bonus", "audit", "marts")
"""Folders of models, in the order of the data path; a model reads its own layer and earlier ones."""

BOUNDARY = LAYERS.index("facts")
"""Nothing later than this layer reads a source, staging or intermediate."""

PREFIXES = {
    "staging": "stg_",
    "intermediate": "int_",
    "facts": ("fct_", "dim_"),
    "policy": "policy_",
    "kpi": "kpi_",
    "score": "score",
    "grade": "grade",
    "bonus": "bonus",
    "marts": ("mart_", "star_"),
}
"""How a model's name begins, by folder; audit's relations are named in the contract and have none."""

STAR = "star_"
"""A dimension beside the marts: `star_team` is the relation `marts.dim_team`; a model has one name, and
`dim_team` is that of the facts.
"""

ACROSS = {
    ("facts.fct_load", "source.run.load_file"): "loads are facts about the run, beside the rows they brought",
    ("facts.fct_export", "source.run.export"): "what was ever delivered is a fact about the loads",
    (
        "facts.fct_export_column",
        "source.run.export_column",
    ): "what was ever delivered is a fact about the loads",
    ("facts.fct_plan_need", "source.run.plan_need"): "what a plan lacks is found where the loads are known",
    ("intermediate.int_kpi__known", "seed.kpi"): "a ruling names a KPI of the catalogue, in force or not",
    (
        "intermediate.int_kpi__longest_window",
        "seed.kpi",
    ): "a ticket is followed as long as any definition of the catalogue asks",
    (
        "policy.policy_radar_signal",
        "seed.radar_signal",
    ): "limits of the radar pay nobody: they are no policy of pay, and stand beside it",
    ("policy.policy_radar_pair", "seed.radar_pair"): "what a plan pays by is known where the policy is",
    ("audit.rejected_row", "source.run.rejected_row"): "a row that did not load is no fact",
}
"""Edges across layers that are meant, with the reason."""

INEXACT_TYPES = re.compile(r"double|float|real|hugeint|^decimal$|^numeric$", re.IGNORECASE)
AUDIENCES = {"bi", "payroll"}


def models(manifest: Manifest) -> list[Node]:
    """Models of the project, by name."""
    return sorted(
        (node for node in manifest["nodes"].values() if node["resource_type"] == "model"),
        key=lambda node: str(node["name"]),
    )


def layer(node: Node) -> str:
    """First folder under models/."""
    return PurePosixPath(node["original_file_path"]).parts[1]


def forbidden_edges(manifest: Manifest, meant: Iterable[tuple[str, str]] = ()) -> list[str]:
    """Edges against the data path or past its boundary; `meant` are exceptions as (`layer.model`, parent)."""
    exceptions = set(meant)
    found = []
    for node in models(manifest):
        for parent in node["depends_on"]["nodes"]:
            name, reason = _edge(manifest, node, parent)
            if reason and (f"{layer(node)}.{node['name']}", name) not in exceptions:
                found.append(f"{layer(node)}.{node['name']} reads {name}: {reason}")
    return found


def unused_exceptions(manifest: Manifest, meant: Iterable[tuple[str, str]]) -> list[str]:
    """Exceptions that no edge needs any more."""
    edges = {
        (f"{layer(node)}.{node['name']}", _edge(manifest, node, parent)[0])
        for node in models(manifest)
        for parent in node["depends_on"]["nodes"]
    }
    return [f"{child} reads {parent}" for child, parent in meant if (child, parent) not in edges]


def misplaced(manifest: Manifest) -> list[str]:
    """Models whose folder, schema and prefix do not say the same."""
    found = []
    for node in models(manifest):
        folder, name = layer(node), node["name"]
        if folder not in LAYERS:
            found.append(f"{name}: models/{folder} is no layer")
            continue
        if node["schema"] != folder:
            found.append(f"{name}: in folder {folder} but schema {node['schema']}")
        if not name.startswith(PREFIXES.get(folder, "")):
            found.append(f"{name}: in folder {folder} without its prefix")
        relation = f"dim_{name.removeprefix(STAR)}" if name.startswith(STAR) else name
        if node["alias"] != relation or PurePosixPath(node["original_file_path"]).stem != name:
            found.append(f"{name}: file, model and relation have different names")
        if folder == "staging":
            source = PurePosixPath(node["original_file_path"]).parts[2]
            if not name.startswith(f"stg_{source}__"):
                found.append(f"{name}: must begin with stg_{source}__")
    return found


def undocumented(manifest: Manifest) -> list[str]:
    """Models whose description states no grain; columns (all, from facts onward) without a description."""
    found = []
    for node in models(manifest):
        if not re.match(r"Grain: \S.{10,}", node["description"]):
            found.append(f"{node['name']}: its description must begin with `Grain: `")
        for column in node["columns"].values():
            if not column["description"].strip():
                found.append(f"{node['name']}.{column['name']}: no description")
        if LAYERS.index(layer(node)) >= BOUNDARY and not node["columns"]:
            found.append(f"{node['name']}: no columns described")
    return found


def unkeyed(manifest: Manifest) -> list[str]:
    """Models without `config.meta.key`, or with a key of columns they do not have."""
    found = []
    for node in models(manifest):
        key = node["config"].get("meta", {}).get("key")
        if not isinstance(key, list) or not key:
            found.append(f"{node['name']}: no config.meta.key")
            continue
        if LAYERS.index(layer(node)) >= BOUNDARY:
            found += [
                f"{node['name']}: key column {one} is not among its columns"
                for one in key
                if one not in node["columns"]
            ]
    return found


def untested_keys(manifest: Manifest) -> list[str]:
    """Tables from facts onward whose key no `unique_key` test holds."""
    tested = {
        node["attached_node"]
        for node in manifest["nodes"].values()
        if node["resource_type"] == "test" and (node.get("test_metadata") or {}).get("name") == "unique_key"
    }
    return [
        f"{node['name']}: no unique_key test"
        for node in models(manifest)
        if LAYERS.index(layer(node)) >= BOUNDARY
        and node["config"]["materialized"] != "view"
        and node["unique_id"] not in tested
    ]


def without_contract(manifest: Manifest) -> list[str]:
    """Models from facts onward that dbt does not hold to their columns; columns of no or an inexact type."""
    found = []
    for node in models(manifest):
        if LAYERS.index(layer(node)) < BOUNDARY:
            continue
        if not node["config"]["contract"]["enforced"]:
            found.append(f"{node['name']}: contract not enforced")
        for column in node["columns"].values():
            if not column["data_type"]:
                found.append(f"{node['name']}.{column['name']}: no data_type")
            elif INEXACT_TYPES.search(column["data_type"]):
                found.append(
                    f"{node['name']}.{column['name']}: {column['data_type']} is inexact or one engine's own"
                )
    return found


def without_unit_test(manifest: Manifest, names: Iterable[str]) -> list[str]:
    """Models of `names` whose edges no dbt unit test tries."""
    tried = {unit_test["model"] for unit_test in manifest["unit_tests"].values()}
    return [f"{name}: no unit test" for name in sorted(set(names) - tried)]


def misnamed_columns(manifest: Manifest) -> list[str]:
    """Columns whose type contradicts the ending or beginning of their name."""
    found = []
    for node in models(manifest):
        for column in node["columns"].values():
            name, kind = column["name"], (column["data_type"] or "").lower()
            expected = next((want for test, want in _NAMING if re.search(test, name)), None)
            if kind and expected and not re.match(expected, kind):
                found.append(f"{node['name']}.{name}: {kind}, where the name promises {expected}")
    return found


def wrong_audiences(manifest: Manifest) -> list[str]:
    """Audiences that do not exist or sit outside marts, and marts that name none without saying so."""
    found = []
    for node in models(manifest):
        meta = node["config"].get("meta", {})
        audience = meta.get("audience")
        if layer(node) == "marts" and audience is None:
            found.append(f"{node['name']}: a mart names its audience, [] for auditors only")
        if layer(node) != "marts" and audience:
            found.append(f"{node['name']}: only marts have an audience")
        found += [f"{node['name']}: unknown audience {one}" for one in audience or () if one not in AUDIENCES]
    return found


_NAMING = (
    (r"_at$", "timestamp"),
    (r"_on$", "date"),
    (r"^(is|has)_", "boolean"),
    (r"_cny$", r"decimal\(\d+,2\)|decimal\(18,6\)"),
    (r"_(seconds|count)$", "bigint"),
    (r"_(rate|share|score|weight)$", r"decimal\("),
)


def _edge(manifest: Manifest, node: Node, parent_id: str) -> tuple[str, str]:
    """The parent's name, and why `node` may not read it ('' when it may)."""
    here = LAYERS.index(layer(node))
    if parent_id in manifest["sources"]:
        source = manifest["sources"][parent_id]
        name = f"source.{source['source_name']}.{source['name']}"
        return name, "" if layer(node) == "staging" else "only staging reads sources"
    parent = manifest["nodes"][parent_id]
    if parent["resource_type"] == "seed":
        kind = PurePosixPath(parent["original_file_path"]).parent.name
        home = {"policy": ("policy",), "reference": ("intermediate", "facts")}.get(kind, ())
        return f"seed.{parent['name']}", "" if layer(
            node
        ) in home else f"only {' and '.join(home)} read seeds/{kind}"
    there = LAYERS.index(layer(parent))
    name = f"{layer(parent)}.{parent['name']}"
    if there > here:
        return name, "against the data path"
    if layer(node) == "staging":
        return name, "staging reads sources"
    if here > BOUNDARY > there:
        return name, "past the boundary of facts"
    return name, ""
