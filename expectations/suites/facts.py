"""Facts: order of times, ranges, references, and that no row went missing on the way."""

from __future__ import annotations

from collections.abc import Iterator

from expectations.bound import SuiteBounds
from expectations.measure import load_measure
from expectations.suites.base import Check, listed, measured, ordered, ranged


def checks(bounds: SuiteBounds) -> Iterator[Check]:
    """One check per bound of `bounds/facts.yml`."""
    yield from _order_of_times(bounds)
    yield from _ranges(bounds)
    yield from measured(
        bounds,
        load_measure("facts__event", bounds),
        {
            "events_out_of_order": "out_of_order_share",
            "events_mostly_invalid": "valid_share",
            "unknown_agents": "unknown_agent_share",
            "unknown_agents_everywhere": "unknown_everywhere_share",
        },
    )
    yield from measured(bounds, load_measure("facts__link", bounds), {"broken_links": "broken_share"})
    yield from measured(
        bounds, load_measure("facts__ruling", bounds), {"rulings_do_something": "idle_ruling_count"}
    )
    yield from measured(
        bounds, load_measure("facts__job_history", bounds), {"job_rows_make_sense": "odd_row_count"}
    )
    yield from measured(
        bounds,
        load_measure("facts__conservation", bounds),
        {"loaded_rows_are_facts": "lost_row_count", "rows_are_accounted_for": "unaccounted_row_count"},
    )
    yield from measured(
        bounds,
        load_measure("facts__workforce", bounds),
        {
            "headcount_collapsed": "headcount_ratio",
            "headcount_unusual": "headcount_ratio",
            "agents_without_plan": "without_plan_share",
            "agents_without_team": "without_team_share",
            "agents_without_role": "without_role_share",
        },
    )
    yield from measured(
        bounds, load_measure("facts__source", bounds), {"evidence_has_a_source": "sourceless_row_count"}
    )


def _order_of_times(bounds: SuiteBounds) -> Iterator[Check]:
    yield from ordered(
        bounds,
        {
            "tickets_solved_after_creation": ("solved_at", "created_at"),
            "tickets_replied_after_creation": ("first_reply_at", "created_at"),
            "tickets_solved_after_reply": ("solved_at", "first_reply_at"),
            "tickets_closed_after_solution": ("closed_at", "solved_at"),
            "tickets_due_after_creation": ("due_at", "created_at"),
            "tickets_escalated_after_creation": ("escalated_at", "created_at"),
            "contacts_answered_after_start": ("first_response_at", "started_at"),
            "contacts_ended_after_start": ("ended_at", "started_at"),
            "contacts_ended_after_answer": ("ended_at", "first_response_at"),
            "leads_closed_after_creation": ("closed_at", "created_at"),
            "rulings_decided_after_request": ("decided_at", "requested_at"),
            "outages_end_after_start": ("ends_at", "starts_at"),
            "survey_scores_within_scale": ("scale_max", "score"),
            "leads_complete_at_most": ("required_field_count", "completed_field_count"),
        },
    )


def _ranges(bounds: SuiteBounds) -> Iterator[Check]:
    yield from ranged(
        bounds,
        {
            "handle_times_plausible": "handle_seconds",
            "reply_times_plausible": "first_reply_seconds",
            "response_times_plausible": "first_response_seconds",
            "talk_times_plausible": "talk_seconds",
            "review_scores_plausible": "score",
            "deductions_plausible": "deduction_points",
            "ratings_plausible": "score",
            "collaboration_ratings_plausible": "rating",
            "order_amounts_plausible": "amount_cny",
            "targets_plausible": "target_value",
            "recognition_points_plausible": "points",
            "base_salaries_plausible": "base_salary_cny",
        },
    )
    yield from listed(bounds, {"survey_scales_known": "scale_max"})
