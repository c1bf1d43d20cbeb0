"""Published policy rows against the policy files that the run left in the state."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from orchestration.audit.publications import MANIFEST
from orchestration.audit.recompute.book import Book
from orchestration.audit.recompute.policy import TABLES, PolicyFiles
from orchestration.audit.verify.findings import Finding, Report, compare
from orchestration.audit.verify.integrity import listing_digest, sha256_of
from orchestration.state import StateFolder, place_of

RULES: Mapping[str, str | None] = {
    "supervisor_share": None,
    "collaboration_share": None,
    "min_group_size": None,
    "min_service_share": None,
    "cohort_scope": "role",
    "ranking_correction": "held_harmless",
}
"""Rules of a plan and what holds where the policy says nothing."""

WORDS = frozenset({"cohort_scope", "ranking_correction"})


def check_policy(
    state: StateFolder, manifest: Mapping[str, Any], book: Book, report: Report, *, has_later_night: bool
) -> None:
    """The policy files against the hash in the manifest, and the published policy rows against the files.

    Where a later night has put its own policy into the state (`has_later_night`), files that are not those of
    the publication are its: what then cannot be checked is said.
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
    _check_rows(PolicyFiles(state.seeds / "policy", book.rows("facts.dim_period")), book, report)


def _file_findings(said: Mapping[str, str], present: Mapping[str, str]) -> Iterator[Finding]:
    for name in sorted({*said, *present}):
        if name not in present:
            yield Finding(f"seeds/{name}", "is missing")
        elif name not in said:
            yield Finding(f"seeds/{name}", "is not in the manifest")
        elif said[name] != present[name]:
            problem = f"was changed: SHA-256 {present[name]}, the manifest says {said[name]}"
            yield Finding(f"seeds/{name}", problem)


def _check_rows(files: PolicyFiles, book: Book, report: Report) -> None:
    looked_at = 0
    findings: list[Finding] = []
    for table in TABLES:
        published = book.rows(table.relation)
        looked_at += len(published)
        findings += compare(place_of(table.relation), published, files.expected(table), key=table.key)
    for name, expected in (
        ("policy.policy_score_kpi", _weights(files, book)),
        ("policy.policy_scheme", _schemes(files)),
        ("policy.policy_convention", _conventions(files)),
    ):
        published = book.rows(name)
        looked_at += len(published)
        keys = {
            "policy.policy_score_kpi": ("period_id", "scheme_id", "role", "kpi_id"),
            "policy.policy_scheme": ("period_id", "scheme_id"),
            "policy.policy_convention": ("period_id",),
        }
        findings += compare(place_of(name), published, expected, key=keys[name])
    report.add(
        "policy in force = rows of the policy files on each period's last day", looked_at, "rows", findings
    )


def _weights(files: PolicyFiles, book: Book) -> dict[tuple[Any, ...], Mapping[str, Any]]:
    blocks = dict(files.block_weights())
    expected: dict[tuple[Any, ...], Mapping[str, Any]] = {}
    for key, weight in files.kpi_weights():
        period_id, scheme_id, role, _ = key
        row = next(
            (
                one
                for one in book.scored_kpis.get((period_id, scheme_id), ())
                if one["role"] == role and one["kpi_id"] == key[3]
            ),
            None,
        )
        block = "" if row is None else row["block"]
        of_block = blocks.get(
            (period_id, scheme_id, role, block), blocks.get((period_id, scheme_id, "*", block))
        )
        expected[key] = {"kpi_weight": weight, "block_weight": of_block}
    return expected


def _schemes(files: PolicyFiles) -> dict[tuple[Any, ...], Mapping[str, Any]]:
    return {
        key: {name: _rule(rules.get(name, default), name) for name, default in RULES.items()}
        for key, rules in files.rules().items()
    }


def _rule(value: str | None, name: str) -> str | Decimal | None:
    return value if value is None or name in WORDS else Decimal(value)


def _conventions(files: PolicyFiles) -> dict[tuple[Any, ...], Mapping[str, Any]]:
    return {
        (period_id,): {
            "target_points": values.get("curve_target_points"),
            "stretch_points": values.get("curve_stretch_points"),
        }
        for period_id, values in files.conventions().items()
    }
