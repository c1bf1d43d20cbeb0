"""Which pending rulings stand in the way of a settlement: those on any row that the period counts."""

from __future__ import annotations

import duckdb
import pytest

from orchestration.settlement import closing
from orchestration.sql import query

FACTS = """
create schema facts; create schema kpi; create schema bonus;
create table facts.fct_ruling (ruling_id text, entity text, entity_id text, kpi_scope text, decision text);
create table facts.fct_survey (survey_id text, contact_id text, ticket_id text);
create table facts.dim_period_month (period_id text, month_id text);
create table kpi.kpi_evidence (evidence_model text, evidence_key text, month_id text);
create table bonus.bonus_evidence (evidence_model text, evidence_key text, month_id text);
insert into facts.dim_period_month values
    ('2026-10', '2026-10'), ('2026-11', '2026-11'), ('2026-Q4', '2026-10'), ('2026-Q4', '2026-11');
insert into facts.fct_survey values ('S1', 'C1', null), ('S2', null, 'T1');
insert into kpi.kpi_evidence values
    ('fct_contact', 'C1', '2026-10'), ('fct_survey', 'S1', '2026-11'), ('fct_survey', 'S2', '2026-11'),
    ('fct_ticket', 'T1', '2026-10');
insert into bonus.bonus_evidence values
    ('fct_quality_review', 'Q1', '2026-10'), ('fct_ticket', 'T2', '2026-10'), ('fct_ticket', 'T3', null);
"""


@pytest.mark.parametrize(
    ("entity", "entity_id", "scope", "decision", "periods"),
    [
        ("contact", "C1", "*", "pending", {"2026-10", "2026-11", "2026-Q4"}),
        ("ticket", "T1", "*", "pending", {"2026-10", "2026-11", "2026-Q4"}),
        ("survey", "S1", "*", "pending", {"2026-11", "2026-Q4"}),
        # One of a single KPI leaves ratings and pay as they are.
        ("contact", "C1", "answer_rate", "pending", {"2026-10", "2026-Q4"}),
        ("quality_review", "Q1", "qa_score", "pending", set()),
        # Rows that pay counts and no KPI does.
        ("quality_review", "Q1", "*", "pending", {"2026-10", "2026-Q4"}),
        ("ticket", "T2", "*", "pending", {"2026-10", "2026-Q4"}),
        ("ticket", "T3", "*", "pending", set()),
        ("contact", "C9", "*", "pending", set()),
        ("contact", "C1", "*", "rejected", set()),
    ],
)
def test_a_ruling_blocks_each_period_that_counts_what_it_decides_on(
    entity: str, entity_id: str, scope: str, decision: str, periods: set[str]
) -> None:
    with duckdb.connect() as database:
        database.execute(FACTS)
        database.execute(
            "insert into facts.fct_ruling values ('R1', $1, $2, $3, $4)", [entity, entity_id, scope, decision]
        )
        blocked = {
            period
            for period in ("2026-10", "2026-11", "2026-Q4")
            if database.execute(query(closing.__file__, "pending"), {"period_id": period}).fetchall()
        }
    assert blocked == periods
