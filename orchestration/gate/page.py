"""The calibration page of a publication: one HTML file in English and Chinese, with nothing from outside."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

from jinja2 import Environment
from markupsafe import Markup

from orchestration.gate.result import CheckResult, GateResult

FOLDER = Path(__file__).parent
SUITES = {
    "raw": "Exports · 导出文件",
    "facts": "Facts · 事实数据",
    "kpi": "KPIs · 指标",
    "score": "Scores · 得分",
    "grade": "Grades · 等级",
    "bonus": "Bonuses · 奖金",
    "policy": "Policy and reviews · 政策与复核",
}
"""Suites in the order of the data path, as they are titled."""

OUTCOMES = {
    "passed": "passed · 通过",
    "not_judged": "not judged · 未评判",
    "critical": "critical · 严重",
    "accepted": "accepted · 已接受",
    "warning": "warning · 警告",
}
"""How a check ended, as it is titled: a failure by its severity, or accepted."""


def render_page(
    result: GateResult, *, run_id: str, as_of: str, previous: Mapping[str, Any] | None = None
) -> str:
    """The page as HTML: the verdict, what was accepted, what needs attention, then every check by suite, with
    observation, bound, since and why. `previous` is the manifest of the publication before, whose
    observations stand beside.
    """
    others = sorted({check.suite for check in result.checks} - set(SUITES))
    by_suite = {suite: [one for one in result.checks if one.suite == suite] for suite in [*SUITES, *others]}
    environment = Environment(autoescape=True, finalize=_escaped)
    environment.filters["ending"] = lambda check: _ending(result, check)
    # Its line breaks are for the reader of the template.
    template = re.sub(r"\n+", "", (FOLDER / "page.html").read_text(encoding="utf-8"))
    body = environment.from_string(template).render(
        result=result,
        before=_observed_before(previous),
        previous=None if previous is None else previous.get("run_id"),
        failed=[*result.failed("critical"), *result.failed("warning")],
        suites={suite: checks for suite, checks in by_suite.items() if checks},
        titles=SUITES,
        outcomes=OUTCOMES,
        run_id=run_id,
        as_of=as_of,
        css=Markup("\n" + (FOLDER / "page.css").read_text(encoding="utf-8")),
    )
    return f"<!doctype html>\n{body}\n"


def _escaped(value: object) -> Markup:
    return value if isinstance(value, Markup) else Markup(escape(str(value)))


def _ending(result: GateResult, check: CheckResult) -> str:
    if check.outcome != "failed":
        return check.outcome
    return check.severity if result.acceptance(check) is None else "accepted"


def _observed_before(manifest: Mapping[str, Any] | None) -> Mapping[str, str]:
    """What a publication said of each check, by its name."""
    results = () if manifest is None else manifest.get("checks", {}).get("results", ())
    return {f"{one['suite']}.{one['check_id']}": str(one.get("observed", "")) for one in results}
