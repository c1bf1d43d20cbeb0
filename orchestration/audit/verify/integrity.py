"""Hashes: files against their manifest, manifests against the next one, inputs, policy, calibration."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from orchestration.audit.publications import MANIFEST, publication_folders
from orchestration.audit.relations import Row
from orchestration.audit.verify.cells import locate_in_database, locate_in_parquet
from orchestration.audit.verify.findings import Finding, Report
from orchestration.settlement.frozen import settlement_folder
from orchestration.state.folder import AUDITOR, EARLIER_AUDITOR, StateFolder, place_of

SEAL = "seal"
CALIBRATION = place_of("marts.mart_calibration")
"""What calibration found of the content: published beside it, no part of its hash."""
REQUIRED = (
    "run_id",
    "as_of",
    "content_hash",
    "code_hash",
    "policy_hash",
    "policy_files",
    "inputs",
    "files",
    "rows",
    SEAL,
)


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's bytes, hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def check_anchors(state: StateFolder, anchors: Sequence[str], report: Report) -> None:
    """Each hash that was noted elsewhere must be that of a manifest or a settlement of this state."""
    if not anchors:
        return
    known = {
        sha256_of(path)
        for path in (
            *(folder / MANIFEST for folder in publication_folders(state)),
            *settlement_folder(state).glob("*.json"),
        )
        if path.is_file()
    }
    findings = [
        Finding(
            "anchor",
            f"no manifest and no settlement has the noted hash {anchor}: what was noted is gone or another",
        )
        for anchor in anchors
        if anchor.strip().lower() not in known
    ]
    report.add("hashes noted elsewhere occur in the chain", len(anchors), "hashes", findings)


def check_chain(state: StateFolder, report: Report) -> dict[Path, Mapping[str, Any]]:
    """Walk the chain of publications; returns the manifests that read, by folder, oldest first."""
    manifests: dict[Path, Mapping[str, Any]] = {}
    findings: list[Finding] = []
    folders = publication_folders(state)
    for folder in folders:
        found = list(_manifest_findings(folder, manifests))
        findings += found
    findings += _chain_findings(state, folders, manifests)
    if folders and (folders[-1] / MANIFEST).is_file():
        report.anchors.append(f"newest manifest: {folders[-1].name} {sha256_of(folders[-1] / MANIFEST)}")
    report.add(
        "chain of publications: manifests, their seals and links", len(folders), "publications", findings
    )
    return manifests


def check_manifest(folder: Path, report: Report) -> Mapping[str, Any] | None:
    """The manifest of one publication, its form and seal; None where it does not read."""
    manifests: dict[Path, Mapping[str, Any]] = {}
    report.add("manifest and its seal", 1, "manifests", _manifest_findings(folder, manifests))
    return manifests.get(folder)


def _manifest_findings(folder: Path, manifests: dict[Path, Mapping[str, Any]]) -> Iterator[Finding]:
    place = f"{folder.name}/{MANIFEST}"
    try:
        text = (folder / MANIFEST).read_bytes().decode("utf-8")
        manifest = json.loads(text)
    except FileNotFoundError:
        yield Finding(place, "is missing")
        return
    except (OSError, ValueError) as error:
        yield Finding(place, f"does not read ({error})")
        return
    if not isinstance(manifest, dict) or any(name not in manifest for name in REQUIRED):
        absent = [name for name in REQUIRED if not isinstance(manifest, dict) or name not in manifest]
        yield Finding(place, f"lacks {', '.join(absent)}")
        if not isinstance(manifest, dict) or absent != [SEAL]:
            return
    misshapen = [name for name, is_sound in _shapes(manifest).items() if not is_sound]
    if misshapen:
        yield Finding(place, f"does not read: {', '.join(misshapen)} is not what a manifest holds there")
        return
    manifests[folder] = manifest
    if manifest.get("is_preview") and folder.parent.name == "published":
        yield Finding(place, "is of a preview, which is no publication", column="is_preview")
    if manifest["run_id"] != folder.name:
        yield Finding(place, f"is the manifest of {manifest['run_id']}, not of this folder", column="run_id")
    if SEAL not in manifest:
        return
    unsealed = {name: value for name, value in manifest.items() if name != SEAL}
    if text != _text({**unsealed, SEAL: manifest[SEAL]}) or _digest(_text(unsealed)) != manifest[SEAL]:
        yield Finding(place, "was changed after it was sealed: the seal is not that of its content")


def _shapes(manifest: Mapping[str, Any]) -> dict[str, bool]:
    """Whether the parts of a manifest that checks look into have their form."""
    previous, landing = manifest.get("previous"), manifest.get("landing")
    words = ("run_id", "as_of", "content_hash", "code_hash", "policy_hash")
    return {
        **{name: isinstance(manifest[name], str) for name in words},
        **{name: _is_words(manifest[name]) for name in ("files", "policy_files")},
        "rows": _is_table(manifest["rows"], int),
        "inputs": isinstance(manifest["inputs"], list)
        and all(
            isinstance(one, dict) and isinstance(one.get("file"), str) and isinstance(one.get("sha256"), str)
            for one in manifest["inputs"]
        ),
        "landing": landing is None or isinstance(landing, str),
        "previous": previous is None
        or (_is_words(previous) and {"run_id", "manifest_sha256"} <= previous.keys()),
    }


def _is_words(value: object) -> bool:
    return _is_table(value, str)


def _is_table(value: object, kind: type) -> bool:
    return isinstance(value, dict) and all(isinstance(one, kind) for one in value.values())


def _chain_findings(
    state: StateFolder, folders: Sequence[Path], manifests: Mapping[Path, Mapping[str, Any]]
) -> Iterator[Finding]:
    names = {folder.name for folder in folders}
    followers: dict[str, list[str]] = defaultdict(list)
    first = [folder.name for folder, manifest in manifests.items() if not manifest.get("previous")]
    for folder, manifest in manifests.items():
        previous = manifest.get("previous")
        if not previous:
            continue
        place = f"{folder.name}/{MANIFEST}"
        followers[previous["run_id"]].append(folder.name)
        if previous["run_id"] not in names:
            yield Finding(previous["run_id"], f"the publication is missing: {folder.name} follows it")
            continue
        if previous["run_id"] >= folder.name:
            yield Finding(place, f"follows {previous['run_id']}, which is not older", column="previous")
        path = state.published / previous["run_id"] / MANIFEST
        if path.exists() and sha256_of(path) != previous["manifest_sha256"]:
            yield Finding(
                f"{previous['run_id']}/{MANIFEST}",
                f"is not the manifest that {folder.name} was published after: "
                f"hash {sha256_of(path)}, expected {previous['manifest_sha256']}",
            )
    for name, following in followers.items():
        if len(following) > 1:
            yield Finding(name, f"is followed by {len(following)} publications: {', '.join(following)}")
    if len(first) > 1:
        yield Finding(", ".join(first), "more than one publication has no predecessor")
    newest = max(names, default=None)
    if newest is not None and (not state.current.is_symlink() or state.current.resolve().name != newest):
        target = state.current.resolve().name if state.current.is_symlink() else "nothing"
        yield Finding("current", f"points at {target}, the newest publication is {newest}")


def check_files(folder: Path, manifest: Mapping[str, Any], report: Report, *, may_be_empty: bool) -> bool:
    """Each file of one publication against its manifest; returns whether its data is there.

    `may_be_empty`: retention may have removed the data of this publication as a whole.
    """
    present = {
        path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()
    }
    present.pop(MANIFEST, None)
    if not present and may_be_empty:
        report.skip(f"files of {folder.name}", "retention has removed its data; its manifest is checked")
        return False
    findings: list[Finding] = []
    for name, expected in manifest["files"].items():
        path = present.pop(name, None)
        if path is None:
            findings.append(Finding(f"{folder.name}/{name}", "is missing"))
            continue
        actual = sha256_of(path)
        if actual != expected:
            findings.append(
                Finding(
                    f"{folder.name}/{name}", f"was changed: SHA-256 {actual}, the manifest says {expected}"
                )
            )
            findings += [
                Finding(f"{folder.name}/{one.place}", one.problem, row=one.row, column=one.column)
                for one in _located(folder, name)
            ]
    findings += [Finding(f"{folder.name}/{name}", "is not in the manifest") for name in present]
    content = _content_hash(manifest["files"])
    if content != manifest["content_hash"]:
        findings.append(
            Finding(
                f"{folder.name}/{MANIFEST}", "content_hash is not that of its files", column="content_hash"
            )
        )
    report.add(f"files of {folder.name} against its manifest", len(manifest["files"]), "files", findings)
    return True


def _located(folder: Path, name: str) -> list[Finding]:
    if name.endswith(".parquet"):
        return locate_in_parquet(folder, name)
    if name.endswith(".duckdb"):
        return locate_in_database(folder, name)
    return []


def check_inputs(manifest: Mapping[str, Any], landing: Path | None, report: Report) -> None:
    """Each input file that still lies in the landing folder against the hash it was ingested with."""
    ingested: dict[str, set[str]] = defaultdict(set)
    for one in manifest["inputs"]:
        ingested[one["file"]].add(one["sha256"])
    if landing is None or not landing.is_dir():
        report.skip(
            f"{len(ingested)} input files", f"the landing folder {landing or ''} is not there".strip()
        )
        return
    findings, looked_at, gone = [], 0, []
    for name, hashes in sorted(ingested.items()):
        path = landing / name
        if not path.is_file():
            gone.append(name)
            continue
        looked_at += 1
        actual = sha256_of(path)
        if actual not in hashes:
            findings.append(
                Finding(f"{landing.name}/{name}", f"is not the file that was ingested: SHA-256 {actual}")
            )
    report.add("input files against the hashes they were ingested with", looked_at, "files", findings)
    if gone:
        report.skip(f"{len(gone)} input files", f"no longer in the landing folder: {', '.join(gone[:5])}")


def check_gate(state: StateFolder, manifest: Mapping[str, Any], shown: Sequence[Row], report: Report) -> None:
    """PR-02: a passed calibration result is stored for exactly this content.

    `shown` are the rows of the publication's own `mart_calibration`: the same checks with the same results.
    """
    path = state.checks / f"{manifest['content_hash']}.json"
    place = f"checks/{path.name}"
    findings = []
    checks: list[Mapping[str, Any]] = []
    try:
        checks = json.loads(path.read_text(encoding="utf-8"))["checks"]
        findings = [
            Finding(place, f"critical check {check['suite']}.{check['check_id']} did not pass")
            for check in checks
            if _outcome(check) == "failed" and check["severity"] == "critical"
        ]
        if all(_outcome(check) == "not_judged" for check in checks):
            findings.append(Finding(place, "no check ran: nothing was calibrated"))
        findings += _unlike(place, checks, CALIBRATION, shown)
        findings += _unlike(place, checks, f"{manifest['run_id']}/{MANIFEST}", _said_checks(manifest))
    except (OSError, ValueError):
        findings.append(Finding(place, "there is no calibration result for this content"))
    except (KeyError, TypeError, AttributeError) as error:
        findings.append(Finding(place, f"is no calibration result ({type(error).__name__}: {error})"))
    report.add("calibration result of the content", len(checks), "checks", findings)


def _said_checks(manifest: Mapping[str, Any]) -> Sequence[Row]:
    results: Sequence[Row] = manifest["checks"]["results"]
    return results


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
    return check["suite"], check["check_id"], check["severity"], _outcome(check), observed, check["bound"]


def _outcome(check: Mapping[str, Any]) -> str:
    """`passed`, `failed` or `not_judged`. Results from before there were three say only whether it passed."""
    if "outcome" in check:
        return str(check["outcome"])
    return "passed" if check["is_passed"] else "failed"


def check_row_counts(
    folder: Path, manifest: Mapping[str, Any], counts: Mapping[str, int], report: Report
) -> None:
    """Rows of each relation against the manifest."""
    findings = [
        Finding(
            f"{folder.name}/{place_of(relation)}",
            f"has {counts[relation]} rows, the manifest says {rows}",
        )
        for relation, rows in manifest["rows"].items()
        if relation in counts and counts[relation] != rows
    ]
    report.add("rows of each relation", len(counts), "relations", findings)


def _content_hash(files: Mapping[str, str]) -> str:
    return listing_digest(
        {
            name: digest
            for name, digest in files.items()
            if name.partition("/")[0] in (AUDITOR, EARLIER_AUDITOR)
            and name.endswith((".parquet", ".sql"))
            and name.partition("/")[2] != CALIBRATION.partition("/")[2]
        }
    )


def listing_digest(hashes: Mapping[str, str]) -> str:
    """SHA-256 over lines `<hash>  <name>` in the order of the names."""
    return _digest("".join(f"{hashes[name]}  {name}\n" for name in sorted(hashes)))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def _text(manifest: Mapping[str, Any]) -> str:
    return json.dumps(manifest, ensure_ascii=False, indent=1)
