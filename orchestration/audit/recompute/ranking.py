"""Awards by rank and by improvement (S-AWARD, CG-14, CG-15, PA-04, PM-05): ranks without ties."""

from __future__ import annotations

import calendar
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import Any, Protocol

from orchestration.audit.recompute.book import Book, Row
from orchestration.audit.recompute.due import RANKED, Due, DueList
from orchestration.audit.recompute.exact import exact


class Awards(Protocol):
    """Who wins what."""

    def award(self, due: Due) -> Row | None:
        """The row of the award's table that an agent's rank earns; None for the others."""
        ...


class Attained(Protocol):
    """What an attainment says."""

    @property
    def exact_share(self) -> Fraction | None:
        """actual / target."""
        ...


class StatedRanks:
    """Awards by the ranks that `bonus.bonus_ranking` states, where the others' values are not at hand."""

    def __init__(self, book: Book) -> None:
        self._book = book

    @cached_property
    def rows(self) -> Mapping[tuple[str, str], Row]:
        """The stated ranks by component and period."""
        rows = self._book.rows("bonus.bonus_ranking")
        return {(row["component_id"], row["period_id"]): row for row in rows}

    def award(self, due: Due) -> Row | None:
        """The row of the award's table that the stated rank earns."""
        row = self.rows.get(due.key)
        return None if row is None else row_of_rank(self._book.rates.get(due.key, ()), row["rank"])


@dataclass(frozen=True)
class Measure:
    """A measured value, exact, and how many cases it rests on."""

    value: Fraction
    cases: int


@dataclass(frozen=True)
class Candidate:
    """Someone (agent or team) who may win, in the scope they compete in."""

    subject: str
    subject_id: str
    scope_id: str


class Ranking:
    """Ranks of everyone in the running for each award."""

    def __init__(self, due: DueList, attainment: Callable[[Due], Attained]) -> None:
        self._due = due
        self._book: Book = due.book
        self._attainment = attainment

    def award(self, due: Due) -> Row | None:
        """The row of the award's table that an agent's rank earns; None for the others."""
        return self.won.get((due.component_id, due.period_id, "agent", due.agent_id))

    @cached_property
    def won(self) -> Mapping[tuple[str, str, str, str], Row]:
        """Rows earned by component, period, kind of subject and subject."""
        found = {}
        for component in self._book.components:
            if component["mechanism"] not in RANKED:
                continue
            table = self._book.rates.get((component["component_id"], component["period_id"]), ())
            for candidate, rank in self._ranked(component):
                row = row_of_rank(table, rank)
                if row is not None:
                    key = component["component_id"], component["period_id"]
                    found[*key, candidate.subject, candidate.subject_id] = row
        return found

    def _ranked(self, component: Row) -> Iterator[tuple[Candidate, int]]:
        scopes: dict[str, list[tuple[tuple[Any, ...], Candidate]]] = defaultdict(list)
        for candidate in self._candidates(component):
            order = self._order(component, candidate)
            if order is not None:
                scopes[candidate.scope_id].append((order, candidate))
        for members in scopes.values():
            for rank, (_, candidate) in enumerate(sorted(members, key=lambda one: one[0]), start=1):
                yield candidate, rank

    def _candidates(self, component: Row) -> Iterator[Candidate]:
        scope = self._text(component, "scope") or "scheme"
        if (self._text(component, "subject") or "agent") == "team":
            yield from {
                Candidate(
                    "team",
                    place["team_id"],
                    (place["department"] or "") if scope == "department" else place["scheme_id"],
                )
                for (_, period_id), place in self._book.agent_periods.items()
                if period_id == component["period_id"]
                and place["team_id"] is not None
                and self._is_on_plan(component, place)
            }
            return
        months = self._number(component, "max_service_months")
        ends_on = self._book.periods[component["period_id"]]["ends_on"]
        for due in self._of_component[component["component_id"], component["period_id"]]:
            if not self._is_on_plan(component, self._book.agent_periods[due.agent_id, due.period_id]):
                continue
            hired_on = due.place["hired_on"] or self._book.agents[due.agent_id]["hired_on"]
            if months is None or ends_on < add_months(hired_on, int(months)):
                column = {"department": "department", "team": "team_id", "role": "role"}.get(scope)
                scope_id = due.place["scheme_id"] if column is None else (due.place[column] or "")
                yield Candidate("agent", due.agent_id, scope_id)

    def _is_on_plan(self, component: Row, place: Row) -> bool:
        """S-AWARD: on the plan on the period's last day, and for at least the plan's share of its days."""
        period_id, scheme_id = component["period_id"], component["scheme_id"]
        period = self._book.periods[period_id]
        if place["scheme_id"] != scheme_id or place["last_day_on"] != period["ends_on"]:
            return False
        least = self._book.schemes[period_id, scheme_id]["min_service_share"]
        days = sum(
            segment["day_count"]
            for segment in self._book.period_segments.get((place["agent_id"], period_id), ())
            if segment["scheme_id"] == scheme_id
        )
        return bool(days >= exact(least) * int(period["day_count"]))

    @cached_property
    def _held(self) -> frozenset[tuple[str, str, str, str]]:
        """Who held which plan on the last day in service of a period: agents, and teams of such a member."""
        found = set()
        for (agent_id, period_id), place in self._book.agent_periods.items():
            found.add(("agent", agent_id, period_id, place["scheme_id"]))
            if place["team_id"] is not None:
                found.add(("team", place["team_id"], period_id, place["scheme_id"]))
        return frozenset(found)

    @cached_property
    def _of_component(self) -> Mapping[tuple[str, str], list[Due]]:
        found: dict[tuple[str, str], list[Due]] = defaultdict(list)
        for due in self._due.all:
            if due.component["mechanism"] in RANKED:
                found[due.component_id, due.period_id].append(due)
        return found

    def _order(self, component: Row, candidate: Candidate) -> tuple[Any, ...] | None:
        """By what a candidate is ranked, smallest first; None for one who is not in the running."""
        period_id, basis = component["period_id"], component["basis"]
        least = self._number(component, "min_sample") or Decimal(0)
        latest = self._measure(component, candidate, period_id, basis)
        if latest is None or latest.cases < least:
            return None
        better = self._direction(period_id, basis)
        if component["mechanism"] == "top_n":
            value = better * latest.value
        else:
            previous_id = self._book.periods[period_id]["previous_period_id"]
            held = candidate.subject, candidate.subject_id, previous_id, component["scheme_id"]
            prior = (
                self._measure(component, candidate, previous_id, basis)
                if previous_id is not None and held in self._held
                else None
            )
            if prior is None or prior.cases < least:
                return None
            gain = better * (latest.value - prior.value)
            is_relative = (self._text(component, "gain") or "relative") == "relative"
            if gain <= 0 or (is_relative and prior.value <= 0):
                return None
            value = gain / prior.value if is_relative else gain
        ties = []
        for name in ("tie_break_1", "tie_break_2"):
            kpi_id = self._text(component, name)
            measure = None if kpi_id is None else self._measure(component, candidate, period_id, kpi_id)
            if measure is None or kpi_id is None:
                ties.append((1, Fraction(0)))
            else:
                ties.append((0, -self._direction(period_id, kpi_id) * measure.value))
        cases = latest.cases if component["mechanism"] == "improvement" else 0
        return (-value, *ties, -cases, candidate.subject_id)

    def _measure(self, component: Row, candidate: Candidate, period_id: str, basis: str) -> Measure | None:
        subject_id = candidate.subject_id
        if candidate.subject == "team":
            row = self._book.group_observations.get(("team", subject_id, period_id), {}).get(basis)
        elif basis == "score":
            score = self._book.scores.get((subject_id, period_id))
            if score is None or score["total_score"] is None:
                return None
            return Measure(exact(score["total_score"]), 1)
        elif basis == "attainment":
            share = next(
                (
                    self._attainment(due).exact_share
                    for due in self._of_component[component["component_id"], period_id]
                    if due.agent_id == subject_id
                ),
                None,
            )
            return None if share is None else Measure(share, 1)
        else:
            row = self._book.observations.get((subject_id, period_id), {}).get(basis)
        if row is None or row["value"] is None:
            return None
        return Measure(exact(row["numerator"]) / int(row["denominator"]), row["denominator"])

    def _direction(self, period_id: str, kpi_id: str) -> int:
        definition = self._book.definitions.get(period_id, {}).get(kpi_id)
        return -1 if definition is not None and definition["direction"] == "lower" else 1

    def _text(self, component: Row, name: str) -> str | None:
        row = self._parameters(component).get(name)
        return None if row is None else row["text_value"]

    def _number(self, component: Row, name: str) -> Decimal | None:
        row = self._parameters(component).get(name)
        return None if row is None else row["value"]

    def _parameters(self, component: Row) -> Mapping[str, Row]:
        return self._book.parameters.get((component["component_id"], component["period_id"]), {})


def row_of_rank(table: Iterable[Row], rank: int) -> Row | None:
    """The row of an award's table that a rank earns."""
    for row in table:
        if rank >= row["lower_bound"] and (row["upper_bound"] is None or rank < row["upper_bound"]):
            return row
    return None


def add_months(day: date, months: int) -> date:
    """The same day some months later, or the last day of a month that lacks it."""
    number = day.year * 12 + day.month - 1 + months
    year, month = divmod(number, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
