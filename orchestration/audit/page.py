"""The trace as one self-contained page, English and Chinese, that prints as it reads."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from orchestration.audit.clauses import clauses
from orchestration.audit.labels import MATURITY, REASONS, SCORE_STATUS
from orchestration.audit.node import Evidence, EvidenceRow, Node, SourceLine, Trace
from orchestration.audit.terminal import cited, ruling_effect
from orchestration.audit.text import measured, money, plain, trimmed

STYLE = """
body{font:14px/1.55 system-ui,"PingFang SC","Microsoft YaHei",sans-serif;margin:2em auto;max-width:70em;
padding:0 1em;color:#1d2733}
h1{font-size:1.45em;margin-bottom:.2em}h2{font-size:1.1em;margin-top:2em;border-bottom:1px solid #d9dfe6}
.amount{font-size:1.6em;font-weight:600;font-variant-numeric:tabular-nums}
.quiet{color:#5b6876}.zh{color:#3d5872}
ul.tree{list-style:none;margin:0;padding-left:1.1em;border-left:1px solid #d9dfe6}
ul.tree li{margin:.2em 0;break-inside:avoid-page}
.line>.head{font-weight:600}.value{font-variant-numeric:tabular-nums;font-weight:600}
.calc{font-variant-numeric:tabular-nums;color:#17683b;margin-left:1em}
.note{color:#5b6876;margin-left:1em}.file{color:#5b6876;margin-left:1em;font-size:.92em;overflow-wrap:anywhere}
.chosen{background:#e9f5ee}.other{color:#77828e}
.clause{color:#6b3fa0;text-decoration:none;font-size:.9em}.ruling{color:#8a5a00}
.site{background:#fff1cf;border-radius:3px;padding:0 .3em;font-size:.85em}
table{border-collapse:collapse;width:100%;font-size:.92em}
th,td{border-bottom:1px solid #d9dfe6;padding:.25em .5em;
text-align:left;vertical-align:top}th{background:#f2f5f8}td.num{font-variant-numeric:tabular-nums;text-align:right}
td.hash{font:11px ui-monospace,monospace;overflow-wrap:anywhere}tr.aside td{color:#8a5a00}
@media print{body{margin:0;max-width:none;font-size:11px}a{color:inherit}h2{break-after:avoid}}
"""

_SHARED = frozenset({"grade", "score", "score_line", "value"})


def trace_page(trace: Trace) -> str:
    """The page as HTML: summary, tree, evidence by KPI, rules with the documents' words. Fetches nothing."""
    name = f" {trace.agent_name}" if trace.agent_name else ""
    title = f"{trace.agent_id}{name} · {trace.period_id}"
    notes = "".join(f'<p class="ruling">{escape(note)}</p>' for note in trace.notes)
    unpaid = "".join(
        f"<li>{_bilingual(one.label, one.label_zh)} {_clause(one.clause_id)}: {escape(one.reason)}</li>"
        for one in trace.unpaid
    )
    sections = [
        f"<h2>How it came about · 计算过程</h2><ul class='tree'>{_Tree(trace).item(trace.root)}</ul>",
        f"<h2>Not paid · 未发放</h2><ul>{unpaid}</ul>" if unpaid else "",
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


class _Tree:
    def __init__(self, trace: Trace) -> None:
        self._trace = trace
        self._shown: dict[tuple[str, str], str] = {}

    def item(self, node: Node) -> str:
        """One node with everything below it; what hangs below several lines is shown once and linked."""
        key = (node.kind, node.input_key or node.node_id)
        if node.kind in _SHARED and node.children and key in self._shown:
            return f"<li>{_head(node)} <a class='quiet' href='#{self._shown[key]}'>as above · 同上</a></li>"
        anchor = f"n{len(self._shown)}"
        self._shown.setdefault(key, anchor)
        details = "".join(f"<div class='calc'>{escape(one)}</div>" for one in node.by_hand)
        details += "".join(f"<div class='note'>{escape(one)}</div>" for one in node.notes)
        details += "".join(f"<div class='file'>↳ {_place(one)}</div>" for one in node.sources)
        if node.evidence is not None and node.evidence in self._trace.evidence:
            evidence = self._trace.evidence[node.evidence]
            details += (
                f"<div class='note'><a href='#{_anchor(node.evidence)}'>evidence · 数据依据</a>: "
                f"{_summary(evidence)}</div>"
            )
        children = "".join(self.item(child) for child in node.children)
        tree = f"<ul class='tree'>{children}</ul>" if children else ""
        shade = {True: " chosen", False: " other", None: ""}[node.is_chosen]
        return f"<li id='{anchor}' class='{node.kind}{shade}'>{_head(node)}{details}{tree}</li>"


def _head(node: Node) -> str:
    parts = [("▶ " if node.is_chosen else "") + _bilingual(node.label, node.label_zh)]
    if node.value is not None and node.kind != "band":
        unit = "元" if node.unit == "cny" else escape(node.unit)
        parts.append(
            f"<span class='value'>{measured(node.value, node.unit)}</span> <span class='quiet'>{unit}</span>"
        )
    if node.parameter_value and node.kind in ("points", "score_part", "score_line", "parameter"):
        named = f"{node.parameter or ''} {trimmed(node.parameter_value)}"
        parts.append(f"<span class='quiet'>{escape(named)}</span>")
    if node.effective_from is not None and node.kind in ("rate_row", "parameter", "band"):
        parts.append(f"<span class='quiet'>from {node.effective_from} 起</span>")
    if node.clause_id:
        parts.append(_clause(node.clause_id))
    if node.origin == "site":
        parts.append("<span class='site'>site · 本单位设定</span>")
    return f"<span class='head'>{' '.join(parts)}</span>"


def _bilingual(text: str, zh: str) -> str:
    return f"{escape(text)} <span class='zh'>{escape(zh)}</span>"


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
        f"<h3 id='{_anchor(key)}'>{escape(evidence.kpi_id)} {escape(evidence.name_en)} "
        f"<span class='zh'>{escape(evidence.name_zh)}</span> {escape(evidence.period_id)}</h3>"
        f"<p>{_summary(evidence)}. {plain(evidence.numerator)}"
        + ("" if evidence.is_sum else f" / {evidence.denominator}")
        + (f"<br>{files}" if files else "")
        + (f"<br><span class='ruling'>rulings · 裁定 (CG-30): {escape(effect)}</span>" if effect else "")
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
