"""Observations from evidence: Σ numerator / Σ denominator over the counted rows (POLICY section 1)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from orchestration.audit.recompute.book import Book
from orchestration.audit.recompute.exact import from_millionths, ratio

Expected = Iterator[tuple[tuple[str, ...], Mapping[str, Any]]]
"""Key of a row and what its columns must say."""


@dataclass
class Sums:
    """Sums over evidence; the numerator in millionths. `rows` counts rows of any kind."""

    numerator: int = 0
    denominator: int = 0
    set_aside: int = 0
    pending: int = 0

    def add(self, other: Sums) -> None:
        """Add another sum to this one."""
        self.numerator += other.numerator
        self.denominator += other.denominator
        self.set_aside += other.set_aside
        self.pending += other.pending


@dataclass
class EvidenceSums:
    """Sums by agent, month and KPI, and by group (`team`, `department`, `centre`), month and KPI."""

    agents: dict[tuple[str, str, str], Sums] = field(default_factory=lambda: defaultdict(Sums))
    groups: dict[tuple[str, str, str, str], Sums] = field(default_factory=lambda: defaultdict(Sums))
    rows: int = 0


def observations(book: Book, sums: EvidenceSums) -> Expected:
    """`kpi.kpi_observation` as the evidence has it: (agent, period, KPI) and its columns."""
    by_agent = _rolled_up(
        book, ((agent, month, kpi, one) for (agent, month, kpi), one in sums.agents.items())
    )
    for (agent_id, period_id), place in book.agent_periods.items():
        period = book.periods[period_id]
        for kpi_id, definition in book.definitions[period_id].items():
            found = by_agent.get((agent_id, period_id, kpi_id))
            is_sum = definition["aggregation"] == "sum"
            if book.is_absent(period_id, "kpi", kpi_id):
                continue
            found = found or Sums()
            if not (is_sum or found.denominator or found.set_aside or found.pending):
                continue
            denominator = 1 if is_sum else found.denominator
            yield (
                (agent_id, period_id, kpi_id),
                {
                    "period_kind": place["period_kind"],
                    "numerator": from_millionths(found.numerator),
                    "denominator": denominator,
                    "value": ratio(from_millionths(found.numerator), denominator),
                    "set_aside_count": found.set_aside,
                    "pending_count": found.pending,
                    "maturity": "final" if period["has_ended"] and not found.pending else "provisional",
                },
            )


def group_observations(book: Book, sums: EvidenceSums) -> Expected:
    """`kpi.kpi_group_observation` as the evidence has it: (kind, group, period, KPI) and its columns."""
    for kind in ("team", "department", "centre"):
        of_kind = (
            (group, month, kpi, one) for (of, group, month, kpi), one in sums.groups.items() if of == kind
        )
        for (group_id, period_id, kpi_id), found in _rolled_up(book, of_kind).items():
            definition = book.definitions[period_id].get(kpi_id)
            if definition is None or book.is_absent(period_id, "kpi", kpi_id):
                continue
            denominator = 1 if definition["aggregation"] == "sum" else found.denominator
            yield (
                (kind, group_id, period_id, kpi_id),
                {
                    "numerator": from_millionths(found.numerator),
                    "denominator": denominator,
                    "value": ratio(from_millionths(found.numerator), denominator),
                },
            )


def _rolled_up(book: Book, monthly: Iterable[tuple[str, str, str, Sums]]) -> dict[tuple[str, str, str], Sums]:
    """Sums of months added up to every period that contains the month."""
    containing: dict[str, list[str]] = defaultdict(list)
    for period_id, months in book.months.items():
        for month_id in months:
            containing[month_id].append(period_id)
    found: dict[tuple[str, str, str], Sums] = defaultdict(Sums)
    for owner, month_id, kpi_id, one in monthly:
        for period_id in containing.get(month_id, ()):
            found[owner, period_id, kpi_id].add(one)
    return found
