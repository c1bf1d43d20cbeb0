"""The oracle's scores, grades and bonus lines, on a policy of a few rows, worked out by hand."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from tests.oracle.landings import Rows, agent, contact, survey, ticket
from tests.oracle.numbers import half_up
from tests.oracle.policies import CURVES, component, contacts, paid, points_plan, policy, rate, scored


@pytest.mark.parametrize(
    ("answered", "violations", "expected"),
    [
        (9, 0, "100.0000"),  # both at target
        (10, 0, "115.0000"),  # 0.75 × 120 + 0.25 × 100
        (7, 1, "54.1667"),  # 0.75 × 50 + 0.25 × 66.6667 = 54.166675
        (5, 3, "0.0000"),
        (2, 9, "0.0000"),
    ],
)
def test_the_score_curve(tmp_path: Path, answered: int, violations: int, expected: str) -> None:
    broken: Rows = [
        {"violation_id": f"V{n}", "agent_id": "A", "occurred_at": "2026-03-05 09:00:00"}
        for n in range(violations)
    ]
    tables: dict[str, Rows] = {"workforce/agent": [agent("A")], "ticket/contact": contacts("A", answered, 10)}
    tables["ticket/violation"] = [
        *broken,
        {"violation_id": "V", "agent_id": "Z", "occurred_at": "2026-03-05 09:00"},
    ]
    scores = scored(tmp_path, policy(tmp_path / "policy"), tables)
    assert str(scores.scores[("2026-03", "A")].total_score) == expected


def test_an_exact_half_of_a_ten_thousandth_rounds_up_whatever_the_weights() -> None:
    # (p1 + p2 + 2 p3 + 2 p4) / 6 with weights that have no end as decimals: 321.8907 / 6 = 53.64845
    parts = [Fraction("50.0001"), Fraction("49.9999"), Fraction("60.0003"), Fraction("50.94505")]
    weights = [Fraction(1, 6), Fraction(1, 6), Fraction(1, 3), Fraction(1, 3)]
    assert half_up(sum((p * w for p, w in zip(parts, weights, strict=True)), Fraction(0)), 4) == Decimal(
        "53.6485"
    )


def test_a_missing_kpi_gives_its_weight_to_the_others_of_the_block(tmp_path: Path) -> None:
    rules = policy(
        tmp_path / "policy",
        score_kpi=[
            {"scheme_id": "centre_grade", "period_kind": "month", "role": "*", "block": "core"}
            | row
            | {"min_sample": 11}
            if row["kpi_id"] == "answer_rate"
            else {"scheme_id": "centre_grade", "period_kind": "month", "role": "*", "block": "core"}
            | row
            | {"min_sample": 0}
            for row in CURVES
        ],
    )
    scores = scored(
        tmp_path, rules, {"workforce/agent": [agent("A")], "ticket/contact": contacts("A", 10, 10)}
    )
    (line,) = scores.scores[("2026-03", "A")].lines
    assert (line.kpi_id, line.effective_weight) == ("violation_count", Fraction(1))
    assert scores.scores[("2026-03", "A")].total_score == 100


def test_a_block_without_a_scored_kpi_gives_its_weight_to_the_other_blocks(tmp_path: Path) -> None:
    plan: dict[str, object] = {"scheme_id": "centre_grade", "period_kind": "month", "role": "*"}
    rules = policy(
        tmp_path / "policy",
        score_block=[
            plan | {"block": name, "weight": weight} for name, weight in (("a", 0.5), ("b", 0.3), ("c", 0.2))
        ],
        score_kpi=[
            plan | {"block": "a", "min_sample": 0} | CURVES[0] | {"weight": 1},
            plan | {"block": "b", "min_sample": 0} | CURVES[1] | {"weight": 1},
            plan | {"block": "c", "min_sample": 0} | CURVES[0] | {"kpi_id": "fcr", "weight": 1},
        ],
    )
    scores = scored(
        tmp_path, rules, {"workforce/agent": [agent("A")], "ticket/contact": contacts("A", 7, 10)}
    )
    # 50 × 0.5/0.8 + 100 × 0.3/0.8 = 31.25 + 37.5
    assert str(scores.scores[("2026-03", "A")].total_score) == "68.7500"


def test_nothing_scored_is_insufficient_data(tmp_path: Path) -> None:
    plan: dict[str, object] = {
        "scheme_id": "centre_grade",
        "period_kind": "month",
        "role": "*",
        "block": "core",
    }
    rules = policy(tmp_path / "policy", score_kpi=[plan | CURVES[0] | {"min_sample": 0}])
    tables: dict[str, Rows] = {
        "workforce/agent": [agent("A"), agent("B")],
        "ticket/contact": contacts("B", 1, 1),
    }
    scores = scored(tmp_path, rules, tables)
    assert (scores.scores[("2026-03", "A")].status, scores.scores[("2026-03", "A")].total_score) == (
        "insufficient_data",
        None,
    )
    assert ("2026-03", "A") not in scores.grades
    assert scores.grades[("2026-03", "B")].cohort_size == 1


def test_the_supervisor_counts_twenty_percent_and_is_awaited(tmp_path: Path) -> None:
    plan: dict[str, object] = {"scheme_id": "centre_grade", "period_kind": "month"}
    rules = policy(
        tmp_path / "policy", scheme_rule=[plan | {"parameter": "supervisor_share", "value": "0.2"}]
    )
    ratings: Rows = [
        {
            "rating_id": f"G{n}",
            "agent_id": "A",
            "period_id": "2026-03",
            "dimension": "supervisor",
            "score": score,
        }
        for n, score in enumerate((70, 85))
    ]
    tables: dict[str, Rows] = {"workforce/agent": [agent("A"), agent("B")], "workforce/rating": ratings}
    scores = scored(tmp_path, rules, tables | {"ticket/contact": contacts("A", 9, 10) + contacts("B", 9, 10)})
    # 0.8 × 100 + 0.2 × 77.5
    assert (scores.scores[("2026-03", "A")].total_score, scores.scores[("2026-03", "A")].status) == (
        Decimal("95.5"),
        "scored",
    )
    assert scores.scores[("2026-03", "B")].status == "awaiting_review"
    assert scores.scores[("2026-03", "B")].total_score == 100


def test_ties_share_the_better_grade_and_the_next_rank_is_skipped(tmp_path: Path) -> None:
    answered = {"A": 10, "B": 9, "C": 9, "D": 8, "E": 7, "F": 6}
    tables: dict[str, Rows] = {
        "workforce/agent": [agent(who) for who in answered],
        "ticket/contact": [row for who, count in answered.items() for row in contacts(who, count, 10)],
    }
    scores = scored(tmp_path, policy(tmp_path / "policy"), tables)
    grades = {who: scores.grades[("2026-03", who)] for who in answered}
    assert [(grades[who].rank, grades[who].grade) for who in answered] == [
        (1, "S"),  # position 0 < 0.1
        (2, "A"),  # 1/6 = 0.167 < 0.3
        (2, "A"),
        (4, "B"),  # 3/6 = 0.5 < 0.8
        (5, "B"),  # 4/6 = 0.667
        (6, "C"),  # 5/6 = 0.833
    ]
    assert {grade.method for grade in grades.values()} == {"forced"}


def test_a_small_group_is_graded_by_bands(tmp_path: Path) -> None:
    answered = {"A": 10, "B": 9, "C": 8, "D": 5}
    tables: dict[str, Rows] = {
        "workforce/agent": [agent(who) for who in answered],
        "ticket/contact": [row for who, count in answered.items() for row in contacts(who, count, 10)],
    }
    scores = scored(tmp_path, policy(tmp_path / "policy"), tables)
    # 115, 100, 0.75 × 75 + 25 = 81.25, 25
    assert [scores.grades[("2026-03", who)].grade for who in answered] == ["S", "S", "B", "C"]


def test_fixed_and_graded_pay_by_segment_and_whole_when_unchanged(tmp_path: Path) -> None:
    rules = policy(
        tmp_path / "policy",
        component=[
            component("basic", "fixed"),
            component("extra", "graded", basis="base_salary", key_attribute="grade"),
            component("level", "fixed", key_attribute="level"),
        ],
        component_rate=[
            rate("basic", amount_cny="500"),
            rate("extra", "S", rate="0.1"),
            rate("level", "junior", amount_cny="3000"),
            rate("level", "senior", amount_cny="4000"),
        ],
    )
    people = [
        agent("A", base_salary=5000, level="junior"),
        agent("A", base_salary=6000, level="senior", effective_from="2026-03-12"),
        agent("B", left_on="2026-03-10", base_salary=3100, level="junior"),
    ]
    tables: dict[str, Rows] = {
        "workforce/agent": people,
        "ticket/contact": contacts("A", 10, 10) + contacts("B", 9, 10),
    }
    found = paid(scored(tmp_path, rules, tables))
    assert found[("2026-03", "A", "basic")] == 500
    assert found[("2026-03", "A", "level")] == Decimal("3645.16")  # (3000 × 11 + 4000 × 20) / 31
    assert found[("2026-03", "A", "extra")] == Decimal("564.52")  # 10 % of (5000 × 11 + 6000 × 20) / 31
    assert found[("2026-03", "B", "basic")] == Decimal("161.29")  # 500 × 10 / 31
    assert found[("2026-03", "B", "extra")] == 100  # 10 % of 3100 × 10 / 31


@pytest.mark.parametrize(
    ("sold", "mode", "expected"),
    [
        ("7999.99", "whole", "0"),
        ("8000", "whole", "80.00"),
        ("10000", "whole", "120.00"),
        ("12000.10", "whole", "180.00"),  # 12000.10 × 1.5 % = 180.0015
        ("12500", "marginal", "51.50"),  # 2000 × 1 % + 2000 × 1.2 % + 500 × 1.5 %
    ],
)
def test_commission_tiers(tmp_path: Path, sold: str, mode: str, expected: str) -> None:
    rules = policy(
        tmp_path / "policy",
        component=[component("commission", "commission", basis="sales_amount", role="pre_sales")],
        component_parameter=[
            {"component_id": "commission", "parameter": "tier_mode", "value": "", "text_value": mode}
        ],
        component_rate=[
            rate("commission", low="0.8", high="1", rate="0.01"),
            rate("commission", low="1", high="1.2", rate="0.012"),
            rate("commission", low="1.2", rate="0.015"),
        ],
    )
    order: dict[str, object] = {
        "order_id": "O1",
        "ordered_at": "2026-03-03 10:00",
        "status": "paid",
        "amount": sold,
    }
    target: dict[str, object] = {"period_id": "2026-03", "metric": "sales_amount", "value": 10000}
    tables: dict[str, Rows] = {
        "workforce/agent": [agent("A", role="pre_sales"), agent("B", role="pre_sales")],
        "crm/order": [order | {"agent_id": "A"}, order | {"agent_id": "B", "order_id": "O2"}],
        "workforce/target": [target | {"agent_id": "A"}],
    }
    found = paid(scored(tmp_path, rules, tables))
    assert found.get(("2026-03", "A", "commission"), Decimal(0)) == Decimal(expected)
    assert ("2026-03", "B", "commission") not in found  # no target


def test_the_star_of_each_department_breaks_ties_by_kpi_then_id(tmp_path: Path) -> None:
    rules = policy(
        tmp_path / "policy",
        component=[component("star", "top_n", basis="score")],
        component_parameter=[
            {"component_id": "star", "parameter": name, "value": "", "text_value": word}
            for name, word in (("scope", "department"), ("tie_break_1", "csat"))
        ],
        component_rate=[rate("star", low=1, high=3, amount_cny="300")],
    )
    tables: dict[str, Rows] = {
        "workforce/agent": [agent(who) for who in "ABCD"] + [agent("E", department="D2", team_id="T2")],
        "ticket/contact": [row for who in "ABCDE" for row in contacts(who, 9, 10)],
        "ticket/survey": [survey("S1", agent_id="D", score=5), survey("S2", agent_id="C", score=3)],
    }
    found = paid(scored(tmp_path, rules, tables))
    assert {who for _, who, _ in found} == {"D", "C", "E"}  # rated first, then; A and B have no csat


def test_the_largest_relative_improvement_needs_cases_in_both_quarters(tmp_path: Path) -> None:
    rules = policy(
        tmp_path / "policy",
        component=[component("jump", "improvement", basis="first_response_seconds", period_kind="quarter")],
        component_parameter=[
            {"component_id": "jump", "parameter": name, "value": value, "text_value": word}
            for name, value, word in (
                ("min_sample", "2", ""),
                ("gain", "", "relative"),
                ("subject", "", "agent"),
            )
        ],
        component_rate=[rate("jump", low=1, high=2, amount_cny="500")],
    )
    seconds = {
        ("A", 2): (40, 40),
        ("A", 5): (20, 20),
        ("B", 2): (40, 60),
        ("B", 5): (20, 29),
        ("C", 2): (50,),
        ("C", 5): (1, 1),
    }
    rows = [
        contact(
            f"{who}{month}{number}",
            agent_id=who,
            started_at=f"2026-0{month}-03 10:00:00",
            first_response_at=f"2026-0{month}-03 10:{value // 60:02d}:{value % 60:02d}",
        )
        for (who, month), values in seconds.items()
        for number, value in enumerate(values)
    ]
    tables: dict[str, Rows] = {"workforce/agent": [agent(who) for who in "ABC"], "ticket/contact": rows}
    found = paid(scored(tmp_path, rules, tables, date(2026, 6, 30)))
    # A: (40 − 20) / 40 = 0.5; B: (50 − 24.5) / 50 = 0.51; C had one case in the first quarter
    assert found == {("2026-Q2", "B", "jump"): Decimal(500)}


def test_the_policy_row_in_force_on_the_last_day_applies(tmp_path: Path) -> None:
    rules = policy(
        tmp_path / "policy",
        component=[component("basic", "fixed")],
        component_rate=[
            rate("basic", amount_cny="500") | {"effective_to": "2026-03-31"},
            rate("basic", amount_cny="600") | {"effective_from": "2026-03-31"},
        ],
    )
    tables: dict[str, Rows] = {
        "workforce/agent": [agent("A")],
        "ticket/ticket": [ticket("X1", created_at="2026-02-02")],
    }
    found = paid(scored(tmp_path, rules, tables))
    assert (found[("2026-02", "A", "basic")], found[("2026-03", "A", "basic")]) == (
        Decimal(500),
        Decimal(600),
    )


@pytest.mark.parametrize(
    ("group", "deducted", "expected"),
    [
        ("regular", "0", {"contact": "2.40", "wrong": "-5.00", "full": "300.00"}),  # (2 + 2 × 1) × 1.2 × 0.5
        ("regular", "20", {"contact": "2.40", "wrong": "-5.00", "full": "300.00"}),  # exactly 20
        ("regular", "20.5", {"contact": "1.20", "wrong": "-5.00", "full": "300.00"}),
        ("regular", "70", {"contact": "0.00", "wrong": "-5.00", "full": "300.00", "no_pay": "-295.00"}),
        ("vip", "15", {"contact": "3.00", "wrong": "-5.00", "full": "300.00"}),
    ],
)
def test_points(tmp_path: Path, group: str, deducted: str, expected: dict[str, str]) -> None:
    rules = policy(tmp_path / "policy", **points_plan())
    review: dict[str, object] = {"review_id": "Q1", "agent_id": "A", "reviewed_at": "2026-03-03 10:00"}
    tables: dict[str, Rows] = {
        "workforce/agent": [agent("A", scheme_id="points_2017", customer_group=group)],
        "ticket/contact": [
            contact("K1"),
            contact("K2"),
            contact("K3", channel="phone"),
            contact("K4", is_answered="N"),
            contact("K5", channel="email"),
        ],
        "ticket/ticket": [
            ticket("X1", is_wrong_record="Y"),
            ticket("X2", is_wrong_record="Y", status="void"),
        ],
        "ticket/quality_review": [review | {"deduction": deducted}],
    }
    found = paid(scored(tmp_path, rules, tables))
    assert {name: amount for (_, _, name), amount in found.items()} == {
        name: Decimal(amount) for name, amount in expected.items()
    }


def test_points_are_never_below_nothing_and_full_attendance_bears_three_late_days(tmp_path: Path) -> None:
    rules = policy(tmp_path / "policy", **points_plan())
    plan: dict[str, object] = {"scheme_id": "points_2017", "customer_group": "regular"}
    days: Rows = [
        {"agent_id": who, "work_date": f"2026-03-0{day}", "status": "late"}
        for who in "AB"
        for day in (2, 3, 4)
    ]
    tables: dict[str, Rows] = {
        "workforce/agent": [agent("A", **plan), agent("B", **plan)],
        "workforce/attendance": [*days, {"agent_id": "B", "work_date": "2026-03-05", "status": "late"}],
        "ticket/ticket": [ticket("X1", is_wrong_record="Y", assignee_id="B")],
    }
    found = paid(scored(tmp_path, rules, tables))
    assert found[("2026-03", "A", "full")] == 300
    assert found[("2026-03", "B", "full")] == 0
    assert found[("2026-03", "B", "wrong")] == -5
    assert found[("2026-03", "B", "floor")] == 5


def test_scored_pay_on_the_base_of_education_and_service(tmp_path: Path) -> None:
    rules = policy(
        tmp_path / "policy",
        component=[
            component("base", "fixed", key_attribute="education", band_attribute="service_years"),
            component("month", "scored", basis="base", line_no=2),
        ],
        component_parameter=[
            {"component_id": "month", "parameter": "share", "value": "0.2", "text_value": ""},
        ],
        component_rate=[
            rate("base", "college", 0, 1, amount_cny="3500"),
            rate("base", "college", 1, amount_cny="3700"),
        ],
    )
    people = [
        agent("A", education="college", hired_on="2025-03-31", effective_from="2025-03-31"),
        agent("B", education="college", hired_on="2025-04-01", effective_from="2025-04-01"),
        agent("C", education="college", hired_on="2026-03-22", effective_from="2026-03-22"),
    ]
    rows = contacts("A", 7, 10) + contacts("B", 9, 10)
    rows += [row | {"started_at": "2026-03-25 10:00:00"} for row in contacts("C", 10, 10)]
    found = paid(scored(tmp_path, rules, {"workforce/agent": people, "ticket/contact": rows}))
    amounts = {(who, name): str(amount) for (_, who, name), amount in found.items()}
    assert amounts == {
        ("A", "base"): "3700.00",  # one full year on 31 March
        ("B", "base"): "3500.00",  # one day short
        ("C", "base"): "1129.03",  # 3500 × 10 / 31
        ("A", "month"): "462.50",  # 0.2 × 3700 × 0.625: 0.75 × 50 + 25
        ("B", "month"): "700.00",
        ("C", "month"): "259.68",  # 0.2 × 1129.03 × 1.15 = 259.6769
    }


def test_part_time_days_target_steps_and_referrals(tmp_path: Path) -> None:
    plan: dict[str, object] = {"scheme_id": "part_time"}
    rules = policy(
        tmp_path / "policy",
        component=[
            component("day", "per_event", basis="day_worked") | plan,
            component("target", "threshold", basis="contacts_served") | plan,
            component("step", "threshold", basis="contacts_served") | plan,
            component("referral", "per_event", basis="referral") | plan,
        ],
        component_parameter=[
            {"component_id": "step", "parameter": "step_share", "value": "0.1", "text_value": ""},
        ],
        component_rate=[
            rate("day", amount_cny="120"),
            rate("target", low=1, amount_cny="300"),
            rate("step", low=1, amount_cny="50"),
            rate("referral", amount_cny="500"),
        ],
    )
    statuses = ["present", "late", "sick_leave", "rest", "present"]
    referral: dict[str, object] = {"agent_id": "A", "kind": "referral", "occurred_on": "2026-03-05"}
    tables: dict[str, Rows] = {
        "workforce/agent": [agent(who, **plan) for who in "ABC"],
        "workforce/attendance": [
            {"agent_id": "A", "work_date": f"2026-03-0{n}", "status": status}
            for n, status in enumerate(statuses, 1)
        ],
        "workforce/target": [
            {"agent_id": who, "period_id": "2026-03", "metric": "contacts_served", "value": 10}
            for who in "ABC"
        ],
        "workforce/recognition": [
            referral | {"recognition_id": "G1", "status": "accepted"},
            referral | {"recognition_id": "G2", "status": "pending"},
        ],
        "ticket/contact": contacts("A", 13, 14) + contacts("B", 10, 10) + contacts("C", 9, 10),
    }
    found = {
        (who, name): int(amount) for (_, who, name), amount in paid(scored(tmp_path, rules, tables)).items()
    }
    assert found == {
        ("A", "day"): 360,
        ("A", "target"): 300,
        ("A", "step"): 150,  # 130 %: three full steps
        ("A", "referral"): 500,
        ("B", "target"): 300,
    }
