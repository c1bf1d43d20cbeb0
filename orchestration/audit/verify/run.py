"""`verify` on a state folder: every publication's integrity, and the current one's arithmetic."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from orchestration.audit.publications import current_folder
from orchestration.audit.verify.acceptances import check_acceptances
from orchestration.audit.verify.arithmetic import check_arithmetic
from orchestration.audit.verify.copies import check_copies
from orchestration.audit.verify.data import CALIBRATION, ParquetData
from orchestration.audit.verify.findings import Finding, Report
from orchestration.audit.verify.integrity import (
    check_anchors,
    check_chain,
    check_files,
    check_gate,
    check_inputs,
    check_manifest,
    check_row_counts,
)
from orchestration.audit.verify.policy import check_policy
from orchestration.audit.verify.provenance import check_provenance
from orchestration.audit.verify.register import check_register, has_later_night
from orchestration.audit.verify.settlements import check_settlements
from orchestration.audit.verify.views import check_views
from orchestration.hashing import FileHashes
from orchestration.state.folder import AUDITOR, StateFolder, place_of, require_of_this_release


def verify_state(
    state: StateFolder,
    *,
    landing: Path | None,
    progress: Callable[[str], None],
    anchors: Sequence[str] = (),
) -> Report:
    """Check every publication of a state folder.

    `landing` is where the input files lie, by default where the manifest says; `anchors` are hashes of
    manifests or settlements that were noted elsewhere. Raises ConfigurationError when
    nothing has been published.
    """
    # The link `current` leads to a whole path: next to one with `..` or a link in it nothing is current.
    state = StateFolder(state.root.resolve())
    report = Report()
    current = state.current.resolve()
    data = ParquetData(current)
    manifests = check_integrity(state, data=data, landing=landing, report=report, progress=progress)
    check_anchors(state, anchors, report)
    if current in manifests:
        progress("arithmetic of the current publication")
        check_arithmetic(data, report)
    older = len(manifests.keys() - {current})
    if older:
        why = "verified when they were current; hashes are checked"
        report.skip(f"arithmetic of {older} earlier publications", why)
    return report


def verify_publication(
    folder: Path, state: StateFolder, *, landing: Path | None, progress: Callable[[str], None]
) -> Report:
    """Check one publication or preview by itself: files, copies, policy, inputs, arithmetic; what its place
    in the chain says is checked by `verify_state`.

    Raises ConfigurationError for one of an earlier release.
    """
    require_of_this_release(folder)
    report = Report()
    manifest = check_manifest(folder, report)
    if manifest is None:
        return report
    check_acceptances(state, {folder: manifest}, report)
    progress(f"files of {folder.name}")
    check_files(folder, manifest, report, hashes=FileHashes())
    data = ParquetData(folder)
    _check_content(state, data, manifest, landing=landing, report=report, has_later_night=True)
    progress(f"arithmetic of {folder.name}")
    check_arithmetic(data, report)
    return report


def check_integrity(
    state: StateFolder,
    *,
    landing: Path | None,
    report: Report,
    progress: Callable[[str], None],
    data: ParquetData | None = None,
) -> Mapping[Path, Mapping[str, Any]]:
    """Everything that `verify_state` checks but arithmetic; returns the manifests that read, by folder.
    `data` is the current publication's, where it is asked for more.

    Raises ConfigurationError when nothing has been published, or the newest by an earlier release.
    """
    if not state.current.is_symlink() and not any(state.published.glob("[0-9]*-*")):
        current_folder(state)  # raises: nothing was ever published
    # Where the publication that it points at is gone, the chain says so.
    current = state.current.resolve()
    require_of_this_release(current)
    progress("the chain of publications")
    manifests = check_chain(state, report)
    check_acceptances(state, manifests, report)
    records = check_register(state, manifests, report)
    kept = {current.name, *check_settlements(state, manifests, current, records, report)}
    # Retention removes the oldest first and never what is kept: nothing may be empty after a publication that
    # has its data without being kept.
    may_be_empty, hashes = True, FileHashes()
    for folder, manifest in manifests.items():
        progress(f"files of {folder.name}")
        is_kept = folder.name in kept
        may_be_empty_itself = may_be_empty and not is_kept
        has_data = check_files(folder, manifest, report, hashes=hashes, may_be_empty=may_be_empty_itself)
        may_be_empty = may_be_empty and (is_kept or not has_data)
    if current not in manifests:
        report.skip("the current publication", "it is missing, or its manifest does not read")
        return manifests
    progress("policy, calibration and inputs")
    _check_content(
        state,
        data or ParquetData(current),
        manifests[current],
        landing=landing,
        report=report,
        has_later_night=has_later_night(records, current.name),
    )
    return manifests


def _check_content(
    state: StateFolder,
    data: ParquetData,
    manifest: Mapping[str, Any],
    *,
    landing: Path | None,
    report: Report,
    has_later_night: bool,
) -> None:
    """Copies, calibration, policy, inputs and rows of one publication. `has_later_night`: the policy in the
    state need not be its own.
    """
    with report.guarding("copies for the audiences", data.folder.name):
        check_copies(data, manifest, report)
        check_views(data.folder, report)
    if manifest.get("is_preview"):
        report.skip("calibration result of the content", "kept for publications, not for previews")
    else:
        name = "calibration result of the content"
        with report.skipping(name), report.guarding(name, place_of(CALIBRATION)):
            check_gate(state, manifest, data.rows(CALIBRATION), report)
    try:
        with (
            report.skipping("policy rows against the policy files"),
            report.guarding("policy in force", "seeds/policy, or the published policy"),
        ):
            check_policy(state, manifest, data, report, has_later_night=has_later_night)
    except OSError as error:
        problem = f"the policy files do not read ({type(error).__name__}: {error})"
        report.add("policy in force", 0, "rows", [Finding("seeds/policy", problem)])
    if landing is None and manifest.get("landing"):
        landing = Path(manifest["landing"])
    check_inputs(manifest, landing, report)
    name = "where rows came from"
    with report.skipping(name), report.guarding(name, f"{AUDITOR}/ ({name})"):
        check_provenance(data, manifest, landing, report)
    check_row_counts(data, manifest, report)
