"""Which components are due to whom, under every plan held and for which days (S-PRORATE, S-MOVE)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any

from orchestration.audit.recompute.book import Book, Row
from orchestration.audit.recompute.grade import grade_under

BY_DAYS = frozenset({"fixed", "graded", "scored"})
RANKED = frozenset({"top_n", "improvement"})
JOB_ATTRIBUTES = frozenset({"level", "education", "role", "customer_group"})
"""What of the job history may be the key of a rate table."""
NO_KEY = ""


@dataclass(frozen=True)
class Due:
    """A component due to an agent: for one segment of service, or once for all own days of the period.

    `own` are the segments with its plan, and its role where it is bound to one; `place` is the segment paid,
    the last of them where it is due once. Paid are `day_count` of `period_day_count` days.
    """

    agent_id: str
    period_id: str
    component: Row
    segment_no: int
    is_by_segment: bool
    day_count: int
    period_day_count: int
    place: Row
    own: tuple[Row, ...]
    service_day_count: int
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

    @property
    def scheme_id(self) -> str:
        """The plan."""
        return str(self.component["scheme_id"])

    @property
    def own_day_count(self) -> int:
        """Days of the period under the component's plan and role."""
        return sum(segment["day_count"] for segment in self.own)


class DueList:
    """All that is due under the plans of a book."""

    def __init__(self, book: Book) -> None:
        self.book = book

    @cached_property
    def all(self) -> Sequence[Due]:
        """Every component due, per segment where it is paid by segment."""
        by_plan: dict[tuple[str, str], list[Sequence[Row]]] = defaultdict(list)
        for (_, period_id), segments in self.book.period_segments.items():
            for scheme_id in {segment["scheme_id"] for segment in segments}:
                by_plan[period_id, scheme_id].append(segments)
        return [
            due
            for component in self.book.components
            for segments in by_plan[component["period_id"], component["scheme_id"]]
            for due in self._due_to(component, segments)
        ]

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

    def in_band(self, value: Any, rate: Row, table: Sequence[Row], *, is_upper: bool = False) -> bool:
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

    def _due_to(self, component: Row, segments: Sequence[Row]) -> Iterator[Due]:
        own = tuple(
            segment
            for segment in segments
            if segment["scheme_id"] == component["scheme_id"] and component["role"] in ("*", segment["role"])
        )
        if not own:
            return
        mechanism = component["mechanism"]
        is_prorated = mechanism in BY_DAYS or self._rests_on_standing(component)
        if is_prorated or mechanism == "per_event":
            for segment in own:
                due = self._due(component, segment, own, segments, is_by_segment=True)
                yield _prorated(due) if is_prorated else due
        elif mechanism not in RANKED or own[-1] is segments[-1]:
            yield self._due(component, own[-1], own, segments, is_by_segment=False)

    def _rests_on_standing(self, component: Row) -> bool:
        """Whether what a component counts holds throughout (execution, level, being in service)."""
        if component["mechanism"] == "per_event":
            return self.book.is_standing(component["period_id"], component["basis"])
        kinds = self.book.weights(component["component_id"], component["period_id"])
        is_standing = [self.book.is_standing(component["period_id"], kind) for kind in kinds]
        return component["mechanism"] == "points" and bool(kinds) and all(is_standing)

    def _due(
        self,
        component: Row,
        place: Row,
        own: tuple[Row, ...],
        segments: Sequence[Row],
        *,
        is_by_segment: bool,
    ) -> Due:
        agent_id, period_id = place["agent_id"], component["period_id"]
        score = self.book.scores.get((agent_id, period_id))
        grade = grade_under(self.book, agent_id, period_id, component["scheme_id"])
        return Due(
            agent_id=agent_id,
            period_id=period_id,
            component=component,
            segment_no=place["segment_no"] if is_by_segment else 1,
            is_by_segment=is_by_segment,
            day_count=1,
            period_day_count=1,
            place=place,
            own=own,
            service_day_count=sum(segment["day_count"] for segment in segments),
            grade=grade,
            total_score=None if score is None else score["total_score"],
            rate_key=_key(component, place, grade),
            band_value=self._band_value(component, place),
        )

    def _band_value(self, component: Row, place: Row) -> Decimal:
        if component["band_attribute"] != "service_years":
            return Decimal(0)
        agent_id = place["agent_id"]
        hired_on = place["hired_on"] or self.book.agents[agent_id]["hired_on"]
        last_day = self.book.agent_periods[agent_id, component["period_id"]]["last_day_on"]
        return Decimal(full_years(hired_on, last_day))


def full_years(start: date, day: date) -> int:
    """Full years from `start` to `day`: complete on the corresponding day, or on the last day of a month that
    lacks it (29 February: on 28 February).
    """
    months = (day.year - start.year) * 12 + day.month - start.month
    is_last_day = (day + timedelta(days=1)).month != day.month
    if day.day < start.day and not is_last_day:
        months -= 1
    return months // 12


def _prorated(due: Due) -> Due:
    return replace(due, day_count=due.place["day_count"], period_day_count=due.place["period_day_count"])


def _key(component: Row, place: Row, grade: str | None) -> str | None:
    attribute = component["key_attribute"]
    if attribute == "grade":
        return grade
    if attribute in JOB_ATTRIBUTES:
        value: str | None = place[attribute]
        return value
    return NO_KEY
