"""Exact intervals of shares."""

from __future__ import annotations

from math import comb

import pytest

from orchestration.audit.radar.fairness import CONFIDENCE, exact_interval

TAIL = (1 - CONFIDENCE) / 2


def at_least(count: int, total: int, rate: float) -> float:
    """The chance of `count` or more of `total`."""
    return sum(comb(total, k) * rate**k * (1 - rate) ** (total - k) for k in range(count, total + 1))


@pytest.mark.parametrize(("count", "total"), [(1, 5), (5, 10), (3, 31), (30, 31), (12, 400)])
def test_each_end_leaves_a_fortieth_in_its_tail(count: int, total: int) -> None:
    low, high = exact_interval(count, total)
    assert at_least(count, total, low) == pytest.approx(TAIL, abs=2e-4)
    assert 1 - at_least(count + 1, total, high) == pytest.approx(TAIL, abs=2e-4)


def test_none_and_all_reach_the_ends() -> None:
    # 0 of 10: 1 - 0.025 ** (1 / 10) = 0.308497
    assert exact_interval(0, 10) == (0.0, 0.308497)
    assert exact_interval(10, 10) == (0.691503, 1.0)
