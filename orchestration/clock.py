"""The only place that reads a clock. Nothing read here reaches a published number: the business date does,
and it is recorded.
"""

from __future__ import annotations

import time
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo


def today(timezone: str) -> date:
    """Today's date in that time zone: the latest business date that a run may take."""
    return datetime.now(ZoneInfo(timezone)).date()


def now() -> datetime:
    """This instant in UTC, whole seconds."""
    return datetime.now(UTC).replace(microsecond=0)


def elapsed() -> float:
    """Seconds of a clock that never steps back, for durations."""
    return time.monotonic()
