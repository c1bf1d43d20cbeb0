"""Scores: ranges, weights, what they add up to, and the plans' means against their own last months."""

from __future__ import annotations

from collections.abc import Iterator

from expectations.bound import SuiteBounds
from expectations.measure import load_measure
from expectations.suites.base import Check, measured, ranged


def checks(bounds: SuiteBounds) -> Iterator[Check]:
    """One check per bound of `bounds/score.yml`."""
    yield from ranged(
        bounds,
        {
            "points_within_curve": "points",
            "weights_within_0_and_1": "effective_weight",
            "totals_within_curve": "total_score",
            "supervisor_scores_within_100": "supervisor_score",
            "collaboration_scores_within_100": "collaboration_score",
        },
    )
    yield from measured(
        bounds,
        load_measure("score__sum", bounds),
        {"weights_add_up": "unbalanced_weight_count", "scores_are_sums": "unexplained_score_count"},
    )
    yield from measured(
        bounds,
        load_measure("score__plan", bounds),
        {
            "mean_score_drift": "mean_change",
            "mean_score_break": "mean_change",
            "unscored_agents": "unscored_share",
            "unscored_everywhere": "stopped_scoring_share",
            "awaiting_review": "awaiting_share",
            "scores_hardly_differ": "score_spread",
            "scores_at_the_top": "top_share",
            "scores_at_the_bottom": "bottom_share",
        },
    )
    yield from measured(
        bounds, load_measure("score__target", bounds), {"targets_out_of_reach": "reached_share"}
    )
