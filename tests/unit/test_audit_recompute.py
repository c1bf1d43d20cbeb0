"""The second writing of the rules, on cases worked by hand."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from orchestration.audit.recompute.due import full_years
from orchestration.audit.recompute.exact import from_millionths, money, ratio, rounded
from orchestration.audit.recompute.grade import band_of, method_of, rank_of
from orchestration.audit.recompute.ranking import add_months, row_of_rank
from orchestration.audit.recompute.score import curve, data_score, total_score, weights

D = Decimal


@pytest.mark.parametrize(
    ("value", "places", "expected"),
    [
        (D("0.005"), 2, "0.01"),
        (D("-0.005"), 2, "-0.01"),
        (D("0.0049999"), 2, "0.00"),
        (Fraction(1, 3), 6, "0.333333"),
        (Fraction(2, 3), 6, "0.666667"),
        (D("12345678901234567890.125"), 2, "12345678901234567890.13"),
    ],
)
def test_rounding_is_half_away_from_zero_and_exact(value: D | Fraction, places: int, expected: str) -> None:
    assert str(rounded(value, places)) == expected


def test_a_ratio_without_a_denominator_is_nothing() -> None:
    assert ratio(5, 0) is None
    assert ratio(37, 41) == D("0.902439")  # 37 / 41 = 0.90243902…
    assert money(Fraction(500 * 5, 31)) == D("80.65")  # 2500 / 31 = 80.645…
    assert from_millionths(-1_500_000) == D("-1.5")


@pytest.mark.parametrize(
    ("value", "points"),
    [
        ("0.7", "0"),  # the floor itself
        ("0.65", "0"),
        ("0.902439", "80.9756"),  # (0.902439 − 0.7) / 0.25 × 100
        ("0.95", "100"),
        ("0.964286", "105.7144"),  # 100 + 0.014286 / 0.05 × 20
        ("1", "120"),
        ("1.1", "120"),
    ],
)
def test_the_curve_of_a_higher_better_kpi(value: str, points: str) -> None:
    scored = curve(
        D(value), floor=D("0.7"), target=D("0.95"), stretch=D(1), target_points=D(100), stretch_points=D(120)
    )
    assert scored == D(points)


@pytest.mark.parametrize(
    ("value", "points"),
    [("120", "0"), ("130", "0"), ("80", "50"), ("40", "100"), ("30", "110"), ("20", "120"), ("5", "120")],
)
def test_the_curve_of_a_lower_better_kpi(value: str, points: str) -> None:
    scored = curve(
        D(value), floor=D(120), target=D(40), stretch=D(20), target_points=D(100), stretch_points=D(120)
    )
    assert scored == D(points)


def test_without_a_stretch_the_curve_ends_at_the_target() -> None:
    scored = curve(D(0), floor=D(3), target=D(0), stretch=None, target_points=D(100), stretch_points=D(120))
    assert scored == D(100)


def test_an_unscored_kpi_gives_its_weight_to_its_block_then_to_the_others() -> None:
    # core: 0.5 of 0.5 + 0.3 scored → 0.5 / 0.8; role: nothing scored → core takes 0.4 / … as 0.6 / 0.6
    found = weights(
        [
            ("core", D("0.6"), D("0.5"), True),
            ("core", D("0.6"), D("0.3"), True),
            ("core", D("0.6"), D("0.2"), False),
            ("role", D("0.4"), D("1"), False),
        ]
    )
    assert found == [D("0.625"), D("0.375"), D(0), D(0)]


def test_data_and_total_score_by_hand() -> None:
    # 80.9756 × 0.25 + 120 × 0.25 + 75.5556 × 0.25 + 100 × 0.25 = 94.1328
    parts = [(D("80.9756"), D("0.25")), (D(120), D("0.25")), (D("75.5556"), D("0.25")), (D(100), D("0.25"))]
    data = data_score(parts)
    assert data == D("94.1328")
    # 0.8 × 94.1328 + 0.2 × 80 = 91.30624
    shares = {"supervisor_share": D("0.2"), "collaboration_share": D("0.1")}
    assert total_score(data, supervisor=D(80), collaboration=None, **shares) == D("91.3062")
    # no rating → no share: CG-04, CG-05
    assert total_score(data, supervisor=None, collaboration=None, **shares) == data
    # 0.9 × 91.30624 + 0.1 × 90 = 91.175616
    assert total_score(data, supervisor=D(80), collaboration=D(90), **shares) == D("91.1756")


BANDS = [
    {"method": "forced", "grade": "S", "share": D("0.1"), "min_score": None, "band_no": 1},
    {"method": "forced", "grade": "A", "share": D("0.2"), "min_score": None, "band_no": 2},
    {"method": "forced", "grade": "B", "share": D("0.5"), "min_score": None, "band_no": 3},
    {"method": "forced", "grade": "C", "share": D("0.2"), "min_score": None, "band_no": 4},
    {"method": "absolute", "grade": "S", "share": None, "min_score": D(100), "band_no": 1},
    {"method": "absolute", "grade": "C", "share": None, "min_score": None, "band_no": 4},
]


def test_ties_share_the_better_rank_and_grade() -> None:
    totals = [D(90), D(80), D(80), D(70)]
    assert [rank_of(total, totals) for total in totals] == [1, 2, 2, 4]


@pytest.mark.parametrize(
    ("rank", "grade"), [(1, "S"), (2, "A"), (3, "A"), (4, "B"), (8, "B"), (9, "C"), (10, "C")]
)
def test_forced_shares_of_ten(rank: int, grade: str) -> None:
    band = band_of(BANDS, "forced", rank=rank, size=10, total=D(0))
    assert band is not None and band["grade"] == grade


def test_a_small_group_is_not_ranked() -> None:
    assert method_of(BANDS, 5, 5) == "forced"
    assert method_of(BANDS, 4, 5) == "absolute"
    band = band_of(BANDS, "absolute", rank=1, size=4, total=D("99.9999"))
    assert band is not None and band["grade"] == "C"


def test_years_are_full_on_the_anniversary_and_months_end_with_the_month() -> None:
    assert full_years(date(2024, 2, 29), date(2025, 2, 27)) == 0
    assert full_years(date(2024, 2, 29), date(2025, 2, 28)) == 1
    assert full_years(date(2024, 2, 29), date(2028, 2, 28)) == 3
    assert add_months(date(2026, 8, 31), 6) == date(2027, 2, 28)
    table = [{"lower_bound": D(1), "upper_bound": D(2)}, {"lower_bound": D(2), "upper_bound": D(4)}]
    assert [row_of_rank(table, rank) for rank in (1, 3, 4)] == [table[0], table[1], None]
