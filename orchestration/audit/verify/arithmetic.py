"""Every published number against what it rests on: evidence, the calculation as it states itself, lines."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import duckdb

from orchestration.audit.verify import catalogue, stated
from orchestration.audit.verify.data import ParquetData, RelationUnreadable
from orchestration.audit.verify.findings import Finding, Report
from orchestration.audit.verify.rows import Checked, check_keys, check_together
from orchestration.state.folder import AUDITOR

CHECKS: tuple[tuple[str, Callable[[ParquetData], Checked]], ...] = (
    ("no row is published twice", check_keys),
    *((one.what, one.check) for one in catalogue.all_faults()),
    *((one.what, one.check) for one in catalogue.rows_of("rows")),
    (
        "what stands in two places is the same",
        partial(check_together, checks=catalogue.all_copied()),
    ),
    ("every number follows from its operands", stated.check_numbers),
    ("every number is the published cell that it names", stated.check_cells),
    (
        "everything due is there, and part of what it is due in",
        partial(check_together, checks=catalogue.all_due()),
    ),
)


def check_arithmetic(data: ParquetData, report: Report) -> None:
    """Check everything from evidence to bonus; what does not read is skipped and said."""
    for name, check in CHECKS:
        place = f"{AUDITOR}/ ({name})"
        try:
            with report.guarding(name, place):
                report.add(name, *check(data))
        except RelationUnreadable as error:
            if isinstance(error.__cause__, duckdb.DataError):  # numbers that no calculation can have made
                report.add(name, 0, "rows", [Finding(place, error.problem)])
            else:
                report.skip(name, str(error))
