"""What was observed, in words: aggregates and the names of subjects, never a value of a row."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy.engine import Connection

from expectations.bound import Limits
from expectations.measure import MEASURES

NAMED_SUBJECTS = 3
"""Subjects out of bounds that are named, worst first."""
QUOTING_NOTHING = frozenset({"Binder", "Catalog", "Parser"})
"""Kinds of DuckDB's errors that are about a query's text, not about rows."""
MISSING_COLUMN = re.compile(r'The column "\w+" in BatchData does not exist')
"""What Great Expectations says of a column that is not there."""


def of_rows(result: Mapping[str, Any]) -> str:
    """The observation of an expectation on a relation: its value, or how many rows are out of bounds."""
    value = result.get("observed_value")
    if value is not None:
        return number(value)
    if "unexpected_count" not in result:
        return ""
    # A relation without rows has no counts.
    unexpected = int(result["unexpected_count"] or 0)
    looked_at = int(result.get("element_count") or 0) - int(result.get("missing_count") or 0)
    share = unexpected / looked_at if looked_at else 0
    return f"{unexpected:,} of {looked_at:,} rows ({share:.2%})"


@dataclass(frozen=True)
class Span:
    """Lowest and highest value of a measure's column."""

    low: float
    high: float

    def __str__(self) -> str:
        return number(self.low) if self.low == self.high else f"{number(self.low)} … {number(self.high)}"


def spans(connection: Connection) -> Mapping[tuple[str, str], Span]:
    """The span of every measured column that has a value, by measure and column."""
    rows = connection.exec_driver_sql(
        f"select measure, name, min(value), max(value) from {MEASURES} group by measure, name"
    ).fetchall()
    return {(str(row[0]), str(row[1])): Span(row[2], row[3]) for row in rows}


def outsiders(connection: Connection, measure: str, column: str, limits: Limits) -> str:
    """The subjects out of bounds with their values, worst first."""
    held = [limit for limit in (limits.min_value, limits.max_value) if limit is not None]
    rows = connection.exec_driver_sql(
        f"""
        select subject, value, count(*) over () as subject_count
        from {MEASURES}
        where measure = '{measure}' and name = '{column}' and ({limits.outside("value")})
        order by abs(value - {sum(held) / len(held)}) desc, subject
        limit {NAMED_SUBJECTS}
        """
    ).fetchall()
    named = ", ".join(f"{subject} {number(value)}" for subject, value, _ in rows)
    more = int(rows[0][2]) - len(rows) if rows else 0
    return f"{named} and {more} more" if more else named


def fault(message: str) -> str:
    """Why something could not be measured, for a result: DuckDB's words where they name relations and
    columns, their kind alone where they may quote a value of a row.
    """
    missing = MISSING_COLUMN.search(message)
    if missing is not None:
        return missing[0]
    found = re.search(r"(\w+(?: \w+)*) Error: .*", message, re.DOTALL)
    if found is None:
        return "it could not be measured; the reason is withheld, it may quote a value"
    if found[1] in QUOTING_NOTHING:
        return " ".join(found[0].partition("LINE ")[0].split())
    return f"{found[1]} Error; the rest is withheld, it may quote a value"


def number(value: Any) -> str:
    """A number with four significant digits, a count with its thousands apart."""
    exact = float(value) if isinstance(value, Decimal) else value
    if isinstance(exact, bool) or not isinstance(exact, (int, float)):
        return str(exact)
    if float(exact).is_integer():
        return f"{int(exact):,}"
    return f"{exact:.4g}" if abs(exact) < 1000 else f"{exact:,.1f}"
