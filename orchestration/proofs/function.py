"""A function of a plan: from one measure to what it pays, all else held; its values around each edge."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from orchestration.policy.rows import PolicyRow
from orchestration.proofs.arithmetic import Arithmetic, Reading, money, shown
from orchestration.proofs.measures import Measure

PAY = "pay"
"""Key of what a function comes to."""
CNY, FACTOR, OF_TARGET, POINTS, DEDUCTED, GRADE = "cny", "factor", "of_target", "points", "deducted", "grade"
"""What a function gives: money, a factor of something held, a share of the target, points, points taken away,
a word.
"""
LESS_IS_BETTER = frozenset({DEDUCTED})


@dataclass(frozen=True)
class Place:
    """Where in the policy a function stands: plan, kind of period, component, KPI or table, key within it."""

    scheme_id: str
    period_kind: str
    name: str
    key: str = ""

    def __str__(self) -> str:
        return f"{self.scheme_id} {self.period_kind} {self.name}{f' ({self.key})' if self.key else ''}"


@dataclass(frozen=True)
class Entry:
    """A row of a function's table: it holds a value where the number `node` is above 0, or is its word."""

    node: str
    said: str
    row: PolicyRow
    word: str | None = None
    low: Fraction | None = None

    def holds(self, reading: Reading) -> bool:
        """Whether the row is the one read."""
        if self.word is not None:
            return reading.word(self.node) == self.word
        return (reading.number(self.node) or 0) > 0


@dataclass(frozen=True)
class Cover:
    """What values must have a row: from `low` to below `high` (None = to the end of the measure)."""

    low: Fraction | None = None
    high: Fraction | None = None

    def asks(self, value: Fraction) -> bool:
        """Whether a value must have one."""
        return (self.low is None or value >= self.low) and (self.high is None or value < self.high)


@dataclass(frozen=True)
class Point:
    """One value of the measure: what it pays (None where nothing), in words, and the rows that hold it."""

    value: Fraction
    pay: Fraction | None
    word: str | None
    held_by: tuple[int, ...]


@dataclass(frozen=True)
class Function:
    """From a measure to what is paid. `edges` are where the function may break; between them it is straight.

    `cover` is None where no value needs a row; `is_exclusive` says that no value may have two, and
    `proves_reach` that each row must be reached here and not elsewhere.
    """

    place: Place
    row: PolicyRow
    measure: Measure
    arithmetic: Arithmetic
    unit: str
    edges: frozenset[Fraction] = frozenset()
    entries: tuple[Entry, ...] = ()
    cover: Cover | None = None
    is_exclusive: bool = False
    proves_reach: bool = False

    @property
    def clause_id(self) -> str:
        """The rule by which it is as it is."""
        return self.row.text("clause_id")

    @cached_property
    def points(self) -> tuple[Point, ...]:
        """Its values just below, at and just above each edge, and at both ends of the measure, in order."""
        return tuple(self.at(value) for value in values_around(self.edges, self.measure))

    def at(self, value: Fraction) -> Point:
        """Its value at one."""
        reading = self.arithmetic.at(value)
        held = tuple(number for number, entry in enumerate(self.entries) if entry.holds(reading))
        return Point(value, reading.number(PAY), reading.word(PAY), held)

    def is_gap(self, point: Point) -> bool:
        """Whether a value that must have a row has none."""
        return self.cover is not None and self.cover.asks(point.value) and not point.held_by

    def line(self, point: Point) -> str:
        """A value and what it pays as a line of numbers."""
        return f"{shown(point.value)} → {self.paid(point)}"

    def paid(self, point: Point) -> str:
        """What a point pays; `–` where nothing does."""
        if point.pay is None:
            return point.word or "–"
        return f"{money(point.pay)} CNY" if self.unit == CNY else shown(point.pay)

    def better_first(self) -> Sequence[Point]:
        """The points, each better than the one before; none where no value is better."""
        return self.points[:: self.measure.direction] if self.measure.direction else ()

    def gain(self, point: Point) -> Fraction:
        """How much a point is worth to whom it is about."""
        worth = point.pay or Fraction(0)
        return -worth if self.unit in LESS_IS_BETTER else worth


def values_around(edges: frozenset[Fraction], measure: Measure) -> list[Fraction]:
    """Values that the measure can take just below, at and just above each edge, and its ends, in order.

    Beyond the last edge a step further, where the measure has no end.
    """
    return sorted({value for value in _around(edges, measure) if measure.holds(value)})


def _around(edges: frozenset[Fraction], measure: Measure) -> Iterator[Fraction]:
    grain = measure.grain
    yield from (end for end in (measure.least, measure.greatest) if end is not None)
    for edge in edges:
        step = edge // grain
        yield from ((step + way) * grain for way in (-1, 0, 1))
    if measure.greatest is None and edges:
        yield (max(edges) // grain + 1) * grain * 2
