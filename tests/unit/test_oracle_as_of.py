"""The oracle on what is known at the cut, on Solved, on rulings and on absent exports, worked out by hand."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from tests.oracle.compare import OracleLacks, refuse_unknown
from tests.oracle.kpi import KPIS, Observer, observations
from tests.oracle.landings import Rows, agent, contact, deliver, survey, ticket, write
from tests.oracle.pay import Pay
from tests.oracle.policies import CURVES, component, contacts, paid, points_plan, policy, rate, scored
from tests.oracle.scores import Scores

MARCH = "2026-03"
CUT = date(2026, 3, 31)


def seen(folder: Path, tables: dict[str, Rows], as_of: date = CUT, who: str = "A") -> dict[str, str]:
    """A's KPIs of March as `numerator/denominator`, counts of 0 left out."""
    found = observations(deliver(folder, {"workforce/agent": [agent("A"), agent("B")]} | tables), as_of)
    return {
        kpi: f"{row.numerator.normalize():f}/{row.denominator}"
        for (period, agent_id, kpi), row in found.items()
        if (period, agent_id) == (MARCH, who) and row.denominator and (row.numerator or kpi not in COUNTS)
    }


COUNTS = {
    "violation_count",
    "contacts_served",
    "tickets_solved",
    "support_count",
    "knowledge_share_count",
    "sales_amount",
}
LATE = "2026-04-01 00:00:00"
"""The first instant after the cut."""


def approved(entity: str, entity_id: str) -> dict[str, object]:
    return {"ruling_id": "U", "entity": entity, "entity_id": entity_id, "decision": "approved"}


# S-ASOF


def test_a_ticket_solved_after_the_cut_is_unsolved(tmp_path: Path) -> None:
    rows = [
        ticket("X1", solved_at="2026-03-31 23:59:59", due_at="2026-03-30 10:00"),
        ticket("X2", solved_at=LATE, due_at="2026-03-30 10:00"),
        ticket("X3", solved_at=LATE, status="closed"),
    ]
    found = seen(tmp_path, {"ticket/ticket": rows})
    assert found["closure_rate"] == "1/3"
    assert found["tickets_solved"] == "1/1"
    assert found["ticket_on_time_rate"] == "0/2"  # X1 late, X2 still open past its due time


def test_replies_answers_and_escalations_after_the_cut_have_not_happened(tmp_path: Path) -> None:
    rows = [
        ticket("X1", ticket_type="complaint", escalated_at=LATE, first_reply_at=LATE, solved_at=""),
        ticket(
            "X2", ticket_type="complaint", escalated_at="2026-03-31 23:00", first_reply_at="2026-03-02 10:01"
        ),
    ]
    calls = [contact("K1", first_response_at=LATE), contact("K2")]
    found = seen(tmp_path, {"ticket/ticket": rows, "ticket/contact": calls})
    assert found["escalation_rate"] == "1/2"
    assert found["ticket_first_reply_seconds"] == "60/1"
    assert found["answer_rate"] == "1/2"
    assert found["first_response_seconds"] == "30/1"


@pytest.mark.parametrize(
    ("decided", "requested", "counted"),
    [("2026-03-31 23:59", "", "1/1"), (LATE, "", "2/2"), ("", "2026-03-05 10:00", "1/1"), ("", LATE, "2/2")],
)
def test_a_ruling_decided_after_the_cut_is_pending(
    tmp_path: Path, decided: str, requested: str, counted: str
) -> None:
    ruling: dict[str, object] = {
        "ruling_id": "U",
        "entity": "ticket",
        "entity_id": "X1",
        "decision": "approved",
    }
    tables: dict[str, Rows] = {
        "ticket/ticket": [ticket("X1"), ticket("X2")],
        "governance/ruling": [ruling | {"decided_at": decided, "requested_at": requested}],
    }
    assert seen(tmp_path, tables)["closure_rate"] == counted


def test_a_job_row_and_a_leaving_date_after_the_cut_are_not_known(tmp_path: Path) -> None:
    rules = policy(
        tmp_path / "policy",
        component=[component("level", "fixed", key_attribute="level")],
        component_rate=[
            rate("level", "junior", amount_cny="3100"),
            rate("level", "senior", amount_cny="6200"),
        ],
    )
    people = [
        agent("A", level="junior"),
        agent("A", level="senior", effective_from="2026-03-21"),
        agent("B", level="junior", left_on="2026-03-21"),
        agent("C", level="junior", hired_on="2026-03-21"),
    ]
    tables: dict[str, Rows] = {"workforce/agent": people, "ticket/contact": [contact("K")]}
    at = {day: paid(scored(tmp_path / str(day), rules, tables, date(2026, 3, day))) for day in (20, 21)}
    assert at[20] == {  # in service at the cut counts as staying to the end of the month
        (MARCH, "A", "level"): Decimal(3100),
        (MARCH, "B", "level"): Decimal(3100),
    }
    assert at[21] == {
        (MARCH, "A", "level"): Decimal("4200.00"),  # (3100 × 20 + 6200 × 11) / 31
        (MARCH, "B", "level"): Decimal("2100.00"),  # 3100 × 21 / 31
        (MARCH, "C", "level"): Decimal("1100.00"),  # 3100 × 11 / 31
    }


def test_of_the_versions_of_a_row_the_newest_counts_whatever_its_updated_at(tmp_path: Path) -> None:
    rows = [
        ticket("X1", status="open", solved_at="", updated_at="2026-03-20 10:00"),
        ticket("X1", solved_at="2026-03-21 10:00:00", reopen_count=1, updated_at="2026-05-01 10:00"),
        ticket("X2", status="open", solved_at="", updated_at="2026-03-20 10:00"),
        ticket("X2", solved_at=LATE, updated_at="2026-05-01 10:00"),
    ]
    found = seen(tmp_path, {"ticket/ticket": rows})
    assert (found["closure_rate"], found["resolution_rate"]) == ("1/2", "0/2")


# Solved


def test_closed_without_solved_at_was_closed_without_being_solved(tmp_path: Path) -> None:
    rows = [ticket("X1"), ticket("X2", status="closed", solved_at="", closed_at="2026-03-03 10:00")]
    found = seen(tmp_path, {"ticket/ticket": rows})
    assert (found["closure_rate"], found["tickets_solved"]) == ("1/2", "1/1")


def test_where_no_export_carried_a_solved_at_both_statuses_count_by_closed_at(tmp_path: Path) -> None:
    rows = [
        ticket("X1", status="closed", solved_at="", closed_at="2026-03-02 11:00:00"),
        ticket("X2", status="solved", solved_at="", closed_at="2026-03-02 10:30:00"),
        ticket("X3", status="closed", solved_at="", closed_at=LATE),
        ticket("X4", status="closed", solved_at="", closed_at=""),
    ]
    found = seen(tmp_path, {"ticket/ticket": rows})
    assert found["closure_rate"] == "3/4"  # X3 was closed after the cut
    assert found["handle_seconds"] == "5400/2"  # 3600 + 1800; X4 has no time
    assert found["tickets_solved"] == "2/1"


def test_the_time_of_solving_is_solved_at_else_closed_at_else_none(tmp_path: Path) -> None:
    rows = [
        ticket("X1", solved_at="", closed_at="2026-03-02 10:30:00", due_at="2026-03-02 10:30"),
        ticket("X2", solved_at="", closed_at="", due_at="2026-03-02 10:30"),  # no_solve_time
        ticket("X3", solved_at="2026-03-02 11:00:00", closed_at="2026-03-09 10:00:00", due_at=""),
        ticket("X4", solved_at="", closed_at="", is_on_time="Y"),
    ]
    found = seen(tmp_path, {"ticket/ticket": rows})
    assert found["closure_rate"] == "4/4"
    assert found["handle_seconds"] == "5400/2"
    assert found["tickets_solved"] == "2/1"
    assert found["ticket_on_time_rate"] == "2/2"  # X1 on time by closing; X4 by its flag, dated by creation


# Rulings, ratings, leads


def test_a_ticket_ruled_out_of_fcr_does_not_break_an_earlier_ones(tmp_path: Path) -> None:
    rows = [ticket("X1"), ticket("X2", created_at="2026-03-04 10:00:00", status="open", solved_at="")]
    ruling: dict[str, object] = {
        "ruling_id": "U",
        "entity": "ticket",
        "entity_id": "X2",
        "decision": "approved",
    }
    tables: dict[str, Rows] = {"ticket/ticket": rows}
    assert seen(tmp_path / "0", tables)["fcr"] == "0/1"
    for number, (kpi, expected) in enumerate(
        [("fcr", "1/1"), ("", "1/1"), ("handle_seconds", "0/1"), ("no_such_kpi", "0/1")], 1
    ):
        found = seen(tmp_path / str(number), tables | {"governance/ruling": [ruling | {"kpi_id": kpi}]})
        assert found["fcr"] == expected, kpi


def test_a_rating_set_aside_is_as_if_not_given(tmp_path: Path) -> None:
    rows = [
        survey("S1", score=4, contact_id="K1", responded_at="2026-03-03 09:00:00"),
        survey("S2", score=1, contact_id="K1", responded_at="2026-03-04 09:00:00"),
        survey("S3", score=9, contact_id="K1", responded_at="2026-03-05 09:00:00"),  # of 5
    ]
    ruling: dict[str, object] = {
        "ruling_id": "U",
        "entity": "survey",
        "entity_id": "S2",
        "decision": "approved",
    }
    tables: dict[str, Rows] = {"ticket/survey": rows, "ticket/contact": [contact("K1")]}
    assert seen(tmp_path / "0", tables)["csat"] == "2/1"
    found = seen(tmp_path / "1", tables | {"governance/ruling": [ruling | {"kpi_id": "csat"}]})
    assert (found["csat"], found["csat_rate"]) == ("8/1", "0/1")  # S1 counts for csat, S2 for csat_rate


def test_a_won_lead_closed_before_its_creation_is_in_no_conversion(tmp_path: Path) -> None:
    lead: dict[str, object] = {"agent_id": "A", "created_at": "2026-03-03 10:00", "stage": "won"}
    rows = [
        lead | {"lead_id": "D1", "closed_at": "2026-03-03 09:59"},
        lead | {"lead_id": "D2", "closed_at": "2026-03-03 10:00"},
        lead | {"lead_id": "D3", "closed_at": "2026-03-02 10:00", "stage": "lost"},
    ]
    found = seen(tmp_path, {"crm/lead": rows}, date(2026, 6, 30))
    assert (found["conversion_rate"], found["win_rate"]) == ("1/2", "2/3")


def test_recognition_without_a_status_is_not_accepted(tmp_path: Path) -> None:
    case: dict[str, object] = {"agent_id": "A", "kind": "excellent_case", "occurred_on": "2026-03-05"}
    rows = [case | {"recognition_id": "G1", "status": "accepted"}, case | {"recognition_id": "G2"}]
    tables: dict[str, Rows] = {"workforce/recognition": rows, "ticket/contact": [contact("K")]}
    assert seen(tmp_path, tables)["knowledge_share_count"] == "1/1"


# S-EXPORT


def test_a_kpi_whose_export_never_came_is_observed_for_nobody(tmp_path: Path) -> None:
    tables: dict[str, Rows] = {"workforce/agent": [agent("A")], "ticket/ticket": [ticket("X1")]}
    found = observations(write(tmp_path / "some", tables), CUT)
    assert {kpi for period, _, kpi in found if period == MARCH} == {
        "tickets_solved",
        "handle_seconds",
        "closure_rate",
        "resolution_rate",
        "fcr",
    }
    everything = observations(deliver(tmp_path / "all", tables), CUT)
    assert everything[(MARCH, "A", "violation_count")].value == 0  # a header alone: nothing happened


def test_an_absent_violation_export_gives_its_weight_away(tmp_path: Path) -> None:
    tables: dict[str, Rows] = {"workforce/agent": [agent("A")], "ticket/contact": contacts("A", 7, 10)}
    rules = policy(tmp_path / "policy")
    assert [row["kpi_id"] for row in CURVES] == ["answer_rate", "violation_count"]
    unknown = Scores(Observer(write(tmp_path / "some", tables), CUT), rules)
    assert unknown.scores[(MARCH, "A")].total_score == 50
    known = Scores(Observer(deliver(tmp_path / "all", tables), CUT), rules)
    assert known.scores[(MARCH, "A")].total_score == Decimal("62.5")  # 0.75 × 50 + 0.25 × 100


def test_pay_that_rests_on_nothing_having_happened_needs_the_export(tmp_path: Path) -> None:
    rules = policy(tmp_path / "policy", **points_plan())
    tables: dict[str, Rows] = {
        "workforce/agent": [agent("A", scheme_id="points_2017", customer_group="regular")],
        "ticket/contact": [contact("K1")],
    }
    found = {
        line.component_id: line.amount_cny
        for line in Pay(Scores(Observer(write(tmp_path / "some", tables), CUT), rules)).lines
        if line.amount_cny
    }
    assert found == {}  # no QA export: no coefficient, no PT-04; no attendance export: no award
    found = {name: amount for (_, _, name), amount in paid(scored(tmp_path, rules, tables)).items() if amount}
    assert found == {"contact": Decimal("0.60"), "full": Decimal("300.00")}


# What the oracle was never taught


@pytest.mark.parametrize(
    ("tables", "sentence"),
    [
        ({"kpi": [{"kpi_id": "backlog"}]}, "the oracle lacks kpi backlog"),
        ({"component": [component("c", "lottery")]}, "the oracle lacks mechanism lottery"),
        (
            {"component": [component("c", "per_event", basis="moon_phase")]},
            "the oracle lacks event kind moon_phase",
        ),
        (
            {"score_measure": [{"measure_id": "mood", "kind": "total"}]},
            "the oracle lacks score measure mood",
        ),
    ],
)
def test_what_the_oracle_lacks_is_one_sentence(
    tmp_path: Path, tables: dict[str, Rows], sentence: str
) -> None:
    with pytest.raises(OracleLacks, match=sentence):
        refuse_unknown(policy(tmp_path, **tables))


def test_the_oracle_knows_all_kpis_of_the_policy() -> None:
    assert len(KPIS) == 30
