"""Published policy rows against the policy files that the run left in the state (effective dating)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from orchestration.audit.publications import MANIFEST
from orchestration.audit.verify.catalogue import rows_of
from orchestration.audit.verify.data import ParquetData, literal, types_of
from orchestration.audit.verify.findings import Finding, Report
from orchestration.audit.verify.records import unlike_files
from orchestration.audit.verify.rows import Rows, check_together
from orchestration.hashing import file_hash, listing_hash
from orchestration.state.folder import StateFolder

NAMED_OTHERWISE = {"kpi": "kpi_period"}
"""Policy files whose rows in force are not the relation of their own name."""
OTHERWISE = {
    "rate_key": "coalesce(rate_key, '')",
    "comparison": "coalesce(comparison, '')",
    "effective_from_on": "effective_from",
}
"""Columns that are not published as they stand in the file."""
ALSO_AS_THEY_STAND = "policy.policy_score_kpi"
"""Relation of rows in force that also have columns from another file."""


def check_policy(
    state: StateFolder,
    manifest: Mapping[str, Any],
    data: ParquetData,
    report: Report,
    *,
    has_later_night: bool,
) -> None:
    """The policy files against the hash in the manifest, and the published policy rows against the files.

    Where a later night has put its own policy into the state (`has_later_night`), files that are not those of
    the publication are its: what then cannot be checked is said. Raises RelationUnreadable.
    """
    said: Mapping[str, str] = manifest["policy_files"]
    place = f"{manifest['run_id']}/{MANIFEST}"
    own = [] if said else [Finding(place, "names no policy file", column="policy_files")]
    if listing_hash(said) != manifest["policy_hash"]:
        own.append(Finding(place, "policy_hash is not that of its policy files", column="policy_hash"))
    report.add("policy hash of the publication", len(said), "files", own)
    paths = sorted(state.seeds.rglob("*.csv"))
    present = {path.relative_to(state.seeds).as_posix(): file_hash(path) for path in paths}
    changed = [
        replace(one, place=f"seeds/{one.place}") for one in unlike_files(said, present, "the manifest")
    ]
    if changed and has_later_night:
        report.skip(
            "policy files of the publication, and its policy rows against them",
            "a later night has put its own into the state: "
            + "; ".join(f"{one.place} {one.problem.split(':')[0]}" for one in changed),
        )
        return
    report.add("policy files against their hashes in the manifest", len(paths), "files", changed)
    name = "policy in force = rows of the policy files on each period's last day"
    report.add(name, *check_together(data, [*_in_force(state.seeds / "policy", data), *rows_of("policy")]))


def _in_force(folder: Path, data: ParquetData) -> Iterator[Rows]:
    """The relations that are rows in force as they stand, with views `in_force_<file>` for all others."""
    combined = {rows.relation for rows in rows_of("policy")} - {ALSO_AS_THEY_STAND}
    for path in sorted(folder.glob("*.csv")):
        relation = f"policy.policy_{NAMED_OTHERWISE.get(path.stem, path.stem)}"
        source = f"read_csv({literal(path)}, all_varchar = true, header = true, delim = ',', quote = '\"')"
        names = types_of(data, source, relation)
        has_kind = "and policy.period_kind = period.period_kind" if "period_kind" in names else ""
        query = f"""
            select period.period_id, policy.* from {source} as policy
            inner join {data.scan("facts.dim_period")} as period
                on period.ends_on >= cast(effective_from as date)
                and coalesce(period.ends_on < cast(effective_to as date), true) {has_kind}
            """
        data.define(f"in_force_{path.stem}", query, relation=relation)
        if data.has(relation) and relation not in combined:
            known = {"period_id", "effective_from_on", *names}
            yield Rows(path.stem, relation, _as_published(path.stem, known, relation, data))


def _as_published(file: str, names: set[str], relation: str, data: ParquetData) -> str:
    """Rows in force in the columns, and with the types, of the relation that publishes them."""
    columns = [
        f"cast({OTHERWISE.get(name, name)} as {kind}) as {name}"
        for name, kind in types_of(data, data.scan(relation), relation).items()
        if name in names
    ]
    of_component = file.startswith("component_")
    held = "semi join in_force_component using (period_id, component_id)" if of_component else ""
    return f"select {', '.join(columns)} from in_force_{file} as policy {held}"
