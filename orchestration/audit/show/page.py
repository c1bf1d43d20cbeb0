"""The trace as one self-contained page, English and Chinese, that prints as it reads."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from html import escape
from pathlib import Path

from orchestration.audit.node import UNPAID, Evidence, EvidenceRow, Node, Phrase, SourceLine, Trace
from orchestration.audit.show.labels import MATURITY, REASONS, SCORE_STATUS, UNITS
from orchestration.audit.show.terminal import cited, ruling_effect, shown_value
from orchestration.audit.text import money, plain
from orchestration.policy.clauses import clauses

STYLE = (Path(__file__).parent / "page.css").read_text(encoding="utf-8")


def trace_page(trace: Trace) -> str:
    """The page as HTML: amount, waterfall of the lines, tree, evidence, rules with the documents' words.

    Fetches nothing; everything below a line is folded and opens when printed.
    """
    name = f" {trace.agent_name}" if trace.agent_name else ""
    title = f"{trace.agent_id}{name} · {trace.period_id}"
    notes = "".join(f'<p class="ruling">{_phrase(note)}</p>' for note in trace.notes)
    unpaid = "".join(_unpaid(node) for node in trace.unpaid)
    sections = [
        f"<h2>What it is made of · 构成</h2>{_waterfall(trace)}",
        f"<h2>Not paid · 未发放</h2><ul>{unpaid}</ul>" if unpaid else "",
        f"<h2>How it came about · 计算过程</h2><ul class='tree'>{_Tree(trace).item(trace.root)}</ul>",
        "<h2>Evidence · 数据依据</h2>" + "".join(_evidence(key, one) for key, one in trace.evidence.items())
        if trace.evidence
        else "",
        f"<h2>Rules cited · 制度条款</h2>{_rules(cited(trace))}",
        f"<h2>Publication · 发布版本</h2>{_publication(trace)}",
    ]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body>"
        f"<h1>Bonus trace · 奖金计算明细 — {escape(title)}</h1>"
        f"<p>{_bilingual(trace.scheme_en, trace.scheme_zh)} · "
        f"{_bilingual(trace.maturity, MATURITY.get(trace.maturity, ''))} · "
        f"{_bilingual(trace.score_status, SCORE_STATUS.get(trace.score_status, ''))}</p>"
        f"<p class='amount'>{money(trace.amount_cny)} 元</p>{notes}"
        "<p class='quiet'><span class='site'>site · 本单位设定</span> marks a number that the site fills in; "
        "no document states it. 标注处为本单位设定的数值，制度文件未规定。</p>"
        f"{''.join(sections)}</body></html>\n"
    )


def _waterfall(trace: Trace) -> str:
    """The lines as bars, each beginning where the one before ended, and the total."""
    ends = [Decimal(0)]
    for line in trace.lines:
        ends.append(ends[-1] + (line.value or 0))
    low, high = min(ends), max(ends)
    width = (high - low) or Decimal(1)

    def bar(label: str, first: Decimal, last: Decimal, kind: str) -> str:
        left, size = (min(first, last) - low) / width * 100, abs(last - first) / width * 100
        style = f"left:{left:.2f}%;width:{size:.2f}%"
        return (
            f"<tr><td>{label}</td><td class='bar'><span class='{kind}' style='{style}'></span></td>"
            f"<td class='num'>{money(last - first)}</td></tr>"
        )

    rows = "".join(
        bar(_bilingual(line.label, line.label_zh), first, last, "down" if last < first else "up")
        for line, first, last in zip(trace.lines, ends[:-1], ends[1:], strict=True)
    )
    total = bar(_bilingual("Total", "合计"), Decimal(0), ends[-1], "total")
    return f"<table class='waterfall'><tbody>{rows}{total}</tbody></table>"


def _unpaid(node: Node) -> str:
    clause = _clause(node.clause_id) if node.clause_id else ""
    reason = "" if node.reason is None else _phrase(node.reason)
    return f"<li>{_bilingual(node.label, node.label_zh)} {clause}: {reason}</li>"


class _Tree:
    def __init__(self, trace: Trace) -> None:
        self._trace = trace
        self._anchors: dict[str, str] = {}

    def item(self, node: Node, depth: int = 0) -> str:
        """One node with everything below it, folded below the lines; what is shared is linked."""
        shade = {True: " chosen", False: " other", None: ""}[node.is_chosen]
        if node.is_shared:
            link = f"<a class='quiet' href='#{self._anchors.get(node.node_key, '')}'>as above · 同上</a>"
            return f"<li class='{escape(node.kind)}{shade}'>{_head(node)} {link}</li>"
        anchor = self._anchors.setdefault(node.node_key, f"n{len(self._anchors)}")
        below = "" if node.by_hand is None else f"<div class='calc'>{_phrase(node.by_hand)}</div>"
        below += "".join(f"<div class='note'>{_phrase(one)}</div>" for one in node.notes)
        below += "".join(f"<div class='file'>↳ {_place(one)}</div>" for one in node.sources)
        if node.evidence is not None:
            summary = _summary(self._trace.evidence[node.evidence])
            link = f"<a href='#{_anchor(node.evidence)}'>evidence · 数据依据</a>"
            below += f"<div class='note'>{link}: {summary}</div>"
        children = "".join(self.item(child, depth + 1) for child in node.children)
        below += f"<ul class='tree'>{children}</ul>" if children else ""
        body = _head(node)
        if below:
            opened = " open" if depth == 0 else ""
            body = f"<details{opened}><summary>{body}</summary>{below}</details>"
        return f"<li id='{anchor}' class='{escape(node.kind)}{shade}'>{body}</li>"


def _head(node: Node) -> str:
    parts = [_bilingual(node.label, node.label_zh)]
    if node.band is not None:
        parts.append(_phrase(node.band))
    if node.kind == UNPAID:
        parts.append(_bilingual("not paid:", "未发放："))
    elif shown_value(node):
        unit, unit_zh = UNITS.get(node.unit, ("", ""))
        both = unit if unit == unit_zh else f"{unit} {unit_zh}"
        parts.append(f"<span class='value'>{escape(shown_value(node))}</span> {both}".rstrip())
    if node.reason is not None:
        parts.append(f"<span class='ruling'>{_phrase(node.reason)}</span>")
    if node.effective_from is not None and node.is_chosen is not False:
        day = node.effective_from
        parts.append(f"<span class='quiet'>from {day} · {day} 起</span>")
    if node.clause_id:
        parts.append(_clause(node.clause_id))
    if node.origin == "site":
        parts.append("<span class='site'>site · 本单位设定</span>")
    return f"<span class='head'>{' '.join(parts)}</span>"


def _phrase(phrase: Phrase) -> str:
    return escape(phrase.en) if phrase.en == phrase.zh else _bilingual(phrase.en, phrase.zh)


def _bilingual(text: str, zh: str) -> str:
    return f"{escape(text)} <span class='zh' lang='zh'>{escape(zh)}</span>"


def _clause(clause_id: str) -> str:
    return f"<a class='clause' href='#c-{escape(clause_id)}'>{escape(clause_id)}</a>"


def _anchor(key: str) -> str:
    return "e-" + "".join(letter if letter.isalnum() else "-" for letter in key)


def _summary(evidence: Evidence) -> str:
    aside = ", ".join(
        f"{count} {escape(reason)} {escape(REASONS.get(reason, ''))}"
        for reason, count in evidence.set_aside.items()
    )
    return f"{evidence.counted} counted · 计入" + (f"; set aside · 剔除: {aside}" if aside else "")


def _evidence(key: str, evidence: Evidence) -> str:
    files = ", ".join(
        f"{escape(one.file)} ({one.counted}"
        + (f" + {one.set_aside} set aside" if one.set_aside else "")
        + ")"
        for one in evidence.files
    )
    effect = ruling_effect(evidence)
    rows = "".join(_evidence_row(row, is_sum=evidence.is_sum) for row in evidence.rows)
    hidden = evidence.row_count - len(evidence.rows)
    head = (
        "<tr><th>Date 日期</th><th>Record 记录</th><th>Numerator 分子</th><th>Denominator 分母</th>"
        "<th>Counted 计入</th><th>File, row 文件与行号</th><th>SHA-256 of the row 行哈希</th></tr>"
    )
    return (
        f"<h3 id='{_anchor(key)}'>{escape(evidence.name)} {escape(evidence.name_en)} "
        f"<span class='zh'>{escape(evidence.name_zh)}</span> {escape(evidence.period_id)}</h3>"
        f"<p>{_summary(evidence)}. {plain(evidence.numerator)}"
        + ("" if evidence.is_sum else f" / {evidence.denominator}")
        + (f"<br>{files}" if files else "")
        + (f"<br><span class='ruling'>rulings · 裁定 (CG-30): {_phrase(effect)}</span>" if effect else "")
        + "</p>"
        + (f"<table><thead>{head}</thead><tbody>{rows}</tbody></table>" if rows else "")
        + (
            f"<p class='quiet'>… {hidden} more rows · 其余 {hidden} 行: trace --evidence</p>"
            if hidden > 0
            else ""
        )
    )


def _evidence_row(row: EvidenceRow, *, is_sum: bool) -> str:
    if row.is_counted:
        counted = "✓"
    else:
        reason = row.exclusion_reason or ""
        counted = f"✗ {escape(reason)} {escape(REASONS.get(reason, ''))}"
    if row.ruling is not None:
        before = plain(row.numerator) if is_sum else f"{plain(row.numerator)} / {row.denominator}"
        after = before if row.is_counted else ("0" if is_sum else "0 / 0")
        where = f", {_place(row.ruling.source)}" if row.ruling.source is not None else ""
        counted += (
            f"<br>ruling · 裁定 {escape(row.ruling.ruling_id)} ({escape(row.ruling.reason or '')}), "
            f"{escape(row.ruling.reviewer_id or '')}: before · 前 {before}, after · 后 {after}"
            f"{'; ' + escape(row.ruling.note) if row.ruling.note else ''}{where}"
        )
    place = "–" if row.source.file is None else f"{escape(row.source.file)}, {row.source.row_number}"
    return (
        f"<tr{'' if row.is_counted else ' class=aside'}><td>{row.event_on or ''}</td>"
        f"<td>{escape(row.source.key)}</td>"
        f"<td class='num'>{plain(row.numerator)}</td><td class='num'>{row.denominator}</td><td>{counted}</td>"
        f"<td>{place}</td><td class='hash'>{escape(row.source.row_hash or '')}</td></tr>"
    )


def _place(source: SourceLine) -> str:
    says = f": {escape(source.says)}" if source.says else ""
    if source.file is None:
        return f"{escape(source.model)} {escape(source.key)}{says}"
    return f"{escape(source.file)}, row · 行 {source.row_number}, {escape(source.row_hash or '')}{says}"


def _rules(clause_ids: Sequence[str]) -> str:
    rows = []
    for clause_id in clause_ids:
        clause = clauses().get(clause_id)
        if clause is None:
            rows.append(f"<tr id='c-{escape(clause_id)}'><td>{escape(clause_id)}</td><td></td><td></td></tr>")
            continue
        words = escape(clause.words)
        if clause.document is not None:
            words += f"<br><span class='quiet'>《{escape(clause.document.title_zh)}》</span>"
        rows.append(
            f"<tr id='c-{escape(clause_id)}'><td>{escape(clause_id)}</td>"
            f"<td><span class='zh'>{escape(clause.title_zh)}</span><br>{escape(clause.says)}</td>"
            f"<td>{words}</td></tr>"
        )
    head = "<tr><th>Rule 条款</th><th>What it says 内容</th><th>The document's words 文件原文</th></tr>"
    return f"<table><thead>{head}</thead><tbody>{''.join(rows)}</tbody></table>"


def _publication(trace: Trace) -> str:
    rows = "".join(
        f"<tr><td>{escape(name)}</td><td class='hash'>{escape(value)}</td></tr>"
        for name, value in trace.publication.items()
    )
    return f"<table><tbody>{rows}</tbody></table>"
