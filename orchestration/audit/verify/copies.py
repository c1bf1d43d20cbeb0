"""The copies of a publication's relations: what each audience has is what the auditors have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
from python_calamine import CalamineError, CalamineWorkbook

from orchestration.audit.verify.cells import (
    ABOUT,
    about_rows,
    differing_relations,
    locate_in_parquet,
    relations_of,
    same_rows,
)
from orchestration.audit.verify.findings import Finding, Report, shown
from orchestration.state.folder import AUDITOR, auditor_parquet
from orchestration.state.memory import connect

AUDIENCES = ("bi", "payroll")
SAID = ("run_id", "as_of", "content_hash", "code_hash", "policy_hash")
"""Columns of `about` that are fields of the manifest."""
REGISTER = "marts.mart_bonus_register"
WORKBOOK = "register_{}.xlsx"
HEAD_ROWS = 2


def check_copies(folder: Path, manifest: Mapping[str, Any], report: Report) -> None:
    """Each DuckDB file, each audience's Parquet and each workbook against the auditors' Parquet."""
    findings: list[Finding] = []
    compared = 0
    for path in sorted(folder.glob("*.duckdb")):
        found = differing_relations(path, folder / AUDITOR)
        compared += found.compared
        findings += [Finding(path.name, problem) for problem in found.problems]
        for relation in found.relations:
            findings.append(
                Finding(path.name, "does not hold the rows of the Parquet beside it", row=relation)
            )
            findings += locate_in_parquet(folder, f"{AUDITOR}/{relation}.parquet", path.name)
    report.add("DuckDB files against the Parquet beside them", compared, "relations", findings)
    _check_about(folder, manifest, report)
    _check_audiences(folder, manifest, report)
    _check_sets(folder, manifest, report)
    _check_workbooks(folder, report)


def _check_about(folder: Path, manifest: Mapping[str, Any], report: Report) -> None:
    """Each DuckDB file says of itself what the manifest says of the publication."""
    findings: list[Finding] = []
    audiences = (AUDITOR, *AUDIENCES)
    for audience in audiences:
        place = f"{audience}.duckdb"
        wanted = {
            "audience": audience,
            **{name: manifest[name] for name in SAID},
            "is_preview": str(manifest.get("is_preview", False)).lower(),
        }
        try:
            found = about_rows(folder / place, list(wanted))
        except duckdb.Error as error:
            findings.append(Finding(place, f"does not say whose it is ({str(error).splitlines()[0]})"))
            continue
        if len(found) != 1:
            findings.append(Finding(place, f"has {len(found)} rows, not one", row=ABOUT))
        for row in found:
            findings += [
                Finding(
                    f"{folder.name}/{place}",
                    f"says {row[name]}, the manifest {value}",
                    row=f"{ABOUT} (its only row)",
                    column=name,
                )
                for name, value in wanted.items()
                if row[name] != value
            ]
    report.add("what each DuckDB file says of itself", len(audiences), "files", findings)


def _check_audiences(folder: Path, manifest: Mapping[str, Any], report: Report) -> None:
    """Parquet of other audiences: the rows of the auditors' Parquet of the same mart."""
    findings: list[Finding] = []
    files: Mapping[str, str] = manifest["files"]
    compared = 0
    with connect() as database:
        for audience in AUDIENCES:
            for path in sorted((folder / audience).glob("*.parquet")):
                name = f"{audience}/{path.name}"
                twin = folder / AUDITOR / f"marts.{path.name}"
                if not twin.is_file():
                    findings.append(Finding(name, "is no mart of the auditors'"))
                    continue
                compared += 1
                # The manifest's hashes were checked: with the same hash they are the same file.
                if name in files and files[name] == files.get(f"{AUDITOR}/{twin.name}"):
                    continue
                try:
                    is_same = same_rows(database, _scan(path), _scan(twin))
                except duckdb.Error as error:
                    findings.append(Finding(name, f"does not compare ({str(error).splitlines()[0]})"))
                    continue
                if not is_same:
                    findings.append(Finding(name, "does not hold the rows of the auditors' Parquet"))
                    findings += locate_in_parquet(folder, name)
    report.add("Parquet of BI and payroll against the auditors' Parquet", compared, "relations", findings)


def _check_sets(folder: Path, manifest: Mapping[str, Any], report: Report) -> None:
    """The same relations as Parquet, in the DuckDB file and in the manifest: none more, none less."""
    findings: list[Finding] = []
    published = {path.name.removesuffix(".parquet") for path in (folder / AUDITOR).glob("*.parquet")}
    places = {f"{folder.name}/manifest.json": set(manifest["rows"])}
    for audience in (AUDITOR, *AUDIENCES):
        try:
            found = relations_of(folder / f"{audience}.duckdb")
        except duckdb.Error:
            continue  # what does not open is found where its rows are compared
        expected = published
        if audience != AUDITOR:
            parquet = (folder / audience).glob("*.parquet")
            expected = {f"marts.{path.name.removesuffix('.parquet')}" for path in parquet}
            findings += _apart(f"{audience}.duckdb", found, expected, f"{audience}/*.parquet")
        else:
            places[f"{AUDITOR}.duckdb"] = found
    for place, found in places.items():
        findings += _apart(place, found, published, f"{AUDITOR}/*.parquet")
    report.add("relations of the publication: known everywhere", len(published), "relations", findings)


def _apart(place: str, found: set[str], expected: set[str], of: str) -> Iterator[Finding]:
    for relation in sorted(found - expected):
        yield Finding(place, f"has a relation that {of} has not", row=relation)
    for relation in sorted(expected - found):
        yield Finding(of, f"has a relation that {place} has not", row=relation)


def _check_workbooks(folder: Path, report: Report) -> None:
    """The workbooks of payroll against the register: every cell."""
    payroll = folder / "payroll"
    findings: list[Finding] = []
    lines = 0
    try:
        with connect() as database:
            database.execute("set preserve_insertion_order = true")
            register = database.execute(f"from {_scan(auditor_parquet(folder, REGISTER))}")
            columns = [str(description[0]) for description in register.description]
            rows = register.fetchall()
    except duckdb.Error as error:
        report.skip("workbooks of payroll", f"the register does not read ({str(error).splitlines()[0]})")
        return
    by_period: dict[str, list[tuple[Any, ...]]] = {}
    for row in rows:
        by_period.setdefault(str(row[columns.index("period_id")]), []).append(row)
    workbooks = {path.name: path for path in sorted(payroll.glob("*.xlsx"))}
    for period_id, wanted in sorted(by_period.items()):
        name = WORKBOOK.format(period_id)
        path = workbooks.pop(name, None)
        if path is None:
            findings.append(Finding(f"payroll/{name}", "is missing"))
            continue
        lines += len(wanted)
        findings += _workbook_findings(path, columns, wanted)
    findings += [Finding(f"payroll/{name}", "is of no period of the register") for name in workbooks]
    report.add("workbooks of payroll against the register", lines, "lines", findings)


def _workbook_findings(
    path: Path, columns: Sequence[str], wanted: Sequence[tuple[Any, ...]]
) -> Iterator[Finding]:
    place = f"payroll/{path.name}"
    try:
        with CalamineWorkbook.from_path(path) as book:
            sheets = book.sheet_names
            rows = book.get_sheet_by_index(0).to_python(skip_empty_area=False) if len(sheets) == 1 else []
    except (CalamineError, OSError, ValueError) as error:
        yield Finding(place, f"does not read ({type(error).__name__}: {error})")
        return
    if len(sheets) != 1 or len(rows) < HEAD_ROWS or list(rows[HEAD_ROWS - 1]) != list(columns):
        yield Finding(place, "does not have the one sheet with the register's columns")
        return
    if len(rows) != len(wanted) + HEAD_ROWS:
        yield Finding(place, f"has {len(rows) - HEAD_ROWS} lines, the register has {len(wanted)}")
        return
    key = columns.index("bonus_line_id")
    for found, expected in zip(rows[HEAD_ROWS:], wanted, strict=True):
        cells = [*found, *[""] * (len(columns) - len(found))]
        for column, cell, value in zip(columns, cells, expected, strict=True):
            if not _is_same(cell, value):
                yield Finding(
                    place,
                    f"says {shown(cell)}, the register {shown(value)}",
                    row=f"bonus_line_id={expected[key]}",
                    column=column,
                )


def _is_same(cell: object, value: object) -> bool:
    """Whether a cell shows a value: numbers as a spreadsheet keeps them, nothing as an empty text."""
    if value is None:
        return cell == ""
    if isinstance(value, Decimal | int) and not isinstance(value, bool):
        return isinstance(cell, int | float) and not isinstance(cell, bool) and float(cell) == float(value)
    return cell == value


def _scan(path: Path) -> str:
    return f"read_parquet('{str(path).replace(chr(39), chr(39) * 2)}')"
