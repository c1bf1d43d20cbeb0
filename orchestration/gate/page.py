"""The calibration page of a publication: one HTML file that needs nothing from anywhere."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from orchestration.gate.result import CheckResult, GateResult

STYLE = """
body{font:14px/1.5 system-ui,"PingFang SC","Microsoft YaHei",sans-serif;margin:2em auto;max-
width:76em;padding:0 1em;color:#1d2733} h1{font-size:1.5em}h2{font-size:1.1em;margin-top:2em}table{border-
collapse:collapse;width:100%} th,td{border-bottom:1px solid #d9dfe6;padding:.35em .6em;text-
align:left;vertical- align:top}th{background:#f2f5f8} td.num{font-variant-numeric:tabular-
nums}.ok{color:#17683b}.critical{color:#a4161a;font-weight:600}.warning{color:#8a5a00;font-weight:600}
.why{color:#5b6876;font-size:.9em}code{font-size:.95em}@media print{body{margin:0}}
"""


def render_page(result: GateResult, *, run_id: str, as_of: str) -> str:
    """The page as HTML: what failed first, then every check by suite, with bound, observation, since and
    why.
    """
    counts = result.summary()
    verdict = (
        '<span class="ok">passed · 通过</span>'
        if result.is_passed
        else '<span class="critical">refused · 未通过</span>'
    )
    failed = [check for check in result.checks if not check.is_passed]
    suites = sorted({check.suite for check in result.checks})
    sections = [_table("Needs attention · 需要关注", failed)] if failed else []
    sections += [
        _table(suite, [check for check in result.checks if check.suite == suite]) for suite in suites
    ]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>Calibration {escape(run_id)}</title><style>{STYLE}</style></head><body>"
        f"<h1>Calibration · 校准报告 {escape(run_id)}</h1>"
        f"<p>Business date · 业务日期 {escape(as_of)} — {verdict} — {counts['checks']} checks · 检查项, "
        f"{counts['failed_critical']} critical · 严重, {counts['failed_warning']} warning · 警告</p>"
        f"<p>Content · 内容 <code>{escape(result.content_hash)}</code></p>{''.join(sections)}</body></html>\n"
    )


def _table(title: str, checks: Sequence[CheckResult]) -> str:
    head = "".join(
        f"<th>{label}</th>"
        for label in (
            "Check · 检查",
            "Relation · 数据表",
            "Result · 结果",
            "Observed · 实际",
            "Bound · 界限",
            "Since · 起始",
        )
    )
    rows = "".join(_row(check) for check in checks)
    return f"<h2>{escape(title)}</h2><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _row(check: CheckResult) -> str:
    outcome = (
        '<span class="ok">✓</span>'
        if check.is_passed
        else f'<span class="{check.severity}">{check.severity}</span>'
    )
    return (
        f'<tr><td>{escape(check.check_id)}<div class="why">{escape(check.why)}</div></td>'
        f"<td><code>{escape(check.relation)}</code></td><td>{outcome}</td>"
        f'<td class="num">{escape(check.error or check.observed)}</td>'
        f'<td class="num">{escape(check.bound)}</td><td>{escape(check.since)}</td></tr>'
    )
