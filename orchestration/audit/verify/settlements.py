"""Settled periods: the record, the frozen files, the publication they rest on, the register as published."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import duckdb

from orchestration.audit.publications import MANIFEST
from orchestration.audit.verify.cells import differences
from orchestration.audit.verify.findings import Finding, Report
from orchestration.audit.verify.integrity import sha256_of
from orchestration.settlement.frozen import (
    Settlement,
    frozen_columns,
    frozen_folder,
    is_sealed,
    register_hash,
    settlement_folder,
    settlements,
)
from orchestration.state import StateFolder

LINES = "bonus.bonus_line"
SETTLED_PERIODS = "facts.dim_settled_period"


def check_settlements(
    state: StateFolder, manifests: Mapping[Path, Mapping[str, Any]], current: Path, report: Report
) -> frozenset[str]:
    """Check every settled period; returns the run ids of the publications that settlements rest on."""
    paths = sorted(settlement_folder(state).glob("*.json"))
    findings = [finding for path in paths for finding in _record_findings(path)]
    found: dict[str, Settlement] = {}
    if not findings:
        found = settlements(state)
        for settlement in found.values():
            findings += _frozen_findings(state, settlement)
            findings += _publication_findings(state, settlement, current)
        findings += _unrecorded(state, found, current)
    report.add("settled periods: records, frozen files, registers", len(paths), "periods", findings)
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
    with duckdb.connect() as database:
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
    place = f"{folder.name}/audit/{LINES}.parquet"
    period = settlement.period_id.replace("'", "''")
    with duckdb.connect() as database:
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


def _unrecorded(state: StateFolder, found: Mapping[str, Settlement], current: Path) -> Iterator[Finding]:
    """Frozen files and published settled periods that no record vouches for."""
    known = {name for settlement in found.values() for name in settlement.frozen_files}
    for table in ("bonus_line", "score", "period"):
        for path in sorted(frozen_folder(state, table).glob("[0-9]*.parquet")):
            name = path.relative_to(state.root).as_posix()
            if name not in known:
                yield Finding(name, "no record in settled/ vouches for it")
    for period_id in sorted(_published_periods(current) - set(found)):
        yield Finding(f"settled/{period_id}.json", f"is missing: {current.name} has {period_id} as settled")


def _published_periods(folder: Path) -> set[str]:
    """Periods that a publication shows as settled; none where that does not read, which other checks name."""
    with duckdb.connect() as database:
        try:
            rows = database.execute(f"select period_id from {_parquet(folder, SETTLED_PERIODS)}").fetchall()
        except duckdb.Error:
            return set()
    return {str(period_id) for (period_id,) in rows}


def _parquet(folder: Path, relation: str) -> str:
    return f"read_parquet('{_quoted(folder / 'audit' / relation)}.parquet')"


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
