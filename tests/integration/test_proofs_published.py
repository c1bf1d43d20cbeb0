"""What proofs read out of the policy is what the models paid: each published score, grade, coefficient, tier,
reward, award and table amount of a night is the value of the function that was proved.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.policy.check import policy_tables
from orchestration.policy.plans import ANY_ROLE
from orchestration.proofs.function import Function
from orchestration.proofs.pay import functions_of
from orchestration.proofs.plan import PlanRows
from orchestration.proofs.policy import roster_keys
from orchestration.proofs.scores import curve, grades
from orchestration.publish.publication import current_publication
from orchestration.settings import POLICY_DIR
from orchestration.state.folder import StateFolder

ROWS = PlanRows(policy_tables(POLICY_DIR)[0], date(2026, 10, 31), roster_keys())
CURVES = {
    (one.place.scheme_id, one.place.period_kind, one.place.name, one.place.key): one
    for row in ROWS.all("score_kpi")
    if (one := curve(ROWS, row)) is not None
}
GRADES = {
    (one.place.scheme_id, one.place.period_kind, one.place.name.split()[1]): one for one in grades(ROWS, {})
}
PAID = {(one.place.name, one.place.key): one for one in functions_of(ROWS, {})}
Rows = Callable[[str], list[tuple[Any, ...]]]


@pytest.fixture(scope="module")
def rows(published_demo: Path) -> Iterator[Rows]:
    """Rows of the auditors' publication, numbers as fractions."""
    publication = current_publication(StateFolder(published_demo))
    assert publication is not None
    with duckdb.connect(str(publication.folder / "auditor.duckdb"), read_only=True) as connection:
        yield lambda sql: connection.execute(sql).fetchall()


def worth(function: Function, value: Any) -> Fraction:
    """What a function gives at a published number."""
    found = function.at(Fraction(value)).pay
    assert found is not None, (str(function.place), value)
    return found


def test_every_scored_kpi_is_on_its_curve(rows: Rows) -> None:
    found = rows(
        """
        select line.scheme_id, line.period_kind, line.kpi_id, place.role, line.value, line.points
        from score.score_line as line
        inner join score.score_place as place using (agent_id, period_id)
        where line.is_scored
        """
    )
    assert len(found) > 500
    for scheme, kind, kpi, role, value, points in found:
        function = CURVES.get((scheme, kind, kpi, role)) or CURVES[scheme, kind, kpi, ""]
        assert worth(function, value) == Fraction(points)


def test_every_grade_is_that_of_its_place_or_score(rows: Rows) -> None:
    found = rows(
        """
        select scheme_id, period_kind, method, rank, cohort_size, total_score, grade
        from grade.grade where grade is not null
        """
    )
    assert {method for _, _, method, *_ in found} == {"forced", "absolute"}
    for scheme, kind, method, rank, size, total, grade in found:
        value = Fraction(rank - 1, size) if method == "forced" else Fraction(total)
        assert GRADES[scheme, kind, method].at(value).word == grade


def test_every_graded_line_pays_base_times_coefficient(rows: Rows) -> None:
    found = rows(
        """
        select line.component_id, grade.method, grade.rank, grade.cohort_size, grade.total_score,
            line.quantity, line.rate
        from bonus.bonus_line as line
        inner join grade.grade as grade using (agent_id, period_id)
        where line.mechanism = 'graded' and line.input_model = 'grade'
        """
    )
    assert found
    for component, method, rank, size, total, base, rate in found:
        function = PAID[component, method]
        value = Fraction(rank - 1, size) if method == "forced" else Fraction(total)
        paid = Fraction(rate) * (Fraction(base) if function.unit == "cny" else 1)
        assert worth(function, value) == paid


def test_every_coefficient_and_deduction_is_of_its_band(rows: Rows) -> None:
    coefficients = rows(
        """
        select component_id, customer_group, deduction_points, coefficient
        from bonus.bonus_coefficient where coefficient is not null
        """
    )
    deductions = rows(
        "select component_id, source, kpi_value, deduction_points from bonus.bonus_deduction "
        "where kpi_value is not null"
    )
    assert coefficients and deductions
    for component, key, value, paid in [*coefficients, *deductions]:
        assert worth(PAID[component, key], value) == Fraction(paid)


def test_every_commission_and_reward_is_that_of_its_attainment(rows: Rows) -> None:
    found = rows(
        """
        select due.component_id, due.compared_actual, due.compared_target,
            coalesce(sum(line.quantity * line.rate), 0) as paid, max(line.rate) as rate
        from bonus.bonus_attainment as due
        left join bonus.bonus_line as line using (agent_id, period_id, component_id)
        where due.status = 'has_target' and due.component_id in ('cg_commission', 'pa_target', 'pa_step')
        group by all
        """
    )
    assert {component for component, *_ in found} == {"cg_commission", "pa_target", "pa_step"}
    assert any(paid for *_, paid, _ in found) and any(not paid for *_, paid, _ in found)
    for component, actual, target, paid, rate in found:
        attained = Fraction(int(actual), int(target))
        function = PAID[component, ""]
        expected = attained * Fraction(rate or 0) if function.unit == "of_target" else Fraction(paid)
        assert (function.at(attained).pay or 0) == expected


def test_every_award_and_table_amount_is_of_its_row(rows: Rows) -> None:
    awards = rows(
        "select component_id, '' as rate_key, rank, amount_cny from bonus.bonus_ranking where is_awarded"
    )
    amounts = rows(
        """
        select due.component_id, due.rate_key, due.band_value, line.quantity
        from bonus.bonus_line as line
        inner join bonus.bonus_due as due using (agent_id, period_id, component_id, segment_no)
        where line.mechanism = 'fixed'
        """
    )
    assert awards and amounts
    for component, key, value, paid in [*awards, *amounts]:
        assert worth(PAID[component, key], value) == Fraction(paid)


def test_a_role_of_its_own_has_a_curve_of_its_own() -> None:
    assert ANY_ROLE not in {key for *_, key in CURVES}
    assert ("centre_grade", "month", "fcr", "after_sales") in CURVES
