"""The oracle itself, on landings small enough to work out by hand; the calculation stands in the comments."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from tests.oracle.kpi import COUNTS, Observation, group_observations, observations
from tests.oracle.landings import Rows, agent, contact, deliver, survey, ticket, write

MARCH = "2026-03"
LATER = date(2026, 6, 30)
Found = dict[tuple[str, str, str], Observation]


def observe(
    folder: Path, tables: dict[str, Rows], as_of: date = LATER
) -> dict[tuple[str, str, str], Observation]:
    """The observations of exports of all tables, those not given without rows."""
    return observations(deliver(folder, {"workforce/agent": [agent("A"), agent("B")]} | tables), as_of)


def seen(
    found: dict[tuple[str, str, str], Observation], kpi: str, who: str = "A", period: str = MARCH
) -> str:
    """`numerator/denominator=value+pending`, or nothing where it is not observed."""
    row = found.get((period, who, kpi))
    if row is None:
        return ""
    value = "" if row.value is None else f"{row.value.normalize():f}"
    return f"{row.numerator.normalize():f}/{row.denominator}={value}+{row.pending_count}"


def test_csat_scales_each_score_to_ten_and_rounds_each_row(tmp_path: Path) -> None:
    sevenths = [survey("S2", score=1, scale_max=7), survey("S3", score=5, scale_max=7)]
    found = observe(tmp_path, {"ticket/survey": [survey("S1", score=4, scale_max=5), *sevenths]})
    # 8 + 1.428571 + 7.142857 = 16.571428; / 3 = 5.523809333… → 5.523809
    assert seen(found, "csat") == "16.571428/3=5.523809+0"


def test_csat_rate_and_praise_rate_sit_on_their_edges(tmp_path: Path) -> None:
    scores = [survey("S1", score=4), survey("S2", score="3.99"), survey("S3", score=5), survey("S4", score=0)]
    found = observe(tmp_path, {"ticket/survey": scores})
    assert seen(found, "csat_rate") == "2/4=0.5+0"  # 4 of 5 is exactly 80 %
    assert seen(found, "praise_rate") == "1/4=0.25+0"


def test_a_score_outside_its_scale_is_in_no_rating_kpi(tmp_path: Path) -> None:
    found = observe(
        tmp_path, {"ticket/survey": [survey("S1", score=6), survey("S2", score=-1), survey("S3")]}
    )
    assert [seen(found, k) for k in ("csat", "csat_rate", "praise_rate")] == ["8/1=8+0", "1/1=1+0", "0/1=0+0"]


def test_the_last_rating_of_a_contact_counts(tmp_path: Path) -> None:
    rows = [
        survey("S1", score=5, contact_id="K1", responded_at="2026-03-03 12:00:00"),
        survey("S2", score=1, contact_id="K1", responded_at="2026-03-03 09:00:00"),
        survey(
            "S3", score=5, contact_id="K1", responded_at="2026-07-01 00:00:00"
        ),  # future: supersedes nothing
        survey("S4", score=3, ticket_id="X1"),
    ]
    found = observe(tmp_path, {"ticket/survey": rows, "ticket/contact": [contact("K1")]})
    assert seen(found, "csat") == "16/2=8+0"  # 10 (S1) + 6 (S4)


def test_a_rating_follows_its_contact_and_ticket(tmp_path: Path) -> None:
    tables: dict[str, Rows] = {
        "ticket/contact": [contact("K1", is_bot="Y"), contact("K2"), contact("K3", agent_id="B")],
        "ticket/ticket": [
            ticket("X1", is_spam="1"),
            ticket("X2", solver_id="B", assignee_id="A"),
            ticket("X3"),
        ],
        "ticket/survey": [
            survey("S1", score=1, contact_id="K1"),
            survey("S2", score=1, ticket_id="X1"),
            survey("S3", score=2, contact_id="K2"),
            survey("S4", score=3, contact_id="K3", agent_id=""),
            survey("S5", score=4, ticket_id="X2", agent_id=""),
            survey("S6", score=1, ticket_id="X3"),
        ],
        "governance/ruling": [
            {
                "ruling_id": "R1",
                "entity": "ticket",
                "entity_id": "X3",
                "kpi_id": "csat",
                "decision": "approved",
            }
        ],
    }
    found = observe(tmp_path, tables)
    assert seen(found, "csat") == "4/1=4+0"  # S3 alone
    assert seen(found, "csat", "B") == "14/2=7+0"  # 6 by the contact's agent + 8 by the ticket's solver
    assert seen(found, "csat_rate") == "0/2=0+0"  # X3 is set aside from csat only: S3 and S6


def test_nps_counts_promoters_less_detractors(tmp_path: Path) -> None:
    rows = [survey(f"S{score}", kind="nps", score=score, scale_max=10) for score in (10, 9, 8, 7, 6, 0)]
    found = observe(tmp_path, {"ticket/survey": [*rows, survey("S99")]})
    assert seen(found, "nps") == "0/6=0+0"  # 2 promoters, 2 detractors
    assert seen(found, "csat") == "8/1=8+0"


def test_response_times_and_answer_rate(tmp_path: Path) -> None:
    rows = [
        contact("K1"),
        contact("K2", first_response_at="2026-03-02 10:00:45.900"),
        contact("K3", first_response_at="2026-03-02 09:59:59"),  # before the start
        contact("K4", is_answered="N", first_response_at=""),
        contact("K5", is_answered="", first_response_at=""),
        contact("K6", is_invalid="true"),
        contact("K7", is_bot="是"),
    ]
    found = observe(tmp_path, {"ticket/contact": rows})
    assert seen(found, "first_response_seconds") == "75/2=37.5+0"  # 30 + 45
    assert seen(found, "answer_rate") == "3/5=0.6+0"
    assert seen(found, "contacts_served") == "3/1=3+0"


def test_first_reply_belongs_to_the_first_responder(tmp_path: Path) -> None:
    rows = [
        ticket("X1", first_reply_at="2026-03-02 10:10:00", first_responder_id="B"),
        ticket("X2", first_reply_at="2026-03-02 10:20:00"),
        ticket("X3", first_reply_at="2026-03-02 09:20:00"),
        ticket("X4"),
    ]
    found = observe(tmp_path, {"ticket/ticket": rows})
    assert seen(found, "ticket_first_reply_seconds", "B") == "600/1=600+0"
    assert seen(found, "ticket_first_reply_seconds") == "1200/1=1200+0"


def test_handling_is_dated_by_solving_and_credited_to_the_solver(tmp_path: Path) -> None:
    rows = [
        ticket("X1", solved_at="2026-04-01 00:00:00"),
        ticket("X2", solver_id="", solved_at="2026-03-31 23:59:59"),
        ticket("X3", solver_id="B", status="closed"),
        ticket("X4", solved_at="2026-03-02 09:00:00"),  # solved before created
        ticket("X5", status="open"),
        ticket("X6", solved_at="", status="closed"),
        ticket("X7", merged_into="X1"),
        ticket("X8", status="void"),
    ]
    found = observe(tmp_path, {"ticket/ticket": rows})
    # X2: 2 March 10:00:00 → 31 March 23:59:59 = 29 days 13:59:59 = 2,555,999 s; X1 one second more, in April
    assert seen(found, "handle_seconds") == "2555999/1=2555999+0"
    assert seen(found, "handle_seconds", period="2026-04") == "2556000/1=2556000+0"
    assert seen(found, "handle_seconds", "B") == "3600/1=3600+0"
    assert seen(found, "tickets_solved") == "2/1=2+0"  # X2 and the senseless X4
    assert seen(found, "tickets_solved", period="2026-Q2") == "1/1=1+0"
    assert seen(found, "closure_rate") == "4/6=0.666667+0"  # assigned X1…X6; solved X1 X2 X3 X4


def test_resolution_needs_no_reopening(tmp_path: Path) -> None:
    rows = [
        ticket("X1"),
        ticket("X2", reopen_count=1),
        ticket("X3", status="pending"),
        ticket("X4", reopen_count=0),
    ]
    found = observe(tmp_path, {"ticket/ticket": rows})
    assert seen(found, "resolution_rate") == "2/4=0.5+0"
    assert seen(found, "closure_rate") == "3/4=0.75+0"


def test_on_time_is_dated_by_the_due_time(tmp_path: Path) -> None:
    rows = [
        ticket("X1", due_at="2026-03-02 11:00:00"),  # at the due time
        ticket("X2", due_at="2026-03-02 10:59:59"),
        ticket("X3", due_at="2026-04-01 08:00:00"),  # counts in April
        ticket("X4", due_at="2026-03-05 08:00:00", status="open", solved_at="", solver_id=""),
        ticket("X5", due_at="2026-07-01 08:00:00"),  # future
        ticket("X6", due_at="2026-03-05 08:00:00", solved_at="2026-03-01 08:00:00"),  # solved before created
        ticket("X7"),
    ]
    found = observe(tmp_path, {"ticket/ticket": rows})
    assert seen(found, "ticket_on_time_rate") == "1/3=0.333333+0"
    assert seen(found, "ticket_on_time_rate", period="2026-04") == "1/1=1+0"


def test_on_time_by_flag_is_dated_by_solving_else_creation(tmp_path: Path) -> None:
    rows = [
        ticket("X1", is_on_time="true", solved_at="2026-04-02 08:00:00"),
        ticket("X2", is_on_time="false", status="open"),
        ticket("X3", is_on_time="false", due_at="2026-03-02 12:00:00"),  # a due time goes before the flag
    ]
    found = observe(tmp_path, {"ticket/ticket": rows})
    assert seen(found, "ticket_on_time_rate") == "1/2=0.5+0"
    assert seen(found, "ticket_on_time_rate", period="2026-04") == "1/1=1+0"


SOLVED = "2026-03-02 11:00:00"


@pytest.mark.parametrize(
    ("further", "resolved"),
    [
        ({}, 1),
        ({"created_at": "2026-03-09 11:00:00"}, 0),  # exactly seven days later
        ({"created_at": "2026-03-09 11:00:01"}, 1),
        ({"created_at": SOLVED}, 1),  # at the very moment of solving: not after it
        ({"created_at": "2026-03-02 11:00:01"}, 0),
        ({"created_at": "2026-03-05 11:00:00", "category": "other"}, 1),
        ({"created_at": "2026-03-05 11:00:00", "customer_id": "C2"}, 1),
        ({"created_at": "2026-03-05 11:00:00", "merged_into": "X1"}, 1),
        ({"created_at": "2026-03-05 11:00:00", "status": "deleted"}, 1),
    ],
)
def test_fcr_looks_for_a_further_ticket(tmp_path: Path, further: dict[str, object], resolved: int) -> None:
    rows = [ticket("X1")]
    if further:
        rows.append(ticket("X2", **({"status": "open", "solved_at": ""} | further)))
    found = observe(tmp_path, {"ticket/ticket": rows})
    assert seen(found, "fcr") == f"{resolved}/1={resolved}+0"


def test_fcr_counts_contacts_rulings_and_waits_for_its_window(tmp_path: Path) -> None:
    rows = [
        ticket("X1", customer_id="C1"),
        ticket("X2", customer_id="C2"),
        ticket("X3", customer_id="C3"),
        ticket("X4", customer_id=""),
        ticket("X5", customer_id="C5", reopen_count=2),
        ticket("X6", customer_id="C6", solved_at="2026-06-24 00:00:00"),  # + 7 days = 1 July 00:00 = the cut
        ticket("X7", customer_id="C7", solved_at="2026-06-24 00:00:01"),
    ]
    contacts = [
        contact("K1", customer_id="C1", category="login", started_at="2026-03-04 10:00:00", is_answered="N"),
        contact("K2", customer_id="C2", category="login", started_at="2026-03-04 10:00:00", is_invalid="1"),
        contact("K3", customer_id="C3", category="login", started_at="2026-03-04 10:00:00"),
    ]
    ruling: dict[str, object] = {
        "ruling_id": "R1",
        "entity": "contact",
        "entity_id": "K3",
        "kpi_id": "",
        "decision": "approved",
    }
    tables: dict[str, Rows] = {
        "ticket/ticket": rows,
        "ticket/contact": contacts,
        "governance/ruling": [ruling],
    }
    found = observe(tmp_path, tables)
    assert seen(found, "fcr") == "2/4=0.5+0"  # of C1 C2 C3 C5: C1 came back, C5 was reopened
    assert seen(found, "fcr", period="2026-06") == "1/1=1+1"


@pytest.mark.parametrize(
    ("decision", "kpi", "expected"),
    [
        ("approved", "", ("", "0/1=0+0")),
        ("approved", "handle_seconds", ("", "1/1=1+0")),
        ("approved", "csat", ("3600/1=3600+0", "1/1=1+0")),
        ("pending", "", ("3600/1=3600+0", "1/1=1+0")),
        ("rejected", "", ("3600/1=3600+0", "1/1=1+0")),
    ],
)
def test_only_an_approved_ruling_sets_a_row_aside(
    tmp_path: Path, decision: str, kpi: str, expected: tuple[str, str]
) -> None:
    ruling: dict[str, object] = {
        "ruling_id": "R1",
        "entity": "ticket",
        "entity_id": "X1",
        "kpi_id": kpi,
        "decision": decision,
    }
    found = observe(tmp_path, {"ticket/ticket": [ticket("X1")], "governance/ruling": [ruling]})
    assert (seen(found, "handle_seconds"), seen(found, "tickets_solved")) == expected


def test_quality_reviews_and_violations(tmp_path: Path) -> None:
    reviews: Rows = [
        {
            "review_id": "Q1",
            "agent_id": "A",
            "reviewed_at": "2026-03-01 09:00:00",
            "score": "90.5",
            "is_passed": "Y",
        },
        {
            "review_id": "Q2",
            "agent_id": "A",
            "reviewed_at": "2026-03-31 23:59:59",
            "score": "70",
            "is_passed": "N",
        },
        {
            "review_id": "Q3",
            "agent_id": "A",
            "reviewed_at": "2026-03-05 09:00:00",
            "score": "60",
            "is_passed": "",
        },
    ]
    violations: Rows = [
        {"violation_id": f"V{n}", "agent_id": "A", "occurred_at": f"2026-0{n}-05 09:00:00"} for n in (2, 3, 4)
    ]
    reviews = [review | {"agent_id": "A"} for review in reviews]
    found = observe(tmp_path, {"ticket/quality_review": reviews, "ticket/violation": violations})
    assert seen(found, "qa_pass_rate") == "1/2=0.5+0"
    assert seen(found, "qa_score") == "220.5/3=73.5+0"
    assert seen(found, "violation_count", period="2026-Q1") == "2/1=2+0"
    assert seen(found, "violation_count", "B") == "0/1=0+0"


def test_complaints_are_about_one_agent_and_measured_by_their_cases(tmp_path: Path) -> None:
    rows = [
        ticket("X1", ticket_type="complaint", assignee_id="B", about_agent_id="A"),
        ticket("X2", ticket_type="complaint", assignee_id="B", about_agent_id="A", is_spam="true"),
        ticket("X3"),
        ticket("X4", ticket_type="complaint", assignee_id="B", about_agent_id=""),
    ]
    found = observe(tmp_path, {"ticket/ticket": rows, "ticket/contact": [contact(f"K{n}") for n in range(3)]})
    assert seen(found, "complaint_rate") == "1/4=0.25+0"  # X1 about A; 3 contacts and X3
    assert seen(found, "complaint_rate", "B") == "0/2=0+0"  # assigned X1 and X4


def test_complaint_tickets_escalated_recovered_and_repeated(tmp_path: Path) -> None:
    rows = [
        ticket("X1", ticket_type="complaint", escalated_at="2026-03-02 10:30:00", is_recovered="Y"),
        ticket("X2", ticket_type="complaint", customer_id="C2"),
        ticket("X3", ticket_type="complaint", created_at="2026-04-01 11:00:00", status="open", solved_at=""),
        ticket("X4", ticket_type="complaint", customer_id="C4", solved_at="2026-06-29 11:00:00"),
        ticket("X5", ticket_type="inquiry", customer_id="C2", created_at="2026-03-04 11:00:00"),
        ticket(
            "X6", ticket_type="complaint", customer_id="C6", solved_at="2026-03-02 09:00:00"
        ),  # not its own repeat
    ]
    found = observe(tmp_path, {"ticket/ticket": rows})
    assert seen(found, "escalation_rate") == "1/4=0.25+0"  # created in March: X1 X2 X4 X6
    assert seen(found, "recovery_rate") == "1/3=0.333333+0"  # solved in March: X1 X2 X6
    assert (
        seen(found, "repeat_complaint_rate") == "1/3=0.333333+0"
    )  # X3 exactly 30 days on; X6 is no repeat of itself
    assert seen(found, "repeat_complaint_rate", period="2026-06") == "0/0=+1"


def test_returns_disputed(tmp_path: Path) -> None:
    returns = [ticket("X1", ticket_type="return", is_disputed="是"), ticket("X2", ticket_type="return")]
    found = observe(tmp_path, {"ticket/ticket": [*returns, ticket("X3")]})
    assert seen(found, "return_dispute_rate") == "1/2=0.5+0"


def test_leads(tmp_path: Path) -> None:
    leads: Rows = [
        {"lead_id": "L1", "stage": "won", "closed_at": "2026-04-01 09:00:00"},  # exactly 30 days
        {"lead_id": "L2", "stage": "won", "closed_at": "2026-04-01 09:00:01"},
        {"lead_id": "L3", "stage": "lost", "closed_at": "2026-03-04 09:00:00"},
        {"lead_id": "L4", "stage": "open"},
        {
            "lead_id": "L5",
            "stage": "won",
            "closed_at": "2026-06-20 09:00:00",
            "created_at": "2026-06-19 09:00:00",
        },
    ]
    base: dict[str, object] = {
        "created_at": "2026-03-02 09:00:00",
        "agent_id": "A",
        "required_fields": 8,
        "completed_fields": 6,
    }
    found = observe(tmp_path, {"crm/lead": [base | lead for lead in leads]})
    assert seen(found, "conversion_rate") == "1/4=0.25+0"
    assert seen(found, "conversion_rate", period="2026-06") == "0/0=+1"
    assert seen(found, "win_rate", period="2026-Q2") == "3/3=1+0"
    assert seen(found, "win_rate") == "0/1=0+0"
    assert seen(found, "lead_completeness") == "24/32=0.75+0"


def test_what_lies_beyond_its_scale_is_not_counted(tmp_path: Path) -> None:
    at, who = "2026-03-02 09:00:00", {"agent_id": "A"}
    leads: Rows = [
        {"lead_id": f"L{n}", "created_at": at, "stage": "open", "required_fields": required}
        | who
        | {"completed_fields": completed}
        for n, (required, completed) in enumerate(
            [(8, 6), (8, 8), (8, 9), (8, -1), (-8, ""), (0, 3), ("", 3)]
        )
    ]
    reviews: Rows = [
        {"review_id": f"Q{n}", "reviewed_at": at, "score": score, "is_passed": "Y"} | who
        for n, score in enumerate(("0", "100", "100.000001", "-0.5"))
    ]
    supports: Rows = [
        {"collaboration_id": f"H{n}", "occurred_at": at, "rating": rating} | who
        for n, rating in enumerate(("100", "101", "-1"))
    ]
    tables = {"crm/lead": leads, "ticket/quality_review": reviews, "workforce/collaboration": supports}
    found = observe(tmp_path, tables)
    assert seen(found, "lead_completeness") == "14/16=0.875+0"
    assert seen(found, "qa_score") == "100/2=50+0"
    assert seen(found, "qa_pass_rate") == "4/4=1+0"
    assert seen(found, "collaboration_score") == "100/1=100+0"
    assert seen(found, "support_count") == "3/1=3+0"


def test_sales_and_repurchases(tmp_path: Path) -> None:
    base: dict[str, object] = {
        "ordered_at": "2026-03-10 09:00:00",
        "agent_id": "A",
        "amount": "100.50",
        "status": "paid",
    }
    again: dict[str, object] = {"kind": "repurchase"}
    orders: Rows = [
        base | {"order_id": "O1", "refunded_amount": "0.25"},
        base | {"order_id": "O2", "status": "refunded"},
        base | {"order_id": "O3", "status": "refunded", "refunded_amount": "40"},
        base | {"order_id": "O4", "status": "pending"},
        base | {"order_id": "O5", "customer_id": "C1", "ordered_at": "2026-04-01 11:00:00"} | again,
        base | {"order_id": "O6", "customer_id": "C2", "agent_id": "B"} | again,
        base | {"order_id": "O7", "customer_id": "C3", "kind": "new"},
    ]
    rows = [ticket(f"X{n}", ticket_type="after_sales", customer_id=f"C{n}") for n in (1, 2, 3)]
    found = observe(tmp_path, {"crm/order": orders, "ticket/ticket": rows})
    assert seen(found, "sales_amount") == "261.25/1=261.25+0"  # 100.25 + 0 + 60.50 + 100.50 (O7)
    assert seen(found, "repurchase_rate") == "1/3=0.333333+0"  # C1 exactly 30 days later; C2's went to B


def test_support_and_shared_knowledge(tmp_path: Path) -> None:
    supports: Rows = [
        {"collaboration_id": f"H{n}", "agent_id": "A", "occurred_at": "2026-03-02 09:00:00", "rating": rating}
        for n, rating in enumerate((80, 91))
    ]
    recognitions: Rows = [
        {
            "recognition_id": f"G{n}",
            "agent_id": "A",
            "kind": kind,
            "occurred_on": "2026-03-02",
            "status": status,
        }
        for n, (kind, status) in enumerate(
            [
                ("excellent_case", "accepted"),
                ("knowledge_article", "accepted"),
                ("knowledge_article", "pending"),
                ("referral", "accepted"),
            ]
        )
    ]
    tables = {"workforce/collaboration": supports, "workforce/recognition": recognitions}
    found = observe(tmp_path, tables | {"ticket/contact": [contact("K", agent_id="B")]})
    assert seen(found, "collaboration_score") == "171/2=85.5+0"
    assert seen(found, "support_count") == "2/1=2+0"
    assert seen(found, "knowledge_share_count") == "2/1=2+0"


def test_the_newest_version_of_a_row_counts(tmp_path: Path) -> None:
    write(tmp_path, {"ticket/ticket_2": [ticket("X1", solver_id="B", updated_at="2026-03-02 12:00:00")]})
    write(tmp_path, {"ticket/ticket_3": [ticket("X1", status="open", updated_at="2026-03-02 11:59:59")]})
    found = observe(tmp_path, {"ticket/ticket_1": [ticket("X1", updated_at="")]})
    assert (seen(found, "tickets_solved"), seen(found, "tickets_solved", "B")) == ("0/1=0+0", "1/1=1+0")


def test_times_with_an_offset_are_placed_in_the_business_zone(tmp_path: Path) -> None:
    rows = [ticket("X1", created_at="2026-03-31T15:00:00Z", solved_at="2026-03-31T18:00:00+02:00")]
    found = observe(tmp_path, {"ticket/ticket": rows})
    assert (
        seen(found, "handle_seconds", period="2026-04") == "3600/1=3600+0"
    )  # solved 1 April 00:00 in Shanghai


def test_a_row_is_credited_only_on_days_in_service(tmp_path: Path) -> None:
    people: Rows = [
        agent("A", left_on="2026-03-02"),
        agent("B", effective_from="2026-03-03", hired_on="2026-03-03"),
        agent("C", team_id="T2", effective_from="2026-03-01"),
        agent("C", team_id="T1", effective_from="2026-03-05", department="D2"),
    ]
    rows = [
        contact("K1"),
        contact("K2", started_at="2026-03-03 00:00:00"),
        contact("K3", agent_id="B"),
        contact("K4", agent_id=""),
        contact("K5", agent_id="Z"),
        contact("K6", agent_id="C", started_at="2026-03-04 23:59:59"),
        contact("K7", agent_id="C", started_at="2026-03-05 00:00:00"),
    ]
    folder = write(tmp_path, {"workforce/agent": people, "ticket/contact": rows})
    found, groups = observations(folder, LATER), group_observations(folder, LATER)
    assert [seen(found, "contacts_served", who) for who in "ABC"] == ["1/1=1+0", "0/1=0+0", "2/1=2+0"]
    assert seen(found, "contacts_served", "A", "2026-04") == ""  # left: not observed
    served = {key[:2]: row.value for key, row in groups.items() if key[2:] == (MARCH, "contacts_served")}
    assert served == {
        ("team", "T1"): Decimal(2),
        ("team", "T2"): Decimal(1),
        ("department", "D1"): Decimal(2),
        ("department", "D2"): Decimal(1),
        ("centre", "centre"): Decimal(7),
    }
    assert groups[("team", "T1", MARCH, "answer_rate")].denominator == 2


def test_every_agent_in_service_has_every_count_in_every_period(tmp_path: Path) -> None:
    found = observe(tmp_path, {"ticket/contact": [contact("K1")]}, date(2026, 4, 10))
    periods = {period for period, _, _ in found}
    assert periods == {"2026-03", "2026-04", "2026-Q1", "2026-Q2", "2026"}
    for period in periods:
        for kpi in COUNTS:
            assert found[(period, "B", kpi)] == Observation(Decimal(0), Decimal(1), Decimal(0), 0)
    assert {kpi for _, who, kpi in found if who == "B"} == set(COUNTS)


def test_rows_after_the_business_date_do_not_exist_yet(tmp_path: Path) -> None:
    rows = [contact("K1", started_at="2026-03-10 23:59:59"), contact("K2", started_at="2026-03-11 00:00:00")]
    found = observe(tmp_path, {"ticket/contact": rows}, date(2026, 3, 10))
    assert seen(found, "contacts_served") == "1/1=1+0"
