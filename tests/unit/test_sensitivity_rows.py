"""Which rows are tried: apart what counts for others of the group, without tickets that may follow others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import duckdb
import pytest

from orchestration.audit.beside import text_beside
from orchestration.audit.sensitivity import run

MONTH = "2026-10"
FACTS = f"""
create schema facts; create schema score; create schema grade; create schema policy;
create table facts.dim_period_month as
    select '{MONTH}' as period_id, '{MONTH}' as month_id, 'month' as period_kind;
create table facts.fct_survey (survey_id varchar, parent_entity varchar, parent_entity_id varchar);
create table policy.policy_kpi_period as select 'fcr' as kpi_id, 7 as window_days;
create table grade.grade as select agent_id, '{MONTH}' as period_id, cohort_id, method from (
    values
        ('A', 'shares', 'forced'), ('B', 'shares', 'forced'),
        ('C', 'bands', 'absolute'), ('D', 'bands', 'absolute')
) as graded (agent_id, cohort_id, method);
create table score.score_line as
    select agent_id, kpi_id, '{MONTH}' as period_id, true as is_scored
    from grade.grade cross join (values ('complaint_rate'), ('fcr')) as kpi (kpi_id);
create table facts.fct_ticket as select * from (values
    ('T1', 'X', timestamp '2026-10-01 08:00', timestamp '2026-10-01 09:00', true),
    ('T2', 'X', timestamp '2026-10-08 09:00', timestamp '2026-10-09 09:00', true),
    ('T3', 'X', timestamp '2026-10-16 09:01', timestamp '2026-10-17 09:00', true),
    ('T4', 'Y', timestamp '2026-10-02 08:00', timestamp '2026-10-02 09:00', false),
    ('T5', 'Y', timestamp '2026-10-03 08:00', timestamp '2026-10-03 09:00', true)
) as ticket (ticket_id, customer_id, created_at, solved_at, is_solved);
create temp table evidence as
select
    agent_id, kpi_id, '{MONTH}' as month_id, 'fct_ticket' as evidence_model, evidence_key, event_on,
    'team' as team_id, cast(numerator as decimal(18, 6)) as numerator, denominator,
    true as is_counted, cast(null as varchar) as exclusion_reason, cast(null as varchar) as ruling_id
from (values
    ('A', 'complaint_rate', 'T1', date '2026-10-01', 1, 0),
    ('B', 'complaint_rate', 'T1', date '2026-10-01', 0, 1),
    ('A', 'complaint_rate', 'T2', date '2026-10-08', 1, 0),
    ('C', 'complaint_rate', 'T2', date '2026-10-08', 0, 1),
    ('A', 'complaint_rate', 'T3', date '2026-10-16', 1, 0),
    ('C', 'complaint_rate', 'T4', date '2026-10-02', 1, 0),
    ('D', 'complaint_rate', 'T4', date '2026-10-02', 0, 1),
    ('A', 'fcr', 'T1', date '2026-10-01', 1, 1),
    ('A', 'fcr', 'T2', date '2026-10-08', 1, 1),
    ('A', 'fcr', 'T3', date '2026-10-16', 0, 1),
    ('A', 'fcr', 'T5', date '2026-10-03', 0, 1)
) as row_of (agent_id, kpi_id, evidence_key, event_on, numerator, denominator);
"""


@pytest.fixture
def tried() -> Iterator[Mapping[tuple[str, str, int, bool], Mapping[str, Any]]]:
    """By agent, KPI, denominator and whether others of the group have them: the ends of the rows tried."""
    with duckdb.connect() as database:
        database.execute(FACTS)
        for name in ("following", "shared"):
            sql = text_beside(run.__file__, f"{name}.sql").replace("$follow_up", str(run.INPUTS["follow_up"]))
            database.execute(f"create temp table {name} as {sql}")
        values = {
            "period": MONTH,
            "agents": ["A", "B", "C", "D"],
            "left_out": ["nps"],
            "follow_up": run.INPUTS["follow_up"],
            "beside_lines": run.INPUTS["beside_lines"],
            "by_quarter": False,
            "most": 20,
        }
        result = database.execute(text_beside(run.__file__, "rows.sql"), values)
        columns = [column[0] for column in result.description]
        rows = [dict(zip(columns, row, strict=True)) for row in result.fetchall()]
        yield {(row["agent_id"], row["kpi_id"], row["denominator"], row["is_shared"]): row for row in rows}


def keys(row: Mapping[str, Any], end: str) -> list[str]:
    return [one["key"] for one in row[end]]


def test_what_counts_for_another_of_the_group_is_apart(
    tried: Mapping[tuple[str, str, int, bool], Mapping[str, Any]],
) -> None:
    """Of A's three complaints one is assigned to B, with whom A shares out the grades, one to C of another
    group. C and D have bands of scores: neither moves the other.
    """
    assert keys(tried["A", "complaint_rate", 0, True], "highest") == ["T1"]
    assert keys(tried["A", "complaint_rate", 0, False], "highest") == ["T2", "T3"]
    assert keys(tried["B", "complaint_rate", 1, True], "lowest") == ["T1"]
    apart = {agent for agent, name, _, is_shared in tried if name == "complaint_rate" and is_shared}
    assert apart == {"A", "B"}


def test_a_ticket_that_may_follow_another_is_no_row_of_what_looks_at_followers(
    tried: Mapping[tuple[str, str, int, bool], Mapping[str, Any]],
) -> None:
    """T2 comes seven days to the minute after T1 was solved; T3 a minute later than that after T2; what T5
    comes after was opened again.
    """
    row = tried["A", "fcr", 1, False]
    assert keys(row, "highest") == ["T1", "T5", "T3"]
    assert keys(row, "lowest") == ["T5", "T3", "T1"]
    assert keys(row, "earliest") == ["T1"]
