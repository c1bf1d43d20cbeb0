"""`verify --pack`: an evidence pack, checked on a machine that has nothing but the pack."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from math import inf
from pathlib import Path
from typing import Any

from orchestration.audit.beside import text_beside
from orchestration.audit.calculation.evaluate import CannotEvaluate, decimal_of, standing_of
from orchestration.audit.calculation.graph import Graph, graph_of_tree
from orchestration.audit.evidence import EVENT, KPI
from orchestration.audit.node import Node, Trace
from orchestration.audit.pack.rows import PackData, PackFile, PackUnreadable, read_members
from orchestration.audit.pack.write import (
    CLAUSES,
    COHORT,
    DATA,
    FORMAT,
    INDEX,
    PAGE,
    TREE,
    clauses_text,
    pack_trace,
    writer_hash,
)
from orchestration.audit.show.document import as_json, trace_json
from orchestration.audit.show.page import trace_page
from orchestration.audit.verify.findings import ODD_ROWS, Finding, Report
from orchestration.audit.verify.stated import check_cells, evaluated
from orchestration.audit.words import tree_evaluator
from orchestration.errors import ConfigurationError, MemoryRanOut, MeritlineError

TRACE = "audit.bonus_trace"
Checked = tuple[int, str, list[Finding]]


def verify_pack(path: Path) -> Report:
    """Check hashes and arithmetic of an evidence pack. Raises PackUnreadable when it is not one."""
    members = read_members(path)
    report = Report()
    index = _check_index(members, report)
    try:
        with PackFile(members) as pack:
            _check_rows(pack, index, members, report)
    except PackUnreadable as error:
        report.add("rows of the pack", 0, "rows", [Finding(str(error.path), error.problem)])
    report.skip("row hashes", "they are of lines of export files, which are not in the pack")
    report.skip(
        "whether the rows are those of the publication",
        "nothing in the pack can tell: compare its manifest_sha256 "
        f"{index['publication'].get('manifest_sha256')} with that of {index['publication'].get('run_id')}",
    )
    report.skip("the publication's own hash chain", "it needs the state folder: meritline verify")
    return report


def _check_rows(
    pack: PackFile, index: Mapping[str, Any], members: Mapping[str, bytes], report: Report
) -> None:
    checks: Sequence[tuple[str, Callable[[], Checked]]] = (
        ("evidence rows lead to an export line of a known file", lambda: _source_lines(pack, index)),
        ("every number follows from its operands", lambda: _numbers(pack)),
        ("every number is the published cell that it names", lambda: check_cells(PackData(pack), TRACE)),
        ("ranks among what everyone was ranked by", lambda: _ranks(pack, members)),
        ("every line and every component due is in the tree", lambda: _due(pack, index)),
        ("sums = their evidence", lambda: _sums(pack_trace(pack, index))),
        ("files of the pack are written from its rows", lambda: _rendering(pack, index, members, report)),
    )
    for name, check in checks:
        try:
            looked_at, unit, findings = check()
        except MemoryRanOut:
            raise
        except (MeritlineError, CannotEvaluate, *ODD_ROWS) as error:
            problem = f"the rows do not fit together ({type(error).__name__}: {error})"
            report.add(name, 0, "rows", [Finding(DATA, problem)])
        else:
            report.add(name, looked_at, unit, findings)


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
    digest = hashlib.sha256(as_json(unsealed).encode()).hexdigest()
    if digest != seal or text != as_json(index):
        findings.append(Finding(INDEX, "was changed after it was sealed"))
    for name, expected in files.items():
        if name not in members:
            findings.append(Finding(name, "is missing"))
        elif hashlib.sha256(members[name]).hexdigest() != expected:
            findings.append(Finding(name, "was changed: its SHA-256 is not that of the index"))
    findings += [Finding(name, "is not in the index") for name in members if name not in {*files, INDEX}]
    report.add("files of the pack against its index", len(files), "files", findings)
    return index


def _faults(pack: PackFile, name: str, **values: object) -> list[Finding]:
    """Rows that a query of `sql/` finds wrong."""
    rows = pack.query(text_beside(__file__, f"sql/{name}.sql"), values)
    return [Finding(_place(row["relation"]), row["problem"], row["name"], row["of"] or "") for row in rows]


def _count(pack: PackFile, *relations: str) -> int:
    return sum(len(pack.select(relation)) for relation in relations)


def _source_lines(pack: PackFile, index: Mapping[str, Any]) -> Checked:
    inputs = [f"{one['file']} {one['sha256']}" for one in index["inputs"]]
    looked_at = _count(pack, "audit.source_row", KPI, EVENT)
    return looked_at, "rows", _faults(pack, "source_lines", inputs=inputs)


def _numbers(pack: PackFile) -> Checked:
    graph = _tree(pack)
    relations = {row["model"]: row["relation"] for row in pack.select("audit.relation_key")}
    count = sum(1 for one in graph.numbers.values() if one.operation is not None)
    return count, "numbers", evaluated(graph, relations, tree_evaluator(graph))


def _tree(pack: PackFile) -> Graph:
    return graph_of_tree(pack.select(TRACE))


def _ranks(pack: PackFile, members: Mapping[str, bytes]) -> Checked:
    """Own place, and the size of the group, among what everyone was ranked by."""
    graph = _tree(pack)
    evaluator = tree_evaluator(graph)
    cohorts = {one["cohort"]: one for one in json.loads(members[COHORT])}
    findings, looked_at = [], 0
    for number in graph.numbers.values():
        cohort = next((one.node_key for one in graph.of(number.node_key) if one.operand == "cohort"), None)
        if cohort is None or number.value is None:
            continue
        looked_at += 1
        ranked = [_standing(one) for one in cohorts[cohort]["ranked_by"]]
        own = next((one.node_key for one in graph.of(number.node_key) if one.operand == "own"), None)
        place = int(number.value)
        if ranked != sorted(ranked) or len(ranked) != cohorts[cohort]["size"]:
            findings.append(Finding(COHORT, "is not in order", row=cohort))
        if own is None:
            is_so = place == len(ranked)
        else:
            result = evaluator.result(own)
            numbers = [(at, decimal_of(-one)) for at, one in standing_of(result)[0][:-1]]
            standing = _standing([(int(at), f"{one:f}") for at, one in numbers])
            first, same = sum(1 for one in ranked if one < standing), ranked.count(standing)
            # Candidates that an id tells apart stand one behind the other, others share the first place.
            is_so = same > 0 and 1 <= place - first <= (1 if result.order is None else same)
        if not is_so:
            findings.append(Finding(COHORT, f"does not have {place} for it", row=number.node_key))
    return looked_at, "ranks", findings


def _standing(numbers: Sequence[tuple[int, str]]) -> tuple[tuple[float, Fraction], ...]:
    """What someone was ranked by, the best first."""
    return (*((place, -Fraction(text)) for place, text in numbers), (inf, Fraction(0)))


def _due(pack: PackFile, index: Mapping[str, Any]) -> Checked:
    period_id = index["period_id"]
    is_settled = pack.select("facts.dim_settled_period", {"period_id": period_id})
    looked_at = _count(pack, "bonus.bonus_line", *(() if is_settled else ("bonus.bonus_unpaid",)))
    return looked_at, "rows", _faults(pack, "due", period_id=period_id)


def _sums(trace: Trace) -> Checked:
    """Every sum of the tree is that of the counted rows below it."""
    findings, looked_at = [], 0
    for node in trace.root.walk():
        if node.evidence is None:
            continue
        evidence = trace.evidence[node.evidence]
        looked_at += evidence.row_count
        sums = {"numerator": evidence.numerator, "denominator": Decimal(evidence.denominator)}
        for name, value in _stated(node):
            # The denominator of a plain sum is 1, whatever was counted.
            if value is not None and not (evidence.is_sum and name == "denominator") and value != sums[name]:
                problem = f"published {value}, its evidence rows give {sums[name]}"
                findings.append(Finding(_place(TRACE), problem, row=node.node_key, column=name))
    return looked_at, "evidence rows", findings


def _stated(node: Node) -> Iterator[tuple[str, Decimal | None]]:
    if node.kind in ("numerator", "denominator"):
        yield node.kind, node.value
        return
    parts = [(one.operand, one.value) for one in node.children if one.kind in ("numerator", "denominator")]
    yield from parts or [("numerator", node.value)]


def _rendering(
    pack: PackFile, index: Mapping[str, Any], members: Mapping[str, bytes], report: Report
) -> Checked:
    """Page, tree and rules written again: the same bytes, where this version is the one that wrote them."""
    if index["writer"] != writer_hash():
        report.skip(f"{PAGE}, and the words of the rules", "another version of meritline wrote the pack")
        return 0, "files", []
    trace = pack_trace(pack, index)
    written = {PAGE: trace_page(trace), TREE: trace_json(trace), CLAUSES: clauses_text(index["publication"])}
    findings = [
        Finding(name, "is not what the rows of the pack give")
        for name, text in written.items()
        if members[name] != text.encode()
    ]
    return len(written), "files", findings


def _place(relation: str) -> str:
    return f"{DATA}{relation}.json"
