"""`sensitivity`: the changes that it names are made in the exports and a night is run; those named move the
grade, the next smaller ones do not.
"""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from orchestration.audit.relations import AuditFile
from orchestration.audit.sensitivity.change import KINDS, SECONDS, SET_ASIDE, Sensitivity
from orchestration.audit.sensitivity.run import INPUTS, Period, find
from orchestration.audit.sensitivity.search import FURTHEST
from orchestration.cli import run
from orchestration.errors import ConfigurationError
from orchestration.settlement.frozen import record_path
from orchestration.state.folder import StateFolder
from tests.applied_changes import apart, apply_changes, bands, certificates, grades
from tests.conftest import AS_OF

MONTHS = ("2026-09", "2026-10")


@pytest.fixture(scope="module")
def publication(published_demo: Path) -> Path:
    return (published_demo / "published" / "current").resolve()


@pytest.fixture(scope="module")
def found(publication: Path) -> dict[str, Sensitivity]:
    """What the grades of two months hang on."""
    return {month: find(publication, period_id=month) for month in MONTHS}


def test_changes_made_in_the_exports_move_the_grade_and_smaller_ones_do_not(
    publication: Path,
    found: dict[str, Sensitivity],
    demo_landing: Path,
    tmp_path: Path,
    night: Callable[..., None],
) -> None:
    """One night: of every change that touches no other the whole, of every third the smaller one."""
    named = [one for month in MONTHS for one in certificates(found[month].findings)]
    assert len(named) > 50
    chosen = apart(publication, named, 60)
    tried = [(one, number % 3 != 2) for number, one in enumerate(chosen)]
    landing = apply_changes(demo_landing, tmp_path / "landing", tried, AS_OF)
    night(tmp_path / "state", landing)
    after = grades((tmp_path / "state" / "published" / "current").resolve())
    places = bands(publication)
    for one, is_whole in tried:
        assert one.holds(after[one.agent_id, one.period_id], places, is_whole=is_whole), (one, is_whole)
    assert sum(is_whole for _, is_whole in tried) >= 10
    assert {one.change.kind for one, is_whole in tried if is_whole} >= {SET_ASIDE, "seconds", "rating"}


def test_the_margins_are_those_of_the_mart(publication: Path, found: dict[str, Sensitivity]) -> None:
    with AuditFile(publication) as audit:
        for month in MONTHS:
            rows = {
                row["agent_id"]: row for row in audit.select("marts.mart_grade_margin", {"period_id": month})
            }
            graded = [one for one in found[month].findings if not one.note]
            assert {one.agent_id for one in graded} == rows.keys()
            for one in graded:
                row = rows[one.agent_id]
                assert row["points_to_better"] == one.points_to_better, one.agent_id
                kept = one.points_to_worse and one.points_to_worse - Decimal("0.0001")
                assert row["points_to_worse"] == kept, one.agent_id
            within = {agent for agent, row in rows.items() if row["is_within_one_row"]}
            single = {one.agent_id for one in graded if one.fewest_rows == 1}
            assert within, "some stand within one row of another grade"
            apart = {
                agent for agent in within - single if rows[agent]["row_kpi_id"] not in INPUTS["follow_up"]
            }
            assert not apart, "what one row is worth is what setting one aside does, but for followers"


def test_each_way_a_change_is_the_smallest_of_its_kind_and_single_rows_come_first(
    found: dict[str, Sensitivity],
) -> None:
    for month in MONTHS:
        findings = found[month].findings
        fewest = [one.fewest_rows or 99 for one in findings if not one.note]
        assert fewest == sorted(fewest) and fewest[0] == 1
        for one in findings:
            kinds = [(change.kind, change.direction, change.unit) for change in one.changes]
            assert len(kinds) == len(set(kinds)) and {kind for kind, _, _ in kinds} <= set(KINDS)
            assert all(row.file and row.row_number for change in one.changes for row in change.rows)


def test_the_command_lists_single_rows_first_and_names_every_change_of_one(
    published_demo: Path, found: dict[str, Sensitivity], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = found["2026-09"].findings[0]
    [row] = first.changes[0].rows
    state = ["--state", str(published_demo), "sensitivity"]
    assert run([*state, "2026-09"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("Grades that hang on a single row 取决于单独一行数据的等级\n" + first.agent_id)
    assert f"({row.file} row {row.row_number})" in shown and f"{row.file} 第 {row.row_number} 行" in shown
    out = tmp_path / "found.json"
    assert run([*state, first.agent_id, "2026-09", "--format", "json", "--out", str(out)]) == 0
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    [agent] = json.loads(out.read_text(encoding="utf-8"))["agents"]
    assert agent["agent_id"] == first.agent_id and len(agent["changes"]) == len(first.changes)
    assert agent["changes"][0]["total"] == f"{first.changes[0].total:f}".rstrip("0").rstrip(".")
    capsys.readouterr()
    assert run([*state, first.agent_id, "2026-09"]) == 0
    shown = capsys.readouterr().out
    for change in agent["changes"]:
        assert change["says"] in shown and change["says_zh"] in shown


def test_no_ticket_that_may_follow_another_is_set_aside_where_followers_are_looked_at(
    publication: Path,
) -> None:
    """A ruling on such a KPI takes the ticket out as somebody's next event too: that would be two changes."""
    looked_at = set()
    with AuditFile(publication) as audit:
        followers = {
            row["ticket_id"]
            for row in audit.query(
                "select distinct ticket.ticket_id from facts.fct_ticket as ticket "
                "inner join facts.fct_ticket as earlier using (customer_id) "
                "where ticket.ticket_id <> earlier.ticket_id and earlier.is_solved "
                "and epoch(ticket.created_at) > epoch(earlier.solved_at) "
                "and epoch(ticket.created_at) - epoch(earlier.solved_at) <= 30 * 86400"
            )
        }
        for month in MONTHS:
            period = Period(audit, month)
            for one in period.findings(None):
                for stack in period.inputs(one.agent_id).stacks:
                    if stack.name in INPUTS["follow_up"]:
                        looked_at |= {row.key for row in stack.rows}
    assert len(looked_at) > 10 and len(followers) > 10
    assert not looked_at & followers


def test_no_reply_is_later_than_the_cut(publication: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is dated after the cut is not known: the contact would have no first response at all."""
    with AuditFile(publication) as audit:
        period = Period(audit, "2026-10")
        agents = [one.agent_id for one in period.findings(None)]

        def latest() -> dict[tuple[str, str], datetime]:
            found = {}
            for number in (one for agent in agents for one in period.inputs(agent).numbers):
                if number.kind == SECONDS:
                    assert number.room is not None and 0 <= number.room <= FURTHEST
                    [fact] = audit.rows_by_key(number.row.model, [number.row.key]).values()
                    at = fact[number.row.column] + timedelta(seconds=int(number.room))
                    found[number.row.name, number.row.key] = at
            return found

        [context] = audit.select("facts.dim_run_context")
        free = latest()
        assert free and all(at < context["cut_at"] for at in free.values())
        # Had the cut come an hour before the last of them, it and some others could be less late.
        cut_at = max(free.values()) - timedelta(hours=1)
        monkeypatch.setattr(period, "_cut_at", cut_at)
        bound = latest()
    assert max(bound.values()) < cut_at <= max(bound.values()) + timedelta(seconds=1)
    assert bound != free and bound.keys() == free.keys()


def test_a_settled_period_is_said_to_be_so_on_the_page_and_in_the_document(
    demo_copy: StateFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    """The publication that a period was settled on was made before, and does not know."""
    state = ["--state", str(demo_copy.root), "sensitivity", "2026-09"]
    for is_settled in (False, True):
        if is_settled:
            settle(demo_copy, "2026-09")
        capsys.readouterr()
        assert run([*state, "--format", "json"]) == 0
        assert json.loads(capsys.readouterr().out)["is_settled"] is is_settled
        assert run(state) == 0
        assert ("the period is settled: a change of its inputs" in capsys.readouterr().out) is is_settled


def settle(state: StateFolder, period_id: str) -> None:
    """A record as `settle` writes it, of the current publication."""
    texts = ("settled_by", "settled_at", "register_hash", "code_hash", "policy_hash", "manifest_sha256")
    record = {
        "period_kind": "month",
        "period_id": period_id,
        "run_id": (state.published / "current").resolve().name,
        "line_count": 1,
        "amount_cny": "1.00",
        "inputs": [],
        "policy_files": {},
        "frozen_files": {},
        **dict.fromkeys(texts, "M01"),
        "settled_at": "2026-10-31T08:00:00+00:00",
    }
    record_path(state, period_id).parent.mkdir(exist_ok=True)
    record_path(state, period_id).write_text(json.dumps(record), encoding="utf-8")


def test_a_file_in_no_folder_is_refused(
    published_demo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "nowhere" / "found.json"
    state = ["--state", str(published_demo), "sensitivity", "2026-09"]
    assert run([*state, "--out", str(out)]) == 2
    said = capsys.readouterr().err
    assert str(out) in said and "there is no such folder" in said and not out.parent.exists()


def test_who_has_no_grade_is_told_why(
    published_demo: Path, publication: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with AuditFile(publication) as audit:
        [agent] = audit.query(
            "select min(agent_id) as agent_id from facts.dim_agent_period where period_id = '2026-10' "
            "and agent_id not in (select agent_id from grade.grade where period_id = '2026-10')"
        )
    assert run(["--state", str(published_demo), "sensitivity", agent["agent_id"], "2026-10"]) == 0
    shown = capsys.readouterr().out
    assert "the plan does not grade this period" in shown and "无等级" in shown
    with pytest.raises(ConfigurationError, match="Did you mean"):
        find(publication, period_id="2026-9")
    assert run(["--state", str(published_demo), "sensitivity"]) == 2
