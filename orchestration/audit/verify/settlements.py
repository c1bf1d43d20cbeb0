"""Settled periods: the record, the frozen files, the publication they rest on, the register as published."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from orchestration.audit.publications import MANIFEST
from orchestration.audit.verify.cells import reading
from orchestration.audit.verify.data import ParquetData, RelationUnreadable, literal, parquet
from orchestration.audit.verify.findings import Finding, Report
from orchestration.audit.verify.frozen_rows import read_back_findings, source_findings
from orchestration.audit.verify.records import read_sealed, unlike_files
from orchestration.audit.verify.register import Records
from orchestration.hashing import file_hash
from orchestration.settlement.frozen import (
    SCHEMA_FILE,
    TABLES,
    Settlement,
    frozen_columns,
    frozen_folder,
    record_path,
    register_hash,
    settlement_folder,
    settlements,
)
from orchestration.settlement.settle import SETTLE, SETTLED
from orchestration.state.folder import StateFolder, auditor_parquet, place_of
from orchestration.state.memory import connect

LINES = "bonus.bonus_line"
SETTLED_PERIODS = "facts.dim_settled_period"


def check_settlements(
    state: StateFolder,
    manifests: Mapping[Path, Mapping[str, Any]],
    current: Path,
    records: Records,
    report: Report,
) -> frozenset[str]:
    """Check every settled period; returns the run ids of the publications that settlements rest on."""
    paths = sorted(settlement_folder(state).glob("*.json"))
    problems = {path.name: read_sealed(path)[1] for path in paths}
    findings = [Finding(f"settled/{name}", problem) for name, problem in problems.items() if problem]
    found = {} if findings else settlements(state)
    if not findings:
        for settlement in found.values():
            findings += _settlement_findings(state, settlement, current)
        shown = [found[period_id] for period_id in sorted(_published_periods(current) & set(found))]
        findings += read_back_findings(state, shown, current)
        findings += _unrecorded(state, found, manifests)
        findings += _chain_findings(state, found, records)
    findings += _erased(paths, records)
    report.add("settled periods: records, frozen files, registers", len(paths), "periods", findings)
    if found:
        last = max(found.values(), key=lambda one: one.number)
        path = record_path(state, last.period_id)
        report.anchors.append(f"newest settlement: {last.period_id} {file_hash(path)}")
    elif paths:
        report.skip("frozen registers", "a record of a settled period was changed")
    return frozenset(settlement.run_id for settlement in found.values())


def _settlement_findings(state: StateFolder, settlement: Settlement, current: Path) -> Iterator[Finding]:
    """Frozen files, the publication that they are of, and the register there and in the current one."""
    period_id = settlement.period_id
    paths = {name: state.root / name for name in settlement.frozen_files}
    present = {name: file_hash(path) for name, path in paths.items() if path.is_file()}
    yield from unlike_files(settlement.frozen_files, present, "the settlement")
    yield from source_findings(state, settlement)
    folder = state.published / settlement.run_id
    manifest = folder / MANIFEST
    if not manifest.is_file():
        yield Finding(folder.name, f"is missing: settled {period_id} rests on it")
    elif file_hash(manifest) != settlement.manifest_sha256:
        yield Finding(f"{folder.name}/{MANIFEST}", f"is not the one that {period_id} was settled on")
    yield from _register_findings(folder, settlement)
    if folder != current and period_id in _published_periods(current):
        yield from _register_findings(current, settlement)


def _register_findings(folder: Path, settlement: Settlement) -> Iterator[Finding]:
    path, place = auditor_parquet(folder, LINES), f"{folder.name}/{place_of(LINES)}"

    def found() -> Iterator[Finding]:
        lines = f"(from {parquet(path)} where period_id = {literal(settlement.period_id)})"
        with connect() as database:
            actual = register_hash(database, lines)
        if actual != settlement.register_hash:
            yield Finding(
                place,
                f"the register of settled {settlement.period_id} has hash {actual}, "
                f"it was settled as {settlement.register_hash}",
            )

    return reading(place, "does not read", found(), folder)


def _chain_findings(
    state: StateFolder, found: Mapping[str, Settlement], records: Records
) -> Iterator[Finding]:
    """Settlements are numbered without gaps, each holds the hash of the one before, and the register of runs
    has the hash of each.
    """
    before: Settlement | None = None
    for expected, settlement in enumerate(sorted(found.values(), key=lambda one: one.number), start=1):
        place, run = f"settled/{settlement.period_id}.json", f"run {settlement.run_number:06d}"
        if settlement.number == 0:
            problem = "has no place in the chain of settlements: an earlier version of meritline wrote it"
            yield Finding(place, problem)
            return
        if settlement.number != expected:
            problem = f"is settlement {settlement.number}: settlement {expected} before it is missing"
            yield Finding(place, problem)
            return
        hash_before = None if before is None else file_hash(record_path(state, before.period_id))
        if settlement.previous_settlement_sha256 != hash_before:
            yield Finding(
                f"settled/{before.period_id}.json" if before else place,
                f"is not the record that settlement {expected} ({settlement.period_id}) was made after: "
                f"hash {hash_before}, expected {settlement.previous_settlement_sha256}",
            )
        said = _said(records.get(settlement.run_number, {}))
        actual, wrote = file_hash(record_path(state, settlement.period_id)), said.get("settlement_sha256")
        if said.get("period_id") != settlement.period_id:
            yield Finding(place, f"{run} is no record of the run that settled it")
        elif wrote != actual:
            yield Finding(place, f"is not the record that {run} wrote: hash {actual}, expected {wrote}")
        before = settlement


def _erased(paths: Sequence[Path], records: Records) -> Iterator[Finding]:
    """Settlements that the register of runs has and `settled/` has not."""
    there = {path.stem for path in paths}
    for number, record in records.items():
        period_id = _said(record).get("period_id")
        if record["outcome"] == SETTLED and period_id not in there:
            yield Finding(f"settled/{period_id}.json", f"is missing: run {number:06d} settled {period_id}")


def _said(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the record of a settling run says of the settlement."""
    figures = (stage["figures"] for stage in record.get("stages", ()) if stage.get("name") == SETTLE)
    return next(figures, {})


def _unrecorded(
    state: StateFolder, found: Mapping[str, Settlement], manifests: Mapping[Path, Mapping[str, Any]]
) -> Iterator[Finding]:
    """Frozen files and published settled periods that no record vouches for."""
    known = {name for settlement in found.values() for name in settlement.frozen_files}
    for table in TABLES:
        for path in sorted(path for path in frozen_folder(state, table).rglob("*") if path.is_file()):
            name = path.relative_to(state.root).as_posix()
            if path.name == SCHEMA_FILE:
                # Nothing keeps its hash: whatever goes wrong with it may be its own doing.
                yield from reading(name, "does not read", _schema_findings(path, name, table), None)
            elif name not in known:
                yield Finding(name, "no record in settled/ vouches for it")
    for folder in sorted((state.raw / "settlement").glob("*")):
        if folder.name not in TABLES:
            yield Finding(f"raw/settlement/{folder.name}", "is nothing that a settlement freezes")
    for publication in manifests:
        for period_id in sorted(_published_periods(publication) - set(found)):
            problem = f"is missing: {publication.name} has {period_id} as settled"
            yield Finding(f"settled/{period_id}.json", problem)


def _schema_findings(path: Path, name: str, table: str) -> Iterator[Finding]:
    """The file that gives a frozen table its columns has those columns and no row."""
    with connect() as database:
        columns = ", ".join(f"{column} {kind}" for column, kind in frozen_columns(table).items())
        database.execute(f"create table wanted ({columns})")
        database.execute(f"create view actual as from {parquet(path)}")
        wanted, actual = (
            [row[:2] for row in database.execute(f"describe {side}").fetchall()]
            for side in ("wanted", "actual")
        )
        [count] = database.execute("select count(*) from actual").fetchone() or (0,)
    if count:
        yield Finding(name, f"has {count} rows that no settlement froze")
    if actual != wanted:
        yield Finding(name, "does not have the columns of the frozen table")


def _published_periods(folder: Path) -> set[str]:
    """Periods that a publication shows as settled; none where that does not read, which other checks name."""
    with suppress(RelationUnreadable):
        return {str(row["period_id"]) for row in ParquetData(folder).rows(SETTLED_PERIODS)}
    return set()
