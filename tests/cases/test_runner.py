"""The runner itself: a wrong expectation is found, and cases that would see each other are kept apart."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from orchestration.ingest import load_contract
from orchestration.settings import CONTRACT_DIR, POLICY_DIR
from tests.cases.runner.build import batches
from tests.cases.runner.case import Case, read_cases
from tests.cases.runner.compare import faults
from tests.cases.runner.landing import write_landing
from tests.cases.runner.policy import write_policy

LINES = """
    create schema bonus;
    create table bonus.bonus_line as from (values
        ('2026-03', 'c001.A', 'cg_basic.c001', 500.00::decimal(18, 2), 'CG-11'),
        ('2026-03', 'c001.A', 'cg_floating.c001', 750.00::decimal(18, 2), 'CG-11'),
        ('2026-03', 'c001.A', 'cg_floating.c001', 750.01::decimal(18, 2), 'CG-11'),
        ('2026-03', 'c002.A', 'cg_basic.c002', 1.00::decimal(18, 2), 'CG-11')
    ) as line (period_id, agent_id, component_id, amount_cny, clause_id);
"""


def case(tmp_path: Path, **parts: Any) -> Case:
    content = {
        "case": "one",
        "scheme": "centre_grade",
        "rules": ["CG-11"],
        "period": "2026-03",
        "given": {"workforce.agent": [{"agent_id": "A"}]},
        "expect": {},
        "calculation": "none",
    } | parts
    folder = tmp_path / "cases" / "centre_grade"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "one.yml").write_text(yaml.safe_dump(content), encoding="utf-8")
    return read_cases(tmp_path / "cases")[0]


@pytest.mark.parametrize(
    ("rows", "fault"),
    [
        ([{"agent": "A", "component": "cg_basic", "amount": 500}], ""),
        ([{"agent": "A", "component": "cg_basic", "amount": 500.01}], "lacks"),
        ([{"agent": "A", "component": "cg_basic", "amount": 1}], "lacks"),
        ([{"agent": "A", "component": "cg_basic", "amount": 500, "clause": "CG-12"}], "lacks"),
        (
            [{"agent": "A", "component": "cg_floating", "amount": 750}],
            "has 2 lines of cg_floating, 1 are listed",
        ),
        ([{"agent": "B", "component": "cg_basic", "amount": 500}], "lacks"),
    ],
)
def test_what_differs_is_found(tmp_path: Path, rows: list[dict[str, Any]], fault: str) -> None:
    with duckdb.connect() as database:
        database.execute(LINES)
        found = faults(case(tmp_path, expect={"bonus_lines": rows}), database)
    assert any(fault in one for one in found) if fault else found == []


def test_what_should_be_absent_is_found(tmp_path: Path) -> None:
    with duckdb.connect() as database:
        database.execute(LINES)
        unwanted = {"bonus_lines": [{"agent": "A", "component": "cg_basic"}]}
        assert len(faults(case(tmp_path, absent=unwanted), database)) == 1
        others = {"bonus_lines": [{"agent": "B", "component": "cg_basic"}]}
        assert faults(case(tmp_path, absent=others), database) == []


@pytest.mark.parametrize("word", ["bonus_line", "gradez"])
def test_an_expectation_that_means_nothing_is_refused(tmp_path: Path, word: str) -> None:
    with duckdb.connect() as database, pytest.raises(ValueError, match="nothing is called"):
        faults(case(tmp_path, expect={word: []}), database)


def test_a_case_without_its_calculation_is_refused(tmp_path: Path) -> None:
    whole = case(tmp_path)
    content = yaml.safe_load(whole.path.read_text(encoding="utf-8"))
    del content["calculation"]
    whole.path.write_text(yaml.safe_dump(content), encoding="utf-8")
    with pytest.raises(ValueError, match="calculation"):
        read_cases(tmp_path / "cases")


def test_a_column_that_no_export_has_is_refused(tmp_path: Path) -> None:
    wrong = case(tmp_path, given={"ticket.contact": [{"agnt_id": "A"}]})
    with pytest.raises(ValueError, match="agnt_id"):
        write_landing(tmp_path / "landing", [wrong], load_contract(CONTRACT_DIR))


def test_every_case_has_a_plan_of_its_own(tmp_path: Path) -> None:
    change = {
        "file": "component_parameter",
        "where": {"component_id": "cg_floating", "parameter": "base_cny"},
        "set": {"value": 9},
    }
    changed = case(tmp_path, policy=[change])
    other = replace(changed, tag="c002", policy=())
    write_policy(POLICY_DIR, tmp_path / "policy", [changed, other])
    rows = (tmp_path / "policy" / "component_parameter.csv").read_text(encoding="utf-8").splitlines()
    floating = {
        row.split(",")[0]: row.split(",")[2] for row in rows if ",base_cny," in row and "cg_floating" in row
    }
    assert floating["cg_floating.c001"] == "9"
    assert floating["cg_floating.c002"] == floating["cg_floating"] == "1500"


def test_a_change_that_meets_no_row_is_refused(tmp_path: Path) -> None:
    lost = case(
        tmp_path, policy=[{"file": "score_block", "where": {"block": "nosuch"}, "set": {"weight": 1}}]
    )
    with pytest.raises(ValueError, match="nosuch"):
        write_policy(POLICY_DIR, tmp_path / "policy", [lost])


def test_the_centres_nps_of_a_year_is_seen_by_one_case_only(tmp_path: Path) -> None:
    rated = case(
        tmp_path,
        period="2025",
        given={"ticket.survey": [{"kind": "nps", "responded_at": "2025-06-10 10:00:00", "score": 9}]},
    )
    same_year = replace(rated, tag="c002", given={})
    other_year = replace(rated, tag="c003", period="2024", given={})
    assert [len(batch.cases) for batch in batches([rated, same_year, other_year])] == [2, 1]
