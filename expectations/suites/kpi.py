"""KPIs: ranges of their units, the centre against itself, the agents' quantiles, coverage, what is set
aside.
"""

from __future__ import annotations

from collections.abc import Iterator

import great_expectations.expectations as gxe

from expectations.bound import SuiteBounds
from expectations.measure import load_measure
from expectations.suites.base import Check, measured


def checks(bounds: SuiteBounds) -> Iterator[Check]:
    """One check per bound of `bounds/kpi.yml`."""
    for check_id in ("observations_exist", "evidence_exists"):
        yield Check(check_id, gxe.ExpectTableRowCountToBeBetween(**bounds[check_id].limits.given()))
    yield from measured(
        bounds,
        load_measure("kpi__range", bounds),
        {
            "rates_within_0_and_1": "rate_outside_count",
            "csat_within_scale": "ten_outside_count",
            "scores_within_100": "hundred_outside_count",
            "nps_within_100": "signed_outside_count",
            "nothing_negative": "negative_count",
            "durations_end": "endless_count",
        },
    )
    yield from measured(
        bounds,
        load_measure("kpi__centre", bounds),
        {
            "rates_drift": "rate_change",
            "rates_break": "rate_change",
            "durations_drift": "seconds_doublings",
            "durations_break": "seconds_doublings",
            "scores_drift": "score_change",
            "scores_break": "score_change",
            "sales_drift": "amount_doublings",
            "sales_break": "amount_doublings",
        },
    )
    yield from measured(
        bounds,
        load_measure("kpi__evidence", bounds),
        {
            "evidence_collapsed": "evidence_ratio",
            "evidence_set_aside_share": "set_aside_share",
            "evidence_set_aside_rise": "set_aside_rise",
            "rulings_share": "ruling_share",
            "rulings_flood": "ruling_share",
            "uncredited_share": "uncredited_share",
            "stale_pending": "stale_pending_count",
        },
    )
    yield from measured(
        bounds,
        load_measure("kpi__agents", bounds),
        {
            "low_decile_shift": "low_decile_shift",
            "median_shift": "median_shift",
            "high_decile_shift": "high_decile_shift",
            "agents_look_alike": "spread_ratio",
            "coverage_fell": "coverage_fall",
            "coverage_collapsed": "coverage_fall",
        },
    )
    yield from measured(bounds, load_measure("kpi__idle", bounds), {"idle_agents": "idle_agent_share"})
