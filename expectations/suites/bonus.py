"""Bonuses: what the ledger adds up to, pool against budget, mix, spread and outliers by plan."""

from __future__ import annotations

from collections.abc import Iterator

import great_expectations.expectations as gxe

from expectations.bound import SuiteBounds
from expectations.measure import load_measure
from expectations.suites.base import Check, listed, measured, ranged


def checks(bounds: SuiteBounds) -> Iterator[Check]:
    """One check per bound of `bounds/bonus.yml`."""
    yield from _ledger(bounds)
    yield from measured(
        bounds,
        load_measure("bonus__pool", bounds),
        {
            "pool_over_budget": "budget_share",
            "pool_far_over_budget": "budget_share",
            "pool_far_under_budget": "budget_share",
            "plans_without_budget": "unbudgeted_count",
            "pay_per_head_drift": "head_pay_doublings",
            "pay_per_head_break": "head_pay_doublings",
            "performance_share_low": "performance_share",
            "performance_share_high": "performance_share",
            "unpaid_agents": "unpaid_share",
            "unpaid_everywhere": "stopped_paying_share",
            "paid_headcount_unusual": "paid_headcount_ratio",
            "outliers": "outlier_share",
        },
    )
    yield from measured(
        bounds,
        load_measure("bonus__kind", bounds),
        {
            "awards_share": "award_share",
            "adjustments_share": "adjusted_share",
            "adjustments_flood": "adjusted_share",
            "commission_rate_high": "commission_rate",
        },
    )
    yield from measured(
        bounds,
        load_measure("bonus__mix", bounds),
        {"pay_mix_off": "is_off_mix", "pay_spread_flat": "spread_ratio", "pay_spread_wide": "spread_ratio"},
    )
    yield from measured(
        bounds, load_measure("bonus__component", bounds), {"components_stopped": "has_stopped"}
    )


def _ledger(bounds: SuiteBounds) -> Iterator[Check]:
    yield from ranged(bounds, {"line_within_reason": "amount_cny", "totals_not_negative": "amount_cny"})
    for check_id, column in {
        "lines_have_an_amount": "amount_cny",
        "lines_cite_a_clause": "clause_id",
        "lines_are_labelled_in_chinese": "line_label_zh",
    }.items():
        yield Check(check_id, gxe.ExpectColumnValuesToNotBeNull(column=column))
    yield from listed(bounds, {"lines_say_whose_number": "value_origin"})
    yield from measured(
        bounds,
        load_measure("bonus__ledger", bounds),
        {
            "bonus_is_sum_of_lines": "unsummed_bonus_count",
            "bonuses_count_their_lines": "miscounted_bonus_count",
            "register_is_the_ledger": "unregistered_line_count",
            "adjustments_have_a_base": "baseless_adjustment_count",
            "paid_in_service": "outside_service_count",
            "lines_have_a_component": "lawless_line_count",
            "bonuses_are_traced": "untraced_bonus_count",
        },
    )
