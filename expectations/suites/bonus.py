"""Bonus lines and their sums."""

from __future__ import annotations

from collections.abc import Iterator

import great_expectations.expectations as gxe

from expectations.bound import SuiteBounds
from expectations.suites.base import Check


def checks(bounds: SuiteBounds) -> Iterator[Check]:
    """One check per bound of `bounds/bonus.yml`."""
    yield Check(
        "bonus_is_sum_of_lines",
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="""
                select total.bonus_id
                from {batch} as total
                left join (
                    select bonus_id, sum(amount_cny) as amount_cny from bonus.bonus_line group by bonus_id
                ) as lines on lines.bonus_id = total.bonus_id
                where total.amount_cny is distinct from coalesce(lines.amount_cny, 0)
            """
        ),
    )
    yield Check(
        "line_within_reason",
        gxe.ExpectColumnValuesToBeBetween(column="amount_cny", **bounds["line_within_reason"].limits),
    )
