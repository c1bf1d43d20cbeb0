"""`verify --pack`: an evidence pack, checked on a machine that has nothing but the pack."""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from orchestration.audit.pack import DATA, FORMAT, INDEX, clauses_text, index_text, writer_hash
from orchestration.audit.recompute.book import AGENT_COLUMNS, Book, Row
from orchestration.audit.recompute.exact import ratio
from orchestration.audit.recompute.grade import FORCED, band_of, method_of
from orchestration.audit.recompute.kpi import EvidenceSums, Sums, observations
from orchestration.audit.recompute.lines import Lines
from orchestration.audit.recompute.ranking import StatedRanks
from orchestration.audit.recompute.score import score_lines, scores
from orchestration.audit.recompute.settled import adjustments
from orchestration.audit.reread import trace_of
from orchestration.audit.verify.findings import Finding, Report, compare
from orchestration.audit.verify.pack_lines import check_bonuses, check_lines, check_published_lines
from orchestration.audit.verify.pack_tables import PackTables
from orchestration.audit.verify.pack_trace import PAGE, TREE, rendering_findings, tree_findings
from orchestration.audit.verify.traced import TRACE, check_trace
from orchestration.errors import ConfigurationError, MeritlineError

MILLION = 10**6
CLAUSES = "clauses.json"
ROW_HASH = re.compile("[0-9a-f]{32}")


class PackUnreadable(MeritlineError):
    """The file is no evidence pack, or a damaged one."""


class PackData:
    """Rows of the relations in a pack, with their types."""

    def __init__(self, members: Mapping[str, bytes]) -> None:
        self._members = members
        self._rows: dict[str, list[Row]] = {}

    def columns(self, relation: str) -> Mapping[str, str]:
        """Columns of a relation with their DuckDB types. Raises PackUnreadable."""
        self.rows(relation)
        columns = json.loads(self._members[f"{DATA}{relation}.json"])["columns"]
        return {str(name): str(kind) for name, kind in columns}

    def rows(self, relation: str) -> Sequence[Row]:
        """All rows of a relation in the pack. Raises PackUnreadable."""
        if relation not in self._rows:
            name = f"{DATA}{relation}.json"
            try:
                table = json.loads(self._members[name])
                parsers = [(column, _parser(kind)) for column, kind in table["columns"]]
                self._rows[relation] = [
                    {
                        column: None if value is None else parse(value)
                        for (column, parse), value in zip(parsers, row, strict=True)
                    }
                    for row in table["rows"]
                ]
            except (KeyError, ValueError, TypeError, ArithmeticError) as error:
                raise PackUnreadable(
                    path=name,
                    problem=f"does not read ({type(error).__name__}: {error})",
                    remedy="Ask for the pack again",
                ) from error
        return self._rows[relation]

    def rows_of(self, relation: str, columns: Sequence[str], agents: Iterable[str]) -> Iterator[Row]:
        """Some columns of the rows of some agents."""
        wanted, by = frozenset(agents), AGENT_COLUMNS.get(relation, "agent_id")
        for row in self.rows(relation):
            if row[by] in wanted:
                yield {column: row[column] for column in columns}


def verify_pack(path: Path) -> Report:
    """Check hashes and arithmetic of an evidence pack. Raises PackUnreadable when it is not one."""
    members = _read(path)
    report = Report()
    index = _check_index(members, report)
    data = PackData(members)
    book = Book(data)
    for name, check in (
        ("evidence rows lead to an export line of a known file", lambda one: _source_lines(one, index)),
        ("observation = sum of evidence", _observations),
        ("score line = curve, weight and missing rule", _score_lines),
        ("score = sum of score lines with its shares", _scores),
        ("grade by rank and cut-offs", lambda one: _grade(one, index, members)),
        ("bonus line = quantity × rate × days, from policy", _bonus_lines),
        ("line of open and settled periods, adjustments", check_published_lines),
        ("correction = settled, adjusted and recomputed lines", _corrections),
        ("bonus = sum of its lines", check_bonuses),
        ("published trace = the rows that it is of", lambda _: _published_trace(data, report)),
        ("trace = published trace and rows of the pack", lambda one: _trace(one, index, members, report)),
        ("files of the pack are written from its rows", lambda one: _rendering(index, members, report)),
    ):
        try:
            looked_at, unit, findings = check(book)
        except PackUnreadable as error:
            report.add(name, 0, "rows", [Finding(str(error.path), error.problem)])
        except (KeyError, TypeError, AttributeError, IndexError, ArithmeticError, ValueError) as error:
            problem = f"the rows do not fit together ({type(error).__name__}: {error})"
            report.add(name, 0, "rows", [Finding(path.name, problem)])
        else:
            report.add(name, looked_at, unit, findings)
    report.skip("ranks", "the others' scores are not in the pack; their cut-offs are")
    report.skip("row hashes", "they are of lines of export files, which are not in the pack")
    report.skip(
        "whether the rows are those of the publication",
        "nothing in the pack can tell: compare its manifest_sha256 "
        f"{index['publication'].get('manifest_sha256')} with that of {index['publication'].get('run_id')}",
    )
    report.skip("the publication's own hash chain", "it needs the state folder: meritline verify")
    return report


def _read(path: Path) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(path) as archive:
            return {info.filename: archive.read(info) for info in archive.infolist()}
    except (OSError, zipfile.BadZipFile, zipfile.LargeZipFile, ValueError, NotImplementedError) as error:
        raise PackUnreadable(
            path=path, problem=f"is no readable zip ({error})", remedy="Ask for the pack again"
        ) from error
    except Exception as error:  # zlib.error and friends: a damaged member
        raise PackUnreadable(
            path=path, problem=f"is damaged ({error})", remedy="Ask for the pack again"
        ) from error


def _check_index(members: Mapping[str, bytes], report: Report) -> Mapping[str, Any]:
    try:
        text = members[INDEX].decode("utf-8")
        index: dict[str, Any] = json.loads(text)
        files, seal = dict(index["files"]), index["seal"]
    except (KeyError, ValueError, TypeError) as error:
        raise PackUnreadable(
            path=INDEX,
            problem="is missing or does not read",
            remedy="Name an evidence pack of meritline pack",
        ) from error
    if index.get("format") != FORMAT:
        raise ConfigurationError(
            path=INDEX,
            problem=f"the pack has format {index.get('format')}, this version reads {FORMAT}",
            remedy="Use the meritline that wrote it",
        )
    findings = []
    unsealed = {name: value for name, value in index.items() if name != "seal"}
    digest = hashlib.sha256(index_text(unsealed).encode()).hexdigest()
    if digest != seal or text != index_text(index):
        findings.append(Finding(INDEX, "was changed after it was sealed"))
    for name, expected in files.items():
        if name not in members:
            findings.append(Finding(name, "is missing"))
        elif hashlib.sha256(members[name]).hexdigest() != expected:
            findings.append(Finding(name, "was changed: its SHA-256 is not that of the index"))
    findings += [Finding(name, "is not in the index") for name in members if name not in {*files, INDEX}]
    report.add("files of the pack against its index", len(files), "files", findings)
    return index


Checked = tuple[int, str, list[Finding]]


def _source_lines(book: Book, index: Mapping[str, Any]) -> Checked:
    loads = {row["load_id"]: row for row in book.rows("audit.load_file")}
    sources = {(row["evidence_model"], row["evidence_key"]): row for row in book.rows("audit.source_row")}
    findings = []
    evidence = book.rows("kpi.kpi_evidence")
    inputs = {(one["file"], one["sha256"]) for one in index["inputs"]}
    for load in loads.values():
        if (load["file"], load["sha256"]) not in inputs:
            findings.append(
                Finding(
                    f"{DATA}audit.load_file.json",
                    "is no input file of the publication",
                    row=f"load_id={load['load_id']} {load['file']}",
                    column="sha256",
                )
            )
    for source in sources.values():
        of = loads.get(source["load_id"])
        if not ROW_HASH.fullmatch(str(source["row_hash"])) or of is None or of["file"] != source["file"]:
            findings.append(
                Finding(
                    f"{DATA}audit.source_row.json",
                    "has no hash of a row, or not the file of its load",
                    row=f"{source['evidence_model']} {source['evidence_key']}",
                )
            )
    for row in evidence:
        key = row["evidence_model"], row["evidence_key"]
        line = sources.get(key)
        place, name = f"{DATA}kpi.kpi_evidence.json", f"kpi_id={row['kpi_id']} {key[0]} {key[1]}"
        if line is None or not line["row_hash"] or line["row_number"] is None:
            findings.append(Finding(place, "leads to no export line", row=name))
        elif line["load_id"] not in loads or not loads[line["load_id"]]["sha256"]:
            findings.append(Finding(place, "leads to a file without a hash", row=name))
        if row["is_counted"] != (row["exclusion_reason"] is None):
            findings.append(Finding(place, "is_counted and exclusion_reason contradict", row=name))
    return len(evidence), "rows", findings


def _observations(book: Book) -> Checked:
    sums = EvidenceSums()
    for row in book.rows("kpi.kpi_evidence"):
        is_pending = row["exclusion_reason"] == "pending"
        is_counted = row["is_counted"]
        sums.agents[row["agent_id"], row["month_id"], row["kpi_id"]].add(
            Sums(
                int(row["numerator"] * MILLION) if is_counted else 0,
                row["denominator"] if is_counted else 0,
                int(not is_counted and not is_pending),
                int(is_pending),
            )
        )
    expected = dict(observations(book, sums))
    covered = {period_id for _, period_id in book.agent_periods}
    published = [row for row in book.rows("kpi.kpi_observation") if row["period_id"] in covered]
    key = ("agent_id", "period_id", "kpi_id")
    place = f"{DATA}kpi.kpi_observation.json"
    return len(published), "observations", compare(place, published, expected, key=key)


def _score_lines(book: Book) -> Checked:
    published = book.rows("score.score_line")
    key = ("agent_id", "period_id", "kpi_id")
    place = f"{DATA}score.score_line.json"
    return len(published), "rows", compare(place, published, dict(score_lines(book)), key=key)


def _scores(book: Book) -> Checked:
    published = book.rows("score.score")
    place = f"{DATA}score.score.json"
    return (
        len(published),
        "rows",
        compare(place, published, dict(scores(book)), key=("agent_id", "period_id")),
    )


def _grade(book: Book, index: Mapping[str, Any], members: Mapping[str, bytes]) -> Checked:
    """The grade follows from the stated rank, and the stated cut-offs allow that rank."""
    key = index["agent_id"], index["period_id"]
    grade, score = book.grades.get(key), book.scores.get(key)
    if grade is None or grade["rank"] is None:
        return 0, "grades", []
    place = f"{DATA}grade.grade.json"
    cohort = json.loads(members["cohort.json"])
    bands = book.bands.get((grade["period_id"], grade["scheme_id"]), ())
    scheme = book.schemes[grade["period_id"], grade["scheme_id"]]
    rank, size, total = grade["rank"], grade["cohort_size"], grade["total_score"]
    method = method_of(bands, size, scheme["min_group_size"])
    band = band_of(bands, method, rank=rank, size=size, total=total)
    wanted = {
        "grade": None if band is None else band["grade"],
        "method": method,
        "position": ratio(rank - 1, size),
        "total_score": None if score is None else score["total_score"],
    }
    findings = compare(place, [grade], {key: wanted}, key=("agent_id", "period_id"))
    if cohort["cohort_size"] != size or sum(one["members"] for one in cohort["grades"]) != size:
        findings.append(Finding("cohort.json", f"does not add up to a group of {size}"))
    for one in cohort["grades"]:
        lowest = Decimal(one["lowest_score"])
        is_own = one["grade"] == grade["grade"]
        if is_own and not (one["first_rank"] <= rank <= one["last_rank"] and total >= lowest):
            findings.append(
                Finding("cohort.json", f"rank {rank} with {total} does not lie in grade {one['grade']}")
            )
        if not is_own and method == FORCED and (rank > one["last_rank"]) != (total < lowest):
            findings.append(
                Finding("cohort.json", f"the cut-off of grade {one['grade']} contradicts rank {rank}")
            )
    return 1, "grades", findings


def _bonus_lines(book: Book) -> Checked:
    lines = Lines(book)
    lines.awards = StatedRanks(book)
    return check_lines(book, lines)


def _corrections(book: Book) -> Checked:
    """Each correction names what was settled, adjusted since and computed; what it owes is a line."""
    relation = "bonus.bonus_correction"
    published = book.rows(relation)
    settled: dict[str, Decimal] = defaultdict(Decimal)
    adjusted: dict[str, Decimal] = defaultdict(Decimal)
    for row in book.rows("facts.fct_settled_line"):
        corrected = row["adjusts_bonus_line_id"]
        (settled if corrected is None else adjusted)[corrected or row["bonus_line_id"]] += row["amount_cny"]
    computed = {row["bonus_line_id"]: row["amount_cny"] for row in book.rows("bonus.bonus_line_computed")}
    owed = {
        (row["adjusts_bonus_line_id"]): row["quantity"] * row["rate"] for row in adjustments(book).values()
    }
    expected: dict[tuple[Any, ...], Mapping[str, Any]] = {}
    for row in published:
        line_id = row["bonus_line_id"]
        today = computed.get(line_id, Decimal(0))
        expected[line_id,] = {
            "settled_cny": settled[line_id],
            "adjusted_cny": adjusted[line_id],
            "computed_cny": today,
            "difference_cny": today - settled[line_id] - adjusted[line_id],
            "owed_cny": owed.get(line_id, Decimal(0)),
        }
    place = f"{DATA}{relation}.json"
    return len(published), "corrections", compare(place, published, expected, key=("bonus_line_id",))


def _published_trace(data: PackData, report: Report) -> Checked:
    looked_at, unit, findings, rest = check_trace(PackTables(data))
    if rest:
        report.skip(f"{rest:,} nodes of {TRACE}", "they are of no relation in the pack")
    return looked_at, unit, findings


def _trace(book: Book, index: Mapping[str, Any], members: Mapping[str, bytes], report: Report) -> Checked:
    return tree_findings(trace_of(members[TREE].decode("utf-8")), book, index, report)


def _rendering(index: Mapping[str, Any], members: Mapping[str, bytes], report: Report) -> Checked:
    """Page, tree and rules written again: the same bytes, where this version is the one that wrote them."""
    if index["writer"] != writer_hash():
        report.skip(f"{PAGE}, and the words of the rules", "another version of meritline wrote the pack")
        return 0, "files", []
    findings = list(rendering_findings(trace_of(members[TREE].decode("utf-8")), members))
    if members[CLAUSES] != clauses_text().encode():
        findings.append(Finding(CLAUSES, "does not have the words of the rules"))
    return 3, "files", findings


def _parser(kind: str) -> Any:
    if kind.startswith("DECIMAL"):
        return Decimal
    return {"DATE": date.fromisoformat, "TIMESTAMP": datetime.fromisoformat}.get(kind, _as_is)


def _as_is(value: object) -> object:
    return value
