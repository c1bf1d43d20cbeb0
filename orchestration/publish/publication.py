"""Publish: the gate, a new folder, one atomic switch of `current`, retention.

The gate lives here and not in the job: a run that selects only this step meets it too.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from orchestration.clock import now
from orchestration.errors import PublicationRefused
from orchestration.gate.page import render_page
from orchestration.gate.result import GateResult, require_passed
from orchestration.hashing import file_hash
from orchestration.policy import policy_files
from orchestration.publish.calibration import add_calibration
from orchestration.publish.candidate import CALIBRATION_MART, Candidate, content_hash, read_candidate
from orchestration.state import GROUP_DIR, GROUP_FILE, StateFolder, write_atomically

MANIFEST = "manifest.json"
CALIBRATION_PAGE = "calibration.html"
CANDIDATE_NOTE = "candidate.json"
SHARED_SUFFIXES = frozenset({".parquet", ".xlsx"})
"""Files whose bytes depend on their rows alone."""


@dataclass(frozen=True)
class Publication:
    """A publication on disk; `manifest` as in manifest.json."""

    folder: Path
    manifest: Mapping[str, Any]

    @property
    def run_id(self) -> str:
        """`NNNNNN-<business date>`."""
        return str(self.manifest["run_id"])


def publish(
    state: StateFolder,
    *,
    keep: int,
    started_at: str,
    pinned: Collection[str] = frozenset(),
    landing: str | None = None,
) -> Publication:
    """Publish the state's candidate and switch `current` to it.

    `keep` publications keep their data, and those whose run id is in `pinned`. `landing` is where the input
    files lay: the manifest says it, so that an audit finds them.

    Raises PublicationRefused, and leaves everything as it was, unless a passed calibration result is stored
    for exactly the candidate's content as it is on disk now. Publishing the same candidate again changes
    nothing.
    """
    candidate = read_candidate(state)
    content = content_hash(state.candidate)
    if content != candidate.content_hash:
        raise PublicationRefused(
            path=state.candidate,
            problem="the candidate's files are not those that the build wrote",
            remedy="The last publication stays. Run meritline nightly again",
        )
    result = require_passed(state, content)
    target = state.published / candidate.run_id
    for leftover in state.published.glob(".*.draft"):
        shutil.rmtree(leftover, ignore_errors=True)
    if not (target / MANIFEST).exists():
        _lay_out(state, candidate, result, target, started_at=started_at, landing=landing)
    elif _read_manifest(target)["content_hash"] != content:
        raise PublicationRefused(
            path=target,
            problem="a publication of this run id with other content exists",
            remedy="The last publication stays. Run meritline nightly again: it takes the next run id",
        )
    _switch(state, target)
    _retain(state, keep, {*pinned, target.name})
    return Publication(target, _read_manifest(target))


def current_publication(state: StateFolder) -> Publication | None:
    """The publication that `current` points at; None before the first one."""
    if not state.current.exists():
        return None
    folder = state.current.resolve()
    return Publication(folder, _read_manifest(folder))


def _lay_out(
    state: StateFolder,
    candidate: Candidate,
    result: GateResult,
    target: Path,
    *,
    started_at: str,
    landing: str | None,
) -> None:
    draft = state.published / f".{candidate.run_id}.draft"
    # Links, not copies: a candidate's files are never written again, a new candidate is a new folder.
    shutil.copytree(
        state.candidate, draft, copy_function=_link, ignore=shutil.ignore_patterns(CANDIDATE_NOTE)
    )
    draft.chmod(GROUP_DIR)
    calibrated = {CALIBRATION_MART: add_calibration(draft, result)}
    _share_unchanged(state, draft)
    write_atomically(
        draft / CALIBRATION_PAGE,
        render_page(result, run_id=candidate.run_id, as_of=candidate.as_of),
        GROUP_FILE,
    )
    published = replace(candidate, rows={**candidate.rows, **calibrated})
    manifest = _manifest(state, published, result, draft, started_at=started_at, landing=landing)
    write_atomically(draft / MANIFEST, _sealed(manifest), GROUP_FILE)
    shutil.rmtree(target, ignore_errors=True)
    draft.rename(target)


def _manifest(
    state: StateFolder,
    candidate: Candidate,
    result: GateResult,
    draft: Path,
    *,
    started_at: str,
    landing: str | None,
) -> dict[str, Any]:
    previous = current_publication(state)
    return {
        "run_id": candidate.run_id,
        "as_of": candidate.as_of,
        "content_hash": candidate.content_hash,
        "code_hash": candidate.code_hash,
        "policy_hash": candidate.policy_hash,
        "bounds_hash": result.bounds_hash,
        "previous": None
        if previous is None
        else {"run_id": previous.run_id, "manifest_sha256": file_hash(previous.folder / MANIFEST)},
        "landing": landing,
        "policy_files": policy_files(state),
        "inputs": list(candidate.inputs),
        "files": {
            path.relative_to(draft).as_posix(): file_hash(path)
            for path in sorted(draft.rglob("*"))
            if path.is_file()
        },
        "rows": dict(candidate.rows),
        "checks": {
            **result.summary(),
            "results": [
                {
                    "suite": check.suite,
                    "check_id": check.check_id,
                    "severity": check.severity,
                    "is_passed": check.is_passed,
                    "observed": check.seen,
                    "bound": check.bound,
                }
                for check in result.checks
            ],
        },
        "started_at": started_at,
        "finished_at": now().isoformat(),
    }


def _sealed(manifest: Mapping[str, Any]) -> str:
    """The manifest as text, ending in the SHA-256 of the text without it: the newest manifest has no follower
    that would hold its hash.
    """
    seal = hashlib.sha256(_text(manifest).encode()).hexdigest()
    return _text({**manifest, "seal": seal})


def _text(manifest: Mapping[str, Any]) -> str:
    return json.dumps(manifest, ensure_ascii=False, indent=1)


def _share_unchanged(state: StateFolder, draft: Path) -> None:
    """Link files that equal the previous publication's to it: unchanged relations and the registers of
    unchanged months take no space.
    """
    previous = current_publication(state)
    if previous is None:
        return
    known: Mapping[str, str] = previous.manifest.get("files", {})
    for path in sorted(path for path in draft.rglob("*") if path.suffix in SHARED_SUFFIXES):
        name = path.relative_to(draft).as_posix()
        twin = previous.folder / name
        if (
            twin.is_file()
            and twin.stat().st_size == path.stat().st_size
            and known.get(name) == file_hash(path)
        ):
            path.unlink()
            _link(str(twin), str(path))


def _switch(state: StateFolder, target: Path) -> None:
    link = state.published / ".current.new"
    link.unlink(missing_ok=True)
    link.symlink_to(target.name)
    link.replace(state.current)


def _retain(state: StateFolder, keep: int, pinned: Collection[str]) -> None:
    """Remove the data of publications beyond the newest `keep`; their manifests stay, the hash chain stays
    whole.
    """
    folders = sorted(path for path in state.published.glob("[0-9]*-*") if path.is_dir())
    for folder in folders[:-keep]:
        if folder.name in pinned:
            continue
        for path in folder.iterdir():
            if path.name == MANIFEST:
                continue
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()


def _read_manifest(folder: Path) -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    return manifest


def _link(source: str, target: str) -> str:
    Path(target).hardlink_to(source)
    return target
