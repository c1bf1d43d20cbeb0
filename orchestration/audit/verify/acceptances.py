"""Accepted checks: each a critical failure of exactly that content, and no such failure without one."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from orchestration.audit.publications import MANIFEST
from orchestration.audit.verify.findings import Finding, Report
from orchestration.audit.verify.records import has_form, read_sealed
from orchestration.gate.acceptance import acceptance_path
from orchestration.publish.accept import ACCEPTED
from orchestration.state.folder import StateFolder

FORM: Mapping[str, Any] = dict.fromkeys(
    ("content_hash", "suite", "check_id", "observed", "bound", "accepted_by", "why", "accepted_at"), str
)
"""What an acceptance must hold."""


def check_acceptances(
    state: StateFolder, manifests: Mapping[Path, Mapping[str, Any]], report: Report
) -> None:
    """Each publication's acceptances against its failed checks, both ways, and against the record that the
    command kept (`checks/<content hash>.accepted.json`).
    """
    findings: list[Finding] = []
    count = 0
    for folder, manifest in manifests.items():
        place = f"{folder.name}/{MANIFEST}"
        accepted = manifest.get(ACCEPTED, [])
        if not has_form(accepted, [FORM]):
            findings.append(Finding(place, "does not read: it is no list of acceptances", column=ACCEPTED))
            continue
        count += len(accepted)
        try:
            failed = failed_checks(manifest["checks"]["results"])
        except (KeyError, TypeError, AttributeError):
            findings.append(Finding(place, "does not say how its checks ended", column="checks"))
            continue
        findings += _of_manifest(state, place, manifest, failed)
    report.add("accepted checks: failed, of this content, in somebody's name", count, "acceptances", findings)


def failed_checks(results: Collection[Mapping[str, Any]]) -> dict[str, tuple[str, str]]:
    """What was seen of each critical check that failed, and its bound, by its name."""
    return {
        f"{one['suite']}.{one['check_id']}": (str(one["observed"]), str(one["bound"]))
        for one in results
        if one["severity"] == "critical" and outcome(one) == "failed"
    }


def accepted_names(manifest: Mapping[str, Any]) -> frozenset[str]:
    """The checks that a manifest says were accepted; none where it does not read."""
    accepted = manifest.get(ACCEPTED, [])
    return frozenset(f"{one['suite']}.{one['check_id']}" for one in accepted if has_form(one, FORM))


def outcome(check: Mapping[str, Any]) -> str:
    """`passed`, `failed` or `not_judged`. Results from before there were three say only whether it passed."""
    if "outcome" in check:
        return str(check["outcome"])
    return "passed" if check["is_passed"] else "failed"


def _of_manifest(
    state: StateFolder, place: str, manifest: Mapping[str, Any], failed: Mapping[str, tuple[str, str]]
) -> Iterator[Finding]:
    accepted = manifest.get(ACCEPTED, [])
    for name in failed.keys() - accepted_names(manifest):
        yield Finding(place, f"critical check {name} did not pass, and nobody accepted it", column=ACCEPTED)
    if not accepted:
        return
    path = acceptance_path(state, str(manifest["content_hash"]))
    record, problem = read_sealed(path)
    if problem:
        yield Finding(f"checks/{path.name}", problem)
    kept = [] if record is None else record.get(ACCEPTED, [])
    for one in accepted:
        name = f"{one['suite']}.{one['check_id']}"
        if one["content_hash"] != manifest["content_hash"]:
            yield Finding(place, f"{name} was accepted of another content", column=ACCEPTED)
        if name not in failed:
            yield Finding(place, f"{name} is accepted, and is no critical check that failed", column=ACCEPTED)
        elif failed[name] != (one["observed"], one["bound"]):
            yield Finding(place, f"{name} was accepted with another observation or bound", column=ACCEPTED)
        if record is not None and one not in kept:
            yield Finding(f"checks/{path.name}", f"does not have the acceptance of {name} that {place} has")
