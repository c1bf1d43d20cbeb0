"""Hashes: files against their manifest, manifests against the next one, inputs, calibration."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

from orchestration.audit.publications import MANIFEST
from orchestration.audit.relations import Row
from orchestration.audit.verify.acceptances import accepted_names, outcome
from orchestration.audit.verify.cells import located
from orchestration.audit.verify.data import CALIBRATION, ParquetData, RelationUnreadable
from orchestration.audit.verify.findings import Finding, Report
from orchestration.audit.verify.records import has_form, read_sealed, unlike_files
from orchestration.hashing import SEAL, FileHashes, file_hash
from orchestration.publish.candidate import content_of
from orchestration.settlement.frozen import settlement_folder
from orchestration.state.folder import StateFolder, place_of, publication_folders

FORM: Mapping[str, Any] = {
    **dict.fromkeys(("run_id", "as_of", "content_hash", "code_hash", "policy_hash"), str),
    "policy_files": {str: str},
    "inputs": [{"file": str, "sha256": str}],
    "files": {str: str},
    "rows": {str: int},
    SEAL: object,
}
"""What a manifest must hold, as far as checks look into it."""
FORM_WHERE_SAID: Mapping[str, Any] = {"landing": str, "previous": {"run_id": str, "manifest_sha256": str}}


def check_anchors(state: StateFolder, anchors: Sequence[str], report: Report) -> None:
    """Each hash that was noted elsewhere must be that of a manifest or a settlement of this state."""
    if not anchors:
        return
    manifests = [folder / MANIFEST for folder in publication_folders(state)]
    paths = [*manifests, *settlement_folder(state).glob("*.json")]
    known = {file_hash(path) for path in paths if path.is_file()}
    problem = "no manifest and no settlement has the noted hash {}: what was noted is gone or another"
    findings = [
        Finding("anchor", problem.format(anchor)) for anchor in anchors if anchor.strip().lower() not in known
    ]
    report.add("hashes noted elsewhere occur in the chain", len(anchors), "hashes", findings)


def check_chain(state: StateFolder, report: Report) -> dict[Path, Mapping[str, Any]]:
    """Walk the chain of publications; returns the manifests that read, by folder, oldest first."""
    manifests: dict[Path, Mapping[str, Any]] = {}
    folders = publication_folders(state)
    findings = [one for folder in folders for one in _manifest_findings(folder, manifests)]
    findings += _chain_findings(state, folders, manifests)
    if folders and (folders[-1] / MANIFEST).is_file():
        report.anchors.append(f"newest manifest: {folders[-1].name} {file_hash(folders[-1] / MANIFEST)}")
    name = "chain of publications: manifests, their seals and links"
    report.add(name, len(folders), "publications", findings)
    return manifests


def check_manifest(folder: Path, report: Report) -> Mapping[str, Any] | None:
    """The manifest of one publication, its form and seal; None where it does not read."""
    manifests: dict[Path, Mapping[str, Any]] = {}
    report.add("manifest and its seal", 1, "manifests", _manifest_findings(folder, manifests))
    return manifests.get(folder)


def _manifest_findings(folder: Path, manifests: dict[Path, Mapping[str, Any]]) -> Iterator[Finding]:
    place = f"{folder.name}/{MANIFEST}"
    manifest, problem = read_sealed(folder / MANIFEST)
    if manifest is None:
        yield Finding(place, problem)
        return
    absent = [name for name in FORM if name not in manifest]
    if absent:
        yield Finding(place, f"lacks {', '.join(absent)}")
        if absent != [SEAL]:
            return
    forms = {**FORM, **{name: of for name, of in FORM_WHERE_SAID.items() if manifest.get(name) is not None}}
    misshapen = [name for name, of in forms.items() if name in manifest and not has_form(manifest[name], of)]
    if misshapen:
        yield Finding(place, f"does not read: {', '.join(misshapen)} is not what a manifest holds there")
        return
    manifests[folder] = manifest
    if manifest.get("is_preview") and folder.parent.name == "published":
        yield Finding(place, "is of a preview, which is no publication", column="is_preview")
    if manifest["run_id"] != folder.name:
        yield Finding(place, f"is the manifest of {manifest['run_id']}, not of this folder", column="run_id")
    if problem and not absent:
        yield Finding(place, problem)


def _chain_findings(
    state: StateFolder, folders: Sequence[Path], manifests: Mapping[Path, Mapping[str, Any]]
) -> Iterator[Finding]:
    names = {folder.name for folder in folders}
    followers: dict[str, list[str]] = defaultdict(list)
    first = [folder.name for folder, manifest in manifests.items() if not manifest.get("previous")]
    for folder, manifest in manifests.items():
        if not manifest.get("previous"):
            continue
        before, expected = (manifest["previous"][name] for name in ("run_id", "manifest_sha256"))
        followers[before].append(folder.name)
        if before not in names:
            yield Finding(before, f"the publication is missing: {folder.name} follows it")
            continue
        if before >= folder.name:
            problem = f"follows {before}, which is not older"
            yield Finding(f"{folder.name}/{MANIFEST}", problem, column="previous")
        path = state.published / before / MANIFEST
        if path.exists() and (actual := file_hash(path)) != expected:
            yield Finding(
                f"{before}/{MANIFEST}",
                f"is not the manifest that {folder.name} was published after: "
                f"hash {actual}, expected {expected}",
            )
    for name, following in followers.items():
        if len(following) > 1:
            yield Finding(name, f"is followed by {len(following)} publications: {', '.join(following)}")
    if len(first) > 1:
        yield Finding(", ".join(first), "more than one publication has no predecessor")
    newest = max(names, default=None)
    target = state.current.resolve().name if state.current.is_symlink() else "nothing"
    if newest is not None and target != newest:
        yield Finding("current", f"points at {target}, the newest publication is {newest}")


def check_files(
    folder: Path,
    manifest: Mapping[str, Any],
    report: Report,
    *,
    hashes: FileHashes,
    may_be_empty: bool = False,
) -> bool:
    """Each file of one publication against its manifest; returns whether its data is there.

    `may_be_empty`: retention may have removed the data of this publication as a whole.
    """
    present = hashes.below(folder)
    present.pop(MANIFEST, None)
    if not present and may_be_empty:
        report.skip(f"files of {folder.name}", "retention has removed its data; its manifest is checked")
        return False
    said: Mapping[str, str] = manifest["files"]
    findings: list[Finding] = []
    for one in unlike_files(said, present, "the manifest"):
        findings.append(one)
        if one.place in said and one.place in present:
            findings += located(folder, one.place)
    if content_of(said) != manifest["content_hash"]:
        findings.append(Finding(MANIFEST, "content_hash is not that of its files", column="content_hash"))
    findings = [replace(one, place=f"{folder.name}/{one.place}") for one in findings]
    report.add(f"files of {folder.name} against its manifest", len(said), "files", findings)
    return True


def check_inputs(manifest: Mapping[str, Any], landing: Path | None, report: Report) -> None:
    """Each input file that still lies in the landing folder against the hash it was ingested with."""
    ingested: dict[str, set[str]] = defaultdict(set)
    for one in manifest["inputs"]:
        ingested[one["file"]].add(one["sha256"])
    if landing is None or not landing.is_dir():
        why = f"the landing folder {landing or ''} is not there".strip()
        report.skip(f"{len(ingested)} input files", why)
        return
    present = {name: file_hash(landing / name) for name in sorted(ingested) if (landing / name).is_file()}
    # A sheet is an export of its own, by the name of its book; its hash is of its rows.
    of_books = {
        name for name in ingested if any((landing / one).is_file() for one in PurePosixPath(name).parents)
    }
    findings = [
        Finding(f"{landing.name}/{name}", f"is not the file that was ingested: SHA-256 {actual}")
        for name, actual in present.items()
        if actual not in ingested[name]
    ]
    report.add("input files against the hashes they were ingested with", len(present), "files", findings)
    if of_books:
        report.skip(f"{len(of_books)} sheets of workbooks", "their hashes are of their rows, not of the file")
    gone = sorted(ingested.keys() - present.keys() - of_books)
    if gone:
        report.skip(f"{len(gone)} input files", f"no longer in the landing folder: {', '.join(gone[:5])}")


def check_gate(
    state: StateFolder, manifest: Mapping[str, Any], published: Sequence[Row], report: Report
) -> None:
    """PR-02: a passed calibration result is stored for exactly this content, or what failed was accepted.

    `published` are the rows of the publication's own `mart_calibration`: the same checks with the same
    results.
    """
    path, accepted = state.checks / f"{manifest['content_hash']}.json", accepted_names(manifest)
    place = f"checks/{path.name}"
    checks: list[Mapping[str, Any]] = []
    findings: list[Finding] = []
    try:
        checks = json.loads(path.read_text(encoding="utf-8"))["checks"]
        findings = [
            Finding(place, f"critical check {check['suite']}.{check['check_id']} did not pass")
            for check in checks
            if outcome(check) == "failed"
            and check["severity"] == "critical"
            and f"{check['suite']}.{check['check_id']}" not in accepted
        ]
        if all(outcome(check) == "not_judged" for check in checks):
            findings.append(Finding(place, "no check ran: nothing was calibrated"))
        findings += _unlike(place, checks, place_of(CALIBRATION), published)
        findings += _unlike(place, checks, f"{manifest['run_id']}/{MANIFEST}", manifest["checks"]["results"])
    except (OSError, ValueError):
        findings = [Finding(place, "there is no calibration result for this content")]
    except (KeyError, TypeError, AttributeError) as error:
        findings.append(Finding(place, f"is no calibration result ({type(error).__name__}: {error})"))
    report.add("calibration result of the content", len(checks), "checks", findings)


def _unlike(
    place: str, checks: Sequence[Mapping[str, Any]], other: str, shown: Sequence[Row]
) -> Iterator[Finding]:
    """Checks that a stored result and what was published of it do not share."""
    stored = {_check_key(check) for check in checks}
    published = {_check_key(row) for row in shown}
    for key in sorted(stored - published, key=str):
        yield Finding(place, f"has {key[0]}.{key[1]} ({key[3]}), {other} has not")
    for key in sorted(published - stored, key=str):
        yield Finding(other, f"shows {key[0]}.{key[1]} ({key[3]}), {place} has not")


def _check_key(check: Mapping[str, Any]) -> tuple[Any, ...]:
    # Why a check could not run may quote a value: what is published says only that it could not.
    observed = "could not be checked" if check.get("error") is not None else check["observed"]
    return check["suite"], check["check_id"], check["severity"], outcome(check), observed, check["bound"]


def check_row_counts(data: ParquetData, manifest: Mapping[str, Any], report: Report) -> None:
    """Rows of each relation that reads against the manifest."""
    said, counts = manifest["rows"], {}
    for relation in said:
        with suppress(RelationUnreadable):
            counts[relation] = data.count(data.scan(relation), relation=relation)
    findings = [
        Finding(
            f"{data.folder.name}/{place_of(relation)}",
            f"has {count} rows, the manifest says {said[relation]}",
        )
        for relation, count in counts.items()
        if count != said[relation]
    ]
    report.add("rows of each relation", len(counts), "relations", findings)
