"""The three ends of a check: passed, failed, not judged; and what a refusal says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from orchestration.errors import PublicationRefused
from orchestration.gate.judgement import require_passed
from orchestration.gate.page import render_page
from orchestration.gate.result import (
    CheckResult,
    GatePlan,
    GateResult,
    Outcome,
    read_result,
    said,
    store_result,
)
from orchestration.state.folder import StateFolder


def check(check_id: str, outcome: Outcome, **named: str) -> CheckResult:
    one = CheckResult(
        suite="raw",
        check_id=check_id,
        relation="facts.fct_ticket",
        expectation="UnexpectedRowsExpectation",
        severity="critical",
        outcome=outcome,
        observed="9",
        bound="≤ 7",
        since="2026-11-01",
        why="A week without means that the export has stopped",
    )
    return replace(one, **named)  # type: ignore[arg-type]


UNJUDGED = check("volume", "not_judged", reason_en="needs 3 weeks", reason_zh="需要3周")
ENDS = (
    check("fresh", "passed"),
    check("columns", "failed"),
    check("hours", "failed", severity="warning"),
    check("loads", "failed", severity="warning"),
    UNJUDGED,
)


def plan_of(result: GateResult) -> GatePlan:
    return GatePlan("bounds", {(one.suite, one.check_id): one.severity for one in result.checks})


def require(folder: Path, *checks: CheckResult) -> GateResult:
    state = StateFolder(folder)
    state.prepare()
    result = GateResult(checks, content_hash="c0ffee", bounds_hash="bounds")
    store_result(state, result)
    return require_passed(state, "c0ffee", plan_of(result))


def test_the_counts_add_up_and_what_is_not_judged_is_not_passed() -> None:
    summary = GateResult(ENDS).summary()
    assert summary == {"checks": 5, "passed": 1, "not_judged": 1, "failed_critical": 1, "failed_warning": 2}
    assert UNJUDGED.is_passed is None


@pytest.mark.parametrize(
    ("counts", "text"),
    [
        ((172, 121, 50, 0, 1), "172 checks: 121 passed, 50 not judged, 1 warning"),
        ((3, 1, 0, 0, 2), "3 checks: 1 passed, 2 warnings"),
        ((3, 0, 0, 3, 0), "3 checks: 0 passed, 3 critical"),
    ],
)
def test_the_night_says_how_many_were_not_judged(counts: tuple[int, ...], text: str) -> None:
    names = ("checks", "passed", "not_judged", "failed_critical", "failed_warning")
    assert said(dict(zip(names, counts, strict=True))) == text


def test_the_counts_of_a_publication_from_before_there_were_three_ends_are_said() -> None:
    assert (
        said({"checks": 172, "failed_critical": 0, "failed_warning": 2})
        == "172 checks: 170 passed, 2 warnings"
    )


def test_what_is_not_judged_refuses_nothing(tmp_path: Path) -> None:
    assert require(tmp_path, check("fresh", "passed"), UNJUDGED).not_judged() == (UNJUDGED,)


def test_a_content_of_which_nothing_could_be_judged_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PublicationRefused, match="no check could be judged"):
        require(tmp_path, UNJUDGED)


def test_an_end_that_there_is_not_reads_as_no_result(tmp_path: Path) -> None:
    require(tmp_path, check("fresh", "passed"))
    state = StateFolder(tmp_path)
    path = state.checks / "c0ffee.json"
    path.write_text(path.read_text().replace('"outcome": "passed"', '"outcome": "waived"'))
    assert read_result(state, "c0ffee") is None


def test_a_refusal_names_each_check_with_what_was_seen_the_bound_and_the_way_out(tmp_path: Path) -> None:
    columns = check(
        "lost_columns", "failed", observed="ticket.ticket closed_at 1", bound="≤ 0", cure="Export it again."
    )
    hours = check("hours", "failed", observed="ticket 0.7", bound="≤ 0.4", cure="Set the time zone.")
    with pytest.raises(PublicationRefused) as refused:
        require(tmp_path, columns, hours)
    text = str(refused.value)
    assert "raw.lost_columns on facts.fct_ticket" in text
    assert "observed ticket.ticket closed_at 1, bound ≤ 0. Export it again." in text
    assert "observed ticket 0.7, bound ≤ 0.4. Set the time zone. The last publication stays." in text


def test_a_cure_that_several_share_is_said_once(tmp_path: Path) -> None:
    failed = [check(name, "failed", cure="Give --as-of 2026-05-31.") for name in ("one", "two", "three")]
    with pytest.raises(PublicationRefused) as refused:
        require(tmp_path, *failed)
    assert str(refused.value).count("Give --as-of 2026-05-31.") == 1
    assert "3 critical expectation(s) failed" in str(refused.value)


def test_the_page_shows_what_was_not_judged_apart_with_its_reason_in_both_languages() -> None:
    page = render_page(GateResult(ENDS), run_id="000001-2026-10-31", as_of="2026-10-31")
    part = page[page.index("Not judged · 未评判 (1)") : page.index('id="raw"')]
    assert "raw.volume" in part and "needs 3 weeks" in part and "需要3周" in part
    assert page.count("✓") == 1, "one of five passed"
    assert "file:" not in page


def test_the_page_says_the_way_out_of_what_failed() -> None:
    page = render_page(
        GateResult((check("fresh", "failed", cure="Export <it> again."),)), run_id="1", as_of="2026-10-31"
    )
    assert "→ Export &lt;it&gt; again." in page
