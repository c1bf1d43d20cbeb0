"""What came in tonight: is it fresh, is it as much as usual, does it look as it used to."""

from __future__ import annotations

from collections.abc import Iterator

import great_expectations.expectations as gxe

from expectations.bound import SuiteBounds
from expectations.measure import load_measure
from expectations.suites.base import Check, measured


def checks(bounds: SuiteBounds) -> Iterator[Check]:
    """One check per bound of `bounds/raw.yml`."""
    yield Check("loads_exist", gxe.ExpectTableRowCountToBeBetween(**bounds["loads_exist"].limits.given()))
    yield from measured(
        bounds,
        load_measure("raw__freshness", bounds),
        {
            "tickets_are_fresh": "ticket_lag_days",
            "contacts_are_fresh": "contact_lag_days",
            "surveys_are_fresh": "survey_lag_days",
            "quality_reviews_are_fresh": "review_lag_days",
            "attendance_is_fresh": "attendance_lag_days",
            "crm_is_fresh": "crm_lag_days",
        },
    )
    yield from measured(
        bounds, load_measure("raw__need", bounds), {"exports_of_plans_exist": "absent_export_count"}
    )
    yield from measured(
        bounds,
        load_measure("raw__day", bounds),
        {"export_is_empty": "empty_export_count", "day_is_missing": "missing_day_count"},
    )
    yield from measured(
        bounds,
        load_measure("raw__stream", bounds),
        {
            "week_volume_collapsed": "week_ratio",
            "week_volume_unusual": "week_ratio",
            "month_volume_collapsed": "month_ratio",
            "month_volume_unusual": "month_ratio",
            "future_events": "future_share",
            "hours_shifted": "hour_shift",
        },
    )
    yield from measured(
        bounds,
        load_measure("raw__column", bounds),
        {"columns_went_empty": "empty_share_rise", "columns_emptier": "empty_share_rise"},
    )
    yield from measured(bounds, load_measure("raw__value", bounds), {"unseen_values": "unseen_share"})
    yield from measured(
        bounds,
        load_measure("raw__load", bounds),
        {
            "rejected_rows": "rejected_share",
            "unreadable_files": "unreadable_file_count",
            "new_columns": "new_column_count",
            "file_form_changed": "changed_form_count",
            "rows_conflict": "conflicting_key_count",
        },
    )
    yield from measured(
        bounds,
        load_measure("raw__lost_column", bounds),
        {"lost_columns": "is_lost", "lost_columns_unread": "is_lost_unread"},
    )
