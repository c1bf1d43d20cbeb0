"""`sensitivity`: the changes that it names are made in the exports and a night is run; those named move the
grade, the next smaller ones do not.
"""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from orchestration.audit.relations import AuditFile
from orchestration.audit.sensitivity.change import KINDS, SET_ASIDE, Sensitivity
from orchestration.audit.sensitivity.run import find
from orchestration.cli import run
from orchestration.errors import ConfigurationError
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
            assert within and within <= single, "what one row is worth is what setting one aside does"


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
