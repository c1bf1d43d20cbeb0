"""What the boards read of a small centre: who is on a team's page, whose signals, which bonuses."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from orchestration.board.agent import bonuses
from orchestration.board.lead import lead_pages
from orchestration.board.page import About
from orchestration.board.read import Reading

CENTRE = """
create schema marts;
create schema bonus;
create table marts.dim_period as
from (values
    ('2026-08', date '2026-08-31', true), ('2026-09', date '2026-09-30', true),
    ('2026-10', date '2026-10-31', true), ('2026-Q3', date '2026-09-30', true),
    ('2026-Q4', date '2026-12-31', false), ('2026', date '2026-12-31', false)
) as period (period_id, ends_on, has_ended);
-- Ann and Bo are there; Cy left in September and has a year's score, as has Di, who was a team alone.
create table marts.mart_agent_period as
select
    period_kind, period_id, agent_id, agent_id as agent_name, 'plan' as scheme_id, team_id, 'agent' as role,
    cast(total_score as decimal(18, 4)) as total_score, 'scored' as score_status, 1 as rank, 4 as cohort_size,
    grade, 'final' as maturity
from (values
    ('month', '2026-09', 'ann', 'one', 80, 'B'), ('month', '2026-10', 'ann', 'one', 90, 'A'),
    ('quarter', '2026-Q3', 'ann', 'one', 80, 'B'), ('quarter', '2026-Q4', 'ann', 'one', 90, 'A'),
    ('month', '2026-10', 'bo', 'one', null, null), ('year', '2026', 'bo', 'one', 70, 'B'),
    ('month', '2026-09', 'cy', 'one', 20, 'D'), ('quarter', '2026-Q3', 'cy', 'one', 20, 'D'),
    ('year', '2026', 'cy', 'one', 20, 'D'),
    ('month', '2026-08', 'di', 'gone', 30, 'D'), ('year', '2026', 'di', 'gone', 30, 'D')
) as said (period_kind, period_id, agent_id, team_id, total_score, grade);
create table marts.mart_agent_scorecard as
select
    'month' as period_kind, period_id, agent_id, 'one' as team_id, 'csat' as kpi_id, '满意度' as kpi_name_zh,
    'Satisfaction' as kpi_name_en, 'ratio' as unit, 'higher' as direction, 0.9 as value, 0.5 as floor_value,
    0.8 as target_value, 1.0 as stretch_value, 10.0 as points
from (values ('2026-10', 'ann'), ('2026', 'cy')) as card (period_id, agent_id);
create table marts.mart_team_kpi as
select
    'team' as group_kind, group_id, group_id as team_name, 'month' as period_kind, period_id,
    'csat' as kpi_id, '满意度' as kpi_name_zh, 'Satisfaction' as kpi_name_en, 'ratio' as unit,
    'higher' as direction, 0.9 as value
from (values ('one', '2026-10'), ('gone', '2026-08')) as team (group_id, period_id);
create table marts.dim_kpi as
select
    'csat' as kpi_id, '满意度' as name_zh, 'Satisfaction' as name_en, 'ratio' as unit, 'higher' as direction,
    'ratio' as aggregation;
create table marts.dim_scheme as
select 'plan' as scheme_id, '方案' as name_zh, 'Plan' as name_en, 1 as scheme_order;
create table marts.dim_grade as
select 'plan' as scheme_id, grade, grade as label_zh, grade as label_en, grade_order
from (values ('A', 1), ('B', 2), ('D', 4)) as grade (grade, grade_order);
create table marts.mart_honour_roll (
    agent_id varchar, team_id varchar, team_name varchar, period_id varchar, rank bigint, label_zh varchar,
    label_en varchar, clause_id varchar, award_id varchar
);
create table marts.mart_career_signal as
select
    agent_id, signal_kind, 'quarter' as period_kind, period_id, outcome, 'grade' as condition,
    cast(1 as bigint) as condition_no, 1.0 as threshold_value, 1.0 as actual_value
from (values
    ('ann', 'improvement_plan', '2026-Q3', 'improvement_plan'), ('bo', 'transfer', '2026-Q4', 'transfer'),
    ('bo', 'demotion', '2026-Q3', 'demotion: junior'), ('ann', 'transfer', '2026-Q4', 'not_due')
) as signal (agent_id, signal_kind, period_id, outcome);
create table bonus.bonus as
select
    period_id || ':' || agent_id as bonus_id, period_kind, period_id, agent_id,
    cast(amount as decimal(18, 2)) as amount_cny
from (values
    ('month', '2026-09', 'ann', 100), ('month', '2026-10', 'ann', 0), ('quarter', '2026-Q4', 'ann', 0)
) as paid (period_kind, period_id, agent_id, amount);
create table bonus.bonus_line as
select
    '2026-09:ann' as bonus_id, 'ann' as agent_id, 'month' as period_kind, '2026-09' as period_id,
    cast(1 as bigint) as line_no, '1' as bonus_line_id, 'Base' as line_label, '基数' as line_label_zh,
    1 as quantity, 'n' as quantity_unit, 100 as rate, cast(100 as decimal(18, 2)) as amount_cny,
    'PT-01' as clause_id, cast(null as varchar) as adjusts_bonus_line_id;
"""


@pytest.fixture
def reading() -> Iterator[Reading]:
    with duckdb.connect() as database:
        database.execute(CENTRE)
        yield Reading(database)


def test_whoever_has_left_is_no_member_and_a_team_that_nobody_is_in_has_no_page(reading: Reading) -> None:
    members = [(row["team_id"], row["agent_id"], row["total_score"]) for row in reading.rows("lead_members")]
    assert members == [("one", "ann", 90), ("one", "bo", 70)]
    assert [team_id for team_id, _, _ in lead_pages(reading, About("run", "2026-10-31"))] == ["one"]


def test_bi_counts_no_score_of_whoever_has_left(reading: Reading) -> None:
    [tiles] = reading.rows("bi_tiles")
    assert (tiles["scored"], tiles["median_score"], tiles["reached"], tiles["results"]) == (2, 80, 1, 1)
    assert [(row["bin_from"], row["agent_count"]) for row in reading.rows("bi_scores")] == [(70, 1), (90, 1)]
    assert [(row["grade"], row["agent_count"]) for row in reading.rows("bi_grades")] == [("A", 1), ("B", 1)]


def test_a_signal_of_an_older_period_is_gone_even_without_a_newer_one(reading: Reading) -> None:
    told = [(row["agent_id"], row["signal_kind"], row["period_id"]) for row in reading.rows("lead_signals")]
    # A demotion is of the newest quarter that has ended.
    assert told == [("bo", "demotion", "2026-Q3"), ("bo", "transfer", "2026-Q4")]


def test_a_bonus_without_a_line_says_why_nothing_is_paid(reading: Reading) -> None:
    newest = reading.by("agent_id", "agent_bonuses")["ann"]
    lines = reading.by("agent_id", "agent_lines").get("ann", [])
    assert [(row["period_id"], row["amount_cny"]) for row in newest] == [("2026-10", 0), ("2026-Q4", 0)]
    [month] = bonuses(newest, lines, {("ann", "2026-10"): {"unpaid": ["why"]}})
    assert (month["period_id"], month["amount"], month["unpaid"]) == ("2026-10", "0.00", ["why"])
    assert (month["lines"], month["chart"]) == ([], None)
