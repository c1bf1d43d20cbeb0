"""Values beyond their scale, and a return within the month: published, verified, as the oracle has them."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import duckdb
import pytest

from orchestration.audit.verify.run import verify_state
from orchestration.publish.publication import current_publication
from orchestration.settings import POLICY_DIR, SEEDS_DIR
from orchestration.state.folder import StateFolder
from tests.integration.test_odd_dates import AGENTS, AS_OF, tickets, write
from tests.oracle.compare import compare

AT = "2026-01-12 09:00:00"


@pytest.fixture(scope="module")
def landing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """January of six agents; A1 has every odd value, A2 left on the 5th and is back on the 20th."""
    folder = tmp_path_factory.mktemp("odd_values") / "landing"
    person = {"effective_from": "2024-01-10", "hired_on": "2024-01-10", "role": "pre_sales", "left_on": ""}
    person |= {"base_salary": "5000", "scheme_id": "centre_grade", "education": "bachelor"}
    person |= {"team_id": "T1", "department": "D1"}
    roster = [{"agent_id": agent, **person} for agent in AGENTS]
    roster[1] |= {"left_on": "2026-01-05", "scheme_id": "sales_service"}
    back = {"effective_from": "2026-01-20", "hired_on": "2026-01-20", "left_on": ""}
    write(folder, "workforce.agent", [*roster, {**roster[1], **back}])
    write(folder, "ticket.ticket", list(tickets()))
    lead = {"agent_id": "A1", "created_at": AT, "stage": "open", "required_fields": 8}
    filled = {"some": 6, "all": 8, "one_too_many": 9, "fewer_than_none": -1, "huge": 9 * 10**17}
    write(
        folder, "crm.lead", [{"lead_id": name, **lead, "completed_fields": n} for name, n in filled.items()]
    )
    scores = ["90", "100", "100.5", "-1"]
    write(
        folder,
        "ticket.quality_review",
        [{"review_id": f"Q{score}", "agent_id": "A1", "reviewed_at": AT, "score": score} for score in scores],
    )
    write(
        folder,
        "workforce.collaboration",
        [
            {"collaboration_id": f"H{score}", "agent_id": "A1", "occurred_at": AT, "rating": score}
            for score in scores
        ],
    )
    return folder


@pytest.fixture(scope="module")
def state(landing: Path) -> StateFolder:
    """The state after a night over it, which nothing refused."""
    from tests.conftest import run_night

    run_night(landing.parent / "state", landing, as_of=AS_OF)
    return StateFolder(landing.parent / "state")


def auditor(state: StateFolder) -> Path:
    publication = current_publication(state)
    assert publication is not None
    return publication.folder / "auditor.duckdb"


def test_each_is_set_aside_from_the_kpi_that_it_would_bend(state: StateFolder) -> None:
    with duckdb.connect(str(auditor(state)), read_only=True) as database:
        found = database.execute(
            "select kpi_id, count_if(is_counted), count_if(not is_counted), max(exclusion_reason)"
            " from kpi.kpi_evidence"
            " where kpi_id in ('lead_completeness', 'qa_score', 'collaboration_score', 'support_count')"
            " group by kpi_id order by kpi_id"
        ).fetchall()
        told = database.execute(
            "select check_id from marts.mart_calibration where outcome = 'failed' and check_id in"
            " ('leads_complete_at_most', 'review_scores_plausible', 'collaboration_ratings_plausible')"
        ).fetchall()
    assert found == [
        ("collaboration_score", 2, 2, "score_out_of_range"),
        ("lead_completeness", 2, 3, "fields_out_of_range"),
        ("qa_score", 2, 2, "score_out_of_range"),
        ("support_count", 4, 0, None),
    ]
    assert len(told) == 3


def test_a_return_has_the_years_of_each_service(state: StateFolder) -> None:
    with duckdb.connect(str(auditor(state)), read_only=True) as database:
        paid = database.execute(
            "select amount_cny from bonus.bonus_line where agent_id = 'A2' and component_id = 'ss_base'"
            " and period_id = '2026-01' order by segment_no"
        ).fetchall()
    # Two years are full on the 10th: 4,200 × 5 / 31, and 4,000 × 12 / 31.
    assert [float(amount) for (amount,) in paid] == [677.42, 1548.39]


def test_the_independent_calculation_and_verify_agree(landing: Path, state: StateFolder) -> None:
    as_of = dt.date.fromisoformat(AS_OF)
    found = compare(landing, auditor(state), as_of, POLICY_DIR, SEEDS_DIR / "reference")
    assert found.differences == []
    report = verify_state(state, landing=None, progress=lambda _: None)
    assert report.findings == []
