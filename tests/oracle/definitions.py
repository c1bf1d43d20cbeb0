"""The parameters of KPI definitions and the business clock, by the month of the event."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from .numbers import MILLION


class Clock(Protocol):
    """Seconds between two instants, whole, fraction dropped."""

    def seconds(self, start: int, end: int) -> int: ...


class CalendarClock:
    """Runs 24 × 7."""

    def seconds(self, start: int, end: int) -> int:
        return (end - start) // MILLION


CALENDAR = CalendarClock()


@dataclass(frozen=True)
class Definition:
    """What a KPI's policy row may set. Shares, scales and scores in millionths."""

    window_days: int = 0
    satisfied_share: int = 800_000
    score_scale: int = 10 * MILLION
    promoter_from: int = 9 * MILLION
    detractor_to: int = 6 * MILLION
    clock: Clock = CALENDAR


WINDOWS = {"fcr": 7, "conversion_rate": 30, "repurchase_rate": 30, "repeat_complaint_rate": 30}


class Definitions:
    """The definition in force per KPI and month: POLICY.md's unless a policy folder says otherwise."""

    def __init__(self) -> None:
        self._stated: dict[str, Definition] = {}

    def of(self, kpi: str, month: str) -> Definition:
        """The definition of a KPI for events of a month."""
        found = self._stated.get(kpi)
        if found is None:
            found = self._stated[kpi] = Definition(window_days=WINDOWS.get(kpi, 0))
        return found
