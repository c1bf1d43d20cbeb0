"""Every rule of the plans is exercised: by a worked case, or by the named test that can show it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from orchestration.policy.clauses import clauses
from tests.cases.runner.case import read_cases

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
POLICY = ROOT.parent / "shared" / "POLICY.md"
CASES = read_cases(HERE)
BY_TEST: dict[str, str] = yaml.safe_load((HERE / "rules.yml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("rule", sorted(clauses()))
def test_a_case_or_a_named_test_exercises_the_rule(rule: str) -> None:
    cases = [case for case in CASES if rule in case.rules]
    assert cases or rule in BY_TEST, (
        f"no case under {HERE.name}/ cites {rule}, and rules.yml names no test for it"
    )


def test_cases_cite_only_rules_that_exist() -> None:
    unknown = {rule: str(case) for case in CASES for rule in case.rules if rule not in clauses()}
    assert not unknown


@pytest.mark.parametrize("rule", sorted(BY_TEST))
def test_a_named_test_exists(rule: str) -> None:
    path, _, name = BY_TEST[rule].partition("::")
    assert rule in clauses()
    text = (ROOT / path).read_text(encoding="utf-8")
    assert not name or re.search(rf"^def {name}\(", text, re.MULTILINE), f"{path} has no {name}"


@pytest.mark.skipif(not POLICY.exists(), reason="the distilled policy is not beside this checkout")
def test_the_list_of_rules_is_the_policys() -> None:
    written = set(re.findall(r"`([A-Z]{1,2}-[A-Z0-9]+)`", POLICY.read_text(encoding="utf-8")))
    assert written == set(clauses())
