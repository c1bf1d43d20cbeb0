"""A refusal for values of single rows says which line of which export to look at first, and no value."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from expectations.checks import read_checks
from expectations.gate import validate
from orchestration.settings import BOUNDS_DIR

CHECKS = {one.check_id: one for one in read_checks(BOUNDS_DIR)}


@pytest.fixture
def candidate(tmp_path: Path) -> Path:
    path = tmp_path / "auditor.duckdb"
    with duckdb.connect(str(path)) as database:
        database.execute(
            """
            create schema facts;
            create schema audit;
            create schema bonus;
            create table audit.load_file (load_id varchar, file varchar, status varchar);
            insert into audit.load_file values
                ('a', 'workforce/agent.csv', 'loaded'), ('a', 'workforce/agent_copy.csv', 'duplicate'),
                ('b', 'workforce/agent_b.csv', 'loaded'), ('s', 'ticket/survey.csv', 'loaded');
            create table facts.dim_agent_segment (
                agent_id varchar, base_salary_cny decimal(18, 2), load_id varchar, source_row_number bigint
            );
            insert into facts.dim_agent_segment values
                ('A1', 5000, 'a', 2), ('A2', 600000.55, 'b', 9), ('A3', -4321, 'a', 11), ('A4', null, 'a', 3);
            create table facts.fct_survey (scale_max integer, load_id varchar, source_row_number bigint);
            insert into facts.fct_survey values (5, 's', 2), (6, 's', 3), (100, 's', 4);
            create table bonus.bonus_line (amount_cny decimal(18, 2));
            insert into bonus.bonus_line values (900000);
            """
        )
    return path


@pytest.mark.parametrize(
    ("check", "seen"),
    [
        (
            "base_salaries_plausible",
            "2 of 3 rows with base_salary_cny (66.67%), the first from workforce/agent.csv row 11",
        ),
        ("survey_scales_known", "1 of 3 rows with scale_max (33.33%), from ticket/survey.csv row 3"),
        ("line_within_reason", "1 of 1 rows with amount_cny (100.00%)"),
    ],
)
def test_the_first_line_out_of_bounds_is_named(candidate: Path, check: str, seen: str) -> None:
    (result,) = validate(candidate, [CHECKS[check]])
    assert (result.outcome, result.error, result.observed) == ("failed", None, seen)


def test_where_all_is_within_bounds_no_line_is_named(candidate: Path) -> None:
    with duckdb.connect(str(candidate)) as database:
        database.execute("update facts.dim_agent_segment set base_salary_cny = 5000")
    (result,) = validate(candidate, [CHECKS["base_salaries_plausible"]])
    assert (result.outcome, result.observed) == ("passed", "0 of 4 rows with base_salary_cny (0.00%)")
