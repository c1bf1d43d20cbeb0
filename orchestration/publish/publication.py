"""Publish: the gate, a new folder, one atomic switch of `current`, retention.

The gate lives here and not in the job: a run that selects only this step meets it too.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from expectations.own_bounds import plan_in_force
from orchestration.board.library import bundle
from orchestration.board.page import About
from orchestration.board.write import BOARD_FOLDER, write_boards
from orchestration.clock import now
from orchestration.errors import MeritlineError, PublicationRefused
from orchestration.gate.judgement import Night, require_passed
from orchestration.gate.page import render_page
from orchestration.gate.result import GateResult
from orchestration.hashing import FileHashes, file_hash, sealed
from orchestration.policy.folder import policy_files
from orchestration.policy.installed import site_record
from orchestration.policy.site import SHIPPED, Site
from orchestration.publish.accept import ACCEPTED, usable_acceptances
from orchestration.publish.calibration import add_calibration
from orchestration.publish.candidate import CALIBRATION_MART, Candidate, unchanged_candidate
from orchestration.publish.chain import MANIFEST, manifests_before
from orchestration.publish.databases import add_about, own
from orchestration.publish.previous import NOTE
from orchestration.settings import BOUNDS_DIR
from orchestration.settings_table import BOARDS
from orchestration.state.folder import (
    AUDITOR,
    GROUP_DIR,
    GROUP_FILE,
    OWNER_DIR,
    StateFolder,
    lost_current,
    write_atomically,
)
from orchestration.warehouse.manifest import AUDIENCES

MANIFEST_NAMES = frozenset({"run_id", "as_of", "content_hash", "files", "rows", "checks", "finished_at"})
"""What a manifest must have to be read as one."""
IS_PREVIEW = "is_preview"
"""Field of a manifest that only a preview has."""
CALIBRATION_PAGE = "calibration.html"
CHECK_FIELDS = {
    **{name: name for name in ("suite", "check_id", "severity", "outcome", "is_passed")},
    "observed": "seen",
    "bound": "bound",
}
"""What a manifest says of a check, and the field of its result that says it."""
SHARED_SUFFIXES = frozenset({".parquet", ".xlsx", ".html", ".zip", ".js", ".css"})
"""Files whose bytes may be those of the publication before."""


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
    bounds: Path = BOUNDS_DIR,
    site: Site = SHIPPED,
    boards: Collection[str] = (),
    is_preview: bool = False,
    again: str = "meritline nightly",
) -> Publication:
    """Publish the state's candidate and switch `current` to it.

    `keep` publications keep their data, and those whose run id is in `pinned`. `landing` is where the input
    files lay: the manifest says it, so that an audit finds them. `bounds` is the folder of the shipped
    bounds, `site` what a site changes of them, `boards` the audiences that get a performance board, `again`
    the command of this night. A preview says in its
    manifest and files that it is one.

    Raises PublicationRefused, and leaves everything as it was, unless a passed calibration result by the
    bounds in force is stored for exactly the candidate as it is on disk now, or what failed was accepted of
    it. Publishing the same candidate again changes nothing.
    """
    for leftover in state.published.glob(".*.draft"):
        shutil.rmtree(leftover, ignore_errors=True)
    hashes = FileHashes()
    candidate = unchanged_candidate(state, hashes)
    result = require_passed(
        state,
        candidate.content_hash,
        plan_in_force(bounds, site.bounds),
        accepted=usable_acceptances(state, candidate.content_hash),
        night=Night(again, may_be_accepted=not is_preview, site=site.folder),
    )
    target = state.published / candidate.run_id
    laid_out = _laid_out(target, candidate)
    if laid_out is None or not _has_its_files(laid_out):
        previous = _previous(state) if laid_out is None else _before(state, laid_out)
        page = render_page(
            result,
            run_id=candidate.run_id,
            as_of=candidate.as_of,
            previous=None if previous is None else previous.manifest,
        )
        draft = _lay_out(
            state,
            candidate,
            result,
            hashes,
            page=page,
            boards=boards if laid_out is None else _boards_of(laid_out),
            is_preview=is_preview,
        )
        files = hashes.below(draft)
        if laid_out is None:
            calibrated = {CALIBRATION_MART: len(result.checks)}
            published = replace(candidate, rows={**candidate.rows, **calibrated}, files=files)
            manifest = _manifest(state, published, result, started_at=started_at, landing=landing)
            if is_preview:
                manifest[IS_PREVIEW] = True
            # The newest manifest has no follower that would hold its hash.
            _finish(draft, target, sealed(manifest))
        else:
            _require_the_same(files, laid_out)
            _finish(draft, target, (target / MANIFEST).read_text(encoding="utf-8"))
    _switch(state, target)
    _retain(state, keep, {*pinned, target.name})
    return Publication(target, _read_manifest(target))


def current_publication(state: StateFolder) -> Publication | None:
    """The publication that `current` points at; None before the first one.

    Raises MeritlineError when publications are there and it leads to none, or its manifest does not read.
    """
    lost = lost_current(state)
    if lost is not None:
        raise MeritlineError(path=state.current, problem=lost[0], remedy=lost[1])
    if not state.current.exists():
        return None
    folder = state.current.resolve()
    return Publication(folder, _read_manifest(folder))


def published_business_date(state: StateFolder) -> str | None:
    """Business date (ISO 8601) of the current publication; None where none can be read."""
    try:
        publication = current_publication(state)
    except MeritlineError:
        return None
    return None if publication is None else str(publication.manifest["as_of"])


def _laid_out(target: Path, candidate: Candidate) -> Publication | None:
    """The publication that has the candidate's run id already. Raises PublicationRefused when it has other
    content.
    """
    if not (target / MANIFEST).exists():
        return None
    laid_out = Publication(target, _read_manifest(target))
    if laid_out.manifest["content_hash"] != candidate.content_hash:
        raise PublicationRefused(
            path=target,
            problem="a publication of this run id with other content exists",
            remedy="The last publication stays. Run meritline nightly again: it takes the next run id",
        )
    return laid_out


def _has_its_files(publication: Publication) -> bool:
    """Whether the listed files lie there: retention may have removed them, or somebody."""
    return all((publication.folder / name).is_file() for name in publication.manifest["files"])


def _lay_out(
    state: StateFolder,
    candidate: Candidate,
    result: GateResult,
    hashes: FileHashes,
    *,
    page: str,
    boards: Collection[str],
    is_preview: bool,
) -> Path:
    """A draft of the publication, all but its manifest. It is the owner's alone until it is finished: files
    take their modes within it.
    """
    draft = state.published / f".{candidate.run_id}.draft"
    draft.mkdir(OWNER_DIR)
    # Links, not copies: a candidate's files are never written again, a new candidate is a new folder.
    shutil.copytree(
        state.candidate,
        draft,
        copy_function=_link,
        ignore=shutil.ignore_patterns(NOTE),
        dirs_exist_ok=True,
    )
    for audience in (AUDITOR, *AUDIENCES):
        own(draft / f"{audience}.duckdb")
    add_calibration(draft, result)
    for audience in (AUDITOR, *AUDIENCES):
        add_about(draft, audience, {**asdict(candidate), IS_PREVIEW: is_preview})
    (draft / "bi.duckdb").chmod(GROUP_FILE)
    if boards:
        about = About(candidate.run_id, candidate.as_of, is_preview=is_preview)
        library = bundle(state.root)
        write_boards(draft, draft / BOARD_FOLDER, about, library=library, audiences=boards)
    _share_unchanged(state, draft, hashes)
    write_atomically(draft / CALIBRATION_PAGE, page, GROUP_FILE)
    return draft


def _boards_of(publication: Publication) -> Collection[str]:
    """The audiences that a publication has boards for, as its manifest lists them."""
    places = (name.split("/") for name in publication.manifest["files"])
    return {place[1] for place in places if place[0] == BOARD_FOLDER and len(place) > 2} & set(BOARDS)


def _require_the_same(files: Mapping[str, str], laid_out: Publication) -> None:
    """A publication laid out again keeps its manifest, which later ones hold in their chain."""
    odd = sorted(dict(files.items() ^ laid_out.manifest["files"].items()))
    if odd:
        raise PublicationRefused(
            path=laid_out.folder / odd[0],
            problem="the data of this publication was removed and cannot be laid out again as it was",
            remedy="The last publication stays. Run meritline nightly again: it takes the next run id",
        )


def _finish(draft: Path, target: Path, manifest: str) -> None:
    """Let the group in and put the draft in its place; what lay there is no publication (any more)."""
    write_atomically(draft / MANIFEST, manifest, GROUP_FILE)
    shutil.rmtree(target, ignore_errors=True)
    draft.chmod(GROUP_DIR)
    draft.rename(target)


def _previous(state: StateFolder) -> Publication | None:
    """The publication that a new one follows: the current one, or the newest there is when that is gone."""
    if state.current.exists():
        return current_publication(state)
    manifests = sorted(state.published.glob(f"[0-9]*-*/{MANIFEST}"))
    return Publication(manifests[-1].parent, _read_manifest(manifests[-1].parent)) if manifests else None


def _before(state: StateFolder, publication: Publication) -> Publication | None:
    """The publication that one followed when it was made; None where it is the first, or does not read."""
    manifest = next(manifests_before(state, publication.manifest), None)
    return None if manifest is None else Publication(state.published / str(manifest["run_id"]), manifest)


def _manifest(
    state: StateFolder,
    candidate: Candidate,
    result: GateResult,
    *,
    started_at: str,
    landing: str | None,
) -> dict[str, Any]:
    previous = _previous(state)
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
        "site": site_record(state),
        "inputs": list(candidate.inputs),
        "files": dict(candidate.files),
        "rows": dict(candidate.rows),
        "touched": list(candidate.touched),
        "checks": {
            **result.summary(),
            "results": [
                {name: getattr(check, field) for name, field in CHECK_FIELDS.items()}
                for check in result.checks
            ],
        },
        ACCEPTED: [asdict(one) for one in result.accepted],
        "started_at": started_at,
        "finished_at": now().isoformat(),
    }


def _share_unchanged(state: StateFolder, draft: Path, hashes: FileHashes) -> None:
    """Link files that equal the previous publication's to it: unchanged relations and the registers of
    unchanged months take no space.
    """
    previous = _previous(state)
    if previous is None:
        return
    for path in sorted(path for path in draft.rglob("*") if path.suffix in SHARED_SUFFIXES):
        name = path.relative_to(draft).as_posix()
        twin = previous.folder / name
        if (
            twin.is_file()
            and not twin.samefile(path)
            and twin.stat().st_size == path.stat().st_size
            and hashes.of(twin) == hashes.of(path)
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
    path = folder / MANIFEST
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError) as error:
        raise _damaged(path) from error
    if not isinstance(manifest, dict) or not manifest.keys() >= MANIFEST_NAMES:
        raise _damaged(path)
    return manifest


def _damaged(path: Path) -> MeritlineError:
    return MeritlineError(
        path=path,
        problem="the manifest is missing, cut off or is none",
        remedy="Restore it from the backup; meritline verify says what else is not as it was published",
    )


def _link(source: str, target: str) -> str:
    Path(target).hardlink_to(source)
    return target
