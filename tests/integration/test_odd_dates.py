"""One odd date never stops or bends a night: it is published, no month is made for it, and it is told."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.publish.publication import current_publication
from orchestration.state.folder import StateFolder

FIRST, AS_OF = dt.date(2026, 1, 1), "2026-01-31"
AGENTS = [f"A{n}" for n in range(1, 7)]
BEFORE = "before_first_period"


def write(landing: Path, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """`<landing>/<source>/<table>.csv` of the rows, which all have the first one's columns or fewer."""
    path = landing / f"{table.replace('.', '/')}.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    columns = list(dict.fromkeys(column for row in rows for column in row))
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, columns, restval="")
        writer.writeheader()
        writer.writerows(rows)


def tickets() -> Iterator[Mapping[str, Any]]:
    """400 tickets of January, every one due and solved the same day."""
    for n in range(400):
        opened = dt.datetime.combine(FIRST, dt.time(9)) + dt.timedelta(days=n % 31, minutes=n)
        yield {
            "ticket_id": f"T{n}",
            "created_at": opened,
            "assignee_id": AGENTS[n % len(AGENTS)],
            "due_at": opened + dt.timedelta(hours=8),
            "solved_at": opened + dt.timedelta(hours=1),
            "status": "solved",
            "ticket_type": "inquiry",
        }


def odd(name: str, **columns: str) -> Mapping[str, str]:
    row = {"ticket_id": name, "assignee_id": "A1", "status": "open", "ticket_type": "inquiry"}
    return {**row, "created_at": "2026-01-01 00:10:00", **columns}


@pytest.fixture(scope="module")
def published(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[duckdb.DuckDBPyConnection]:
    """The auditors' file of a night over January with one odd date of every kind."""
    from tests.conftest import run_night

    work = tmp_path_factory.mktemp("odd")
    landing = work / "landing"
    person = {"effective_from": "2025-01-01", "hired_on": "2025-01-01", "role": "general"}
    person |= {"base_salary": "5000", "scheme_id": "centre_grade", "left_on": ""}
    roster = [{"agent_id": agent, **person} for agent in AGENTS]
    roster[4]["left_on"] = "1926-12-31"
    roster.append({"agent_id": "A2", **person, "effective_from": "2026-01-25", "left_on": "2026-01-10"})
    write(landing, "workforce.agent", roster)
    odd_tickets = [
        odd("solved_before", solved_at="2025-12-31 23:50:00", status="solved"),
        odd("due_before", due_at="2025-12-31 18:00:00"),
        odd("due_1971", due_at="1971-01-01 08:00:00"),
        odd("created_1971", created_at="1971-01-01 08:00:00"),
        odd("created_last_year", created_at="2025-06-30 08:00:00"),
    ]
    write(landing, "ticket.ticket", [*tickets(), *odd_tickets])
    write(
        landing,
        "ticket.violation",
        [{"violation_id": "V1", "agent_id": "A1", "occurred_at": "2025-12-31 12:00:00"}],
    )
    lead = {"lead_id": "L1", "agent_id": "A1", "created_at": "2026-01-02 09:00:00", "stage": "won"}
    write(landing, "crm.lead", [{**lead, "closed_at": "2025-12-31 12:00:00"}])
    run_night(work / "state", landing, as_of=AS_OF)
    publication = current_publication(StateFolder(work / "state"))
    assert publication is not None
    with duckdb.connect(str(publication.folder / "auditor.duckdb"), read_only=True) as database:
        yield database


def test_no_month_is_made_for_an_odd_date(published: duckdb.DuckDBPyConnection) -> None:
    periods = published.execute("select period_id from facts.dim_period order by period_id").fetchall()
    assert [period for (period,) in periods] == ["2026", "2026-01", "2026-Q1"]
    paid = published.execute("select distinct period_id from bonus.bonus_line where period_kind = 'month'")
    assert paid.fetchall() == [("2026-01",)]


@pytest.mark.parametrize(
    ("key", "kpi", "reason"),
    [
        ("solved_before", "tickets_solved", BEFORE),
        ("solved_before", "handle_seconds", BEFORE),
        ("solved_before", "closure_rate", None),
        ("due_before", "ticket_on_time_rate", BEFORE),
        ("due_1971", "ticket_on_time_rate", BEFORE),
        ("due_1971", "closure_rate", None),
        ("created_1971", "closure_rate", BEFORE),
        ("created_last_year", "closure_rate", BEFORE),
        ("V1", "violation_count", BEFORE),
        ("L1", "win_rate", BEFORE),
        ("L1", "lead_completeness", "no row"),
        ("L1", "conversion_rate", "close_before_creation"),
    ],
)
def test_it_is_set_aside_where_it_would_be_of_an_earlier_month(
    published: duckdb.DuckDBPyConnection, key: str, kpi: str, reason: str | None
) -> None:
    found = published.execute(
        "select exclusion_reason from kpi.kpi_evidence where evidence_key = ? and kpi_id = ?", [key, kpi]
    ).fetchone()
    assert ("no row" if found is None else found[0]) == reason


def test_who_left_before_being_hired_is_paid_and_told(published: duckdb.DuckDBPyConnection) -> None:
    paid = published.execute(
        "select sum(amount_cny) > 0 from bonus.bonus_line where agent_id = 'A5' and period_id = '2026-01'"
    ).fetchone()
    assert paid == (True,)
    outcome = published.execute(
        "select outcome, observed from marts.mart_calibration where check_id = 'job_rows_make_sense'"
    ).fetchone()
    assert outcome is not None
    assert outcome[0] == "failed"
    assert "left before being hired (" in outcome[1]
    assert "agent.csv row 6) 1" in outcome[1]
    assert "begins after its own leaving date (" in outcome[1]


def test_a_closing_row_ends_the_service_before_it(published: duckdb.DuckDBPyConnection) -> None:
    days = published.execute(
        "select service_day_count from facts.dim_agent_period where agent_id = 'A2' and period_id = '2026-01'"
    ).fetchone()
    assert days == (10,)


def test_every_row_of_the_roster_is_a_fact(published: duckdb.DuckDBPyConnection) -> None:
    rows = published.execute("select count(*) from facts.fct_job_row").fetchone()
    assert rows == (len(AGENTS) + 1,)
