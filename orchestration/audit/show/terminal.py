"""The trace as a tree on a terminal, at most 120 columns wide."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console, RenderableType
from rich.text import Text
from rich.tree import Tree

from orchestration.audit.node import UNPAID, Evidence, Node, Phrase, SourceLine, Trace
from orchestration.audit.phrases import phrase
from orchestration.audit.show.labels import REASONS, UNITS
from orchestration.text import measured, money, plain

MAX_WIDTH = 120
HASH_SHOWN = 12
"""Hexadecimal digits of a hash that a person compares; JSON and HTML have all of it."""

YES_OR_NO = ("gate", "condition")
BOLD = ("bonus", "line", "settled", "adjustment")


def print_trace(trace: Trace, console: Console) -> None:
    """Print the trace: the tree, what was not paid and why, and the rules it cites."""
    shown = at_most_wide(console)
    name = f" {trace.agent_name}" if trace.agent_name else ""
    shown.print(
        Text(f"{trace.agent_id}{name} · {trace.period_id} · {trace.scheme_en} {trace.scheme_zh} · ")
        + Text(f"{money(trace.amount_cny)} 元", style="bold")
        + Text(f" · {trace.maturity}, {trace.score_status}")
    )
    run_id, as_of = trace.publication.get("run_id", "–"), trace.publication.get("as_of", "–")
    shown.print(Text(f"publication {run_id}, business date {as_of}", style="dim"))
    for note in trace.notes:
        shown.print(Text(f"! {note}", style="yellow"))
    tree = Tree(Text.assemble(*_headline(trace.root)), guide_style="dim")
    _fill(tree, trace.root, trace, set())
    shown.print(tree)
    _print_rules(trace, shown)


def at_most_wide(console: Console) -> Console:
    """The console at most 120 columns wide, and that wide where its output is no terminal."""
    return Console(
        file=console.file,
        width=min(console.width, MAX_WIDTH) if console.is_terminal else MAX_WIDTH,
        color_system=console.color_system,  # type: ignore[arg-type]
        force_terminal=console.is_terminal,
        highlight=False,
    )


def _print_rules(trace: Trace, shown: Console) -> None:
    shown.print(Text("\nRules cited · 制度条款", style="bold"))
    for clause_id, clause in trace.rules.items():
        if clause is None:
            shown.print(Text(f"{clause_id}"))
            continue
        # A convention's Chinese stands in its words.
        says = " · ".join(words for words in (clause.says, clause.says_zh if clause.quote else "") if words)
        shown.print(Text(f"{clause_id} {clause.title_zh}: {says}"))
        source = "" if clause.document is None else f" —《{clause.document.title_zh}》"
        if clause.words:
            shown.print(Text(f"    {clause.words}{source}", style="dim"))
    shown.print(
        Text(
            "(site): a number that the site fills in, stated by no document · 标注 (site) 的由本单位设定",
            style="dim",
        )
    )


def _fill(branch: Tree, node: Node, trace: Trace, evidence_shown: set[str]) -> None:
    """Add what is below a node; the evidence of a sum stands at its first place."""
    for detail in _details(node):
        branch.add(detail)
    if node.evidence in evidence_shown:
        branch.add(Text("evidence as above · 依据同上", style="dim"))
    elif node.evidence is not None:
        evidence_shown.add(node.evidence)
        evidence = trace.evidence[node.evidence]
        twig = branch.add(Text(_evidence_summary(evidence)))
        for line in _evidence_lines(evidence):
            twig.add(line)
    for child in node.children:
        _fill(branch.add(Text.assemble(*_headline(child))), child, trace, evidence_shown)


def _evidence_summary(evidence: Evidence) -> str:
    """One line: rows counted, set aside by reason."""
    text = f"evidence 依据: {evidence.counted} rows counted 计入"
    if evidence.set_aside:
        reasons = ", ".join(
            f"{count} {reason} {REASONS.get(reason, '')}".strip()
            for reason, count in evidence.set_aside.items()
        )
        text += f"; set aside 剔除: {reasons}"
    return text


def ruling_effect(evidence: Evidence) -> Phrase | None:
    """The sum before and after its rulings (CG-30); None where there is none."""
    if evidence.without_rulings is None:
        return None
    numerator, denominator = evidence.without_rulings
    before, after = plain(numerator), plain(evidence.numerator)
    if not evidence.is_sum:
        before, after = f"{before} / {denominator}", f"{after} / {evidence.denominator}"
    return phrase("rulings", before=before, after=after)


def _evidence_lines(evidence: Evidence) -> Iterator[RenderableType]:
    for file in evidence.files:
        aside = f", {file.set_aside} set aside" if file.set_aside else ""
        yield Text(f"{file.file}: {file.counted} counted{aside}", style="dim")
    effect = ruling_effect(evidence)
    if effect is not None:
        yield Text(f"rulings 裁定 (CG-30): {effect}", style="yellow")
    for row in evidence.rows:
        counts = f"{plain(row.numerator)} / {row.denominator}" if row.denominator else plain(row.numerator)
        text = Text(f"{row.event_on} {row.source.key}: {counts}  {_place(row.source)}")
        if not row.is_counted:
            reason = row.exclusion_reason or ""
            text.append(f"  set aside: {reason} {REASONS.get(reason, '')}", style="yellow")
        if row.ruling is not None:
            reviewer = row.ruling.reviewer_id or "–"
            before, after = counts, "0" if evidence.is_sum else "0 / 0"
            text.append(
                f"\n  ruling {row.ruling.ruling_id} ({row.ruling.reason}), by {reviewer}: "
                f"before {before}, after {counts if row.is_counted else after}",
                style="yellow",
            )
            if row.ruling.note:
                text.append(f"; {row.ruling.note}", style="yellow")
            if row.ruling.source is not None:
                text.append(f"  {_place(row.ruling.source)}", style="dim")
        yield text
    hidden = evidence.row_count - len(evidence.rows)
    if hidden > 0:
        yield Text(f"… {hidden} more rows: --evidence shows all", style="dim")


def _headline(node: Node) -> Iterator[tuple[str, str]]:
    """The parts of a node's line, each with its style."""
    if node.is_chosen is not None:
        yield "▶ " if node.is_chosen else "  ", "green"
    is_bold = node.kind in BOLD or node.is_chosen
    yield f"{node.label} {node.label_zh}".rstrip(), "bold" if is_bold else ""
    if node.band is not None:
        yield f" {node.band}", ""
    if node.kind == UNPAID:
        amount = "" if node.not_paid is None else f"{money(node.not_paid)} 元 "
        yield f": {amount}not paid 未发放: {node.reason}", "yellow"
    else:
        unit, _ = UNITS.get(node.unit, ("", ""))
        if shown_value(node):
            yield f"  {shown_value(node)}", "bold cyan"
            yield f" {unit}" if unit else "", ""
        if node.reason is not None:
            yield f"  {node.reason}", "yellow"
    if node.clause_id:
        yield f"  [{node.clause_id}]", "magenta"
    if node.origin == "site":
        yield " (site)", "yellow"
    if node.is_shared:
        yield "  (as above · 同上)", "dim"


def shown_value(node: Node) -> str:
    """The number of a node in its unit's form, else its word; '' where it has neither."""
    if node.unit == "" and node.value in (0, 1) and node.kind in YES_OR_NO:
        return ""  # the sentence says whether it is met
    if node.value is not None:
        return measured(node.value, node.unit)
    return node.text or ""


def _details(node: Node) -> Iterator[Text]:
    if node.by_hand is not None:
        yield Text(str(node.by_hand), style="green")
    for note in node.notes:
        yield Text(str(note), style="dim")
    for source in node.sources:
        yield Text(f"↳ {_place(source)}" + (f": {source.says}" if source.says else ""), style="dim")


def _place(source: SourceLine) -> str:
    if source.file is None:
        return f"{source.model} {source.key}: export line not known"
    short = (source.row_hash or "")[:HASH_SHOWN]
    return f"{source.file} row {source.row_number} #{short}"
