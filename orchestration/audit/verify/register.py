"""The register of runs beside the publications: every run left a record, and nothing is left without one."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from orchestration.audit.verify.findings import Finding, Report
from orchestration.audit.verify.records import has_form
from orchestration.gate.acceptance import ACCEPTED_SUFFIX
from orchestration.settlement.settle import SETTLED
from orchestration.state.folder import StateFolder, publication_folders
from orchestration.state.record import KILLED, NIGHTLY, OUTCOMES, PREVIEWED, PUBLISHED, RUNNING, RunRecord

KNOWN_OUTCOMES = frozenset({PUBLISHED, PREVIEWED, SETTLED, "failed", RUNNING, KILLED, *OUTCOMES.values()})
FIELDS = frozenset(field.name for field in fields(RunRecord))
FORM: Mapping[str, Any] = {
    "number": int,
    "command": str,
    "started_at": str,
    "outcome": str,
    "stages": [{"figures": {}}],
}

Records = Mapping[int, Mapping[str, Any]]
"""Records that read, by the number of the run."""


def check_register(
    state: StateFolder, manifests: Mapping[Path, Mapping[str, Any]], report: Report
) -> Records:
    """Check the records of runs and what lies about without one; returns the records that read."""
    records: dict[int, Mapping[str, Any]] = {}
    findings: list[Finding] = []
    paths = sorted(state.runs.glob("[0-9]*.json"))
    for path in paths:
        place = f"runs/{path.name}"
        try:
            record = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            findings.append(Finding(place, f"does not read ({error})"))
            continue
        problem = _problem(path, record)
        if problem:
            findings.append(Finding(place, f"is no record of a run: {problem}"))
        else:
            records[record["number"]] = record
    published = [folder.name for folder in publication_folders(state)]
    findings += _gaps(paths, published)
    findings += [
        Finding(str(record["run_id"]), f"the publication is missing: run {number:06d} published it")
        for number, record in records.items()
        if record["outcome"] == PUBLISHED and record["run_id"] not in published
    ]
    findings += _orphans(state, manifests, records)
    report.add("register of runs: a record for each, nothing without one", len(paths), "runs", findings)
    return records


def has_later_night(records: Records, run_id: str) -> bool:
    """Whether a night began after the one that published `run_id`: the policy in the state is its."""
    number = int(run_id[:6]) if run_id[:6].isdigit() else 0
    return any(
        later > number and str(record["command"]).startswith(NIGHTLY) for later, record in records.items()
    )


def _problem(path: Path, record: Any) -> str:
    """What makes a record's content none of a run; '' where nothing does."""
    if not isinstance(record, dict) or set(record) != FIELDS:
        return "it does not have the fields of one"
    if not has_form(record, FORM) or not (record["command"] and record["started_at"]):
        return "its fields do not have their form"
    if path.name != f"{record['number']:06d}.json":
        return f"it says number {record['number']}"
    if record["outcome"] not in KNOWN_OUTCOMES:
        return f"outcome {record['outcome']!r}"
    if record["outcome"] in (PUBLISHED, SETTLED) and not (record["run_id"] and record["finished_at"]):
        return f"it {record['outcome']} without a publication or an end"
    return ""


def _gaps(paths: Sequence[Path], published: Sequence[str]) -> Iterator[Finding]:
    """Runs are numbered without gaps, and a publication has the number of the run that built it."""
    there = {int(path.stem) for path in paths if path.stem.isdigit()}
    built = {int(name[:6]): name for name in published if name[:6].isdigit()}
    for number in range(1, max([*there, *built], default=0) + 1):
        if number not in there:
            is_known = f": it built {built[number]}" if number in built else ""
            of = is_known or ", though runs are numbered without gaps"
            yield Finding(f"runs/{number:06d}.json", f"the record of the run is missing{of}")


def _orphans(
    state: StateFolder, manifests: Mapping[Path, Mapping[str, Any]], records: Records
) -> Iterator[Finding]:
    """What a run leaves and no known run can have left: its events, its calibration result."""
    for path in sorted(state.runs.glob("*.events.jsonl")):
        number = path.name.split(".")[0]
        if not number.isdigit() or int(number) not in records:
            yield Finding(f"runs/{path.name}", "are events of a run that has no record")
    contents = {manifest["content_hash"] for manifest in manifests.values()}
    accepted = sorted(state.checks.glob(f"*{ACCEPTED_SUFFIX}"))
    for path in accepted:
        result = path.with_name(f"{path.name.removesuffix(ACCEPTED_SUFFIX)}.json")
        if not result.is_file():
            yield Finding(f"checks/{path.name}", "accepts failures of a content that was never checked")
    results = sorted({*state.checks.glob("*.json")} - {*accepted})
    spare = [path for path in results if path.stem not in contents]
    unpublished = sum(
        str(record["command"]).startswith(NIGHTLY) and record["outcome"] != PUBLISHED
        for record in records.values()
    )
    if len(spare) > unpublished:
        problem = (
            "is the calibration result of a content that no publication has: "
            f"{len(spare)} such results, {unpublished} nights that did not publish"
        )
        for path in spare:
            yield Finding(f"checks/{path.name}", problem)
