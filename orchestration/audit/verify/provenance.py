"""Where rows came from: loads against the manifest's inputs, rows against the files that still lie there."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from orchestration.audit.relations import Row
from orchestration.audit.verify.data import ParquetData
from orchestration.audit.verify.findings import Finding, Report
from orchestration.hashing import file_hash
from orchestration.state.folder import place_of

LOADS, SOURCES = "audit.load_file", "audit.source_row"
SEPARATOR = chr(31)
ENCODINGS = frozenset({"utf-8", "utf-8-sig", "ascii"})


def check_provenance(
    data: ParquetData, manifest: Mapping[str, Any], landing: Path | None, report: Report
) -> None:
    """Loads are of the manifest's inputs, rows of a load and, where its file lies there, of that file."""
    loads = [load for load in data.rows(LOADS) if load["status"] == "loaded"]
    inputs = {(one["file"], one["sha256"]) for one in manifest["inputs"]}
    loaded = {(load["file"], load["sha256"]) for load in loads}
    findings = [
        Finding(place_of(LOADS), "is no input file of the manifest", row=f"file={file}", column="sha256")
        for file, _ in sorted(loaded - inputs)
    ]
    findings += [
        Finding(place_of(LOADS), f"has no load of input file {file} with SHA-256 {sha256}")
        for file, sha256 in sorted(inputs - loaded)
    ]
    strange = data.query(
        f"""
        select source.* from {data.scan(SOURCES)} as source
        anti join {data.scan(LOADS)} as load
        on source.load_id = load.load_id and source.file = load.file and load.status = 'loaded'
        order by evidence_model, evidence_key limit 20
        """,
        relation=SOURCES,
    )
    findings += [
        _finding(row, "is of no load, or of another file than its load", "load_id") for row in strange
    ]
    report.add("loads = input files of the manifest, rows = of a load", len(loads), "loads", findings)
    _check_rows(data, [load for load in loads if load["loaded_row_count"]], landing, report)


def _finding(row: Row, problem: str, column: str) -> Finding:
    place = place_of(f"facts.{row['evidence_model']}")
    return Finding(place, problem, row=f"evidence_key={row['evidence_key']}", column=column)


def _check_rows(data: ParquetData, loads: Sequence[Row], landing: Path | None, report: Report) -> None:
    """The hash of each row, made again from the lines of its file."""
    findings: list[Finding] = []
    looked_at, unread = 0, []
    for load in loads:
        path = None if landing is None else landing / load["file"]
        records = None if path is None else _records(path, load, csv.QUOTE_MINIMAL)
        if path is None or records is None:
            unread.append(load["file"])
            continue
        wanted = _wanted(data, load["load_id"])
        looked_at += len(wanted)
        apart = _apart(records, wanted)
        if apart:  # quotes may be marks of inches in this file
            unquoted = _records(path, load, csv.QUOTE_NONE)
            apart = apart if unquoted is None else _apart(unquoted, apart)
        for row in apart:
            actual = _hash_of(records, row)
            has = f"has {actual}" if actual else "is none"
            problem = f"says {row['row_hash']}, row {row['row_number']} of {load['file']} {has}"
            findings.append(_finding(row, problem, "source_row_hash"))
    report.add("row hashes made again from the input files", looked_at, "rows", findings)
    if unread:
        report.skip(
            f"row hashes of {len(unread)} input files",
            "not there any more, another one, no plain UTF-8 text, or its rows framed in another way: "
            + ", ".join(unread[:5]),
        )


def _wanted(data: ParquetData, load_id: str) -> list[Row]:
    columns = "row_number, row_hash, evidence_model, evidence_key"
    query = f"select {columns} from {data.scan(SOURCES)} where load_id = ?"
    return list(data.query(query, [load_id], relation=SOURCES))


def _records(path: Path, load: Row, quoting: Literal[0, 3]) -> list[str] | None:
    """The hash of each record of a file in order; None where it is not read here as it was loaded.
    As it was: the same bytes, plain text, and as many records as were counted then.
    """
    is_plain = load["file_format"] == "csv" and path.suffix in (".csv", ".tsv")
    if not is_plain or load["encoding"] not in ENCODINGS or not path.is_file():
        return None
    if file_hash(path) != load["sha256"]:
        return None  # named where input files are checked
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.reader(stream, delimiter=load["delimiter"], quoting=quoting)
            records = [_hash(fields) for fields in reader]
    except (csv.Error, ValueError, TypeError):
        return None
    return records if len(records) == load["header_row_number"] + load["row_count"] else None


def _hash_of(records: Sequence[str], row: Row) -> str:
    """The hash of the record that a row says to be; '' where there is none."""
    number = row["row_number"]
    return records[number - 1] if 1 <= number <= len(records) else ""


def _apart(records: Sequence[str], rows: Sequence[Row]) -> list[Row]:
    return [row for row in rows if _hash_of(records, row) != row["row_hash"]]


def _hash(fields: Sequence[str]) -> str:
    return hashlib.md5(SEPARATOR.join(fields).encode(), usedforsecurity=False).hexdigest()
