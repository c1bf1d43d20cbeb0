"""What may be changed, what it takes, and what is found of an agent's grade."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from orchestration.audit.node import Phrase

SET_ASIDE, COUNT_AGAIN, RATING, SECONDS, AMOUNT = "set_aside", "count_again", "rating", "seconds", "amount"
KINDS = (SET_ASIDE, COUNT_AGAIN, RATING, SECONDS, AMOUNT)
"""Rows set aside by a ruling on one KPI; a ruling withdrawn; a rating, a duration, an amount changed."""
BETTER, WORSE = "better", "worse"


class Shift(NamedTuple):
    """What is added to the numerator and the denominator of one published sum.

    `model` and `key` name it as the calculation does: `kpi_observation`, `A0007:2026-10:csat`.
    """

    model: str
    key: str
    numerator: Fraction
    denominator: Fraction = Fraction(0)


@dataclass(frozen=True)
class InputRow:
    """One row of a fact: what it adds to a KPI, or the rating that it is; `periods` are those whose sums it
    is in. `column` is the export's column that a change of its number changes, `model_of_sum` the relation
    of sums.
    """

    model: str
    key: str
    name: str
    periods: tuple[str, ...]
    numerator: Fraction
    denominator: Fraction = Fraction(0)
    ruling_id: str | None = None
    column: str = ""
    model_of_sum: str = "kpi_observation"


@dataclass(frozen=True)
class Placed:
    """Where the export has a row: its file in the landing folder and its line there."""

    entity: str
    key: str
    file: str | None
    row_number: int | None
    ruling_id: str | None = None


@dataclass(frozen=True)
class Change:
    """A change of inputs and what it does to the agent's grade; the others' inputs stay.

    `name` is the KPI or the rated dimension, `label` what people call it. Of rows set aside or counted again
    `rows` are all of them; of a number its one row, with the number `before` and `after`: of seconds how long
    it takes, else what stands in the column `column` of the export. `alone_keys` are the keys of the rows of
    the same kind of which each one would do it (those looked at). `smaller` is the next smaller change, which
    does not do it: so many rows, or the number. `others_moved` counts other agents of the group whose grade
    of the period it changes.
    """

    kind: str
    direction: str
    name: str
    rows: tuple[Placed, ...]
    grade: str | None
    total: Decimal | None
    rank: int | None
    others_moved: int
    alone_keys: tuple[str, ...] = ()
    column: str = ""
    unit: str = ""
    before: Decimal | None = None
    after: Decimal | None = None
    smaller: Decimal | None = None
    label: Phrase = field(default_factory=lambda: Phrase("", ""))

    @property
    def alone_count(self) -> int:
        """How many rows of the same kind would do it alone (of those looked at)."""
        return len(self.alone_keys)

    @property
    def row_count(self) -> int:
        """Rows that are set aside or counted again; 0 where a number changes."""
        return len(self.rows) if self.kind in (SET_ASIDE, COUNT_AGAIN) else 0


@dataclass(frozen=True)
class Finding:
    """One agent's grade of a period and what changes it; `note` is why nothing is said of it."""

    agent_id: str
    period_id: str
    scheme_id: str
    cohort_id: str = ""
    cohort_size: int = 0
    method: str | None = None
    rank: int | None = None
    grade: str | None = None
    total: Decimal | None = None
    points_to_better: Decimal | None = None
    points_to_worse: Decimal | None = None
    changes: tuple[Change, ...] = ()
    note: str = ""

    @property
    def fewest_rows(self) -> int | None:
        """The fewest rows that change the grade, None where none of those looked at do."""
        return min((one.row_count for one in self.changes if one.row_count), default=None)


@dataclass(frozen=True)
class Sensitivity:
    """What is found of a period in a publication: those on a single row first."""

    publication: str
    period_id: str
    is_settled: bool
    findings: tuple[Finding, ...]
