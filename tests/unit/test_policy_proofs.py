"""Proofs of the policy: every planted fault is found at its place, the shipped policy has none, and random
tables prove what brute force over a grid finds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.policy.check import policy_tables
from orchestration.policy.rows import PolicyRow, PolicyTable, Tables
from orchestration.proofs.finding import GAP, KINDS, OVERLAP, PAYS_LESS, UNREACHABLE, Finding
from orchestration.proofs.function import Function
from orchestration.proofs.measures import Measure
from orchestration.proofs.pay import Component, functions_of, lookup
from orchestration.proofs.plan import NAMES, PlanRows
from orchestration.proofs.policy import prove, prove_folder, roster_keys
from orchestration.proofs.prove import faults_of, jump_of
from orchestration.proofs.scores import grades
from orchestration.settings import POLICY_DIR, PROJECT_ROOT
from tests.bilingual import HAN

KEYS = roster_keys()
SHIPPED = policy_tables(POLICY_DIR)[0]
DAY = date(2026, 11, 30)
Edit = Callable[[dict[str, PolicyTable]], None]


def test_the_shipped_policy_has_no_finding_and_the_book_says_so() -> None:
    proof = prove_folder(POLICY_DIR)
    assert proof.findings == ()
    assert set(proof.functions) == {row.text("scheme_id") for row in SHIPPED["scheme"].rows}
    book = (PROJECT_ROOT / "docs/policy_book.md").read_text("utf-8")
    assert "**Findings · 发现**\n\nNone. 无。\n" in book


def test_a_plan_alone_proves_what_it_does_among_all() -> None:
    whole = prove(SHIPPED, KEYS)
    for scheme, count in whole.functions.items():
        alone = prove(plan_alone(SHIPPED, scheme), KEYS)
        assert alone.functions == {scheme: count}
        said = [[jump.lines for jump in proof.jumps[scheme]] for proof in (alone, whole)]
        assert said[0] == said[1]
        assert alone.groups[scheme] == whole.groups[scheme]


# Planted faults


def changed(table: str, column: str, value: object, **where: str) -> Edit:
    """Another cell in the one row that holds these words."""

    def edit(tables: dict[str, PolicyTable]) -> None:
        index, row = only(tables[table], where)
        values = {**row.values, column: cell(value)}
        tables[table] = tables[table].with_row(index, PolicyRow(row.file, row.row, values))

    return edit


def removed(table: str, **where: str) -> Edit:
    """Without the one row that holds these words."""

    def edit(tables: dict[str, PolicyTable]) -> None:
        index, _ = only(tables[table], where)
        rows = tables[table].rows
        tables[table] = with_rows(tables[table], (*rows[:index], *rows[index + 1 :]))

    return edit


def added(table: str, cells: Mapping[str, object], **like: str) -> Edit:
    """One more row like the one that holds these words, with other cells."""

    def edit(tables: dict[str, PolicyTable]) -> None:
        _, row = only(tables[table], like)
        values = {**row.values, **{name: cell(value) for name, value in cells.items()}}
        rows = (*tables[table].rows, PolicyRow(row.file, row.row, values))
        tables[table] = with_rows(tables[table], rows)

    return edit


def both(*edits: Edit) -> Edit:
    """One edit after the other."""

    def edit(tables: dict[str, PolicyTable]) -> None:
        for one in edits:
            one(tables)

    return edit


def cell(value: object) -> Any:
    return Decimal(str(value)) if isinstance(value, int | float) else value


def only(table: PolicyTable, where: Mapping[str, str]) -> tuple[int, PolicyRow]:
    found = [
        (index, row)
        for index, row in enumerate(table.rows)
        if all(row.text(column) == word for column, word in where.items())
    ]
    assert len(found) == 1, (table.name, where, len(found))
    return found[0]


def with_rows(table: PolicyTable, rows: tuple[PolicyRow, ...]) -> PolicyTable:
    return PolicyTable(table.name, table.key, rows, table.columns, table.meta)


def plan_alone(tables: Tables, scheme: str) -> dict[str, PolicyTable]:
    """The policy with the rows of one plan, and those that are of none."""
    components = {
        row.text("component_id") for row in tables["component"].rows if row.text("scheme_id") == scheme
    }

    def is_of_plan(row: PolicyRow) -> bool:
        if "scheme_id" in row.values:
            return row.text("scheme_id") == scheme
        return row.text("component_id") in components if "component_id" in row.values else True

    return {
        name: with_rows(table, tuple(row for row in table.rows if is_of_plan(row)))
        for name, table in tables.items()
    }


def rate(component: str, lower: str, key: str = "", **cells: object) -> Edit:
    """Another cell in a row of a rate table."""
    [(column, value)] = cells.items()
    return changed("component_rate", column, value, component_id=component, rate_key=key, lower_bound=lower)


def no_rate(component: str, lower: str, key: str = "") -> Edit:
    return removed("component_rate", component_id=component, rate_key=key, lower_bound=lower)


def more_rate(component: str, lower: str, key: str = "", **cells: object) -> Edit:
    return added("component_rate", cells, component_id=component, rate_key=key, lower_bound=lower)


def grade(scheme: str, kind: str, method: str, name: str, **cells: object) -> Edit:
    [(column, value)] = cells.items()
    where = {"scheme_id": scheme, "period_kind": kind, "method": method, "grade": name}
    return changed("grade_band", column, value, **where)


def kpi(scheme: str, kind: str, name: str, role: str = "*", **cells: object) -> Edit:
    where = {"scheme_id": scheme, "period_kind": kind, "kpi_id": name, "role": role}
    return both(*(changed("score_kpi", column, value, **where) for column, value in cells.items()))


def condition(scheme: str, to_level: str, no: str, kind: str = "promotion", **cells: object) -> Edit:
    [(column, value)] = cells.items()
    level = {"senior": "intermediate", "intermediate": "junior"}.get(to_level, "*")
    where = {"scheme_id": scheme, "to_level": to_level, "condition_no": no, "level": level}
    return changed("career_condition", column, value, signal_kind=kind, **where)


PLANTED: tuple[tuple[str, str, Edit], ...] = (
    # A value that no row is for
    (GAP, "cg_commission", rate("cg_commission", "1", lower_bound=1.05)),
    (GAP, "cg_commission", rate("cg_commission", "1.2", upper_bound=2)),
    (GAP, "pt_contact (regular)", rate("pt_contact", "20", "regular", lower_bound=20.5)),
    (GAP, "pt_contact (regular)", no_rate("pt_contact", "69", "regular")),
    (GAP, "pt_contact (vip)", rate("pt_contact", "20", "vip", upper_bound=34)),
    (GAP, "pt_deduction (csat)", rate("pt_deduction", "7", "csat", lower_bound=7.5)),
    (GAP, "pt_deduction (csat)", rate("pt_deduction", "8", "csat", upper_bound=9)),
    (GAP, "pt_deduction (first_res", no_rate("pt_deduction", "0", "first_response_seconds")),
    (GAP, "ss_base (bachelor)", no_rate("ss_base", "1", "bachelor")),
    (GAP, "ss_base (college)", rate("ss_base", "0", "college", lower_bound=1)),
    (GAP, "ss_year", rate("ss_year", "80", lower_bound=80.0001)),
    (GAP, "ss_year", no_rate("ss_year", "0")),
    (GAP, "ll_base (senior)", rate("ll_base", "3", "senior", upper_bound=10)),
    (GAP, "ll_base (expert)", rate("ll_base", "1", "expert", upper_bound=2)),
    (GAP, "cd_star_list", no_rate("cd_star_list", "2")),
    (GAP, "pa_top", no_rate("pa_top", "1")),
    (GAP, "grade_band absolute", grade("complaint_desk", "month", "absolute", "1", min_score=10)),
    (GAP, "grade_band forced", grade("centre_grade", "month", "forced", "C", share=0.1)),
    (GAP, "platform_mix month pm_fixed", no_rate("pm_fixed", "0", "expert")),
    (GAP, "balanced_scorecard month bs_basic", no_rate("bs_basic", "0", "general")),
    (GAP, "cd_star_bonus (absolute)", no_rate("cd_star_bonus", "0", "3")),
    (GAP, "pa_day", rate("pa_day", "0", lower_bound=1)),
    # A value that two rows are for
    (OVERLAP, "cg_commission", rate("cg_commission", "0.8", upper_bound=1.1)),
    (OVERLAP, "pt_contact (regular)", rate("pt_contact", "20", "regular", upper_bound=35)),
    (OVERLAP, "pt_contact (vip)", rate("pt_contact", "0", "vip", upper_bound=15.5)),
    (OVERLAP, "pt_deduction (csat)", rate("pt_deduction", "0", "csat", upper_bound=7.5)),
    (OVERLAP, "ss_base (high_school)", rate("ss_base", "0", "high_school", upper_bound=2)),
    (OVERLAP, "ss_year", rate("ss_year", "60", upper_bound=80.0001)),
    (OVERLAP, "ll_base (junior)", rate("ll_base", "1", "junior", upper_bound=None)),
    (OVERLAP, "cd_star_list", rate("cd_star_list", "1", upper_bound=3)),
    (OVERLAP, "pa_top", rate("pa_top", "2", lower_bound=1)),
    (OVERLAP, "cg_floating (forced)", more_rate("cg_floating", "0", "S", lower_bound=1)),
    (OVERLAP, "pm_fixed (junior)", more_rate("pm_fixed", "0", "junior", upper_bound=5)),
    (OVERLAP, "pa_referral", more_rate("pa_referral", "0", lower_bound=-1)),
    # A better value that pays less
    (PAYS_LESS, "cg_commission", rate("cg_commission", "1", rate=0.005)),
    (PAYS_LESS, "cg_commission", rate("cg_commission", "1.2", rate=-0.001)),
    (PAYS_LESS, "cg_floating (absolute)", rate("cg_floating", "0", "A", rate=0.9)),
    (PAYS_LESS, "cg_extra (forced)", rate("cg_extra", "0", "S", rate=0.01)),
    (PAYS_LESS, "cg_floating_year (forced)", rate("cg_floating_year", "0", "A+", rate=1)),
    (PAYS_LESS, "cd_star_bonus (absolute)", rate("cd_star_bonus", "0", "5", rate=1.1)),
    (PAYS_LESS, "cd_star_points (absolute)", rate("cd_star_points", "0", "4", rate=50)),
    (PAYS_LESS, "bs_performance (absolute)", rate("bs_performance", "0", "2", rate=0.4)),
    (PAYS_LESS, "pt_contact (regular)", rate("pt_contact", "30", "regular", rate=1.1)),
    (PAYS_LESS, "pt_contact (vip)", rate("pt_contact", "50", "vip", rate=0.9)),
    (PAYS_LESS, "pt_deduction (first_res", rate("pt_deduction", "60", "first_response_seconds", rate=7)),
    (PAYS_LESS, "pt_deduction (csat)", rate("pt_deduction", "8", "csat", rate=9)),
    (PAYS_LESS, "ss_base (bachelor)", rate("ss_base", "2", "bachelor", amount_cny=4100)),
    (PAYS_LESS, "ll_base (senior)", rate("ll_base", "3", "senior", amount_cny=4799.99)),
    (PAYS_LESS, "ss_year", rate("ss_year", "100", rate=0.9)),
    (PAYS_LESS, "cd_star_list", rate("cd_star_list", "2", amount_cny=600)),
    (PAYS_LESS, "pa_top", rate("pa_top", "3", amount_cny=900)),
    (PAYS_LESS, "pa_target", rate("pa_target", "1", amount_cny=-300)),
    (PAYS_LESS, "pa_step", rate("pa_step", "1", amount_cny=-50)),
    (
        PAYS_LESS,
        "platform_mix month csat",
        kpi("platform_mix", "month", "csat", floor_value=9, target_value=6, stretch_value=None),
    ),
    (
        PAYS_LESS,
        "level_ladder month first_response_seconds",
        kpi("level_ladder", "month", "first_response_seconds", floor_value=10),
    ),
    (PAYS_LESS, "part_time month pa_target", changed("kpi", "direction", "lower", kpi_id="contacts_served")),
    # What nothing reaches
    (UNREACHABLE, "grade_band absolute (gen", grade("centre_grade", "month", "absolute", "S", min_score=113)),
    (
        UNREACHABLE,
        "grade_band absolute (pre",
        grade("centre_grade", "quarter", "absolute", "S", min_score=119),
    ),
    (UNREACHABLE, "grade_band team", grade("centre_grade", "quarter", "team", "A+", min_score=121)),
    (UNREACHABLE, "grade_band absolute", grade("complaint_desk", "month", "absolute", "5", min_score=121)),
    (
        UNREACHABLE,
        "grade_band absolute",
        grade("balanced_scorecard", "month", "absolute", "5", min_score=120.0001),
    ),
    (UNREACHABLE, "grade_band absolute", grade("complaint_desk", "month", "absolute", "3", min_score=90)),
    (
        UNREACHABLE,
        "grade_band forced",
        both(
            grade("centre_grade", "month", "forced", "A", share=0),
            grade("centre_grade", "month", "forced", "B", share=0.7),
        ),
    ),
    (
        UNREACHABLE,
        "grade_band forced",
        removed("scheme_rule", scheme_id="centre_grade", period_kind="year", parameter="min_group_size"),
    ),
    (UNREACHABLE, "cg_commission", rate("cg_commission", "1", upper_bound=1)),
    (
        UNREACHABLE,
        "ss_year",
        both(rate("ss_year", "80", upper_bound=130), rate("ss_year", "100", lower_bound=130)),
    ),
    (UNREACHABLE, "pt_deduction (csat)", rate("pt_deduction", "8", "csat", lower_bound=11)),
    (
        UNREACHABLE,
        "ss_base (bachelor)",
        more_rate("ss_base", "1", "bachelor", lower_bound=1.2, upper_bound=1.5),
    ),
    (UNREACHABLE, "pa_day", more_rate("pa_day", "0", lower_bound=10)),
    (UNREACHABLE, "pa_top", rate("pa_top", "3", upper_bound=3)),
    (UNREACHABLE, "month csat", kpi("platform_mix", "month", "csat", stretch_value=11)),
    (
        UNREACHABLE,
        "quarter qa_pass_rate",
        kpi("level_ladder", "quarter", "qa_pass_rate", target_value=1.05, stretch_value=None),
    ),
    (UNREACHABLE, "violation_count", kpi("complaint_desk", "month", "violation_count", target_value=-1)),
    (
        UNREACHABLE,
        "ss_attendance",
        added(
            "component_event",
            {"comparison": "at_most", "threshold_value": 0},
            component_id="ss_attendance",
            event_kind="day_recorded",
        ),
    ),
    (UNREACHABLE, "promotion", condition("level_ladder", "intermediate", "2", threshold_value=11)),
    (UNREACHABLE, "level_review", condition("points_2017", "senior", "2", threshold_value=1.6)),
    (UNREACHABLE, "promotion", condition("level_ladder", "senior", "6", threshold_value=-1)),
    (
        UNREACHABLE,
        "annual_leave",
        condition("sales_service", "10 days", "2", "annual_leave", threshold_value=10),
    ),
)
NAMED = [f"{number}-{kind}-{place}" for number, (kind, place, _) in enumerate(PLANTED, 1)]
SCHEMES = {"cg": "centre_grade", "cd": "complaint_desk", "pm": "platform_mix", "bs": "balanced_scorecard"}


def test_fifty_faults_are_planted_and_more() -> None:
    assert len(PLANTED) >= 50
    assert {kind for kind, _, _ in PLANTED} == set(KINDS)


@pytest.mark.parametrize(("kind", "place", "edit"), PLANTED, ids=NAMED)
def test_a_planted_fault_is_found_at_its_place(kind: str, place: str, edit: Edit) -> None:
    tables = dict(SHIPPED)
    edit(tables)
    [scheme] = plans_changed(tables)
    findings = prove(plan_alone(tables, scheme), KEYS).findings
    found = [one for one in findings if one.kind == kind and place in str(one.place)]
    assert found, findings
    for one in findings:
        assert one.place.scheme_id == scheme
        assert len(one.lines) == 2 and all("→" in line for line in one.lines), one
        assert HAN.search(one.zh) and not HAN.search(one.en.replace(str(one.place), ""))
        assert one.clause_id


def plans_changed(tables: Tables) -> set[str]:
    """The plans of rows that the shipped policy has not, or that are gone; of a KPI those that pay by it."""
    components = {row.text("component_id"): row.text("scheme_id") for row in SHIPPED["component"].rows}
    found = set()
    for name, table in tables.items():
        ours = [row.values for row in SHIPPED[name].rows]
        theirs = [row.values for row in table.rows]
        for row in [*(one for one in ours if one not in theirs), *(one for one in theirs if one not in ours)]:
            by_name = components.get(str(row.get("component_id")), "part_time")
            found.add(str(row.get("scheme_id") or by_name))
    return found


def test_a_fault_of_a_later_row_is_told_from_its_day() -> None:
    tables = plan_alone(SHIPPED, "part_time")
    rate("pa_target", "1", effective_to=date(2026, 1, 1))(tables)
    [last] = [row for row in tables["component_rate"].rows if row.text("component_id") == "pa_target"]
    later = {
        **last.values,
        "amount_cny": Decimal(-1),
        "effective_from": date(2026, 1, 1),
        "effective_to": None,
    }
    rows = (*tables["component_rate"].rows, PolicyRow(last.file, 99, later))
    tables["component_rate"] = with_rows(tables["component_rate"], rows)
    [found] = prove(tables, KEYS).findings
    assert (found.kind, found.from_on) == (PAYS_LESS, date(2026, 1, 1))
    assert found.since == " (2026-01-01 –)"


# What the shipped tables come to at their edges


def functions(scheme: str) -> dict[str, Function]:
    rows = PlanRows(plan_alone(SHIPPED, scheme), DAY, KEYS)
    found = [*functions_of(rows, {}), *grades(rows, {})]
    return {f"{one.place.period_kind} {one.place.name} {one.place.key}".strip(): one for one in found}


@pytest.mark.parametrize(
    ("scheme", "name", "value", "paid"),
    [
        ("points_2017", "month pt_contact regular", "20", "1.2"),  # PT-05: up to 20
        ("points_2017", "month pt_contact regular", "20.5", "1"),
        ("points_2017", "month pt_contact regular", "69.000001", "0"),
        ("points_2017", "month pt_contact vip", "50", "0.8"),
        ("centre_grade", "month grade_band absolute", "89.9999", "B"),
        ("centre_grade", "month grade_band absolute", "90", "A"),
        ("centre_grade", "month grade_band forced", "1/5", "A"),  # S-RANK: second of five
        ("centre_grade", "month grade_band forced", "1/10", "A"),  # the first tenth is below a tenth
        ("centre_grade", "month cg_floating absolute", "100", "2250.00 CNY"),  # 1500 × 1.5
        ("centre_grade", "month cg_commission", "4/5", "0.008"),  # 0.8 of the target × 1 %
        ("centre_grade", "month cg_commission", "0.79", "–"),
        ("centre_grade", "month cg_commission", "2", "0.03"),  # CG-13: on the whole amount, 2 × 1.5 %
        ("part_time", "month pa_step", "1.299999", "100.00 CNY"),  # PA-03: two full steps × 50
        ("part_time", "month pa_target", "1", "300.00 CNY"),
        ("sales_service", "quarter ss_quarter", "80", "0.24"),  # 30 % × 80/100
        ("sales_service", "month ss_base college", "1", "3700.00 CNY"),
    ],
)
def test_a_table_pays_what_its_clause_says(scheme: str, name: str, value: str, paid: str) -> None:
    function = next(one for key, one in functions(scheme).items() if key.startswith(name))
    assert function.paid(function.at(Fraction(value))) == paid


def test_marginal_tiers_pay_each_on_its_part() -> None:
    tables = plan_alone(SHIPPED, "centre_grade")
    changed("component_parameter", "text_value", "marginal", component_id="cg_commission")(tables)
    rows = PlanRows(tables, DAY, KEYS)
    [function] = [one for one in functions_of(rows, {}) if one.place.name == "cg_commission"]
    # 0.2 × 1 % + 0.2 × 1.2 % + 0.8 × 1.5 %
    assert function.at(Fraction(2)).pay == Fraction("0.0164")
    assert list(faults_of(function)) == []
    jump = jump_of(function)
    # Nothing jumps but the grain: a millionth of the target × the last rate
    assert jump is not None and jump.amount == Fraction("0.000001") * Fraction("0.015")


def test_a_falling_rate_pays_less_of_the_whole_and_not_of_the_part() -> None:
    tables = plan_alone(SHIPPED, "centre_grade")
    rate("cg_commission", "1.2", rate=0.011)(tables)
    kinds = [one.kind for one in prove(tables, KEYS).findings]
    assert kinds == [PAYS_LESS]
    changed("component_parameter", "text_value", "marginal", component_id="cg_commission")(tables)
    assert prove(tables, KEYS).findings == ()


def test_the_largest_jump_of_a_plan_is_of_all_its_components() -> None:
    [_, jump] = prove(plan_alone(SHIPPED, "complaint_desk"), KEYS).jumps["complaint_desk"]
    # Stars 4 → 5: 1500 × (1.5 − 1.2) + 0.5 × (300 − 200)
    assert jump.amount == 500
    assert jump.lines == ("99.9999 → 1900.00 CNY", "100 → 2400.00 CNY")


def test_the_smallest_group_of_a_small_share_is_a_large_one() -> None:
    tables = plan_alone(SHIPPED, "centre_grade")
    grade("centre_grade", "month", "forced", "S", share=0.01)(tables)
    grade("centre_grade", "month", "forced", "A", share=0.04)(tables)
    grade("centre_grade", "month", "forced", "B", share=0.75)(tables)
    groups = prove(tables, KEYS).groups["centre_grade"]
    # The second of n is an A where 1/n < 0.05: first of 21
    assert [(one.grade, one.size, one.rank) for one in groups][:2] == [("S", 5, 1), ("A", 21, 2)]


@pytest.mark.parametrize(
    ("table", "column"),
    [
        (name, column)
        for name, column in [
            *(
                ("component_rate", one)
                for one in ("lower_bound", "upper_bound", "rate", "amount_cny", "rate_key")
            ),
            *(("component_parameter", one) for one in ("value", "text_value")),
            *(("score_kpi", one) for one in ("weight", "floor_value", "target_value", "kpi_id")),
            *(("grade_band", one) for one in ("share", "min_score", "band_no", "grade")),
            *(("scheme_rule", "value"), ("score_block", "weight"), ("component", "basis"), ("kpi", "unit")),
            *(("component_event", "threshold_value"), ("career_condition", "threshold_value")),
        ]
    ],
)
def test_a_policy_with_holes_is_proved_as_far_as_it_goes(table: str, column: str) -> None:
    """What lacks is said by the check of the policy: a proof of it ends all the same."""
    tables = dict(SHIPPED)
    blank = tuple(PolicyRow(row.file, row.row, {**row.values, column: None}) for row in tables[table].rows)
    tables[table] = with_rows(tables[table], blank)
    assert prove(tables, KEYS).functions


@pytest.mark.parametrize("column", ["mechanism", "basis", "key_attribute", "band_attribute", "role"])
def test_words_that_nobody_knows_end_no_proof(column: str) -> None:
    tables = dict(SHIPPED)
    rows = tuple(
        PolicyRow(row.file, row.row, {**row.values, column: "nonsense"}) for row in tables["component"].rows
    )
    tables["component"] = with_rows(tables["component"], rows)
    assert prove(tables, KEYS).functions


def test_a_policy_without_rows_proves_nothing() -> None:
    empty = {name: with_rows(table, ()) for name, table in SHIPPED.items()}
    assert prove(empty, KEYS).findings == () and set(NAMES) <= set(empty)


# Random tables against brute force

HALF = Fraction(1, 2)
GRID = [HALF * step for step in range(17)]


@dataclass(frozen=True)
class Row:
    """A row of a random table: bounds on a half, and what it pays."""

    low: Fraction
    high: Fraction | None
    pays: int

    def holds(self, value: Fraction, side: str, *, is_first: bool) -> bool:
        if side == "upper":
            return (is_first or value > self.low) and (self.high is None or value <= self.high)
        return value >= self.low and (self.high is None or value < self.high)


bounds = st.sampled_from(GRID[:14])
table_rows = st.builds(Row, bounds, st.none() | bounds, st.integers(-1, 4))


@settings(max_examples=200, deadline=None)
@given(
    table=st.lists(table_rows, min_size=1, max_size=4, unique_by=lambda row: row.low),
    side=st.sampled_from(["lower", "upper"]),
    direction=st.sampled_from([1, -1]),
)
def test_a_random_table_proves_what_a_grid_finds(table: list[Row], side: str, direction: int) -> None:
    ordered = sorted(table, key=lambda row: row.low)
    function = random_function(ordered, side, Measure("x", "x", "数", HALF, direction, GRID[0], GRID[-1]))
    found: dict[str, list[Finding]] = {kind: [] for kind in KINDS}
    for one in faults_of(function):
        found[one.kind].append(one)

    held = {
        value: [n for n, row in enumerate(ordered) if row.holds(value, side, is_first=n == 0)]
        for value in GRID
    }
    paid = [(value, ordered[rows[0]].pays) for value, rows in held.items() if rows][::direction]
    assert len(found[GAP]) == len(list(runs(held)))
    pairs = {(a, b) for rows in held.values() for a in rows for b in rows if a < b}
    assert len(found[OVERLAP]) == len(pairs)
    assert len(found[UNREACHABLE]) == len(ordered) - len({n for rows in held.values() for n in rows})
    # Between values without a row nothing is compared; a fall over several steps of the grid is told once.
    falls = [y < x for (_, x), (_, y) in pairwise(paid)]
    assert bool(found[PAYS_LESS]) == any(falls)
    assert len(found[PAYS_LESS]) == sum(now and not before for before, now in pairwise([False, *falls]))
    jump = jump_of(function)
    pays = {value: ordered[rows[0]].pays if rows else 0 for value, rows in held.items()}
    steps = [abs(pays[b] - pays[a]) for a, b in pairwise(GRID)]
    assert (jump.amount if jump else 0) == max(steps)


def runs(held: Mapping[Fraction, list[int]]) -> Iterator[Fraction]:
    """The first value of each run of values without a row."""
    was_held = True
    for value, rows in held.items():
        if not rows and was_held:
            yield value
        was_held = bool(rows)


def random_function(ordered: list[Row], side: str, read: Measure) -> Function:
    rates = [
        PolicyRow(
            "component_rate.csv",
            number,
            {
                "component_id": "x",
                "lower_bound": decimal(row.low),
                "upper_bound": None if row.high is None else decimal(row.high),
                "rate": Decimal(row.pays),
                "effective_from": DAY,
            },
        )
        for number, row in enumerate(ordered, 2)
    ]
    parameter = {"component_id": "x", "parameter": "band_side", "text_value": side, "effective_from": DAY}
    parameters = (PolicyRow("component_parameter.csv", 2, parameter),)
    tables = {
        **SHIPPED,
        "component_parameter": with_rows(SHIPPED["component_parameter"], parameters),
    }
    component = PolicyRow("component.csv", 2, {"component_id": "x", "scheme_id": "s", "period_kind": "month"})
    return lookup(Component(PlanRows(tables, DAY, KEYS), {}, component, rates), rates, "", read)


def decimal(value: Fraction) -> Decimal:
    return Decimal(value.numerator) / value.denominator


# What doctor says


def test_doctor_says_what_was_proved(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from orchestration.cli import run

    assert run(["--state", str(tmp_path / "state"), "doctor"]) == 0
    out = capsys.readouterr().out
    assert "ok   proofs        8 plan(s), " in out
    assert "no gap, no overlap, better never pays less" in out and "largest jump, " in out


def test_doctor_notes_a_finding_of_the_sites_own_policy_and_ends_well(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from orchestration.cli import run

    own = tmp_path / "site/policy"
    own.mkdir(parents=True)
    text = (POLICY_DIR / "component_rate.csv").read_text("utf-8")
    assert "cg_floating,A,0,,1.2," in text
    (own / "component_rate.csv").write_text(
        text.replace("cg_floating,A,0,,1.2,", "cg_floating,A,0,,0.9,"), "utf-8"
    )
    arguments = ["--state", str(tmp_path / "state"), "--site", str(own.parent), "doctor"]
    assert run(arguments) == 0
    out = capsys.readouterr().out
    assert (
        "NB   proofs        centre_grade month cg_floating (absolute): by score, the better value pays" in out
    )
    assert "less [CG-11]\n" in out
    assert "89.9999 → 1500.00 CNY\n" in out and "90 → 1350.00 CNY\n" in out
