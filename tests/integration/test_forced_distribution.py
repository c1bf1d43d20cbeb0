"""S-RANK as properties of the compiled grade model: any size, any ties, any shares, any order of the rows."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from math import ceil
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestration.policy.folder import install_policy
from orchestration.settings import POLICY_DIR
from orchestration.state.folder import StateFolder
from orchestration.warehouse.dbt import DbtOutcome, log_path, stream_dbt

Total = Decimal | None
BANDS = "SABC"
PERIOD = "2026-03"
SMALLEST = 5

INPUTS = """
    attach ':memory:' as warehouse;
    create schema warehouse.score;
    create schema warehouse.policy;
    create table warehouse.score.score (
        period_kind varchar, period_id varchar, agent_id varchar, scheme_id varchar, role varchar,
        total_score decimal(18, 4), status varchar, maturity varchar
    );
    create table warehouse.policy.policy_scheme (
        period_id varchar, scheme_id varchar, min_group_size bigint, cohort_scope varchar
    );
    create table warehouse.policy.policy_grade_band (
        period_id varchar, scheme_id varchar, method varchar, grade varchar, band_no bigint,
        share decimal(18, 6), cumulative_share decimal(18, 6), min_score decimal(18, 4), clause_id varchar
    );
"""

PROPERTIES = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
totals = st.lists(st.none() | st.integers(0, 30).map(lambda n: Decimal(n) * 4), min_size=1, max_size=60)
distinct = st.lists(st.integers(0, 1_200_000), min_size=SMALLEST, max_size=120, unique=True).map(
    lambda numbers: [Decimal(number).scaleb(-4) for number in numbers]
)
shares = st.lists(st.integers(1, 96), min_size=3, max_size=3, unique=True).map(
    lambda cuts: [b - a for a, b in zip([0, *sorted(cuts)], [*sorted(cuts), 100], strict=True)]
)


class GradeModel:
    """The compiled model over scores of one cohort."""

    def __init__(self, sql: str) -> None:
        self._sql = sql
        self._database = duckdb.connect()
        self._database.execute(INPUTS)
        self._database.execute(
            f"insert into warehouse.policy.policy_scheme values ('{PERIOD}', 'plan', {SMALLEST}, 'role')"
        )

    def grades(self, totals: Sequence[Total], shares: Sequence[int]) -> list[tuple[str | None, int | None]]:
        """Grade and rank of each total, in the order given."""
        self._database.execute("delete from warehouse.score.score")
        self._database.execute("delete from warehouse.policy.policy_grade_band")
        self._database.executemany(
            "insert into warehouse.score.score values"
            " ('month', ?, ?, 'plan', 'general', ?, 'scored', 'final')",
            [(PERIOD, f"{number:03d}", total) for number, total in enumerate(totals)],
        )
        bands = [
            (
                PERIOD,
                "plan",
                "forced",
                grade,
                number + 1,
                Decimal(share) / 100,
                Decimal(sum(shares[: number + 1])) / 100,
                None,
            )
            for number, (grade, share) in enumerate(zip(BANDS, shares, strict=True))
        ] + [
            (PERIOD, "plan", "absolute", grade, number + 1, None, None, lowest)
            for number, (grade, lowest) in enumerate(zip(BANDS, (100, 90, 70, None), strict=True))
        ]
        self._database.executemany(
            "insert into warehouse.policy.policy_grade_band values (?, ?, ?, ?, ?, ?, ?, ?, 'CG-10')", bands
        )
        found = self._database.execute(f"select agent_id, grade, rank from ({self._sql})").fetchall()
        by_agent = {agent: (grade, rank) for agent, grade, rank in found}
        return [by_agent[f"{number:03d}"] for number in range(len(totals))]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> GradeModel:
    state = StateFolder(tmp_path_factory.mktemp("grade"))
    state.prepare()
    install_policy(state, POLICY_DIR)
    outcome = DbtOutcome()
    for _ in stream_dbt(state, ["compile", "--select", "grade"], outcome=outcome):
        pass
    outcome.raise_if_failed(log_path(state))
    compiled = state.dbt / "compiled" / "meritline" / "models" / "grade" / "grade.sql"
    return GradeModel(Path(compiled).read_text(encoding="utf-8"))


def expected(totals: Sequence[Total], shares: Sequence[int]) -> list[tuple[str | None, int | None]]:
    """S-RANK in fractions, one agent at a time."""
    scored = [total for total in totals if total is not None]
    found: list[tuple[str | None, int | None]] = []
    for total in totals:
        if total is None:
            found.append((None, None))
            continue
        rank = 1 + sum(other > total for other in scored)
        if len(scored) < SMALLEST:
            found.append(("S" if total >= 100 else "A" if total >= 90 else "B" if total >= 70 else "C", rank))
            continue
        position = Fraction(rank - 1, len(scored))
        limits = [Fraction(sum(shares[: number + 1]), 100) for number in range(len(shares))]
        found.append(
            (next(band for band, limit in zip(BANDS, limits, strict=True) if limit > position), rank)
        )
    return found


@PROPERTIES
@given(totals=totals, shares=shares)
def test_every_grade_is_the_policys(model: GradeModel, totals: list[Total], shares: list[int]) -> None:
    assert model.grades(totals, shares) == expected(totals, shares)


@PROPERTIES
@given(totals=distinct, shares=shares)
def test_counts_follow_the_shares(model: GradeModel, totals: list[Total], shares: list[int]) -> None:
    grades = [grade for grade, _ in model.grades(totals, shares)]
    for number in range(len(BANDS)):
        best = sum(grade in BANDS[: number + 1] for grade in grades)
        assert best == ceil(Fraction(sum(shares[: number + 1]) * len(totals), 100))


@PROPERTIES
@given(totals=totals, shares=shares)
def test_no_better_score_has_a_worse_grade_and_ties_share_one(
    model: GradeModel, totals: list[Total], shares: list[int]
) -> None:
    graded = [(total, grade) for total, (grade, _) in zip(totals, model.grades(totals, shares), strict=True)]
    order = sorted((total, -BANDS.index(grade)) for total, grade in graded if total is not None and grade)
    assert [grade for _, grade in order] == sorted(grade for _, grade in order)
    assert len({total for total, _ in order}) == len(set(order))


@PROPERTIES
@given(data=st.data(), totals=totals, shares=shares)
def test_the_order_of_the_rows_is_irrelevant(
    model: GradeModel, data: st.DataObject, totals: list[Total], shares: list[int]
) -> None:
    shuffled = data.draw(st.permutations(range(len(totals))))
    before = model.grades(totals, shares)
    after = model.grades([totals[number] for number in shuffled], shares)
    assert [before[number] for number in shuffled] == after
