"""The policies of worked cases are held to what a site's is held to: no slip in a case goes unseen."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration.policy.cases import plans_without_cases
from orchestration.policy.check import policy_faults, policy_tables
from orchestration.policy.folder import known_words
from orchestration.settings import POLICY_DIR
from tests.cases.runner.build import Batch, batches
from tests.cases.runner.case import read_cases
from tests.cases.runner.policy import write_policy

HERE = Path(__file__).parent
CASES = read_cases(HERE)


@pytest.mark.parametrize("batch", batches(CASES), ids=lambda batch: f"{len(batch.cases)} cases")
def test_the_policies_of_cases_are_sound(batch: Batch, tmp_path: Path) -> None:

    write_policy(POLICY_DIR, tmp_path / "policy", batch.cases)
    assert [str(fault) for fault in policy_faults(tmp_path / "policy", known=known_words())] == []


def test_every_shipped_plan_has_a_worked_case(tmp_path: Path) -> None:
    schemes = policy_tables(POLICY_DIR)[0]["scheme"]
    assert [str(fault) for fault in plans_without_cases(schemes, HERE)] == []
    (tmp_path / "centre_grade").mkdir()
    without = list(plans_without_cases(schemes, tmp_path, worked={"part_time"}))
    assert {fault.file for fault in without} == {"scheme.csv"}
    assert [fault.row for fault in without] == [2, 3, 4, 6, 7, 8, 9]
