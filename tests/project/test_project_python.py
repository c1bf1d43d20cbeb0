"""Imports, environment, clock and policy numbers in Python; each rule is shown a fault that it must find."""

from __future__ import annotations

import pytest

from tests.project.conftest import ROOT
from tests.project.python_rules import (
    PURE,
    Module,
    bound_numbers,
    clock_reads,
    definitions_faults,
    environment_reads,
    impure,
    pay_numbers,
    read_modules,
    upward,
    wrong_great_expectations,
)

MODULES = read_modules(ROOT, ["orchestration", "expectations"])
UNPAID = ("orchestration.generate.", "orchestration.ingest.")
"""Packages that no pay passes through: one makes up exports, the other carries exports to raw."""


def listed(findings: list[str]) -> str:
    return "\n" + "\n".join(findings)


# The tree


def test_pure_packages_do_not_reach_dagster() -> None:
    assert {package for package in PURE if any(module.name == package for module in MODULES)} == set(PURE)
    found = impure(MODULES)
    assert not found, listed(found)


def test_no_room_needs_one_that_needs_it() -> None:
    ours = [module for module in MODULES if module.name.startswith("orchestration.")]
    assert len(ours) > 150
    assert upward(ours) == []


def test_a_circle_of_rooms_is_named() -> None:
    found = upward(
        [
            Module("orchestration.below.one", "from orchestration.above.two import word"),
            Module("orchestration.above.two", "import orchestration.between"),
            Module("orchestration.between", "from orchestration.below import one"),
            Module("orchestration.apart.three", "from orchestration.below import one"),
        ]
    )
    assert len(found) == 1
    assert {"below", "above", "between"} == set(found[0].split(" needs "))


def test_only_expectations_imports_great_expectations() -> None:
    found = wrong_great_expectations(MODULES)
    assert not found, listed(found)


def test_only_the_settings_read_the_environment() -> None:
    found = environment_reads(MODULES)
    assert not found, listed(found)


def test_only_the_clock_module_reads_the_clock() -> None:
    found = clock_reads(MODULES)
    assert not found, listed(found)


def test_no_policy_number_in_python() -> None:
    checked = [module for module in MODULES if not f"{module.name}.".startswith(UNPAID)]
    found = [finding for module in checked for finding in pay_numbers(module)]
    assert checked and not found, listed(found)


def test_bounds_of_expectations_are_data() -> None:
    reader = next(module for module in MODULES if module.name == "expectations.checks")
    found = bound_numbers(reader)
    assert not found, listed(found)


def test_definitions_stay_thin() -> None:
    module = next(module for module in MODULES if module.name == "orchestration.definitions")
    found = definitions_faults(module)
    assert not found, listed(found)


# The rules, on planted faults


def test_dagster_in_a_pure_package_is_found_through_any_chain() -> None:
    job = Module("orchestration.nightly.job", "from dagster import job\n")
    helper = Module("orchestration.helper", "def f() -> None:\n    from orchestration.nightly import job\n")
    for source in (
        "import dagster\n",
        "from dagster_dbt import x\n",
        "import orchestration.helper\n",
        "from ..helper import f\n",
    ):
        found = impure([Module("orchestration.gate.result", source), job, helper])
        assert len(found) == 1 and found[0].startswith("orchestration.gate.result imports"), source
    assert impure([Module("orchestration.gate.result", "import json\n"), job, helper]) == []
    assert impure([job, helper]) == []


def test_great_expectations_elsewhere_is_found() -> None:
    assert wrong_great_expectations([Module("orchestration.gate", "import great_expectations as gx\n")])
    assert wrong_great_expectations([Module("orchestration.gate", "from great_expectations.core import x\n")])
    assert wrong_great_expectations([Module("expectations.gate", "import great_expectations as gx\n")]) == []


@pytest.mark.parametrize(
    "planted",
    [
        "import os\nhome = os.environ['HOME']\n",
        "import os\nhome = os.getenv('HOME')\n",
        "from os import environ\n",
        "import click\noption = click.option('--state', envvar='STATE')\n",
    ],
)
def test_a_planted_read_of_the_environment_is_found(planted: str) -> None:
    assert environment_reads([Module("orchestration.cli.nightly", planted)])
    assert not environment_reads([Module("orchestration.settings", planted)])


@pytest.mark.parametrize(
    "planted",
    [
        "from datetime import datetime, UTC\nnow = datetime.now(UTC)\n",
        "import datetime\ntoday = datetime.date.today()\n",
        "import time\nstart = time.time()\n",
        "from time import monotonic\n",
    ],
)
def test_a_planted_read_of_the_clock_is_found(planted: str) -> None:
    assert clock_reads([Module("orchestration.nightly.run", planted)])
    assert not clock_reads([Module("orchestration.clock", planted)])


@pytest.mark.parametrize(
    "planted",
    [
        "pay = salary * 0.2\n",
        "if line.attainment >= 1.2:\n    pass\n",
        "FLOATING_BASE_CNY = 1500\n",
        "COEFFICIENTS = {'S': 1.5, 'A': 1.2}\n",
        "from decimal import Decimal\nrate = Decimal('0.015')\n",
        "from fractions import Fraction\nx = Fraction(4, 5)\n",
        "amount_cny += 500\n",
        "row = {'bonus_cny': 500}\n",
        "compute(weight=0.6)\n",
        "def score(points: int, floor: int = 70) -> int:\n    return points\n",
        "points = max(score, 70)\n",
        "x = row['total_score'] - 20\n",
        "SQL = 'select amount_cny * 0.8 as a from bonus.bonus_line'\n",
        "SQL = f'select a from {t} where total_score >= 90'\n",
        "if 15 < deductions <= 20:\n    pass\n",
    ],
)
def test_a_planted_policy_number_is_found(planted: str) -> None:
    assert pay_numbers(Module("orchestration.audit.verify", planted))


@pytest.mark.parametrize(
    "planted",
    [
        "cents = amount_cny * 100\n",
        "from decimal import Decimal\namount = value.quantize(Decimal('0.01'))\n",
        "if amount_cny == 0 or score > 1:\n    pass\n",
        "timeout_seconds = 30\n",
        "share = rejected / total\n",
        "SQL = 'select score, a from t group by 1, 2 order by 2, 1 limit 20'\n",
        "label = 'score of 100 points'\n",
        "WEIGHT_PLACES = 12\n",
        "SCORE_STEPS = 10**4\n",
        "score = rounded(total, 4)\n",
    ],
)
def test_units_are_no_policy_numbers(planted: str) -> None:
    assert pay_numbers(Module("orchestration.audit.verify", planted)) == []


def test_a_bound_in_a_suite_is_found() -> None:
    assert bound_numbers(Module("expectations.checks", "check(max_value=0.05)\n"))
    assert bound_numbers(Module("expectations.checks", "check(min_value=0, max_value=1)\n")) == []


def test_thick_definitions_are_found() -> None:
    assert definitions_faults(Module("orchestration.definitions", "x = 1\n" * 41))
    assert definitions_faults(Module("orchestration.definitions", "import duckdb\nc = duckdb.connect('x')\n"))
