"""First and last day of the generated history."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from orchestration.errors import ConfigurationError


@dataclass(frozen=True)
class History:
    """First and last local day of the history, both included, both at the edge of a month."""

    first_day: date
    last_day: date


def history_of(*, months: int, last_month: str) -> History:
    """The `months` whole months that end with `last_month` (`2026-10`).

    Raises ConfigurationError when `last_month` is no month or the history would begin before the year 2000.
    """
    try:
        last_first = date.fromisoformat(f"{last_month}-01")
    except ValueError as error:
        raise ConfigurationError(
            problem=f"{last_month!r} is not a month", remedy="Give the last month as YYYY-MM, such as 2026-10"
        ) from error
    past_last = (last_first.replace(day=28) + timedelta(days=4)).replace(day=1)
    ordinal = past_last.year * 12 + past_last.month - 1 - months
    if ordinal < 2000 * 12:
        raise ConfigurationError(
            problem=f"{months} months before {last_month} reach back beyond the year 2000",
            remedy="Ask for fewer months",
        )
    return History(first_day=date(ordinal // 12, ordinal % 12 + 1, 1), last_day=past_last - timedelta(days=1))
