"""The trace of an evidence pack: its page, its tree and its evidence against the rows of the pack."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Protocol

from orchestration.audit.document import trace_json
from orchestration.audit.node import Evidence, Node, Trace
from orchestration.audit.page import trace_page
from orchestration.audit.recompute.book import Book, Row
from orchestration.audit.trace import NOT_NEEDED, UNPAID
from orchestration.audit.verify.findings import Finding, shown

PAGE, TREE = "trace.html", "trace.json"


class _Skips(Protocol):
    def skip(self, what: str, why: str) -> None:
        """Record what could not be checked."""
        ...


def rendering_findings(trace: Trace, members: Mapping[str, bytes]) -> Iterator[Finding]:
    """The page and the tree as they are written from the trace: the same bytes."""
    if trace_page(trace).encode() != members[PAGE]:
        yield Finding(PAGE, "is not the page of trace.json")
    if trace_json(trace).encode() != members[TREE]:
        yield Finding(TREE, "is not as it is written: a part is unknown, or a rule has other words")


def tree_findings(
    trace: Trace, book: Book, index: Mapping[str, Any], report: _Skips
) -> tuple[int, str, list[Finding]]:
    """Nodes looked at, their unit and findings: bonus and lines, each node against `audit.bonus_trace`."""
    agent_id, period_id = index["agent_id"], index["period_id"]
    bonus_id = f"{period_id}:{agent_id}"
    bonus = next((row for row in book.rows("bonus.bonus") if row["bonus_id"] == bonus_id), None)
    lines = {
        row["bonus_line_id"]: row["amount_cny"]
        for row in book.rows("bonus.bonus_line")
        if row["bonus_id"] == bonus_id
    }
    findings = []
    if (trace.agent_id, trace.period_id) != (agent_id, period_id):
        findings.append(Finding(TREE, f"is of {trace.agent_id} {trace.period_id}, not of the pack's bonus"))
    for place, amount in (("amount_cny", trace.amount_cny), ("root", trace.root.value)):
        if bonus is None or amount != bonus["amount_cny"]:
            findings.append(Finding(TREE, "is not the amount of the bonus", column=place))
    shown_lines = {node.node_id: node.value for node in trace.root.children}
    for line_id in sorted({*lines, *shown_lines}):
        if lines.get(line_id) != shown_lines.get(line_id):
            problem = (
                f"line shows {shown(shown_lines.get(line_id))}, the bonus has {shown(lines.get(line_id))}"
            )
            findings.append(Finding(TREE, problem, row=f"node_id={line_id}"))
    nodes = list(trace.root.walk())
    published = {row["node_id"]: row for row in book.rows("audit.bonus_trace") if row["bonus_id"] == bonus_id}
    findings += _node_findings(nodes, {key: row for key, row in published.items() if not _is_unpaid(row)})
    told = {one.component_id for one in trace.unpaid}
    findings += [
        Finding(TREE, "does not tell what is due and not paid", row=f"node_id={node_id}")
        for node_id, row in published.items()
        if _is_unpaid(row) and row["parameter"] != NOT_NEEDED and _component(node_id) not in told
    ]
    unknown = sum(node.node_id not in published for node in nodes)
    if unknown:
        report.skip(f"{unknown} nodes of {TREE}", "they are put to the published trace by the pack's writer")
    evidence, found = _evidence_findings(trace, book, report)
    return len(nodes) + evidence, "nodes and evidence rows", [*findings, *found]


def _is_unpaid(row: Row) -> bool:
    """Whether a published node is of what is due and not paid: told beside the tree."""
    return bool(row["input_model"] == UNPAID)


def _component(node_id: str) -> str:
    return node_id.rpartition("/")[2].rpartition(":")[0]


def _node_findings(nodes: Sequence[Node], published: Mapping[str, Row]) -> Iterator[Finding]:
    """Every node of the tree shows the value of the published node, and none of the published is left out."""
    for node in nodes:
        row = published.get(node.node_id)
        if row is not None and node.value != row["value"]:
            yield Finding(
                TREE,
                f"shows {shown(node.value)}, the published trace {shown(row['value'])}",
                row=f"node_id={node.node_id}",
                column="value",
            )
    there = {node.node_id for node in nodes}
    for node_id in sorted(set(published) - there):
        yield Finding(TREE, "does not show a node of the published trace", row=f"node_id={node_id}")


def _evidence_findings(trace: Trace, book: Book, report: _Skips) -> tuple[int, list[Finding]]:
    rows = {
        (row["kpi_id"], row["month_id"], row["evidence_model"], row["evidence_key"]): row
        for row in book.rows("kpi.kpi_evidence")
    }
    sources = {(row["evidence_model"], row["evidence_key"]): row for row in book.rows("audit.source_row")}
    findings: list[Finding] = []
    looked_at = events = 0
    kpis = {row["kpi_id"] for row in book.rows("policy.policy_kpi_period")}
    for evidence in trace.evidence.values():
        looked_at += len(evidence.rows)
        findings += _sum_findings(evidence)
        for one in evidence.rows:
            model, key = one.source.model, one.source.key
            row = rows.get((evidence.kpi_id, one.month_id, model, key))
            shown_row = (one.numerator, one.denominator, one.is_counted, one.exclusion_reason)
            name = f"{evidence.kpi_id} {model} {key}"
            if evidence.kpi_id not in kpis:
                events += 1  # an event that a line counts: a fact of the pack, no evidence of a KPI
            elif row is None or shown_row != (
                row["numerator"],
                row["denominator"],
                row["is_counted"],
                row["exclusion_reason"],
            ):
                findings.append(Finding(TREE, "is no evidence row of the pack", row=name))
            source = sources.get((model, key))
            place = one.source.file, one.source.row_number, one.source.row_hash
            if source is None or place != (source["file"], source["row_number"], source["row_hash"]):
                findings.append(Finding(TREE, "does not lead to the pack's export line", row=name))
    if events:
        report.skip(
            f"numbers of {events} counted events in {TREE}", "their lines are recomputed from the facts"
        )
    return looked_at, findings


def _sum_findings(evidence: Evidence) -> Iterator[Finding]:
    """Numerator and denominator are the sums of the counted rows shown; every row is shown."""
    name = f"{evidence.kpi_id} {evidence.period_id}"
    counted = [row for row in evidence.rows if row.is_counted]
    aside: dict[str, int] = defaultdict(int)
    for row in evidence.rows:
        if not row.is_counted:
            aside[row.exclusion_reason or ""] += 1
    sums = sum((row.numerator for row in counted), Decimal(0)), sum(row.denominator for row in counted)
    if len(evidence.rows) != evidence.row_count or len(counted) != evidence.counted:
        yield Finding(TREE, "does not show as many evidence rows as it says", row=name)
    if sums != (evidence.numerator, evidence.denominator):
        yield Finding(TREE, f"shows {evidence.numerator} / {evidence.denominator}, its rows {sums}", row=name)
    if dict(aside) != dict(evidence.set_aside):
        yield Finding(TREE, "counts other rows set aside than it shows", row=name)
