"""Which components are due to whom and for which days (S-PRORATE)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any

from orchestration.audit.recompute.book import Book, Row

PRORATED = frozenset({"fixed", "graded", "scored"})
BY_SEGMENT = PRORATED | {"per_event"}
NO_KEY = ""


@dataclass(frozen=True)
class Due:
    """A component due to an agent for one segment of service (`day_count` of `period_day_count` days)."""

    agent_id: str
    period_id: str
    component: Row
    segment_no: int
    day_count: int
    period_day_count: int
    place: Row
    grade: str | None
    total_score: Decimal | None
    rate_key: str | None
    band_value: Decimal

    @property
    def component_id(self) -> str:
        """The component."""
        return str(self.component["component_id"])

    @property
    def key(self) -> tuple[str, str]:
        """Component and period, by which parameters and rates are found."""
        return self.component_id, self.period_id


class DueList:
    """All that is due under the plans of a book."""

    def __init__(self, book: Book) -> None:
        self.book = book

    @cached_property
    def all(self) -> Sequence[Due]:
        """Every component due, per segment where it is paid by segment."""
        found = []
        by_month: dict[tuple[str, str], list[Row]] = defaultdict(list)
        for (_, month_id), segments in self.book.segments.items():
            for segment in segments:
                by_month[month_id, segment["scheme_id"]].append(segment)
        by_period: dict[tuple[str, str], list[Row]] = defaultdict(list)
        for (_, period_id), place in self.book.agent_periods.items():
            by_period[period_id, place["scheme_id"]].append(place)
        for component in self.book.components:
            key = component["period_id"], component["scheme_id"]
            is_by_segment = component["mechanism"] in BY_SEGMENT and component["period_kind"] == "month"
            for place in by_month[key] if is_by_segment else by_period[key]:
                if component["role"] in ("*", place["role"]):
                    found.append(self._due(component, place, is_by_segment=is_by_segment))
        return found

    def parameter(self, due: Due, name: str) -> Any:
        """A number that the policy gives the component; None where it gives none."""
        row = self.book.parameters.get(due.key, {}).get(name)
        return None if row is None else row["value"]

    def text(self, due: Due, name: str) -> str | None:
        """A word that the policy gives the component."""
        row = self.book.parameters.get(due.key, {}).get(name)
        return None if row is None else row["text_value"]

    def rates(self, due: Due) -> Sequence[Row]:
        """The component's rate table."""
        return self.book.rates.get(due.key, ())

    def in_band(self, value: Decimal, rate: Row, table: Sequence[Row], *, is_upper: bool = False) -> bool:
        """Whether `value` lies in a row's band.

        A band holds its lower bound and not its upper; with `is_upper` it holds its upper bound and not its
        lower, except the first band of the key, which has no lower edge (PT-06).
        """
        lower, upper = rate["lower_bound"], rate["upper_bound"]
        if not is_upper:
            return bool(value >= lower and (upper is None or value < upper))
        first = min(one["lower_bound"] for one in table if one["rate_key"] == rate["rate_key"])
        return bool((lower == first or value > lower) and (upper is None or value <= upper))

    def is_upper(self, due: Due) -> bool:
        """Whether the component's bands hold their upper bound."""
        return self.text(due, "band_side") == "upper"

    def _due(self, component: Row, place: Row, *, is_by_segment: bool) -> Due:
        agent_id, period_id = place["agent_id"], component["period_id"]
        grade = self.book.grades.get((agent_id, period_id))
        score = self.book.scores.get((agent_id, period_id))
        is_prorated = is_by_segment and component["mechanism"] in PRORATED
        return Due(
            agent_id=agent_id,
            period_id=period_id,
            component=component,
            segment_no=place["segment_no"] if is_by_segment else 1,
            day_count=place["day_count"] if is_prorated else 1,
            period_day_count=place["month_day_count"] if is_prorated else 1,
            place=place,
            grade=None if grade is None else grade["grade"],
            total_score=None if score is None else score["total_score"],
            rate_key=_key(component, place, None if grade is None else grade["grade"]),
            band_value=self._band_value(component, place),
        )

    def _band_value(self, component: Row, place: Row) -> Decimal:
        if component["band_attribute"] != "service_years":
            return Decimal(0)
        hired_on = place["hired_on"] or self.book.agents[place["agent_id"]]["hired_on"]
        return Decimal(full_years(hired_on, self.book.periods[component["period_id"]]["ends_on"]))


def full_years(start: date, day: date) -> int:
    """Full years from `start` to `day`; a year is full on the anniversary, or on the last day of a month that
    lacks it (hired 29 February: complete on 28 February).
    """
    is_short = day.day < start.day and (day + timedelta(days=1)).month == day.month
    return ((day.year - start.year) * 12 + day.month - start.month - is_short) // 12


def _key(component: Row, place: Row, grade: str | None) -> str | None:
    attribute = component["key_attribute"]
    if attribute == "grade":
        return grade
    if attribute in ("level", "education", "role", "customer_group"):
        value: str | None = place[attribute]
        return value
    return NO_KEY
