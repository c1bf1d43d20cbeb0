"""The oracle on people who move, join and leave (S-PRORATE, S-MOVE, S-AWARD), worked out by hand."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from tests.oracle.instants import full_months, full_years
from tests.oracle.landings import Rows, agent, contact
from tests.oracle.policies import (
    CURVES,
    OPEN,
    component,
    contacts,
    paid,
    points_plan,
    policy,
    rate,
    scored,
    weight,
)
from tests.oracle.tallies import Tallies

MARCH = "2026-03"
OTHER: dict[str, object] = {"scheme_id": "other"}


def two_plans() -> Rows:
    """The score rows of `centre_grade` and of `other`, by month: the same curve."""
    return [
        {"scheme_id": scheme, "period_kind": "month", "role": "*", "block": "core", "min_sample": 0}
        | CURVES[0]
        | {"weight": 1}
        for scheme in ("centre_grade", "other")
    ]


def blocks() -> Rows:
    return [
        {"scheme_id": scheme, "period_kind": "month", "role": "*", "block": "core", "weight": 1}
        for scheme in ("centre_grade", "other")
    ]


def moved(first: dict[str, object], then: dict[str, object], on: str = "2026-03-11") -> Rows:
    """A's history: a plan until the day before `on`, and another one from it."""
    return [agent("A", **first), agent("A", **then, effective_from=on)]


def test_one_score_under_the_last_plan_pays_the_former_plan_by_its_own_rows(tmp_path: Path) -> None:
    rules = policy(
        tmp_path / "policy",
        score_kpi=two_plans(),
        score_block=blocks(),
        component=[
            component("former", "scored", basis="base_cny"),
            component("present", "scored", basis="base_cny") | OTHER,
        ],
        component_parameter=[
            {"component_id": "former", "parameter": "base_cny", "value": "1000", "text_value": ""},
            {"component_id": "present", "parameter": "base_cny", "value": "3100", "text_value": ""},
        ],
    )
    tables: dict[str, Rows] = {"workforce/agent": moved({}, OTHER), "ticket/contact": contacts("A", 7, 10)}
    scores = scored(tmp_path, rules, tables)
    assert (scores.scores[(MARCH, "A")].scheme_id, scores.scores[(MARCH, "A")].total_score) == ("other", 50)
    assert paid(scores) == {
        (MARCH, "A", "former"): Decimal("161.29"),  # 1000 × 10 / 31 × 50 %
        (MARCH, "A", "present"): Decimal("1050.00"),  # 3100 × 21 / 31 × 50 %
    }


def test_a_plan_without_a_score_leaves_it_to_the_one_before(tmp_path: Path) -> None:
    rules = policy(
        tmp_path / "policy",
        component=[component("former", "graded", basis="base_cny", key_attribute="grade")],
        component_parameter=[
            {"component_id": "former", "parameter": "base_cny", "value": "3100", "text_value": ""}
        ],
        component_rate=[rate("former", "S", rate="1.5")],
    )
    tables: dict[str, Rows] = {"workforce/agent": moved({}, OTHER), "ticket/contact": contacts("A", 10, 10)}
    scores = scored(tmp_path, rules, tables)
    assert scores.scores[(MARCH, "A")].scheme_id == "centre_grade"
    assert paid(scores) == {(MARCH, "A", "former"): Decimal("1500.00")}  # 3100 × 1.5 × 10 / 31


@pytest.mark.parametrize(
    ("bands", "expected"),
    [
        ([("absolute", "S", 1, 100), ("absolute", "A", 2, 50), ("absolute", "C", 3, "")], "1200.00"),
        ([("forced", "S", 1, ""), ("forced", "C", 2, "")], "800.00"),  # no absolute bands: the lowest grade
    ],
)
def test_a_former_plan_grades_by_its_absolute_bands(
    tmp_path: Path, bands: list[tuple[str, str, int, object]], expected: str
) -> None:
    rules = policy(
        tmp_path / "policy",
        score_kpi=two_plans(),
        score_block=blocks(),
        grade_band=[
            {"scheme_id": "centre_grade", "period_kind": "month", "method": method, "grade": grade}
            | {"band_no": number, "share": "0.5" if method == "forced" else "", "min_score": score}
            for method, grade, number, score in bands
        ],
        component=[component("former", "graded", basis="base_cny", key_attribute="grade")],
        component_parameter=[
            {"component_id": "former", "parameter": "base_cny", "value": "3100", "text_value": ""}
        ],
        component_rate=[
            rate("former", "S", rate="1.5"),
            rate("former", "A", rate="1.2"),
            rate("former", "C", rate="0.8"),
        ],
    )
    tables: dict[str, Rows] = {"workforce/agent": moved({}, OTHER), "ticket/contact": contacts("A", 7, 10)}
    # score 50 under `other`; 3100 × 10 / 31 = 1000 × the coefficient of the grade
    assert paid(scored(tmp_path, rules, tables)) == {(MARCH, "A", "former"): Decimal(expected)}


def test_counted_pay_counts_its_own_days_and_its_own_deductions(tmp_path: Path) -> None:
    rules = policy(tmp_path / "policy", **points_plan())
    plan: dict[str, object] = {"scheme_id": "points_2017", "customer_group": "regular"}
    review: dict[str, object] = {"agent_id": "A", "reviewed_at": "2026-03-20 10:00", "deduction": "30"}
    tables: dict[str, Rows] = {
        "workforce/agent": moved(plan, OTHER),
        "ticket/contact": [
            contact("K1", started_at="2026-03-05 10:00:00", first_response_at=""),
            contact("K2", started_at="2026-03-20 10:00:00", first_response_at=""),
        ],
        # Leave and deductions of the other plan's days are not this plan's.
        "workforce/attendance": [{"agent_id": "A", "work_date": "2026-03-20", "status": "sick_leave"}],
        "ticket/quality_review": [review | {"review_id": "Q1"}],
    }
    found = paid(scored(tmp_path, rules, tables))
    assert found == {
        (MARCH, "A", "contact"): Decimal("0.60"),  # 1 × 1.2 × 0.5
        (MARCH, "A", "wrong"): Decimal(0),
        (MARCH, "A", "full"): Decimal("96.77"),  # 600 × 0.5 × 10 / 31
    }


def test_execution_and_level_points_go_by_days(tmp_path: Path) -> None:
    plan: dict[str, object] = {"scheme_id": "points_2017"}
    rules = policy(
        tmp_path / "policy",
        component=[
            component("execution", "points", basis="item") | plan,
            component("level", "points", basis="item", line_no=2) | plan,
        ],
        component_parameter=[
            {"component_id": name, "parameter": "unit_value_cny", "value": "0.5", "text_value": ""}
            for name in ("execution", "level")
        ],
        component_event=[
            weight("execution", "execution_score", 1),
            weight("level", "month_as_junior", 100),
            weight("level", "month_as_senior", 200),
        ],
    )
    tables: dict[str, Rows] = {
        "workforce/agent": [
            agent("A", **plan, level="junior", hired_on="2026-03-02"),
            agent("A", **plan, level="senior", hired_on="2026-03-02", effective_from="2026-03-12"),
        ],
        "workforce/rating": [
            {"rating_id": "R", "agent_id": "A", "period_id": MARCH, "dimension": "execution", "score": "248"}
        ],
        "ticket/contact": [contact("K", agent_id="B")],
    }
    assert paid(scored(tmp_path, rules, tables)) == {
        (MARCH, "A", "execution"): Decimal("120.00"),  # 248 × 30 / 31 × 0.5
        (MARCH, "A", "level"): Decimal("80.65"),  # (100 × 10 + 200 × 20) / 31 × 0.5 = 80.645…
    }


def commission() -> dict[str, Rows]:
    return {
        "component": [component("commission", "commission", basis="sales_amount", role="pre_sales")],
        "component_rate": [
            rate("commission", low="0.8", high="1", rate="0.01"),
            rate("commission", low="1", rate="0.012"),
        ],
    }


def sale(number: int, day: str, amount: str) -> dict[str, object]:
    row: dict[str, object] = {"order_id": f"O{number}", "ordered_at": f"{day} 10:00", "status": "paid"}
    return row | {"agent_id": "A", "amount": amount}


@pytest.mark.parametrize(
    ("first", "then", "expected"),
    [
        # pre-sales for 10 of 31 days: target 3,100 → 1,000; sold 1,000 of it → 1.2 %
        ({"role": "pre_sales"}, {"role": "after_sales"}, "12.00"),
        # pre-sales for the other 21 days: target 2,100; sold 1,700 → 80.95 % → 1 %
        ({"role": "general"}, {"role": "pre_sales"}, "17.00"),
        # the same plan and role on all days: the whole target; 2,700 of 3,100 → 1 %
        ({"role": "pre_sales", "level": "junior"}, {"role": "pre_sales", "level": "senior"}, "27.00"),
        # under another plan before: its days take their share of the target
        ({"role": "pre_sales"} | OTHER, {"role": "pre_sales"}, "17.00"),
    ],
)
def test_a_target_is_shared_by_the_days_of_service(
    tmp_path: Path, first: dict[str, object], then: dict[str, object], expected: str
) -> None:
    rules = policy(tmp_path / "policy", **commission())
    tables: dict[str, Rows] = {
        "workforce/agent": moved(first, then),
        "crm/order": [sale(1, "2026-03-10", "1000"), sale(2, "2026-03-11", "1700")],
        "workforce/target": [
            {"agent_id": "A", "period_id": MARCH, "metric": "sales_amount", "value": "3100"}
        ],
    }
    assert paid(scored(tmp_path, rules, tables)) == {(MARCH, "A", "commission"): Decimal(expected)}


def test_the_target_of_a_joiner_stands_as_given(tmp_path: Path) -> None:
    rules = policy(tmp_path / "policy", **commission())
    tables: dict[str, Rows] = {
        "workforce/agent": [agent("A", role="pre_sales", hired_on="2026-03-25")],
        "crm/order": [sale(1, "2026-03-28", "1000")],
        "workforce/target": [
            {"agent_id": "A", "period_id": MARCH, "metric": "sales_amount", "value": "1000"}
        ],
    }
    assert paid(scored(tmp_path, rules, tables)) == {(MARCH, "A", "commission"): Decimal("12.00")}


def test_a_target_is_not_reached_by_a_cent_less_than_its_threshold(tmp_path: Path) -> None:
    """S-EXACT: 39,999.99 of 50,000 rounds to 0.800000 and is below 80 % all the same."""
    rules = policy(tmp_path / "policy", **commission())
    tables: dict[str, Rows] = {
        "workforce/agent": [agent("A", role="pre_sales")],
        "crm/order": [sale(1, "2026-03-28", "39999.99")],
        "workforce/target": [
            {"agent_id": "A", "period_id": MARCH, "metric": "sales_amount", "value": "50000"}
        ],
    }
    assert paid(scored(tmp_path, rules, tables)) == {}


def test_a_quarter_is_paid_by_days_and_a_year_end_takes_the_whole_last_base(tmp_path: Path) -> None:
    plan: dict[str, object] = {"scheme_id": "sales_service", "role": "*"}
    periods = ("quarter", "year")
    rules = policy(
        tmp_path / "policy",
        score_kpi=[
            plan | {"period_kind": kind, "block": "core", "min_sample": 0} | CURVES[0] | {"weight": 1}
            for kind in periods
        ],
        score_block=[plan | {"period_kind": kind, "block": "core", "weight": 1} for kind in periods],
        component=[
            component("base", "fixed", key_attribute="education", band_attribute="service_years") | plan,
            component("table", "scored", basis="rate_table", key_attribute="level", period_kind="quarter")
            | plan,
            component("quarter", "scored", basis="base", period_kind="quarter") | plan,
            component("year", "scored", basis="base", period_kind="year") | plan,
        ],
        component_parameter=[
            {"component_id": "quarter", "parameter": "share", "value": "0.3", "text_value": ""},
            {"component_id": "year", "parameter": "base_of", "value": "", "text_value": "last_month"},
        ],
        component_rate=[
            rate("base", "college", 0, 1, amount_cny="3500"),
            rate("base", "college", 1, amount_cny="3700"),
            rate("table", "junior", amount_cny="900"),
            rate("year", low=0, high=80, rate="0.8"),
            rate("year", low=80, rate="1"),
        ],
    )
    history = {"education": "college", "level": "junior", "hired_on": "2025-02-15"}
    tables: dict[str, Rows] = {
        # On the plan from 1 January to 20 March, then under one without any component.
        "workforce/agent": moved(plan | history, OTHER | history, on="2026-03-21"),
        "ticket/contact": [*contacts("A", 9, 10), contact("J", agent_id="B", started_at="2026-01-05 10:00")],
    }
    found = paid(scored(tmp_path, rules, tables, date(2026, 3, 31)))
    assert found == {
        ("2026-01", "A", "base"): Decimal("3500.00"),  # eleven months in service
        ("2026-02", "A", "base"): Decimal("3700.00"),  # one year on 15 February
        ("2026-03", "A", "base"): Decimal("2387.10"),  # 3700 × 20 / 31
        ("2026-Q1", "A", "table"): Decimal("790.00"),  # 900 × 79 / 90 × 100 %
        ("2026-Q1", "A", "quarter"): Decimal("2876.13"),  # 30 % of 3500 + 3700 + 2387.10
        ("2026", "A", "year"): Decimal("800.82"),  # 3700 × 79 / 365
    }


def test_a_leaver_is_paid_to_the_last_day_with_the_years_of_that_day(tmp_path: Path) -> None:
    plan: dict[str, object] = {"scheme_id": "sales_service"}
    rules = policy(
        tmp_path / "policy",
        component=[
            component("base", "fixed", key_attribute="education", band_attribute="service_years") | plan
        ],
        component_rate=[
            rate("base", "college", 0, 1, amount_cny="3500"),
            rate("base", "college", 1, amount_cny="3700"),
        ],
    )
    history = plan | {"education": "college", "hired_on": "2025-03-20"}
    tables: dict[str, Rows] = {
        "workforce/agent": [
            agent("A", **history, left_on="2026-03-19"),
            agent("B", **history, left_on="2026-03-20"),
            agent("C", **history, left_on="2026-04-02"),
        ],
        "ticket/contact": [contact("K", agent_id="Z")],
    }
    found = paid(scored(tmp_path, rules, tables))
    assert found == {
        (MARCH, "A", "base"): Decimal("2145.16"),  # 3500 × 19 / 31: a day short of the year
        (MARCH, "B", "base"): Decimal("2387.10"),  # 3700 × 20 / 31
        (MARCH, "C", "base"): Decimal("3700.00"),  # leaves after the cut: not known on 31 March
    }


def test_who_comes_back_within_the_month_has_the_years_of_each_service(tmp_path: Path) -> None:
    plan: dict[str, object] = {"scheme_id": "sales_service", "education": "college"}
    rules = policy(
        tmp_path / "policy",
        component=[
            component("base", "fixed", key_attribute="education", band_attribute="service_years")
            | {"scheme_id": "sales_service"}
        ],
        component_rate=[
            rate("base", "college", 0, 1, amount_cny="3100"),
            rate("base", "college", 1, amount_cny="6200"),
        ],
    )
    tables: dict[str, Rows] = {
        "workforce/agent": [
            agent("A", **plan, hired_on="2025-03-15", left_on="2026-03-05"),
            agent("A", **plan, hired_on="2026-03-20", effective_from="2026-03-20"),
            agent("B", **plan, hired_on="2025-03-15"),
            agent("B", **plan, hired_on="2025-03-15", effective_from="2026-03-06"),
        ],
        "ticket/contact": [contact("K", agent_id="Z")],
    }
    assert paid(scored(tmp_path, rules, tables)) == {
        (MARCH, "A", "base"): Decimal("1700.00"),  # ended on the 5th, ten days short of the year
        (MARCH, "B", "base"): Decimal("6200.00"),  # one service, and a year on its last day in the month
    }


def test_nobody_vanishes_by_an_odd_leaving_date(tmp_path: Path) -> None:
    rules = policy(
        tmp_path / "policy",
        component=[component("basic", "fixed")],
        component_rate=[rate("basic", amount_cny="3100")],
    )
    tables: dict[str, Rows] = {
        "workforce/agent": [
            agent("A", hired_on="2026-01-01", left_on="1926-12-31"),  # mistyped: no leaving
            agent("B"),
            agent("B", effective_from="2026-03-20", left_on="2026-03-10"),  # recorded late: left on the 10th
        ],
        "ticket/contact": [contact("K", agent_id="Z")],
    }
    assert paid(scored(tmp_path, rules, tables)) == {
        (MARCH, "A", "basic"): Decimal(3100),
        (MARCH, "B", "basic"): Decimal(1000),  # 3100 × 10 / 31
    }


@pytest.mark.parametrize(
    ("hired", "day", "months"),
    [
        ("2026-01-31", "2026-02-27", 0),
        ("2026-01-31", "2026-02-28", 1),
        ("2024-02-29", "2025-02-27", 11),
        ("2024-02-29", "2025-02-28", 12),
        ("2026-01-15", "2026-02-14", 0),
        ("2026-01-15", "2026-02-15", 1),
    ],
)
def test_months_and_years_end_on_the_corresponding_or_the_last_day(hired: str, day: str, months: int) -> None:
    first, last = date.fromisoformat(hired).toordinal(), date.fromisoformat(day).toordinal()
    assert (full_months(first, last), full_years(first, last)) == (months, months // 12)


def test_awards_by_rank_ask_for_the_last_day_and_half_of_the_days(tmp_path: Path) -> None:
    rules = policy(
        tmp_path / "policy",
        component=[component("star", "top_n", basis="contacts_served")],
        component_parameter=[
            {"component_id": "star", "parameter": "scope", "value": "", "text_value": "scheme"}
        ],
        component_rate=[rate("star", low=1, high=2, amount_cny="300")],
    )
    served = {"A": 9, "B": 8, "C": 7, "D": 6}
    tables: dict[str, Rows] = {
        "workforce/agent": [
            agent("A", left_on="2026-03-30"),  # not there on the last day
            agent("B", **OTHER),
            agent("B", effective_from="2026-03-17"),  # 15 of 31 days: less than half
            agent("C", **OTHER),
            agent("C", effective_from="2026-03-16"),  # 16 of 31
            agent("D"),
        ],
        "ticket/contact": [row for who, count in served.items() for row in contacts(who, count, 10)],
    }
    assert paid(scored(tmp_path, rules, tables)) == {(MARCH, "C", "star"): Decimal(300)}


def test_the_share_of_service_that_an_award_asks_for_is_the_plans_own(tmp_path: Path) -> None:
    rules = policy(
        tmp_path / "policy",
        scheme_rule=[
            OPEN
            | {"scheme_id": "centre_grade", "period_kind": "month"}
            | {"parameter": "min_service_share", "value": "0.1"}
        ],
        component=[component("star", "top_n", basis="contacts_served")],
        component_rate=[rate("star", low=1, high=2, amount_cny="300")],
    )
    tables: dict[str, Rows] = {
        "workforce/agent": [agent("A", hired_on="2026-03-20"), agent("B")],
        "ticket/contact": [
            row | {"started_at": "2026-03-25 10:00:00", "first_response_at": ""}
            for who, count in (("A", 9), ("B", 8))
            for row in contacts(who, count, 10)
        ],
    }
    assert paid(scored(tmp_path, rules, tables)) == {(MARCH, "A", "star"): Decimal(300)}


def jump() -> dict[str, Rows]:
    return {
        "component": [component("jump", "improvement", basis="first_response_seconds")],
        "component_parameter": [
            {"component_id": "jump", "parameter": name, "value": "", "text_value": word}
            for name, word in (("gain", "relative"), ("subject", "agent"))
        ],
        "component_rate": [rate("jump", low=1, high=2, amount_cny="500")],
    }


def answered(who: str, month: int, *seconds: int) -> Rows:
    return [
        contact(
            f"{who}{month}{number}",
            agent_id=who,
            started_at=f"2026-0{month}-03 10:00:00",
            first_response_at=f"2026-0{month}-03 10:{value // 60:02d}:{value % 60:02d}",
        )
        for number, value in enumerate(seconds)
    ]


def test_improvement_compares_results_under_one_plan_exactly(tmp_path: Path) -> None:
    rules = policy(tmp_path / "policy", **jump())
    tables: dict[str, Rows] = {
        "workforce/agent": [
            agent("A", **OTHER),
            agent("A", effective_from="2026-03-01"),  # February's result is of another plan
            agent("B"),
            agent("C"),
        ],
        "ticket/contact": answered("A", 2, 60)
        + answered("A", 3, 1)
        # B: 100/3 → 200/7: 1 − 600/700 = 0.142857142…; C: 7 → 6: 1/7, the same: more cases win
        + answered("B", 2, 33, 33, 34)
        + answered("B", 3, 28, 28, 28, 29, 29, 29, 29)
        + answered("C", 2, 7)
        + answered("C", 3, *[6] * 8),
    }
    assert paid(scored(tmp_path, rules, tables)) == {(MARCH, "C", "jump"): Decimal(500)}


def test_a_review_set_aside_is_still_a_sample_and_only_days_on_the_plan_count(tmp_path: Path) -> None:
    rules = policy(tmp_path / "policy")
    reviews: Rows = [
        {"review_id": f"Q{day}", "agent_id": "A", "reviewed_at": f"2026-03-{day:02d} 10:00", "score": 90}
        for day in (5, 6, 20)
    ]
    tables: dict[str, Rows] = {
        "workforce/agent": moved({"scheme_id": "points_2017"}, OTHER),
        "workforce/attendance": [
            {"agent_id": "A", "work_date": f"2026-03-{day:02d}", "status": status}
            for day, status in ((5, "present"), (6, "late"), (7, "sick_leave"), (20, "present"))
        ],
        "ticket/quality_review": reviews,
        "governance/ruling": [
            {"ruling_id": "U", "entity": "quality_review", "entity_id": "Q5", "decision": "approved"}
        ],
    }
    scores = scored(tmp_path, rules, tables)
    assert Tallies(scores.observer).samples("points_2017", MARCH) == {"A": (2, 2)}
