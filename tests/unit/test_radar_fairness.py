"""Exact intervals of shares."""

from __future__ import annotations

from math import comb

import pytest

from orchestration.audit.radar.fairness import CONFIDENCE, Share, exact_interval, shares_of_plan

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


def person(grade: str, *, shift: str, employment: str) -> dict[str, object]:
    return {
        "grade": grade,
        "role": "general",
        "customer_group": "regular",
        "employment": employment,
        "tenure_months": 12,
        "night_count": 10 if shift == "night" else 9,
        "day_count": 20,
    }


def shares(people: list[dict[str, object]], grouping: str) -> dict[tuple[str, str], Share]:
    found = shares_of_plan("plan", people)
    return {(one.group.en, one.grade): one for one in found if one.grouping.en == grouping}


def test_a_star_takes_two_intervals_that_do_not_overlap() -> None:
    # 2 of 20 by day: at most 0.316983; 14 of 20 at night: at least 0.457211
    day = [person("A" if number < 2 else "B", shift="day", employment="full_time") for number in range(20)]
    night = [
        person("A" if number < 14 else "B", shift="night", employment="full_time") for number in range(20)
    ]
    found = shares([*day, *night], "shift")
    first = found["day", "A"]
    assert (first.count, first.total, first.high) == (2, 20, 0.316983)
    assert first.others_low == 0.457211
    assert all(share.differs for share in found.values())
    half = [person("A" if number < 7 else "B", shift="night", employment="full_time") for number in range(20)]
    assert not any(share.differs for share in shares([*day, *half], "shift").values())


def employed(**groups: int) -> dict[str, bool]:
    """By group, whether shares are shown of so many people each."""
    people = [
        person("A", shift="day", employment=group) for group, count in groups.items() for _ in range(count)
    ]
    return {group: share.count is not None for (group, _), share in shares(people, "employment").items()}


def test_fewer_than_five_are_not_shown_and_cannot_be_reckoned_from_the_rest() -> None:
    assert employed(full_time=30, part_time=5) == {"full time": True, "part time": True}
    # Four: all 34 less the 30 would be theirs, so that the 30 are hidden as well.
    assert employed(full_time=30, part_time=4) == {"full time": False, "part time": False}
    # Three and two are five together; four and one likewise.
    assert employed(full_time=30, part_time=3, seasonal=2) == {
        "full time": True,
        "part time": False,
        "seasonal": False,
    }
    # One is alone: the next smallest is hidden with it, and no more.
    assert employed(full_time=30, part_time=5, seasonal=1) == {
        "full time": True,
        "part time": False,
        "seasonal": False,
    }


def test_of_a_hidden_group_no_grade_is_named_and_the_others_are_compared_with_where_they_are_five() -> None:
    many = [person("A", shift="day", employment="full_time") for _ in range(30)]
    few = [person("B", shift="day", employment=group) for group in ("part_time", "x", "y", "z")]
    found = shares([*many, *few], "employment")
    assert {share.count for share in found.values()} == {None} and ("part time", "B") not in found
    found = shares([*many, *few, person("B", shift="day", employment="w")], "employment")
    assert found["full time", "A"].count == 30 and found["full time", "A"].others_low == 0.0
    assert found["part time", "A"].count is None
