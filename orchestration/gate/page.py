"""The calibration page of a publication: one HTML file in English and Chinese, with nothing from outside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from orchestration.gate.result import CheckResult, GateResult

STYLE = """
:root{--ok:#17683b;--critical:#a4161a;--warning:#8a5a00;--unjudged:#44546a;--line:#d9dfe6;--muted:#5b6876}
body{font:14px/1.5 system-ui,"PingFang SC","Microsoft YaHei","Noto Sans CJK SC",sans-serif;margin:2em auto;
max-width:84em;padding:0 1em;color:#1d2733;background:#fff}
h1{font-size:1.5em;margin:0}h2,summary{font-size:1.1em;font-weight:600}h2{margin:1.6em 0 .4em}
details{margin-top:1.2em}summary{cursor:pointer}
table{border-collapse:collapse;width:100%;margin-top:.4em}
th,td{border-bottom:1px solid var(--line);padding:.35em .6em;text-align:left;vertical-align:top}
th{background:#f2f5f8;font-weight:600}
td.num{font-variant-numeric:tabular-nums}td.text{overflow-wrap:anywhere}
.ok{color:var(--ok)}.critical{color:var(--critical);font-weight:600}.warning{color:var(--warning);font-weight:600}
.not_judged{color:var(--unjudged);font-weight:600}
.why,.id{color:var(--muted);font-size:.9em}.verdict{font-size:1.2em}
code{font-size:.92em}nav{margin:.8em 0}nav a{margin-right:1em}
@media print{body{margin:0;max-width:none}nav{display:none}tr{break-inside:avoid}}
"""

SUITES: Mapping[str, str] = {
    "raw": "Exports · 导出文件",
    "facts": "Facts · 事实数据",
    "kpi": "KPIs · 指标",
    "score": "Scores · 得分",
    "grade": "Grades · 等级",
    "bonus": "Bonuses · 奖金",
    "policy": "Policy and reviews · 政策与复核",
}
"""Suites in the order of the data path, as they are titled."""

OUTCOMES: Mapping[str, str] = {
    "passed": "passed · 通过",
    "not_judged": "not judged · 未评判",
    "critical": "critical · 严重",
    "warning": "warning · 警告",
}
"""How a check ended, as it is titled: a failure by its severity."""
COLUMNS = (
    "Check · 检查",
    "Relation · 数据表",
    "Result · 结果",
    "Observed · 实际",
    "Bound · 界限",
    "Since · 起始",
)


def render_page(result: GateResult, *, run_id: str, as_of: str) -> str:
    """The page as HTML: the verdict, what needs attention, then every check by suite, with observation,
    bound, since and why.
    """
    known = [suite for suite in SUITES if any(check.suite == suite for check in result.checks)]
    suites = known + sorted({check.suite for check in result.checks} - set(SUITES))
    failed = [*result.failed("critical"), *result.failed("warning")]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>Calibration · 校准报告 {escape(run_id)}</title><style>{STYLE}</style></head><body>"
        f"{_head(result, run_id, as_of)}{_overview(result, suites)}{_attention(failed)}"
        f"{_unjudged(result.not_judged())}{''.join(_suite(suite, result.checks) for suite in suites)}"
        "</body></html>\n"
    )


def _head(result: GateResult, run_id: str, as_of: str) -> str:
    verdict = (
        '<span class="ok">passed, published · 通过,已发布</span>'
        if result.is_passed
        else '<span class="critical">refused · 未通过,不予发布</span>'
    )
    return (
        f"<h1>Calibration · 校准报告 {escape(run_id)}</h1>"
        f'<p class="verdict">{verdict}</p>'
        f"<p>Business date · 业务日期 {escape(as_of)}<br>"
        f"Content · 内容 <code>{escape(result.content_hash)}</code><br>"
        f"Bounds · 界限 <code>{escape(result.bounds_hash)}</code></p>"
        '<p class="why">A failed critical check stops publication; a failed warning is published with its '
        "result. What had too little to judge by is not judged: it is not passed, and stops nothing. Every "
        "value is an aggregate.<br>"
        "严重项未通过则不予发布;警告项随结果一并发布。数据不足以评判的检查项列为未评判:不算通过,也不阻止发布。"
        "所有数值均为汇总值。</p>"
    )


def _overview(result: GateResult, suites: Sequence[str]) -> str:
    head = "".join(f"<th>{label}</th>" for label in ("Suite · 检查组", "Checks · 检查项", *OUTCOMES.values()))
    rows = "".join(
        f'<tr><td><a href="#{escape(suite)}">{escape(SUITES.get(suite, suite))}</a></td>'
        f'<td class="num">{sum(check.suite == suite for check in result.checks)}</td>'
        + "".join(
            f'<td class="num{f" {ending}" if count and ending != "passed" else ""}">{count}</td>'
            for ending in OUTCOMES
            for count in [sum(check.suite == suite and _ending(check) == ending for check in result.checks)]
        )
        + "</tr>"
        for suite in suites
    )
    totals = "".join(f'<th class="num">{count}</th>' for count in result.summary().values())
    total = f"<tr><th>All · 合计</th>{totals}</tr>"
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}{total}</tbody></table>"


def _ending(check: CheckResult) -> str:
    return check.severity if check.outcome == "failed" else check.outcome


def _attention(failed: Sequence[CheckResult]) -> str:
    if not failed:
        return '<h2 class="ok">Nothing needs attention · 无需关注事项</h2>'
    return f"<h2>Needs attention · 需要关注</h2>{_table(failed)}"


def _unjudged(checks: Sequence[CheckResult]) -> str:
    """What was not judged, and what each needs to be."""
    if not checks:
        return ""
    rows = "".join(
        f"<tr><td>{_labels(check)}{_id(check)}</td><td><code>{escape(check.relation)}</code></td>"
        f"<td>{escape(check.reason_en)}<br>{escape(check.reason_zh)}</td></tr>"
        for check in checks
    )
    return (
        f"<h2>Not judged · 未评判 ({len(checks)})</h2><table><thead><tr><th>{COLUMNS[0]}</th>"
        f"<th>{COLUMNS[1]}</th><th>Reason · 原因</th></tr></thead><tbody>{rows}</tbody></table>"
    )


def _suite(suite: str, checks: Sequence[CheckResult]) -> str:
    own = [check for check in checks if check.suite == suite]
    return (
        f'<details id="{escape(suite)}" open><summary>{escape(SUITES.get(suite, suite))}</summary>'
        f"{_table(own)}</details>"
    )


def _table(checks: Sequence[CheckResult]) -> str:
    head = "".join(f"<th>{label}</th>" for label in COLUMNS)
    rows = "".join(_row(check) for check in checks)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _row(check: CheckResult) -> str:
    ending = _ending(check)
    outcome = '<span class="ok">✓</span>' if ending == "passed" else _titled(ending)
    seen = (
        f"{escape(check.reason_en)}<br>{escape(check.reason_zh)}"
        if ending == "not_judged"
        else escape(check.seen)
    )
    cure = (
        f'<div class="why">→ {escape(check.cure)}</div>' if check.outcome == "failed" and check.cure else ""
    )
    return (
        f'<tr><td>{_labels(check)}{_id(check)}<div class="why">{escape(check.why)}</div>{cure}</td>'
        f"<td><code>{escape(check.relation)}</code></td><td>{outcome}</td>"
        f'<td class="num text">{seen}</td>'
        f'<td class="num">{escape(check.bound)}</td><td class="num">{escape(check.since)}</td></tr>'
    )


def _titled(ending: str) -> str:
    return f'<span class="{ending}">{OUTCOMES[ending]}</span>'


def _labels(check: CheckResult) -> str:
    return "<br>".join(escape(label) for label in (check.label_en, check.label_zh) if label)


def _id(check: CheckResult) -> str:
    return f'<div class="id"><code>{escape(check.name)}</code></div>'
