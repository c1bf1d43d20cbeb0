"""The policy in force, the agents it is for, and the reviews that it asks for."""

from __future__ import annotations

from collections.abc import Iterator

from expectations.bound import SuiteBounds
from expectations.measure import load_measure
from expectations.suites.base import Check, measured


def checks(bounds: SuiteBounds) -> Iterator[Check]:
    """One check per bound of `bounds/policy.yml`."""
    yield from measured(
        bounds,
        load_measure("policy__rate", bounds),
        {
            "rates_plausible": "top_rate",
            "amounts_plausible": "top_amount_cny",
        },
    )
    yield from measured(
        bounds,
        load_measure("policy__change", bounds),
        {"rules_took_effect": "new_row_count", "rules_went_out_of_force": "gone_row_count"},
    )
    yield from measured(
        bounds,
        load_measure("policy__agent", bounds),
        {
            "plans_are_known": "unknown_plan_count",
            "plans_pay": "unpaid_plan_count",
            "roles_are_scored": "unscored_role_count",
            "targets_are_set": "missing_target_share",
        },
    )
    yield from measured(
        bounds,
        load_measure("policy__review", bounds),
        {
            "rulings_are_reviewed": "unreviewed_count",
            "rulings_have_four_eyes": "self_reviewed_count",
            "rulings_are_decided": "overdue_ruling_count",
            "rulings_mostly_granted": "approved_share",
            "months_are_signed_off": "unsigned_month_count",
            "dialogues_are_sampled": "sampled_share",
        },
    )
