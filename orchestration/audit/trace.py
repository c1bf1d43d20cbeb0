"""`trace`: the published tree of one bonus, each number with its calculation, clause and export lines.

Nothing is calculated by a rule here: numbers follow by operations, leaves have rows behind them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from orchestration.audit.calculation.graph import Graph, Number, Operand, graph_of_tree
from orchestration.audit.evidence import EvidenceReader
from orchestration.audit.lookup import find_bonus
from orchestration.audit.node import UNPAID, Evidence, Node, Phrase, Trace
from orchestration.audit.phrases import phrase
from orchestration.audit.publications import read_manifest
from orchestration.audit.relations import AuditFile
from orchestration.audit.rows_behind import RowsBehind
from orchestration.audit.words import Words, tree_evaluator
from orchestration.errors import ConfigurationError
from orchestration.policy.clauses import Clause, with_own

MANIFEST_FIELDS = ("run_id", "as_of", "content_hash", "code_hash", "policy_hash")
ROW = "row"
CONDITION = "condition"
BOUNDS = frozenset({"low", "high"})
"""Operands that say for which numbers a row of a table is: told in words, as its band."""

STATUSES = ("awaiting_review", "insufficient_data")
"""Statuses of a score that are said as a note."""


def trace_bonus(
    folder: Path,
    *,
    agent_id: str,
    period_id: str,
    line_no: int | None = None,
    show_all: bool = False,
    notes: Sequence[Phrase] = (),
) -> Trace:
    """The trace of one agent's bonus of one period from the publication in `folder`.

    `line_no` keeps one line of the bonus, `show_all` every evidence row instead of the first few; `notes` are
    said beside the trace's own.
    Raises ConfigurationError, with near names, for an agent, period or line that does not exist.
    """
    with AuditFile(folder) as audit:
        return trace_from(
            audit,
            read_manifest(folder),
            agent_id=agent_id,
            period_id=period_id,
            line_no=line_no,
            show_all=show_all,
            notes=notes,
        )


def trace_from(
    audit: AuditFile,
    manifest: Mapping[str, Any],
    *,
    agent_id: str,
    period_id: str,
    line_no: int | None = None,
    show_all: bool = False,
    show_people: bool = True,
    notes: Sequence[Phrase] = (),
) -> Trace:
    """As `trace_bonus`, on an open audit file; without `show_people` raters and reviewers stay unnamed."""
    bonus = find_bonus(audit, agent_id=agent_id, period_id=period_id)
    graph = graph_of_tree(audit.select("audit.bonus_trace", {"bonus_id": bonus["bonus_id"]}))
    reader = EvidenceReader(audit, agent_id, show_people=show_people)
    behind = RowsBehind(reader, graph.numbers.values())
    kept = None if line_no is None else _line(audit, bonus["bonus_id"], line_no)
    root = _Tree(graph, behind, kept).root(f"bonus:{bonus['bonus_id']}")
    shown = {node.evidence: behind.wanted[node.evidence] for node in root.walk() if node.evidence}
    evidence = reader.evidence(shown, show_all=show_all)
    schemes = audit.select("policy.policy_scheme", {"period_id": period_id, "scheme_id": bonus["scheme_id"]})
    person = audit.select("facts.dim_agent", {"agent_id": agent_id})
    told = replace(root, children=tuple(_with_lines(child, evidence) for child in root.children))
    return Trace(
        agent_id=agent_id,
        agent_name=person[0]["agent_name"] if person else None,
        period_id=period_id,
        scheme_id=bonus["scheme_id"],
        scheme_en=schemes[0]["name_en"] if schemes else bonus["scheme_id"],
        scheme_zh=schemes[0]["name_zh"] if schemes else "",
        amount_cny=bonus["amount_cny"],
        maturity=bonus["maturity"],
        score_status=bonus["score_status"],
        publication={name: str(manifest[name]) for name in MANIFEST_FIELDS if name in manifest},
        root=told,
        evidence=evidence,
        rules=_cited(told, with_own(manifest.get("site"))),
        notes=(*notes, *_notes(audit, period_id, bonus["score_status"])),
    )


def _cited(root: Node, rules: Mapping[str, Clause]) -> Mapping[str, Clause | None]:
    """The rules that a tree cites, in the order of the catalogue, then those that it does not know."""
    named = {node.clause_id for node in root.walk() if node.clause_id is not None}
    known: dict[str, Clause | None] = {name: rule for name, rule in rules.items() if name in named}
    return known | dict.fromkeys(sorted(named - known.keys()))


def _line(audit: AuditFile, bonus_id: str, line_no: int) -> str:
    """The id of a line of the bonus."""
    lines = audit.select("bonus.bonus_line", {"bonus_id": bonus_id}, order=["line_no"])
    found = [line["bonus_line_id"] for line in lines if line["line_no"] == line_no]
    if not found:
        numbers = ", ".join(f"{line['line_no']} {line['line_label']}" for line in lines) or "none"
        raise ConfigurationError(
            problem=f"the bonus {bonus_id} has no line {line_no}", remedy=f"Its lines: {numbers}"
        )
    return str(found[0])


def _notes(audit: AuditFile, period_id: str, score_status: str) -> Iterator[Phrase]:
    for settled in audit.select("facts.dim_settled_period", {"period_id": period_id}):
        yield phrase("is_settled_here", run_id=settled["run_id"])
    if score_status in STATUSES:
        yield phrase(score_status)


def _with_lines(node: Node, evidence: Mapping[str, Evidence]) -> Node:
    """What is not paid for a condition that is not met, of several the first, names the export lines of what
    it counts in its reason.
    """
    unmet = (below for below in node.walk() if below.operand == CONDITION and below.value == 0)
    deciding = next(unmet, None) if node.kind == UNPAID else None
    if node.reason is None or deciding is None:
        return node
    rows: dict[str, dict[int, None]] = {}
    hidden = 0
    for found in (evidence[below.evidence] for below in deciding.walk() if below.evidence is not None):
        hidden += found.counted - sum(row.is_counted for row in found.rows)
        for row in found.rows:
            if row.is_counted and row.source.file is not None and row.source.row_number is not None:
                rows.setdefault(row.source.file, {})[row.source.row_number] = None
    if not rows:
        return node
    reason = node.reason
    for file, at in rows.items():
        name = "with_row" if len(at) == 1 else "with_rows"
        reason = phrase(name, reason=reason, file=file, rows=", ".join(map(str, at)))
    return replace(node, reason=phrase("with_more", reason=reason, count=hidden) if hidden else reason)


class _Tree:
    """Nodes of a graph in reading order: a number is taken apart at its first place, and named at others."""

    def __init__(self, graph: Graph, behind: RowsBehind, line_id: str | None) -> None:
        self._graph = graph
        self._words = Words(graph, tree_evaluator(graph))
        self._behind = behind
        self._line_id = line_id
        self._seen: set[str] = set()

    def root(self, node_key: str) -> Node:
        """The bonus, with all of its lines or the one asked for."""
        kept = [
            one
            for one in self._graph.of(node_key)
            if self._line_id in (None, self._graph.numbers[one.node_key].input_key)
        ]
        # The sentence adds up all lines, whichever are shown.
        return self._node(Operand("", 1, node_key), kept)

    def _node(self, place: Operand, below: Sequence[Operand] | None = None) -> Node:
        key = place.node_key
        number = self._graph.numbers[key]
        operands = self._shown(number) if below is None else below
        band = self._words.band(key) if place.operand == ROW else None
        if band is not None:
            operands = [one for one in operands if one.operand not in BOUNDS]
        is_again = key in self._seen and bool(operands)
        self._seen.add(key)
        node = Node(
            node_key=key,
            kind=number.kind,
            operand=place.operand,
            label=number.label,
            label_zh=number.label_zh,
            value=self._words.value(key),
            text=self._words.word(key),
            unit=number.unit,
            clause_id=number.clause_id,
            origin=number.value_origin,
            effective_from=number.effective_from_on,
            reason=_reason(number),
            input_model=number.input_model,
            input_key=number.input_key,
            band=band,
            is_chosen=place.is_chosen,
            is_shared=is_again,
        )
        if is_again:
            return node
        found = self._behind.found(number)
        return _without_echo(
            replace(
                node,
                by_hand=self._words.sentence(key),
                notes=found.notes,
                sources=found.sources,
                evidence=found.evidence,
                children=tuple(self._node(one) for one in operands),
            ),
            number,
        )

    def _shown(self, number: Number) -> Sequence[Operand]:
        """The operands of a number; of a table the rows for its key, and which of them it is read from."""
        operands = self._graph.of(number.node_key)
        words = {self._words.word(one.node_key) for one in operands if one.operand == "key"}
        chosen = self._words.chosen(number.node_key) if number.operation == "row" else None
        rows = [one for one in operands if one.operand == ROW]
        fitting = [one for one in rows if self._graph.numbers[one.node_key].row_key in (None, *words)] or rows
        if chosen is not None:
            fitting = [replace(one, is_chosen=one.node_key == chosen) for one in fitting]
        return [*(one for one in operands if one.operand != ROW), *fitting]


def _reason(number: Number) -> Phrase | None:
    if number.reason is None:
        return None
    # A word of a list is said in plain words; a sentence may name a column, which has its underscore.
    is_word = " " not in number.reason
    words = number.reason.replace("_", " ") if is_word else number.reason
    return Phrase(words, number.reason_zh or number.reason)


def _without_echo(node: Node, number: Number) -> Node:
    """A number that is another one under a second name takes its place: its label, the other's making."""
    if number.operation not in ("same", "sum") or len(node.children) != 1 or node.children[0].is_shared:
        return node
    [child] = node.children
    is_echo = number.operation == "same" or child.kind == node.kind
    if not is_echo or (child.value, child.text) != (node.value, node.text):
        return node
    return replace(
        child,
        node_key=node.node_key,
        kind=node.kind,
        operand=node.operand,
        # "quantity: days beyond the bid": the name of the part, then what it is.
        label=node.label if child.label == node.label else f"{node.label}: {child.label}",
        label_zh=node.label_zh if child.label_zh == node.label_zh else f"{node.label_zh}：{child.label_zh}",
        unit=node.unit,
        input_model=node.input_model,
        input_key=node.input_key,
        clause_id=child.clause_id or node.clause_id,
        is_chosen=node.is_chosen,
    )
