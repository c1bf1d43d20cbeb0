"""The copies of a publication's relations: what each audience has is what the auditors have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from orchestration.audit.publications import MANIFEST
from orchestration.audit.verify.cells import (
    ABOUT,
    differing_relations,
    located,
    opened,
    reading,
    relations_of,
    same_rows,
)
from orchestration.audit.verify.data import ParquetData, literal, parquet
from orchestration.audit.verify.findings import Finding, Report
from orchestration.audit.verify.payroll import check_payroll
from orchestration.publish.databases import OLDEST_DUCKDB
from orchestration.state.folder import AUDITOR, PARTS, WHOLE, place_of
from orchestration.state.memory import connect

AUDIENCES = ("bi", "payroll")
SAID = ("run_id", "as_of", "content_hash", "code_hash", "policy_hash")
"""Columns of `about` that are fields of the manifest."""
PARTS_OF_ANOTHER_FORM = """
    with one_form as (
        select file_name, parse_dirpath(file_name) as relation,
            list_sort(list(
                concat_ws(' ', name, type, type_length, converted_type, scale, precision, logical_type)
            )) as form
        from parquet_schema({files})
        group by file_name
    )
    select file_name from one_form
    qualify form <> first_value(form) over (partition by relation order by file_name)
    order by file_name
"""


def check_copies(data: ParquetData, manifest: Mapping[str, Any], report: Report) -> None:
    """Each DuckDB file, each audience's Parquet and each workbook against the auditors' Parquet."""
    folder = data.folder
    findings: list[Finding] = []
    relations: dict[str, list[str]] = {}
    for name in sorted(path.name for path in folder.glob("*.duckdb")):
        findings += reading(name, "does not compare", _database_findings(folder, name, relations), folder)
    count = sum(map(len, relations.values()))
    report.add("DuckDB files against the Parquet beside them", count, "relations", findings)

    parts = len(list((folder / AUDITOR).glob(f"*/{PARTS}")))
    findings = list(reading(f"{AUDITOR}/", "does not compare", _part_findings(folder), folder))
    report.add("parts of a relation: of one form", parts, "files", findings)

    audiences = (AUDITOR, *AUDIENCES)
    findings = []
    for audience in audiences:
        about = _about_findings(folder, audience, manifest)
        findings += reading(f"{audience}.duckdb", "does not say whose it is", about, folder)
    report.add("what each DuckDB file says of itself", len(audiences), "files", findings)

    findings = []
    names = [f"{audience}/{path.name}" for audience in AUDIENCES for path in _parquet_of(folder, audience)]
    for name in names:
        twins = _twin_findings(folder, name, manifest["files"])
        findings += reading(name, "does not compare", twins, folder)
    report.add("Parquet of BI and payroll against the auditors' Parquet", len(names), "relations", findings)

    published = {path.name for path in (folder / AUDITOR).glob("*/")}
    findings = list(_apart(f"{folder.name}/{MANIFEST}", manifest["rows"], published, AUDITOR))
    for audience in audiences:
        place = f"{audience}.duckdb"
        beside = published
        if audience != AUDITOR:
            beside = {f"marts.{path.stem}" for path in _parquet_of(folder, audience)}
        if place in relations:  # what does not open is named above
            findings += _apart(place, relations[place], beside, audience)
    report.add("relations of the publication: known everywhere", len(published), "relations", findings)

    with report.guarding("workbooks and statements of payroll", "payroll/"):
        check_payroll(folder, report)


def _parquet_of(folder: Path, audience: str) -> list[Path]:
    return sorted((folder / audience).glob("*.parquet"))


def _database_findings(folder: Path, name: str, relations: dict[str, list[str]]) -> Iterator[Finding]:
    """Relations of a DuckDB file that are not those of the Parquet beside it, and the cells by which; puts
    all that it has into `relations`.
    """
    with opened(folder / name) as database:
        relations[name] = relations_of(database)
        for relation in differing_relations(database, folder):
            yield Finding(name, "does not hold the rows of the Parquet beside it", row=relation)
            yield from located(folder, place_of(relation), name)


def _part_findings(folder: Path) -> Iterator[Finding]:
    """Parts of a relation that have other columns or types than its first: read together, they would be
    read as that one's.
    """
    query = PARTS_OF_ANOTHER_FORM.format(files=literal(folder / AUDITOR / "*" / PARTS))
    with connect() as database:
        parts = database.execute(query).fetchall()
    for (path,) in parts:
        place = Path(path).relative_to(folder).as_posix()
        yield Finding(place, "has other columns or types than the first part of its relation")


def _about_findings(folder: Path, audience: str, manifest: Mapping[str, Any]) -> Iterator[Finding]:
    """A DuckDB file says of itself what the manifest says of the publication."""
    place = f"{audience}.duckdb"
    wanted = {
        "audience": audience,
        **{name: manifest[name] for name in SAID},
        "is_preview": str(manifest.get("is_preview", False)).lower(),
        "oldest_duckdb": OLDEST_DUCKDB,
    }
    with opened(folder / place) as database:
        texts = ", ".join(f"cast({name} as varchar)" for name in wanted)
        rows = database.execute(f"select {texts} from copy.{ABOUT}").fetchall()
    if len(rows) != 1:
        yield Finding(place, f"has {len(rows)} rows, not one", row=ABOUT)
    for row in rows:
        for said, (name, value) in zip(row, wanted.items(), strict=True):
            if said != value:
                problem = f"says {said}, the manifest {value}"
                where = f"{ABOUT} (its only row)"
                yield Finding(f"{folder.name}/{place}", problem, row=where, column=name)


def _twin_findings(folder: Path, name: str, files: Mapping[str, str]) -> Iterator[Finding]:
    """Parquet of another audience has the rows of the auditors' Parquet of the same mart."""
    twin = f"{place_of(f'marts.{Path(name).stem}')}/{WHOLE}"
    if not (folder / twin).is_file():
        yield Finding(name, "is no mart of the auditors'")
    # The manifest's hashes were checked: with the same hash they are the same file.
    elif name not in files or files[name] != files.get(twin):
        with connect() as database:
            is_same = same_rows(database, parquet(folder / name), parquet(folder / twin))
        if not is_same:
            yield Finding(name, "does not hold the rows of the auditors' Parquet")
            yield from located(folder, name)


def _apart(
    place: str, relations: Sequence[str] | Mapping[str, object], beside: set[str], audience: str
) -> Iterator[Finding]:
    """The relations that a place knows, and the Parquet files of an audience: none more, none less."""
    found, of = set(relations), f"{audience}/*"
    for relation in sorted(found - beside):
        yield Finding(place, f"has a relation that {of} has not", row=relation)
    for relation in sorted(beside - found):
        yield Finding(of, f"has a relation that {place} has not", row=relation)
