"""The published history built under another policy: by the models of a night, from facts as published."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb

from orchestration.audit.diff import (
    Pair,
    Side,
    Stated,
    attached,
    comparing,
    concerned,
    is_same,
    moved_periods,
)
from orchestration.audit.publications import other_release
from orchestration.errors import ConfigurationError, StateHeld
from orchestration.hashing import code_hash, file_hash
from orchestration.plan.moved import moved_of_policy
from orchestration.plan.numbers import as_views, read_of_some, state_nothing
from orchestration.plan.standing import PART, Standing
from orchestration.plan.upstream import (
    Selection,
    read_by_facts,
    read_of_agents,
    seeds_named,
    select,
    selectors,
)
from orchestration.policy.folder import install_policy, policy_files
from orchestration.policy.installed import site_record
from orchestration.policy.roster import plans_of, said_of, unknown_of
from orchestration.policy.site import Site
from orchestration.settings import SOURCE_DIRS
from orchestration.sql import literal
from orchestration.state.folder import (
    StateFolder,
    auditor_parquet,
    is_published,
)
from orchestration.state.lock import undisturbed
from orchestration.state.memory import connect, spilling_into
from orchestration.warehouse.dbt import (
    BUILD,
    TEMPLATES,
    DbtOutcome,
    log_path,
    manifest_path,
    stream_dbt,
    take_parsed,
)
from orchestration.warehouse.manifest import STEPS, read_manifest

COMMAND = (*BUILD, "--exclude-resource-type", "test")
"""Every seed and model asked for. Data tests are the night's: nothing is published here."""
PARSED = ("partial_parse.msgpack", TEMPLATES)
"""What dbt knows of the project already; it sees by itself what of it still holds."""
RUN = "run"
PLANNED = "planned"
CATALOG = "warehouse"
"""What dbt calls the scratch warehouse in the views that it makes."""

Manifest = Mapping[str, Any]


@dataclass(frozen=True)
class Built:
    """A scratch warehouse under the policy planned for, as a side to compare; the hashes of its policy's
    files, the facts that were built again, the relations that are those of the publication, and what numbers
    there are: all others are those of the publication, which may be of an earlier release and not say of
    which part and period they are.
    """

    side: Side
    policy_files: Mapping[str, str]
    from_exports: tuple[str, ...]
    same: Collection[str]
    stated: Stated


def build(
    state: StateFolder,
    work: StateFolder,
    publication: Path,
    manifest: Manifest,
    *,
    policy: Path,
    site: Site,
    progress: Callable[[str], None] = lambda said: None,
) -> Built:
    """Build the relations from the policy on in `work`, for the publication of `state` in the folder
    `publication` with its `manifest`.

    Raises ConfigurationError for a policy that a night would refuse, and where facts rest on rows that differ
    and the exports are no longer those of the publication or cannot be laid out; StateHeld where these are
    needed while a night takes in others; BuildFailed as a night does.
    """
    hashed = install_policy(work, policy, site=site)
    _require_known_plans(publication, work, manifest)
    for name in PARSED:
        if (state.dbt / name).is_file():
            shutil.copyfile(state.dbt / name, work.dbt / name)
    progress("policy sound, reading the models")
    parsed = take_parsed(work)
    graph = read_manifest(manifest_path(work))
    differing = _differing(work, manifest)
    moved = _moved(state, work, manifest, graph, lambda names: _run_dbt(work, parsed, names, progress))
    selection = select(graph, _published(publication, graph), moved, differing=differing)
    if selection.from_exports:
        progress(f"from the exports again: {', '.join(selection.from_exports)}")
        _link_exports(state, work, publication, manifest, selection.from_exports)
    _give(work, publication, selection.given)
    _run_dbt(work, parsed, selectors(graph, selection.pay), progress)
    side = _side(work, publication, manifest, hashed)
    sides = Side.of(publication), side
    with attached(*sides, same=selection.given) as pair, comparing(*sides):
        standing = _standing(pair, graph, selection, differing)
        numbers = [one for one in selection.numbers if one not in standing]
        read = read_of_agents(graph, numbers)
        stated = Stated(agents=concerned(pair))
        if differing is not None:
            parts = [name for one in numbers if (name := graph["nodes"][one]["name"]).startswith(PART)]
            stated = replace(
                stated,
                periods=moved_periods(pair, stated.agents, read),
                parts=[name.removeprefix(PART) for name in parts],
            )
    if stated.agents:
        state_nothing(work.warehouse, graph, standing)
        read_of_some(work.warehouse, read, stated.agents)
        _run_dbt(work, as_views(parsed, numbers), selectors(graph, numbers), progress)
    return Built(side, policy_files(work), selection.from_exports, selection.given, stated)


def _run_dbt(
    work: StateFolder, parsed: Any, selected: Sequence[str], progress: Callable[[str], None]
) -> None:
    if not selected:
        return
    outcome = DbtOutcome()
    with spilling_into(work):
        events = stream_dbt(
            work, [*COMMAND, "--select", *selected], outcome=outcome, manifest=parsed, is_quick=True
        )
        for event in events:
            if node := (event["data"].get("node_info") or {}).get("node_name"):
                progress(str(node))
    # The log goes with the scratch folder: the error names what failed and why.
    outcome.raise_if_failed(log_path(work))


def _side(work: StateFolder, publication: Path, manifest: Manifest, policy_hash: str) -> Side:
    said = {
        "policy_hash": policy_hash,
        "site": site_record(work),
        "code_hash": code_hash(SOURCE_DIRS),
    }
    return Side(PLANNED, work.warehouse, {**manifest, **said}, other_release(publication), CATALOG)


def _standing(
    pair: Pair, graph: Manifest, selection: Selection, differing: Collection[str] | None
) -> Sequence[str]:
    """Parts of the calculation that stand; none where the publication is of other code: there the numbers are
    looked at whole.
    """
    if differing is None:
        return ()
    return Standing(graph, selection.given, differing, lambda relation: is_same(pair, relation)).parts


def _differing(work: StateFolder, manifest: Manifest) -> frozenset[str] | None:
    """Seeds that are others than those of the publication; None where other code made it."""
    if manifest["code_hash"] != code_hash(SOURCE_DIRS) or _has_other_models(manifest, work):
        return None
    return frozenset(
        Path(name).stem for name in differing_files(manifest["policy_files"], policy_files(work))
    )


def _published(publication: Path, graph: Manifest) -> list[str]:
    """Tables of the models that the publication has (`schema.name`)."""
    tables = [
        f"{node['schema']}.{node['alias']}"
        for node in graph["nodes"].values()
        if node["resource_type"] == "model" and node["config"]["materialized"] not in STEPS
    ]
    return [name for name in tables if is_published(publication, name)]


def _moved(
    state: StateFolder,
    work: StateFolder,
    manifest: Manifest,
    graph: Manifest,
    make: Callable[[Sequence[str]], None],
) -> frozenset[str]:
    """What facts read of the policy and has other rows than under the published one; `make` builds models."""
    published = {
        seed: _same(state.seeds / name, manifest["policy_files"].get(name))
        for name in differing_files(manifest["policy_files"], policy_files(work))
        for seed in seeds_named(graph, [Path(name).stem])
    }
    return moved_of_policy(graph, read_by_facts(graph), published, work.warehouse, make)


def _has_other_models(manifest: Manifest, work: StateFolder) -> bool:
    """Whether a site's own models are others than those of the publication."""
    sides = (manifest.get("site"), site_record(work))
    one, other = (
        {name: digest for name, digest in (side or {}).get("files", {}).items() if name.endswith(".sql")}
        for side in sides
    )
    return one != other


def differing_files(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """Policy files (path below the seeds → SHA-256) whose bytes differ, in the order of their paths."""
    return [name for name in sorted({*before, *after}) if before.get(name) != after.get(name)]


def _same(path: Path, digest: str | None) -> Path | None:
    return path if path.is_file() and file_hash(path) == digest else None


def _require_known_plans(publication: Path, work: StateFolder, manifest: Manifest) -> None:
    """What a night asks of the roster (`policy.roster`), of the published one."""
    plans = plans_of(work.seeds / "policy")
    with connect() as database:
        found = unknown_of(
            database,
            """
            select agent_id, scheme_id, left_on
            from read_parquet($files)
            where effective_from_on <= cast($on as date)
            qualify row_number() over (partition by agent_id order by effective_from_on desc) = 1
            """,
            files=str(auditor_parquet(publication, "facts.fct_job_row")),
            on=manifest["as_of"],
            plans=plans,
        )
    if found:
        problem, remedy = said_of(found, plans)
        raise ConfigurationError(path="workforce/agent", problem=problem, remedy=remedy)


def _give(work: StateFolder, publication: Path, names: Collection[str]) -> None:
    """Have the scratch warehouse show published relations under their own names."""
    with duckdb.connect(str(work.warehouse)) as warehouse:
        for name in names:
            schema, table = name.split(".")
            warehouse.execute(f'create schema if not exists "{schema}"')
            source = literal(auditor_parquet(publication, name))
            warehouse.execute(f'create view "{schema}"."{table}" as select * from read_parquet({source})')


def _link_exports(
    state: StateFolder, work: StateFolder, publication: Path, manifest: Manifest, models: Collection[str]
) -> None:
    """Lay out the exports as the publication took them; files of raw are replaced, never written into. A
    night that begins meanwhile waits a moment.
    """
    try:
        with undisturbed(state):
            shutil.rmtree(work.raw)
            shutil.copytree(state.raw, work.raw, copy_function=os.link)
    except StateHeld as error:
        raise StateHeld(
            path=state.root,
            problem=f"{error.problem}, and this policy has facts built again from the exports "
            f"({', '.join(models)})",
            remedy="Run meritline plan again when it is done",
        ) from error
    except (OSError, shutil.Error) as error:
        raise ConfigurationError(
            path=state.raw,
            problem=f"under this policy {', '.join(models)} would be built again from the exports, which "
            f"cannot be linked beside the plan ({_reason(error)})",
            remedy="Name a state folder that you own with --state, on one disk that links files",
        ) from error
    if not _are_exports_of(work.raw, publication, manifest):
        raise ConfigurationError(
            path=state.raw,
            problem=f"under this policy {', '.join(models)} would be built again from the exports, and the "
            "state has taken in others since the publication",
            remedy="Run meritline nightly, and plan on what it publishes",
        )


def _reason(error: OSError) -> str:
    """What the system says; of the many files that `shutil.Error` names the first."""
    if isinstance(error, shutil.Error) and error.args and isinstance(error.args[0], list):
        return str(error.args[0][0][-1])
    return error.strerror or str(error)


def _are_exports_of(raw: Path, publication: Path, manifest: Manifest) -> bool:
    with connect() as database:
        try:
            found = database.execute(
                "select cast(max(as_of_on) as varchar) from read_parquet($context)",
                {"context": str(raw / RUN / "context" / "*.parquet")},
            ).fetchone()
            loads = database.execute(
                "select load_id from read_parquet($loads, union_by_name = true) where status = 'loaded' "
                "order by load_id",
                {"loads": str(raw / RUN / "load_file" / "*.parquet")},
            ).fetchall()
            published = database.execute(
                "select load_id from read_parquet($loads) where status = 'loaded' order by load_id",
                {"loads": str(auditor_parquet(publication, "audit.load_file"))},
            ).fetchall()
        except duckdb.Error:
            return False
    return found == (manifest["as_of"],) and loads == published
