"""The rows of one policy that are in force on one day, by what asks for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from orchestration.policy.plans import ANY_ROLE
from orchestration.policy.rows import PolicyRow, Tables, grouped
from orchestration.proofs.measures import Measure, measure, of_kpi, of_score_measure

NAMES = (
    *("scheme", "scheme_rule", "score_block", "score_kpi", "grade_band", "component", "component_rate"),
    *("component_parameter", "component_event", "career_condition", "kpi", "score_measure", "review_measure"),
    *("event_kind", "convention"),
)
"""Tables that proofs read."""


@dataclass(frozen=True)
class PlanRows:
    """Rows in force on a day. `keys` has the closed lists of the roster's columns."""

    tables: Tables
    day: date
    keys: Mapping[str, frozenset[str]]
    _rows: dict[str, Sequence[PolicyRow]] = field(default_factory=dict)
    _groups: dict[tuple[str, ...], Mapping[tuple[str, ...], list[PolicyRow]]] = field(default_factory=dict)

    def all(self, table: str) -> Sequence[PolicyRow]:
        """The rows of a table."""
        if table not in self._rows:
            self._rows[table] = tuple(self.tables[table].in_force(self.day))
        return self._rows[table]

    def of(self, table: str, **equal: str) -> Sequence[PolicyRow]:
        """The rows of a table that hold these words in these columns."""
        by = (table, *equal)
        if by not in self._groups:
            self._groups[by] = grouped(self.all(table), *equal)
        return self._groups[by].get(tuple(equal.values()), ())

    def parameters(self, component_id: str) -> Mapping[str, PolicyRow]:
        """The parameters of a component by name."""
        rows = self.of("component_parameter", component_id=component_id)
        return {row.text("parameter"): row for row in rows}

    def number_of(self, component_id: str, parameter: str) -> Fraction | None:
        """A parameter that is a number."""
        row = self.parameters(component_id).get(parameter)
        return None if row is None else number(row, "value")

    def word_of(self, component_id: str, parameter: str) -> str:
        """A parameter that is a word; empty where it is not given."""
        row = self.parameters(component_id).get(parameter)
        return "" if row is None else row.text("text_value")

    def rule(self, scheme_id: str, period_kind: str, parameter: str) -> Fraction | None:
        """A rule of a plan that is a number."""
        rows = self.of("scheme_rule", scheme_id=scheme_id, period_kind=period_kind, parameter=parameter)
        try:
            return Fraction(rows[0].text("value")) if rows else None
        except (ValueError, ZeroDivisionError):
            return None

    def convention(self, parameter: str) -> Fraction:
        """A convention that is a number; 0 where the policy lacks it."""
        rows = self.of("convention", parameter=parameter)
        return (number(rows[0], "value") if rows else None) or Fraction(0)

    def measure(self, name: str) -> Measure | None:
        """A KPI of the catalogue, or what is scored beside them."""
        if kpis := self.of("kpi", kpi_id=name):
            return of_kpi(kpis[0])
        if others := self.of("score_measure", measure_id=name):
            return of_score_measure(others[0], most=self.convention("curve_stretch_points"))
        return None

    def kinds(self, table: str) -> Iterator[tuple[str, str]]:
        """Plans and kinds of period that a table has rows of, in the order of the rows."""
        yield from dict.fromkeys((row.text("scheme_id"), row.text("period_kind")) for row in self.all(table))

    def roles(self, scheme_id: str, period_kind: str) -> list[str]:
        """The roles that a plan scores apart; `*` where it scores all alike."""
        rows = self.of("score_kpi", scheme_id=scheme_id, period_kind=period_kind)
        return sorted({row.text("role") for row in rows} - {ANY_ROLE}) or [ANY_ROLE]

    def score(self, greatest: Fraction | None) -> Measure:
        """The total score up to the greatest that can be had."""
        return measure("score").up_to(greatest)


def number(row: PolicyRow, column: str) -> Fraction | None:
    """A cell as a fraction; None where it is empty or no number."""
    value = row.number(column)
    return None if value is None else Fraction(value)


def low_of(rate: PolicyRow) -> Fraction:
    """Where a row of a rate table begins; 0 where it does not say."""
    return number(rate, "lower_bound") or Fraction(0)
