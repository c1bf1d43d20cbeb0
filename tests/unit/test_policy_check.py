"""Policy validation: the shipped policy is sound, and each kind of fault is found with its file and row."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from orchestration.errors import ConfigurationError
from orchestration.policy.check import check_policy, policy_faults
from orchestration.policy.folder import known_words
from orchestration.settings import POLICY_DIR

KNOWN = known_words()


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    """A copy of the shipped policy that a test may damage."""
    folder = tmp_path / "policy"
    shutil.copytree(POLICY_DIR, folder)
    return folder


def _edit(path: Path, change: Callable[[str], str], *, row: int) -> None:
    lines = path.read_text("utf-8").splitlines()
    lines[row - 1] = change(lines[row - 1])
    path.write_text("\n".join(lines) + "\n", "utf-8")


def test_the_shipped_policy_is_sound() -> None:
    assert policy_faults(POLICY_DIR, known=KNOWN) == []


@pytest.mark.parametrize(
    ("file", "row", "old", "new", "problem"),
    [
        ("score_block.csv", 3, ",0.6,", ",0.5,", "sum to 0.9"),
        ("score_kpi.csv", 2, ",0.25,", ",-0.25,", "weight is -0.25"),
        ("score_kpi.csv", 2, ",0.25,5,", ",0.25,-1,", "min_sample is -1"),
        ("grade_band.csv", 2, ",0.1,", ",-0.1,", "share is -0.1"),
        ("grade_band.csv", 3, ",A,2,", ",A,1,", "row 2's too"),
        ("kpi.csv", 9, ",7,", ",-7,", "window_days is -7"),
        ("kpi.csv", 3, ",0.8,", ",2,", "share_threshold is 2"),
        ("component.csv", 2, "基础奖金", "", "label_zh is empty"),
        ("component_parameter.csv", 17, ",scheme,", ",role,", "ranks teams within a role"),
        ("component.csv", 12, ",resolution_rate,", ",score,", "ranks teams by score, which is of agents"),
        # What Python would take for a number or a date, and a warehouse does not.
        ("score_kpi.csv", 2, ",0.25,", ",０.25,", "which is no decimal(18,6)"),
        ("score_kpi.csv", 2, ",0.25,", ",0.2_5,", "which is no decimal(18,6)"),
        ("score_kpi.csv", 2, ",0.25,5,", ",0.25,100000000000000000000,", "which is no bigint"),
        ("component_rate.csv", 2, ",500,", ",100000000000000000,", "which is no decimal(18,2)"),
        ("component.csv", 2, "1990-01-01", "19900101", "which is no date"),
        ("score_kpi.csv", 2, ",0.25,", ",0.35,", "not to 1"),
        ("score_kpi.csv", 2, ",120,40,20,", ",40,40,20,", "two different numbers"),
        ("score_kpi.csv", 2, ",120,40,20,", ",120,40,60,", "not beyond target_value"),
        (
            "score_kpi.csv",
            2,
            "first_response_seconds",
            "first_reply",
            "kpi_id is 'first_reply', which is not in kpi.csv",
        ),
        ("grade_band.csv", 2, ",0.1,", ",0.3,", "sum to 1.2"),
        (
            "component_rate.csv",
            2,
            "cg_basic",
            "cg_bsic",
            "component_id is 'cg_bsic', which is not in component.csv",
        ),
        ("component.csv", 2, "CG-11", "CG-99", "clause_id is 'CG-99'"),
        (
            "component.csv",
            2,
            "centre_grade",
            "center_grade",
            "scheme_id is 'center_grade', which is not in scheme.csv",
        ),
        ("component.csv", 2, ",site,", ",guess,", "value_origin is 'guess'"),
        ("component.csv", 2, "1990-01-01,", "1990-01-01,1989-01-01", "is not after effective_from"),
        ("component.csv", 2, "1990-01-01", "1990-13-01", "which is no date"),
        ("score_block.csv", 2, ",1,", ",one,", "which is no decimal(18,6)"),
    ],
)
def test_a_fault_is_named_with_file_and_row(
    policy: Path, *, file: str, row: int, old: str, new: str, problem: str
) -> None:
    def change(line: str) -> str:
        assert old in line
        return line.replace(old, new, 1)

    _edit(policy / file, change, row=row)
    faults = policy_faults(policy, known=KNOWN)
    assert any(fault.file == file and problem in fault.problem for fault in faults), faults
    assert any(fault.row == row for fault in faults if fault.file == file)


def test_a_tier_that_leaves_a_gap_is_found(policy: Path) -> None:
    path = policy / "component_rate.csv"
    rows = path.read_text("utf-8").splitlines()
    row = next(number for number, line in enumerate(rows, start=1) if line.startswith("cg_commission,,1,1.2"))
    _edit(path, lambda line: line.replace(",1,1.2,", ",1.05,1.2,"), row=row)
    (fault,) = policy_faults(policy, known=KNOWN)
    assert fault.row == row
    assert "leave a gap at 1.05" in fault.problem


def test_two_versions_of_a_row_may_not_hold_at_once(policy: Path) -> None:
    path = policy / "convention.csv"
    first = path.read_text("utf-8").splitlines()[1]
    path.write_text(path.read_text("utf-8") + first.replace("1990-01-01", "2026-01-01") + "\n", "utf-8")
    (fault,) = policy_faults(policy, known=KNOWN)
    assert "overlaps row 2, which holds without end" in fault.problem


def test_a_plan_that_pays_nothing_is_found(policy: Path) -> None:
    path = policy / "scheme.csv"
    path.write_text(path.read_text("utf-8") + "new_plan,New,新,C,1990-01-01,\n", "utf-8")
    (fault,) = policy_faults(policy, known=KNOWN)
    assert "plan new_plan has no component" in fault.problem


def test_a_dominating_kpi_breaks_the_plan_that_limits_it(policy: Path) -> None:
    path = policy / "scheme_rule.csv"
    text = path.read_text("utf-8")
    assert ",max_kpi_weight,0.4," in text
    path.write_text(text.replace(",max_kpi_weight,0.4,", ",max_kpi_weight,0.05,"), "utf-8")
    faults = policy_faults(policy, known=KNOWN)
    assert faults
    assert all("(PM-06)" in fault.remedy for fault in faults)


def test_all_faults_are_told_at_once_and_nothing_runs(policy: Path) -> None:
    _edit(policy / "score_block.csv", lambda line: line.replace(",0.6,", ",0.5,"), row=3)
    _edit(policy / "component.csv", lambda line: line.replace("CG-11", "CG-99"), row=2)
    with pytest.raises(ConfigurationError) as caught:
        check_policy(policy, known=KNOWN)
    assert caught.value.exit_status == 2
    assert "score_block.csv, row 3" in str(caught.value)
    assert "component.csv, row 2" in str(caught.value)
