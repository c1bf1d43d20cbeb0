"""Where rows came from: loads against the manifest's inputs, rows against the files that still lie there."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from orchestration.audit.verify.data import ParquetData
from orchestration.audit.verify.findings import Finding, Report
from orchestration.audit.verify.integrity import sha256_of
from orchestration.state.folder import place_of

LOADS, SOURCES = "audit.load_file", "audit.source_row"
SEPARATOR = chr(31)
ENCODINGS = frozenset({"utf-8", "utf-8-sig", "ascii"})

_Wanted = Mapping[int, tuple[str, str, str]]
"""By row number of one file: the row's hash, the fact and its key."""


def check_provenance(
    data: ParquetData, manifest: Mapping[str, Any], landing: Path | None, report: Report
) -> None:
    """Loads are of the manifest's inputs, rows of a load and, where its file lies there, of that file."""
    loads = [load for load in data.rows(LOADS) if load["status"] == "loaded"]
    inputs = {(one["file"], one["sha256"]) for one in manifest["inputs"]}
    loaded = {(load["file"], load["sha256"]) for load in loads}
    findings = [
        Finding(place_of(LOADS), "is no input file of the manifest", row=f"file={file}", column="sha256")
        for file, sha256 in sorted(loaded - inputs)
    ]
    findings += [
        Finding(place_of(LOADS), f"has no load of input file {file} with SHA-256 {sha256}")
        for file, sha256 in sorted(inputs - loaded)
    ]
    findings += _strange_rows(data)
    report.add("loads = input files of the manifest, rows = of a load", len(loads), "loads", findings)
    _check_rows(data, loads, landing, report)


def _strange_rows(data: ParquetData) -> Iterator[Finding]:
    rows = data.query(
        f"""
        select source.evidence_model, source.evidence_key
        from {data.scan(SOURCES)} as source
        anti join {data.scan(LOADS)} as load
        on source.load_id = load.load_id and source.file = load.file and load.status = 'loaded'
        order by all limit 20
        """,
        relation=SOURCES,
    )
    for row in rows:
        yield Finding(
            _place(row["evidence_model"]),
            "is of no load, or of another file than its load",
            row=f"evidence_key={row['evidence_key']}",
            column="load_id",
        )


def _check_rows(data: ParquetData, loads: list[Any], landing: Path | None, report: Report) -> None:
    """The hash of each row, made again from the lines of its file."""
    findings: list[Finding] = []
    looked_at, unread = 0, []
    for load in loads:
        if not load["loaded_row_count"]:
            continue
        path = None if landing is None else landing / load["file"]
        records = None if path is None else _records(path, load, csv.QUOTE_MINIMAL)
        if path is None or records is None:
            unread.append(load["file"])
            continue
        wanted = _wanted(data, load["load_id"])
        looked_at += len(wanted)
        found = _apart(records, wanted)
        if found:  # quotes may be marks of inches in this file
            unquoted = _records(path, load, csv.QUOTE_NONE)
            found = (
                found if unquoted is None else {n: found[n] for n in found if n in _apart(unquoted, wanted)}
            )
        findings += _row_findings(load["file"], found, wanted)
    report.add("row hashes made again from the input files", looked_at, "rows", findings)
    if unread:
        report.skip(
            f"row hashes of {len(unread)} input files",
            "not there any more, another one, no plain UTF-8 text, or its rows framed in another way: "
            + ", ".join(unread[:5]),
        )


def _wanted(data: ParquetData, load_id: str) -> _Wanted:
    rows = data.query(
        f"select row_number, row_hash, evidence_model, evidence_key from {data.scan(SOURCES)} "
        "where load_id = ?",
        [load_id],
        relation=SOURCES,
    )
    return {row["row_number"]: (row["row_hash"], row["evidence_model"], row["evidence_key"]) for row in rows}


def _records(path: Path, load: Mapping[str, Any], quoting: Literal[0, 3]) -> list[str] | None:
    """The hash of each record of a file in order; None where it is not read here as it was loaded.
    As it was: the same bytes, plain text, and as many records as were counted then.
    """
    is_plain = load["file_format"] == "csv" and path.suffix in (".csv", ".tsv")
    if not is_plain or load["encoding"] not in ENCODINGS or not path.is_file():
        return None
    if sha256_of(path) != load["sha256"]:
        return None  # named where input files are checked
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.reader(stream, delimiter=load["delimiter"], quoting=quoting)
            records = [_hash(fields) for fields in reader]
    except (csv.Error, ValueError, TypeError):
        return None
    return records if len(records) == load["header_row_number"] + load["row_count"] else None


def _hash(fields: Sequence[str]) -> str:
    return hashlib.md5(SEPARATOR.join(fields).encode(), usedforsecurity=False).hexdigest()


def _apart(records: Sequence[str], wanted: _Wanted) -> dict[int, str]:
    """Rows whose hash is another, with the hash that they have; '' where there is no such row."""
    found = {}
    for number, (said, _, _) in wanted.items():
        actual = records[number - 1] if 1 <= number <= len(records) else ""
        if said != actual:
            found[number] = actual
    return found


def _row_findings(file: str, found: Mapping[int, str], wanted: _Wanted) -> Iterator[Finding]:
    for number, actual in found.items():
        said, model, key = wanted[number]
        has = f"has {actual}" if actual else "is none"
        yield Finding(
            _place(model),
            f"says {said}, row {number} of {file} {has}",
            row=f"evidence_key={key}",
            column="source_row_hash",
        )


def _place(model: str) -> str:
    return place_of(f"facts.{model}")
