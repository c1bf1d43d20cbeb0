"""Published policy rows against the policy files that the run left in the state (effective dating)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from orchestration.audit.publications import MANIFEST
from orchestration.audit.verify.data import ParquetData
from orchestration.audit.verify.findings import Finding, Report
from orchestration.audit.verify.integrity import listing_digest, sha256_of
from orchestration.audit.verify.rows import Rows, check_rows
from orchestration.state.folder import StateFolder

NAMED_OTHERWISE = {"kpi": "kpi_period"}
"""Policy files whose rows in force are not the relation of their own name."""
OTHERWISE = {
    "rate_key": "coalesce(rate_key, '')",
    "comparison": "coalesce(comparison, '')",
    "effective_from_on": "effective_from",
}
"""Columns that are not published as they stand in the file."""

AS_NUMBER = "cast(max(rule.value) filter (rule.parameter = '{}') as decimal(18, 6)) as {}"

COMBINED: Sequence[Rows] = (
    Rows(
        "rules of plans as they stand",
        "policy.policy_scheme_rule",
        """
        select period_id, scheme_id, parameter, value as text_value, try_cast(value as decimal(18, 6))
            as value,
            cast(effective_from as date) as effective_from_on, clause_id, value_origin
        from in_force_scheme_rule
        """,
    ),
    Rows(
        "weights of blocks and KPIs",
        "policy.policy_score_kpi",
        """
        select kpi.period_id, kpi.scheme_id, kpi.role, kpi.block, kpi.kpi_id,
            cast(kpi.weight as decimal(18, 6)) as kpi_weight,
            cast(coalesce(own.weight, all_roles.weight) as decimal(18, 6)) as block_weight
        from in_force_score_kpi as kpi
        left join in_force_score_block as own on kpi.period_id = own.period_id
            and kpi.scheme_id = own.scheme_id and kpi.block = own.block and kpi.role = own.role
        left join in_force_score_block as all_roles on kpi.period_id = all_roles.period_id
            and kpi.scheme_id = all_roles.scheme_id and kpi.block = all_roles.block and all_roles.role = '*'
        """,
    ),
    Rows(
        "rules of plans, and what holds where the policy says nothing",
        "policy.policy_scheme",
        f"""
        select scheme.period_id, scheme.scheme_id, scheme.name_en, scheme.name_zh,
            {AS_NUMBER.format("supervisor_share", "supervisor_share")},
            {AS_NUMBER.format("collaboration_share", "collaboration_share")},
            {AS_NUMBER.format("min_group_size", "min_group_size")},
            {AS_NUMBER.format("min_service_share", "min_service_share")},
            coalesce(max(rule.value) filter (rule.parameter = 'cohort_scope'), 'role') as cohort_scope,
            coalesce(max(rule.value) filter (rule.parameter = 'ranking_correction'), 'held_harmless')
                as ranking_correction
        from in_force_scheme as scheme left join in_force_scheme_rule as rule using (period_id, scheme_id)
        group by all
        """,
    ),
    Rows(
        "conventions",
        "policy.policy_convention",
        f"""
        select period_id, {AS_NUMBER.format("curve_target_points", "target_points")},
            {AS_NUMBER.format("curve_stretch_points", "stretch_points")}
        from in_force_convention as rule group by all
        """,
    ),
)


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
    own = []
    if not said:
        own.append(Finding(place, "names no policy file", column="policy_files"))
    if listing_digest(said) != manifest["policy_hash"]:
        own.append(Finding(place, "policy_hash is not that of its policy files", column="policy_hash"))
    report.add("policy hash of the publication", len(said), "files", own)
    paths = sorted(state.seeds.rglob("*.csv"))
    present = {path.relative_to(state.seeds).as_posix(): sha256_of(path) for path in paths}
    changed = list(_file_findings(said, present))
    if changed and has_later_night:
        report.skip(
            "policy files of the publication, and its policy rows against them",
            "a later night has put its own into the state: "
            + "; ".join(f"{one.place} {one.problem.split(':')[0]}" for one in changed),
        )
        return
    report.add("policy files against their hashes in the manifest", len(paths), "files", changed)
    _check_rows(state.seeds / "policy", data, report)


def _file_findings(said: Mapping[str, str], present: Mapping[str, str]) -> Iterator[Finding]:
    for name in sorted({*said, *present}):
        if name not in present:
            yield Finding(f"seeds/{name}", "is missing")
        elif name not in said:
            yield Finding(f"seeds/{name}", "is not in the manifest")
        elif said[name] != present[name]:
            problem = f"was changed: SHA-256 {present[name]}, the manifest says {said[name]}"
            yield Finding(f"seeds/{name}", problem)


def _check_rows(folder: Path, data: ParquetData, report: Report) -> None:
    findings: list[Finding] = []
    looked_at = 0
    for rows in (*_in_force(folder, data), *COMBINED):
        count, _, found = check_rows(data, rows)
        looked_at += count
        findings += found
    report.add(
        "policy in force = rows of the policy files on each period's last day", looked_at, "rows", findings
    )


def _in_force(folder: Path, data: ParquetData) -> Iterator[Rows]:
    """Views `in_force_<file>` of the rows in force, and the relations that are such rows as they stand."""
    combined = {rows.relation for rows in COMBINED} - {"policy.policy_score_kpi"}
    for path in sorted(folder.glob("*.csv")):
        relation = f"policy.policy_{NAMED_OTHERWISE.get(path.stem, path.stem)}"
        quoted = str(path).replace("'", "''")
        source = f"read_csv('{quoted}', all_varchar = true, header = true, delim = ',', quote = '\"')"
        names = [row["column_name"] for row in data.query(f"describe from {source}", relation=relation)]
        has_kind = "and policy.period_kind = period.period_kind" if "period_kind" in names else ""
        data.execute(
            f"""
            create or replace view in_force_{path.stem} as
            select period.period_id, policy.* from {source} as policy
            inner join {data.scan("facts.dim_period")} as period on period.ends_on >= cast(effective_from
                as date)
                and coalesce(period.ends_on < cast(effective_to as date), true) {has_kind}
            """,
            relation=relation,
        )
        if data.has(relation) and relation not in combined:
            known = {"period_id", "effective_from_on", *names}
            yield Rows(path.stem, relation, _as_published(path.stem, known, relation, data))


def _as_published(file: str, names: set[str], relation: str, data: ParquetData) -> str:
    """Rows in force in the columns, and with the types, of the relation that publishes them."""
    columns = [
        f"cast({OTHERWISE.get(row['column_name'], row['column_name'])} as {row['column_type']}) "
        f"as {row['column_name']}"
        for row in data.query(f"describe from {data.scan(relation)}", relation=relation)
        if row["column_name"] in names
    ]
    of_component = file.startswith("component_")
    held = "semi join in_force_component using (period_id, component_id)" if of_component else ""
    return f"select {', '.join(columns)} from in_force_{file} as policy {held}"
