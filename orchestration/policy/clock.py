"""Faults of the business clock: hours, calendar and who runs by which, as the clock's models read them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import NamedTuple

from orchestration.policy.rows import PolicyFault, PolicyRow, Tables, boundary_days, grouped
from orchestration.policy.words import Lists

CLOCK_TABLES = ("business_hours", "calendar_day", "schedule_assignment")
EVERY = "*"
MAX_OPENINGS = 4
"""Of one day, the rest of a night shift among them: int_calendar__business_day has a column for each."""

_DAY = timedelta(days=1)
_WEEKDAYS = range(1, 8)
_END_OF_DAY = "24:00"


class _Piece(NamedTuple):
    """A part of one day that is open, in local time, and the row that says so."""

    opens_at: str
    closes_at: str
    row: PolicyRow


def clock_faults(tables: Tables, _: Lists) -> Iterator[PolicyFault]:
    """Weekdays that are none, working days without hours, hours that count twice or not at all, and days on
    which nothing says which schedule holds.
    """
    hours, days, assignments = (tables[name] for name in CLOCK_TABLES)
    odd = [*_odd_weekdays(hours.rows, "weekday_no"), *_odd_weekdays(days.rows, "follows_weekday_no")]
    yield from odd
    for row in days.rows:
        if row.text("kind") == "holiday" and row.text("follows_weekday_no"):
            yield row.fault(
                "a holiday follows no weekday", "Leave follows_weekday_no empty, or write make_up_day"
            )
    yield from _unassigned(assignments.rows)
    if odd:
        return
    edges = boundary_days([hours, assignments])
    clocks = [_Clock(schedule, tables) for schedule in sorted(hours.words("schedule_id").get((), ()))]
    for row in days.rows:
        yield from _closed_make_up_day(row, clocks)
    for clock in clocks:
        yield from clock.crowded_days(edges)
    yield from _without_hours(tables, edges)


def _odd_weekdays(rows: tuple[PolicyRow, ...], column: str) -> Iterator[PolicyFault]:
    for row in rows:
        number = row.number(column)
        if (number is not None and number not in _WEEKDAYS) or (number is None and column == "weekday_no"):
            yield row.fault(f"{column} is {row.text(column) or 'empty'}", "Write 1 (Monday) to 7 (Sunday)")


def _unassigned(rows: tuple[PolicyRow, ...]) -> Iterator[PolicyFault]:
    """Days between the rows of every other channel, or after the last: no time would pass on them."""
    others = grouped(rows, "channel").get((EVERY,), [])
    if not others:
        if rows:
            yield rows[0].fault(
                "no schedule holds for every other channel",
                f"Add a row of channel {EVERY}: their time would stand still",
            )
        return
    ordered = sorted(others, key=lambda row: row.text("effective_from"))
    for row, following in zip(ordered, [*ordered[1:], None], strict=True):
        end = row.text("effective_to")
        if not end or (following is not None and following.text("effective_from") <= end):
            continue
        until = f"until {following.text('effective_from')}" if following else "on"
        yield row.fault(
            f"from {end} {until} no schedule holds for every other channel",
            "Close the gap: their time would stand still",
        )


class _Clock:
    """One schedule's days as int_calendar__business_day makes them."""

    def __init__(self, schedule: str, tables: Tables) -> None:
        self.schedule = schedule
        self._hours = grouped(tables["business_hours"].rows, "schedule_id", "weekday_no")
        of = grouped(tables["calendar_day"].rows, "schedule_id")
        # A schedule's own entry goes before one for every schedule.
        self._exceptions: dict[date, PolicyRow] = {
            day: row
            for name in (EVERY, schedule)
            for row in of.get((name,), [])
            if isinstance(day := row.values.get("calendar_on"), date)
        }

    def is_closed_by(self, row: PolicyRow) -> bool:
        """Whether a row of the calendar holds for this schedule and leaves its day without hours."""
        day = row.values.get("calendar_on")
        return isinstance(day, date) and self._exceptions.get(day) is row and not self._openings(day)

    def crowded_days(self, edges: list[date]) -> Iterator[PolicyFault]:
        """Openings that overlap on some day, and days of too many of them."""
        overlapping: set[tuple[int, int]] = set()
        crowded: set[int] = set()
        for day in sorted(self._days_to_look_at(edges)):
            pieces = sorted(self._pieces(day), key=lambda one: (one.opens_at, one.closes_at))
            for one, other in pairwise(pieces):
                rows = one.row.row, other.row.row
                if one.closes_at > other.opens_at and rows not in overlapping:
                    overlapping.add(rows)
                    yield other.row.fault(
                        f"overlaps row {one.row.row} on {day}: the time would count twice",
                        "Let an opening end before the next begins, the night before it too",
                    )
            if len(pieces) > MAX_OPENINGS and pieces[-1].row.row not in crowded:
                crowded.add(pieces[-1].row.row)
                yield pieces[-1].row.fault(
                    f"{day} has {len(pieces)} openings of {self.schedule}",
                    f"Join some: {MAX_OPENINGS} are counted",
                )

    def _days_to_look_at(self, edges: list[date]) -> set[date]:
        """Days that show every kind of day there is: a week from each change of hours on, the day before it,
        and what the calendar makes of a day and of the one after it.
        """
        edges = [edge for edge in edges if date.min + _DAY < edge < date.max - 9 * _DAY]
        weeks = {edge + n * _DAY for edge in edges for n in range(-1, 9)}
        return weeks | {day + n * _DAY for day in self._exceptions for n in (0, 1)}

    def _openings(self, day: date) -> list[PolicyRow]:
        exception = self._exceptions.get(day)
        if exception is not None and exception.text("kind") == "holiday":
            return []
        weekday = exception.text("follows_weekday_no") if exception is not None else ""
        rows = self._hours.get((self.schedule, weekday or str(day.isoweekday())), [])
        return [row for row in rows if row.is_in_force(day)]

    def _pieces(self, day: date) -> Iterator[_Piece]:
        for row in self._openings(day):
            opens, closes = row.texts("opens_at", "closes_at")
            yield _Piece(opens, closes if closes > opens else _END_OF_DAY, row)
        for row in self._openings(day - _DAY):
            opens, closes = row.texts("opens_at", "closes_at")
            if "00:00" < closes <= opens:
                yield _Piece("00:00", closes, row)


def _closed_make_up_day(row: PolicyRow, clocks: Sequence[_Clock]) -> Iterator[PolicyFault]:
    """A make-up day that follows a weekday without hours, its own if it names none. One of every schedule
    that names a weekday may leave some closed, which do not work on that weekday either, and not all.
    """
    if row.text("kind") != "make_up_day":
        return
    weekday = row.text("follows_weekday_no")
    closed = [clock.schedule for clock in clocks if clock.is_closed_by(row)]
    if closed and (len(closed) == len(clocks) or not weekday or row.text("schedule_id") != EVERY):
        said = (
            f"weekday {weekday} has none" if weekday else f"{row.text('calendar_on')} names no other weekday"
        )
        yield row.fault(
            f"a working day of {', '.join(closed)} without hours: {said}",
            "Name in follows_weekday_no the weekday whose hours hold",
        )


def _without_hours(tables: Tables, edges: list[date]) -> Iterator[PolicyFault]:
    """Assignments to a schedule that has no hours on any weekday while they hold."""
    hours = grouped(tables["business_hours"].rows, "schedule_id")
    for row in tables["schedule_assignment"].rows:
        own = hours.get((row.text("schedule_id"),), [])
        for day in edges:
            if own and row.is_in_force(day) and not any(one.is_in_force(day) for one in own):
                yield row.fault(
                    f"{row.text('schedule_id')} has no hours from {day} on",
                    "Add its hours to business_hours.csv: no time would pass",
                )
                break
