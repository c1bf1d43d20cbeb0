"""KPI observations and their evidence."""

from __future__ import annotations

from collections.abc import Iterator

import great_expectations.expectations as gxe

from expectations.bound import SuiteBounds
from expectations.suites.base import Check


def checks(bounds: SuiteBounds) -> Iterator[Check]:
    """One check per bound of `bounds/kpi.yml`."""
    for check_id in ("observations_exist", "evidence_exists"):
        yield Check(check_id, gxe.ExpectTableRowCountToBeBetween(**bounds[check_id].limits))
    yield Check(
        "evidence_set_aside_share",
        gxe.ExpectColumnMeanToBeBetween(column="is_counted", **bounds["evidence_set_aside_share"].limits),
    )
