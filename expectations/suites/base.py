"""What a suite is: a module `suites/<name>.py` with `checks(bounds)`, one check for every bound of
`bounds/<name>.yml`.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import great_expectations.expectations as gxe
from great_expectations.expectations.expectation import Expectation

from expectations.bound import SuiteBounds
from expectations.measure import Measure


@dataclass(frozen=True)
class Check:
    """A bound's id and the expectation that holds it.

    The expectation looks at the bound's relation, or where there is one at `column` of `measure`. `rows`
    says which rows of the relation it looks at, and a share is of: those without a value are not among them.
    """

    check_id: str
    expectation: Expectation
    measure: Measure | None = None
    column: str = ""
    rows: str = "rows"


Suite = Callable[[SuiteBounds], Iterator[Check]]


def load_suites() -> Mapping[str, Suite]:
    """`checks` of every suite module, by suite."""
    folder = Path(__file__).parent
    names = sorted(module.name for module in pkgutil.iter_modules([str(folder)]) if module.name != "base")
    return {name: importlib.import_module(f"{__package__}.{name}").checks for name in names}


def measured(bounds: SuiteBounds, measure: Measure, columns: Mapping[str, str]) -> Iterator[Check]:
    """Checks that a column of the measure keeps within its bound for every subject.

    NULL, too little to judge by, is not judged.
    `columns` gives the measure's column by check id. The batch is the relation of all measures.
    """
    for check_id, column in columns.items():
        outside = bounds[check_id].limits.outside("value")
        query = (
            f"select subject from {{batch}} "
            f"where measure = '{measure.name}' and name = '{column}' and ({outside})"
        )
        yield Check(check_id, gxe.UnexpectedRowsExpectation(unexpected_rows_query=query), measure, column)


def ordered(bounds: SuiteBounds, later_earlier: Mapping[str, tuple[str, str]]) -> Iterator[Check]:
    """Checks that of two columns the first is not below the second, where both are known."""
    for check_id, (later, earlier) in later_earlier.items():
        yield Check(
            check_id,
            gxe.ExpectColumnPairValuesAToBeGreaterThanB(
                column_A=later,
                column_B=earlier,
                or_equal=True,
                ignore_row_if="either_value_is_missing",
                **bounds[check_id].limits.given(),
            ),
            rows=f"rows with {later} and {earlier}",
        )


def ranged(bounds: SuiteBounds, columns: Mapping[str, str]) -> Iterator[Check]:
    """Checks that a column of the relation keeps within its bound, where it is known."""
    for check_id, column in columns.items():
        yield Check(
            check_id,
            gxe.ExpectColumnValuesToBeBetween(column=column, **bounds[check_id].limits.given()),
            rows=f"rows with {column}",
        )


def listed(bounds: SuiteBounds, columns: Mapping[str, str]) -> Iterator[Check]:
    """Checks that a column of the relation has values of its bound's set, where it is known."""
    for check_id, column in columns.items():
        yield Check(
            check_id,
            gxe.ExpectColumnValuesToBeInSet(column=column, **bounds[check_id].limits.given()),
            rows=f"rows with {column}",
        )
