"""The one reader of bounds: each becomes a check, the expectation of its kind with its limits in place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import great_expectations.expectations as gxe
from great_expectations.expectations.expectation import Expectation

from expectations.bound import Bound, Needs, SuiteBounds, require_numbers
from expectations.measure import Measure, load_measure
from expectations.own_bounds import bounds_in_force

OF_VALUES: Mapping[str, Callable[..., Expectation]] = {
    "ranged": gxe.ExpectColumnValuesToBeBetween,
    "listed": gxe.ExpectColumnValuesToBeInSet,
    "filled": gxe.ExpectColumnValuesToNotBeNull,
}
"""By kind, what looks at the values of one column."""


@dataclass(frozen=True)
class Check:
    """A bound of a suite and the expectation that holds it: at the bound's relation, or at its column of
    `measure`, which needs `needs` to be judged.
    """

    suite: str
    check_id: str
    bound: Bound
    expectation: Expectation
    measure: Measure | None = None
    needs: Needs | None = None

    @property
    def key(self) -> tuple[str, str]:
        """Suite and check id."""
        return self.suite, self.check_id

    @property
    def rows(self) -> str:
        """Which rows of the relation it looks at, and a share is of: those without a value are not among
        them.
        """
        is_of_values = self.bound.kind in ("ranged", "listed", "ordered")
        return f"rows with {' and '.join(self.bound.looked_at())}" if is_of_values else "rows"

    @property
    def outside(self) -> str:
        """SQL condition: a row of the relation is out of bounds; '' where no single row is."""
        bound, column = self.bound, self.bound.column
        if self.measure is not None:
            return ""
        if bound.columns is not None:
            return f"{bound.columns[0]} < {bound.columns[1]}"
        if column is None:
            return ""
        if bound.kind == "filled":
            return f"{column} is null"
        return bound.limits.unlike(column) if bound.kind == "listed" else bound.limits.outside(column)


def read_checks(bounds_dir: Path, own: Path | None = None) -> tuple[Check, ...]:
    """The check of every bound in force, by suite, with what a site's `own` folder changes.

    Raises ConfigurationError for bounds that are not sound.
    """
    bounds = bounds_in_force(bounds_dir, own)
    require_numbers(bounds, bounds_dir)
    return tuple(_check(suite, check_id) for suite in bounds.values() for check_id in suite)


def _check(suite: SuiteBounds, check_id: str) -> Check:
    bound = suite[check_id]
    if bound.measure is None or bound.column is None:
        return Check(suite.suite, check_id, bound, _of_rows(bound))
    measure = load_measure(bound.measure, suite.scope)
    # NULL, too little to judge by, is outside of nothing. The batch is the relation of all measures.
    query = (
        f"select subject from {{batch}} where measure = '{measure.name}' and name = '{bound.column}' "
        f"and ({bound.limits.outside('value')})"
    )
    expectation = gxe.UnexpectedRowsExpectation(unexpected_rows_query=query)
    return Check(suite.suite, check_id, bound, expectation, measure, suite.needed(bound.column))


def _of_rows(bound: Bound) -> Expectation:
    limits = bound.limits.given()
    if bound.columns is not None:
        later, earlier = bound.columns
        return gxe.ExpectColumnPairValuesAToBeGreaterThanB(
            column_A=later,
            column_B=earlier,
            or_equal=True,
            ignore_row_if="either_value_is_missing",
            **limits,
        )
    if bound.column is not None:
        return OF_VALUES[bound.kind](column=bound.column, **limits)
    return gxe.ExpectTableRowCountToBeBetween(**limits)
