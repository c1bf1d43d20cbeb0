"""Settled periods: the record, the frozen files, the publication they rest on, the register as published."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb

from orchestration.audit.publications import MANIFEST
from orchestration.audit.verify.cells import differences
from orchestration.audit.verify.findings import Finding, Report
from orchestration.audit.verify.frozen_rows import read_back_findings, source_findings
from orchestration.audit.verify.integrity import sha256_of
from orchestration.audit.verify.register import Records
from orchestration.hashing import is_sealed
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
from orchestration.state.folder import StateFolder, auditor_parquet
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
    findings = [finding for path in paths for finding in _record_findings(path)]
    found: dict[str, Settlement] = {}
    if not findings:
        found = settlements(state)
        for settlement in found.values():
            findings += _frozen_findings(state, settlement)
            findings += source_findings(state, settlement)
            findings += _publication_findings(state, settlement, current)
        findings += read_back_findings(state, sorted(_published_periods(current) & set(found)), current)
        findings += _unrecorded(state, found, manifests)
        findings += _chain_findings(state, found, records)
    findings += _erased(paths, records)
    report.add("settled periods: records, frozen files, registers", len(paths), "periods", findings)
    if found:
        last = max(found.values(), key=lambda one: one.number)
        report.anchors.append(
            f"newest settlement: {last.period_id} {sha256_of(record_path(state, last.period_id))}"
        )
    if paths and not found:
        report.skip("frozen registers", "a record of a settled period was changed")
    return frozenset(settlement.run_id for settlement in found.values())


def _record_findings(path: Path) -> Iterator[Finding]:
    place = f"{path.parent.name}/{path.name}"
    try:
        if not is_sealed(path.read_bytes().decode("utf-8")):
            yield Finding(place, "was changed after it was sealed: the seal is not that of its content")
    except (OSError, ValueError) as error:
        yield Finding(place, f"does not read ({error})")


def _frozen_findings(state: StateFolder, settlement: Settlement) -> Iterator[Finding]:
    for name, expected in settlement.frozen_files.items():
        path = state.root / name
        if not path.is_file():
            yield Finding(name, "is missing")
            continue
        actual = sha256_of(path)
        if actual != expected:
            yield Finding(name, f"was changed: SHA-256 {actual}, the settlement says {expected}")
            if path.parent.name == "bonus_line":
                yield from _changed_lines(state, settlement, name)


def _changed_lines(state: StateFolder, settlement: Settlement, name: str) -> Iterator[Finding]:
    """Cells of the frozen register that are not those of the publication it was frozen from."""
    reference = _parquet(state.published / settlement.run_id, LINES)
    columns = ", ".join(
        f"cast({column} as {kind}) as {column}" for column, kind in frozen_columns("bonus_line").items()
    )
    period = settlement.period_id.replace("'", "''")
    with connect() as database:
        try:
            yield from differences(
                database,
                name,
                f"read_parquet('{_quoted(state.root / name)}')",
                f"(select {columns} from {reference} where period_id = '{period}' order by all)",
            )
        except duckdb.Error as error:
            yield Finding(name, f"does not compare with its publication ({str(error).splitlines()[0]})")


def _publication_findings(state: StateFolder, settlement: Settlement, current: Path) -> Iterator[Finding]:
    folder = state.published / settlement.run_id
    manifest = folder / MANIFEST
    if not manifest.is_file():
        yield Finding(settlement.run_id, f"is missing: settled {settlement.period_id} rests on it")
    elif sha256_of(manifest) != settlement.manifest_sha256:
        yield Finding(
            f"{settlement.run_id}/{MANIFEST}", f"is not the one that {settlement.period_id} was settled on"
        )
    yield from _register_findings(folder, settlement)
    if folder != current and settlement.period_id in _published_periods(current):
        yield from _register_findings(current, settlement)


def _register_findings(folder: Path, settlement: Settlement) -> Iterator[Finding]:
    place = auditor_parquet(folder, LINES).relative_to(folder.parent).as_posix()
    period = settlement.period_id.replace("'", "''")
    with connect() as database:
        try:
            lines = _parquet(folder, LINES)
            actual = register_hash(database, f"(select * from {lines} where period_id = '{period}')")
        except duckdb.Error as error:
            yield Finding(place, f"does not read ({str(error).splitlines()[0]})")
            return
    if actual != settlement.register_hash:
        yield Finding(
            place,
            f"the register of settled {settlement.period_id} has hash {actual}, "
            f"it was settled as {settlement.register_hash}",
        )


def _chain_findings(
    state: StateFolder, found: Mapping[str, Settlement], records: Records
) -> Iterator[Finding]:
    """Settlements are numbered without gaps, each holds the hash of the one before, and the register of runs
    has the hash of each.
    """
    before: Settlement | None = None
    for expected, settlement in enumerate(sorted(found.values(), key=lambda one: one.number), start=1):
        place = f"settled/{settlement.period_id}.json"
        if settlement.number == 0:
            yield Finding(
                place, "has no place in the chain of settlements: an earlier version of meritline wrote it"
            )
            return
        if settlement.number != expected:
            yield Finding(
                place, f"is settlement {settlement.number}: settlement {expected} before it is missing"
            )
            return
        hash_before = None if before is None else sha256_of(record_path(state, before.period_id))
        if settlement.previous_settlement_sha256 != hash_before:
            yield Finding(
                f"settled/{before.period_id}.json" if before else place,
                f"is not the record that settlement {expected} ({settlement.period_id}) was made after: "
                f"hash {hash_before}, expected {settlement.previous_settlement_sha256}",
            )
        said = _said(records.get(settlement.run_number, {}))
        actual = sha256_of(record_path(state, settlement.period_id))
        if said.get("period_id") != settlement.period_id:
            yield Finding(place, f"run {settlement.run_number:06d} is no record of the run that settled it")
        elif said.get("settlement_sha256") != actual:
            yield Finding(
                place,
                f"is not the record that run {settlement.run_number:06d} wrote: "
                f"hash {actual}, expected {said.get('settlement_sha256')}",
            )
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
    for stage in record.get("stages", ()):
        if stage.get("name") == SETTLE:
            figures: Mapping[str, Any] = stage["figures"]
            return figures
    return {}


def _unrecorded(
    state: StateFolder, found: Mapping[str, Settlement], manifests: Mapping[Path, Mapping[str, Any]]
) -> Iterator[Finding]:
    """Frozen files and published settled periods that no record vouches for."""
    known = {name for settlement in found.values() for name in settlement.frozen_files}
    for table in TABLES:
        folder = frozen_folder(state, table)
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            name = path.relative_to(state.root).as_posix()
            if path.name == SCHEMA_FILE:
                yield from _schema_findings(path, name, table)
            elif name not in known:
                yield Finding(name, "no record in settled/ vouches for it")
    for folder in sorted((state.raw / "settlement").glob("*")):
        if folder.name not in TABLES:
            yield Finding(f"raw/settlement/{folder.name}", "is nothing that a settlement freezes")
    for publication in manifests:
        for period_id in sorted(_published_periods(publication) - set(found)):
            yield Finding(
                f"settled/{period_id}.json", f"is missing: {publication.name} has {period_id} as settled"
            )


def _schema_findings(path: Path, name: str, table: str) -> Iterator[Finding]:
    """The file that gives a frozen table its columns has those columns and no row."""
    wanted = [(column, kind.upper()) for column, kind in frozen_columns(table).items()]
    with connect() as database:
        try:
            source = f"read_parquet('{_quoted(path)}')"
            columns = database.execute(f"describe select * from {source}").fetchall()
            [count] = database.execute(f"select count(*) from {source}").fetchone() or (0,)
        except duckdb.Error as error:
            yield Finding(name, f"does not read ({str(error).splitlines()[0]})")
            return
    if count:
        yield Finding(name, f"has {count} rows that no settlement froze")
    actual = [(str(column), str(kind)) for column, kind, *_ in columns]
    if [_plain(one) for one in actual] != [_plain(one) for one in wanted]:
        yield Finding(name, "does not have the columns of the frozen table")


def _plain(column: tuple[str, str]) -> tuple[str, str]:
    name, kind = column
    return name, {"STRING": "VARCHAR"}.get(kind, kind).replace(" ", "")


def _published_periods(folder: Path) -> set[str]:
    """Periods that a publication shows as settled; none where that does not read, which other checks name."""
    with connect() as database:
        try:
            rows = database.execute(f"select period_id from {_parquet(folder, SETTLED_PERIODS)}").fetchall()
        except duckdb.Error:
            return set()
    return {str(period_id) for (period_id,) in rows}


def _parquet(folder: Path, relation: str) -> str:
    return f"read_parquet('{_quoted(auditor_parquet(folder, relation))}')"


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
