"""Instants, local days and periods: microseconds since 1970 UTC, and `date.toordinal()` numbers."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

SECOND = 1_000_000
HOUR = 3_600 * SECOND
DAY = 24 * HOUR
_QUARTER_HOUR = 900 * SECOND
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Zone:
    """The business time zone: reads naive timestamps in it and tells the local day of an instant."""

    def __init__(self, name: str = "Asia/Shanghai") -> None:
        self._zone = ZoneInfo(name)
        self._hour_start: dict[str, int] = {}
        self._day: dict[int, int] = {}

    def instant(self, text: str) -> int | None:
        """The instant of an ISO 8601 text; empty is None, a text without offset is local time.

        Raises ValueError for anything else.
        """
        if not text:
            return None
        if len(text) == 19 and text[13] == ":":
            hour = text[:13]
            start = self._hour_start.get(hour)
            if start is None:
                start = self._micros(datetime.fromisoformat(hour + ":00:00"))
                self._hour_start[hour] = start
            minute, second = int(text[14:16]), int(text[17:19])
            if minute > 59 or second > 59 or text[16] != ":":
                raise ValueError(f"not a time: {text}")
            return start + (minute * 60 + second) * SECOND
        return self._micros(datetime.fromisoformat(text))

    def _micros(self, moment: datetime) -> int:
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=self._zone)
        return (moment.astimezone(UTC) - _EPOCH) // timedelta(microseconds=1)

    def day(self, instant: int) -> int:
        """The ordinal of the local date on which the instant falls."""
        slot = instant // _QUARTER_HOUR  # every zone's offset is a multiple of a quarter of an hour
        day = self._day.get(slot)
        if day is None:
            moment = _EPOCH + timedelta(microseconds=slot * _QUARTER_HOUR)
            day = moment.astimezone(self._zone).date().toordinal()
            self._day[slot] = day
        return day

    def local(self, instant: int) -> datetime:
        """The local clock reading of an instant, without zone."""
        return (_EPOCH + timedelta(microseconds=instant)).astimezone(self._zone).replace(tzinfo=None)

    def end_of(self, day: date) -> int:
        """The instant at which a local date ends."""
        midnight = datetime(day.year, day.month, day.day) + timedelta(days=1)  # noqa: DTZ001 (local on purpose)
        return self._micros(midnight)


def month_of(day: int) -> str:
    """`2026-10` for a day's ordinal."""
    return date.fromordinal(day).isoformat()[:7]


def quarter_of(month: str) -> str:
    """`2026-Q4` for a month."""
    return f"{month[:4]}-Q{(int(month[5:]) + 2) // 3}"


def months_of(period: str) -> list[str]:
    """The months of a month, quarter or year, in order."""
    if len(period) == 4:
        return [f"{period}-{number:02d}" for number in range(1, 13)]
    if "Q" in period:
        first = 3 * int(period[-1]) - 2
        return [f"{period[:4]}-{number:02d}" for number in range(first, first + 3)]
    return [period]


def days_of(period: str) -> tuple[int, int]:
    """Ordinals of the first and the last day of a period."""
    months = months_of(period)
    year, month = int(months[-1][:4]), int(months[-1][5:])
    following = date(year + month // 12, month % 12 + 1, 1)
    return date.fromisoformat(months[0] + "-01").toordinal(), following.toordinal() - 1


def days_in_force(row: dict[str, str]) -> range:
    """Ordinals of the days on which an effective-dated row holds, `effective_to` not among them; an
    empty date, or none, is the beginning or the end of time.
    """
    first, until = row.get("effective_from"), row.get("effective_to")
    return range(
        date.fromisoformat(first).toordinal() if first else date.min.toordinal(),
        date.fromisoformat(until).toordinal() if until else date.max.toordinal() + 1,
    )


def previous(period: str) -> str:
    """The period of the same kind before this one."""
    if len(period) == 4:
        return str(int(period) - 1)
    first, _ = days_of(period)
    month = month_of(first - 1)
    return quarter_of(month) if "Q" in period else month


def periods_between(first_day: int, last_day: int) -> list[str]:
    """Every month, quarter and year from the first day's to the last day's, in order of kind and time."""
    months: list[str] = []
    day = first_day
    while day <= last_day or month_of(day) == month_of(last_day):
        months.append(month_of(day))
        day = days_of(months[-1])[1] + 1
    quarters = list(dict.fromkeys(quarter_of(month) for month in months))
    years = list(dict.fromkeys(month[:4] for month in months))
    return months + quarters + years


def full_months(first: int, last: int) -> int:
    """Whole months from a day to a later day.

    A month ends on the corresponding day, or on the last day of a month that lacks it.
    """
    start, end = date.fromordinal(first), date.fromordinal(last)
    is_last_of_month = date.fromordinal(last + 1).day == 1
    is_short = end.day < start.day and not is_last_of_month
    return (end.year - start.year) * 12 + end.month - start.month - is_short


def full_years(first: int, last: int) -> int:
    """Whole years from a day to a later day; hired on 29 February, a year is complete on 28 February."""
    return full_months(first, last) // 12
