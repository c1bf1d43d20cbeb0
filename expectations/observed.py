"""What was observed, in words: aggregates and the names of subjects, never a value of a row."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from math import isfinite
from typing import Any

from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError

from expectations.bound import Limits
from expectations.measure import Measure

MEASURES = "temp.measures"
"""The relation of all measures taken: measure, subject, name of the column, value."""
END_OF_DATA = """
    with
    arrival (day_on) as (
        select created_on from facts.fct_ticket
        union all
        select started_on from facts.fct_contact
        union all
        select ordered_on from facts.fct_order
        union all
        select created_on from facts.fct_lead
    ),
    day as (
        select arrival.day_on, count(*) as row_count, any_value(run.as_of_on) as as_of_on
        from arrival
        cross join facts.dim_run_context as run
        where arrival.day_on <= run.as_of_on
        group by arrival.day_on
    ),
    week as (
        select
            day_on,
            as_of_on,
            sum(row_count) over (
                order by day_on range between interval 6 days preceding and current row
            ) as row_count
        from day
    )
    select max(day_on), any_value(as_of_on)
    from week
    where row_count * 4 >= (select median(row_count) from week)
"""
NAMED_SUBJECTS = 5
"""Subjects out of bounds that are named, worst first."""
QUOTING_NOTHING = frozenset({"Binder", "Catalog", "Parser"})
"""Kinds of DuckDB's errors that are about a query's text, not about rows."""
MISSING_COLUMN = re.compile(r'The column "\w+" in BatchData does not exist')
"""What Great Expectations says of a column that is not there."""


def of_rows(result: Mapping[str, Any], rows: str = "rows") -> str:
    """The observation of an expectation on a relation: its value, or how many rows are out of bounds, of
    those that it looks at.
    """
    value = result.get("observed_value")
    if value is not None:
        return number(value)
    looked_at = row_count(result)
    if looked_at is None:
        return ""
    # A relation without rows has no counts.
    unexpected = int(result["unexpected_count"] or 0)
    share = unexpected / looked_at if looked_at else 0
    return f"{unexpected:,} of {looked_at:,} {rows} ({share:.2%})"


def number_of_rows(result: Mapping[str, Any]) -> float | None:
    """The number of the observation: its value, or the share of rows out of bounds (0 to 1); None where it is
    none.
    """
    value = result.get("observed_value")
    if value is None:
        looked_at = row_count(result)
        return None if looked_at is None else int(result["unexpected_count"] or 0) / max(looked_at, 1)
    is_number = isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)
    return float(value) if is_number and isfinite(value) else None


def row_count(result: Mapping[str, Any]) -> int | None:
    """How many rows an expectation looked at: those with a value; None where it counts none."""
    if "unexpected_count" not in result:
        return None
    return int(result.get("element_count") or 0) - int(result.get("missing_count") or 0)


def take(connection: Connection, measures: Collection[Measure]) -> Mapping[str, str]:
    """Take each measure once into the relation MEASURES; return the errors of broken ones, by name."""
    broken: dict[str, str] = {}
    connection.exec_driver_sql(
        f"create temp table {MEASURES} (measure varchar, subject varchar, name varchar, value double)"
    )
    for measure in sorted(measures, key=lambda one: one.name):
        try:
            connection.exec_driver_sql(
                f"""
                insert into {MEASURES}
                select measure, subject, name, value
                from (
                    select '{measure.name}' as measure, subject, cast(columns(* exclude (subject)) as double)
                    from ({measure.sql})
                ) unpivot include nulls (value for name in (columns(* exclude (measure, subject))))
                """
            )
        except SQLAlchemyError as error:
            broken[measure.name] = str(error.args[0] if error.args else error)
    return broken


@dataclass(frozen=True)
class Span:
    """Lowest and highest value of a measure's column; None where no subject can be judged."""

    low: float | None
    high: float | None
    subject_count: int
    judged_count: int

    def worst(self, limits: Limits) -> float | None:
        """The end that is nearest to its limit, or farthest beyond it."""
        held = [
            (value, sign * (value - limit))
            for value, limit, sign in ((self.low, limits.min_value, -1), (self.high, limits.max_value, 1))
            if value is not None and limit is not None and isfinite(value)
        ]
        return max(held, key=lambda one: one[1])[0] if held else None

    def __str__(self) -> str:
        if self.low is None or self.high is None:
            return ""
        ends = number(self.low) if self.low == self.high else f"{number(self.low)} … {number(self.high)}"
        if self.judged_count == self.subject_count:
            return ends
        return f"{ends} ({self.judged_count:,} of {self.subject_count:,} judged)"


NOTHING = Span(None, None, 0, 0)


def spans(connection: Connection) -> Mapping[tuple[str, str], Span]:
    """The span of every measured column, by measure and column."""
    rows = connection.exec_driver_sql(
        f"select measure, name, min(value), max(value), count(*), count(value) from {MEASURES} "
        "group by measure, name"
    ).fetchall()
    return {(str(row[0]), str(row[1])): Span(*row[2:]) for row in rows}


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
    # Of a subject that is or is not, its name says all.
    is_yes_or_no = column.startswith(("is_", "has_"))
    named = ", ".join(
        str(subject) if is_yes_or_no else f"{subject} {number(value)}" for subject, value, _ in rows
    )
    more = int(rows[0][2]) - len(rows) if rows else 0
    return f"{named} and {more} more" if more else named


def first_place(connection: Connection, relation: str, outside: str) -> str:
    """File and row of the first export line whose row of the relation is out of bounds, told behind the
    observation; '' where its rows are no export's lines. A line's place is no value of it, and nobody's name.
    """
    try:
        found = connection.exec_driver_sql(
            f"""
            select load_file.file, relation.source_row_number, count(*) over ()
            from {relation} as relation
            inner join audit.load_file as load_file
                on relation.load_id = load_file.load_id and load_file.status = 'loaded'
            where {outside}
            order by load_file.file, relation.source_row_number
            limit 1
            """
        ).fetchone()
    except SQLAlchemyError:  # it has no lines
        return ""
    if found is None:
        return ""
    return (
        f", the first from {found[0]} row {found[1]}" if found[2] > 1 else f", from {found[0]} row {found[1]}"
    )


def end_of_data(connection: Connection) -> date | None:
    """The day on which the bulk of the events ends, if that is before the business date: the last day whose
    week has a quarter of the usual week's arrivals. None when it is the business date, or nothing says.
    """
    try:
        found = connection.exec_driver_sql(END_OF_DATA).fetchone()
    except SQLAlchemyError:  # a relation that is not there has failed its own checks
        return None
    return found[0] if found is not None and found[0] < found[1] else None


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
