"""Grades: that they follow from rank, share and band, and how they spread."""

from __future__ import annotations

from collections.abc import Iterator

from expectations.bound import SuiteBounds
from expectations.measure import load_measure
from expectations.suites.base import Check, measured


def checks(bounds: SuiteBounds) -> Iterator[Check]:
    """One check per bound of `bounds/grade.yml`."""
    yield from measured(
        bounds,
        load_measure("grade__rule", bounds),
        {
            "ranks_follow_scores": "wrong_rank_count",
            "cohorts_are_counted": "wrong_size_count",
            "scored_are_graded": "ungraded_count",
            "shares_are_followed": "off_share_count",
            "bands_are_followed": "off_band_count",
            "order_is_kept": "inverted_count",
            "small_cohorts_not_forced": "small_cohort_count",
        },
    )
    yield from measured(
        bounds,
        load_measure("grade__spread", bounds),
        {
            "best_grade_overfull": "best_excess",
            "worst_grade_overfull": "worst_excess",
            "ties_are_few": "tie_share",
            "grades_jump": "far_move_share",
        },
    )
