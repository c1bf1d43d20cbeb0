"""The two worked profiles on the real logs they were written for; skipped where the data is not at hand."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

import pytest

from orchestration.ingest import IngestReport
from tests.ingest_support import SHARED_DATA, query, run

SERVICENOW = SHARED_DATA / "servicenow_incidents" / "incident_event_log.zip"
TECHNION = SHARED_DATA / "technion_bank_1999" / "data_anonymous_bank_february.txt"

NEWEST = (
    "QUALIFY row_number() OVER (PARTITION BY {key} ORDER BY updated_at DESC NULLS LAST, _row_hash DESC) = 1"
)


@pytest.fixture(scope="module")
def servicenow(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, IngestReport]:
    return _ingested(SERVICENOW, "servicenow_incidents", tmp_path_factory.mktemp("servicenow"))


@pytest.fixture(scope="module")
def technion(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, IngestReport]:
    return _ingested(TECHNION, "technion_bank_1999", tmp_path_factory.mktemp("technion"))


def _ingested(source: Path, profile: str, folder: Path) -> tuple[Path, IngestReport]:
    if not source.exists():
        pytest.skip(f"the real log {source.name} is not in ../shared/data")
    landing = folder / "landing"
    landing.mkdir()
    shutil.copy(source, landing / source.name)
    return folder / "state", run(landing, folder / "state", profiles=(profile,))


def test_a_servicenow_ticket_is_its_last_event(servicenow: tuple[Path, IngestReport]) -> None:
    state, report = servicenow
    newest = f"SELECT * FROM raw {NEWEST.format(key='ticket_id')}"
    assert report.totals["ticket.ticket"].accepted_row_count == 141_712
    assert query(state, "ticket.ticket", f"SELECT count(*), count(DISTINCT ticket_id) FROM ({newest})") == [
        (24_918, 24_918)
    ]
    # SLA met is 93.5 % of events; only the last event of each ticket decides.
    assert query(state, "ticket.ticket", f"SELECT count(*) FROM ({newest}) WHERE is_on_time") == [(15_803,)]
    assert query(state, "ticket.ticket", f"SELECT DISTINCT status FROM ({newest})") == [("closed",)]


def test_servicenow_versions_are_total(servicenow: tuple[Path, IngestReport]) -> None:
    state, _ = servicenow
    tied = (
        "SELECT count(*) FROM (SELECT ticket_id FROM raw GROUP BY ticket_id, updated_at HAVING count(*) > 1)"
    )
    assert query(state, "ticket.ticket", tied) == [(0,)]


def test_servicenow_details(servicenow: tuple[Path, IngestReport]) -> None:
    state, report = servicenow
    # Row 5 of the file: 0000045,Closed,…,opened 29/2/2016 01:16 (UTC+8),…,category 55,sub-category 170.
    row = query(
        state,
        "ticket.ticket",
        "SELECT ticket_id, created_at::VARCHAR, updated_at::VARCHAR, category, "
        "json_extract_string(_extra, '$.category_2'), solver_id FROM raw WHERE _row_number = 5",
    )
    assert row == [("0000045", "2016-02-28 17:16:00", "2016-03-05 04:00:00.000004", "55", "170", "149")]
    assert query(state, "ticket.ticket", "SELECT count(*) FROM raw WHERE customer_id = '2403'") == [(0,)]
    assert query(state, "workforce.team", "SELECT team_id FROM raw") == [("service_desk",)]
    assert query(state, "workforce.agent", "SELECT count(*), count(DISTINCT agent_id) FROM raw") == [
        (216, 216)
    ]
    assert report.as_of == dt.date(2017, 2, 18)


def test_every_servicenow_resolver_is_on_the_roster(servicenow: tuple[Path, IngestReport]) -> None:
    state, _ = servicenow
    agents = {row[0] for row in query(state, "workforce.agent", "SELECT agent_id FROM raw")}
    solvers = {row[0] for row in query(state, "ticket.ticket", "SELECT DISTINCT solver_id FROM raw")}
    assert solvers - {None} == agents


def test_every_technion_row_is_accounted_for(technion: tuple[Path, IngestReport]) -> None:
    state, report = technion
    for load in report.loads:
        assert load.row_count == load.accepted_row_count + load.rejected_row_count == 33_344
    assert query(state, "ticket.contact", "SELECT count(*), count(DISTINCT contact_id) FROM raw") == [
        (33_344, 33_344)
    ]
    assert report.loads[0].delimiter == "\t"
    assert report.as_of == dt.date(1999, 2, 28)


def test_technion_calls(technion: tuple[Path, IngestReport]) -> None:
    state, _ = technion
    assert query(state, "ticket.contact", "SELECT count(*) FROM raw WHERE is_invalid") == [(278,)]
    assert query(state, "ticket.contact", "SELECT count(*) FROM raw WHERE is_answered") == [(27_162,)]
    assert query(state, "workforce.agent", "SELECT count(*) FROM raw") == [(24,)]
    assert query(state, "workforce.agent", "SELECT count(*) FROM raw WHERE agent_id = 'NO_SERVER'") == [(0,)]
    # AA0102 31307: in at 23:59:32 on 20 February, served 23:59:43 to 0:01:28 of the next day, UTC+8.
    assert query(
        state,
        "ticket.contact",
        "SELECT started_at::VARCHAR, first_response_at::VARCHAR, ended_at::VARCHAR, talk_seconds "
        "FROM raw WHERE contact_id LIKE 'AA0102-31307-%'",
    ) == [("1999-02-20 15:59:32", "1999-02-20 15:59:43", "1999-02-20 16:01:28", 105)]
    longest = "SELECT max(ended_at - started_at) < INTERVAL 3 HOUR FROM raw"
    assert query(state, "ticket.contact", longest) == [(True,)]
