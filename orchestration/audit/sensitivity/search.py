"""The smallest changes of an agent's inputs that change the grade: pure, over a score and a group."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor

from orchestration.audit.calculation.evaluate import CannotEvaluate, decimal_of
from orchestration.audit.sensitivity.change import (
    BETTER,
    COUNT_AGAIN,
    SECONDS,
    SET_ASIDE,
    WORSE,
    Change,
    InputRow,
    Placed,
    Shift,
)
from orchestration.audit.sensitivity.group import Edges, Group
from orchestration.audit.sensitivity.scores import Score

MOST_ROWS = 20
"""Rows of one KPI that are set aside at most: a grade that takes more hangs on no handful."""
FURTHEST = 86_400
"""Seconds by which a duration is changed at most: a day."""
WAYS = {1: BETTER, -1: WORSE}


@dataclass(frozen=True)
class Stack:
    """Rows of one KPI with the same denominator, in the order in which their going moves its sum most: all of
    them, or the first `MOST_ROWS`. Of rows that are `is_shared` the KPI counts each for somebody else of the
    group too, so which of them go matters beside what they add.
    """

    name: str
    rows: Sequence[InputRow]
    is_shared: bool = False


@dataclass(frozen=True)
class Numbered:
    """A number of one row that may be changed by `step`s: down to 0, and up by `room` (None: as far as makes
    sense). `kind` is the change's. The export has the number and `offset` in its column.
    """

    kind: str
    row: InputRow
    unit: str
    step: Fraction
    room: Fraction | None = None
    offset: Fraction = Fraction(0)


@dataclass(frozen=True)
class Inputs:
    """What an agent's grade is tried with."""

    stacks: Sequence[Stack] = ()
    ruled: Sequence[InputRow] = ()
    numbers: Sequence[Numbered] = ()


OtherShifts = Callable[[InputRow], Mapping[str, Sequence[Shift]]]
"""What the going of a row takes from sums of other agents, by agent."""


@dataclass(frozen=True)
class _Trial:
    """What some changed sums come to: the agent's total, and the totals of the others that they move."""

    total: Fraction | None
    totals: Mapping[str, Fraction]


@dataclass(frozen=True)
class _Found:
    """A change that was found, how large it is among those of its kind, and what it comes to."""

    size: tuple[object, ...]
    way: int
    change: Change
    trial: _Trial


class Search:
    """Looks for the changes of one agent."""

    def __init__(self, agent_id: str, scores: Mapping[str, Score], group: Group, others: OtherShifts) -> None:
        self._agent, self._scores, self._group, self._others = agent_id, scores, group, others
        self._score = scores[agent_id]
        self.edges: Edges = group.edges(agent_id)

    def changes(self, inputs: Inputs) -> tuple[Change, ...]:
        """The smallest change of each kind and direction, fewest rows first."""
        smallest: dict[tuple[str, str, str], _Found] = {}
        for one in self._found(inputs):
            place = one.change.kind, one.change.direction, one.change.unit
            if place not in smallest or one.size < smallest[place].size:
                smallest[place] = one
        # Who else moves is asked only of those kept: it takes longest.
        kept = [self._done(one) for one in smallest.values()]
        return tuple(
            sorted(kept, key=lambda one: (one.row_count or 10**6, one.kind, one.direction, one.unit))
        )

    def _found(self, inputs: Inputs) -> Iterator[_Found]:
        for stack in inputs.stacks:
            yield from self._of_shared(stack) if stack.is_shared else self._of_stack(stack)
        for row in inputs.ruled:
            trial = self._after([row], back=True)
            way = self._way(trial)
            if way:
                change = _change(COUNT_AGAIN, way, row.name, [row])
                yield _Found((1, row.name, row.key), way, replace(change, alone_keys=(row.key,)), trial)
        for number in inputs.numbers:
            yield from self._of_number(number)

    def _of_stack(self, stack: Stack) -> Iterator[_Found]:
        """Each way the fewest of the rows that move the sum most: no others of that number move it more.

        Every number of them counts, but where the total moves one way from number to number the ends say
        whether the grade changes between them.
        """
        going = list(self._going(stack.rows))
        trials: dict[int, _Trial] = {}

        def way_of(count: int) -> int:
            if count not in trials:
                trials[count] = self._with(going[count - 1], self._of_others(stack.rows[:count]))
            return self._way(trials[count])

        found: set[int] = set()
        for run in self._runs(going):
            for count in _firsts(run, way_of):
                way = way_of(count)
                if way not in found:
                    found.add(way)
                    alone = stack.rows[: self._alone(stack.rows, way)] if count == 1 else ()
                    yield _set_aside(stack.name, way, stack.rows[:count], alone, trials[count])
            if len(found) == len(WAYS):
                return

    def _runs(self, going: Sequence[Sequence[Shift]]) -> Iterator[Sequence[int]]:
        """Numbers of rows that may go, in order, cut where what they do together may turn: where a sum of
        theirs does, and from where on the sample is too small and a line is scored no longer. `going` has
        what the first row takes, the first two …
        """
        run: list[int] = []
        before: Sequence[Fraction] | None = None
        direction = 0
        for count, shifts in enumerate(going, start=1):
            now = self._score.values(shifts)
            step = _direction(before, now)
            if run and (step is None or direction * step < 0):
                yield run
                run, direction = [], 0
            elif run:
                direction = direction or step or 0
            run.append(count)
            before = now
            if now is None and not self._score.has_lines(shifts):
                break
        if run:
            yield run

    def _of_shared(self, stack: Stack) -> Iterator[_Found]:
        """Rows that count for others too are tried one by one; where all were, the first two together too."""
        alone: dict[int, list[InputRow]] = {}
        trials: dict[str, _Trial] = {}
        for row in stack.rows:
            trials[row.key] = self._after([row])
            alone.setdefault(self._way(trials[row.key]), []).append(row)
        for way in WAYS:
            if rows := alone.get(way):
                yield _set_aside(stack.name, way, rows[:1], rows, trials[rows[0].key])
        if 1 < len(stack.rows) < MOST_ROWS:
            rows = list(stack.rows[:2])
            trial = self._after(rows)
            way = self._way(trial)
            if way and way not in alone:
                yield _set_aside(stack.name, way, rows, (), trial)

    def _alone(self, rows: Sequence[InputRow], way: int) -> int:
        """How many of the rows would do it alone: the first so many."""
        return bisect_left(
            range(len(rows)), True, lo=1, key=lambda place: self._way(self._after([rows[place]])) != way
        )

    def _of_number(self, number: Numbered) -> Iterator[_Found]:
        now, room = number.row.numerator, number.room
        if room is None:
            room = Fraction(FURTHEST) if number.kind == SECONDS else max(abs(now) * 10, Fraction(100_000))
        for sign, furthest in ((1, floor(room / number.step)), (-1, floor(now / number.step))):
            steps = self._fewest(number, sign, furthest)
            if steps is None:
                continue
            trial = self._moved(number, sign * steps)
            way = self._way(trial)
            before = now + number.offset
            change = replace(
                _change(number.kind, way, number.row.name, [number.row]),
                before=decimal_of(before),
                after=decimal_of(before + sign * steps * number.step),
                smaller=decimal_of(before + sign * (steps - 1) * number.step),
                unit=number.unit,
            )
            yield _Found((steps * number.step, change.name, change.rows[0].key), way, change, trial)

    def _fewest(self, number: Numbered, sign: int, furthest: int) -> int | None:
        """The fewest steps that change the grade. The total moves one way with the number: what lies between
        a count that does not do and one that does is narrowed where a straight line would meet the edge,
        and by halves every other time.
        """
        start = self._score.total
        if furthest < 1 or start is None:
            return None
        end = self._moved(number, sign * furthest)
        way = self._way(end)
        edge = self.edges.better if way > 0 else self.edges.worse
        if not way or edge is None or end.total is None:
            return None
        low, high = (0, start), (furthest, end.total)
        halves = False
        while high[0] - low[0] > 1:
            room = high[0] - low[0]
            if halves or high[1] == low[1]:
                count = low[0] + room // 2
            else:
                ahead = ceil((edge - low[1]) * room / (high[1] - low[1]))
                count = low[0] + min(max(ahead, 1), room - 1)
            trial = self._moved(number, sign * count)
            if trial.total is None:
                return None
            if self._way(trial) == way:
                high = count, trial.total
            else:
                low = count, trial.total
            halves = not halves and high[0] - low[0] > 1 and abs(count - low[0]) > 1
        return high[0]

    def _moved(self, number: Numbered, steps: int) -> _Trial:
        by = steps * number.step
        shifts = [Shift(number.row.model_of_sum, key, by) for key in self._keys(number.row)]
        return _Trial(self._score.with_shifts(shifts), {})

    def _keys(self, row: InputRow) -> list[str]:
        return [f"{self._agent}:{period_id}:{row.name}" for period_id in row.periods]

    def _shifts(self, rows: Sequence[InputRow], *, back: bool = False) -> list[Shift]:
        """What the going of rows of one KPI takes from the agent's sums, or gives `back` to them."""
        sign = 1 if back else -1
        numerator = sign * sum((row.numerator for row in rows), Fraction(0))
        denominator = sign * sum((row.denominator for row in rows), Fraction(0))
        return [Shift(rows[0].model_of_sum, key, numerator, denominator) for key in self._keys(rows[0])]

    def _going(self, rows: Sequence[InputRow]) -> Iterator[Sequence[Shift]]:
        """`_shifts` of the first row, of the first two …, each from the one before."""
        keys = self._keys(rows[0])
        numerator = denominator = Fraction(0)
        for row in rows:
            numerator, denominator = numerator - row.numerator, denominator - row.denominator
            yield [Shift(row.model_of_sum, key, numerator, denominator) for key in keys]

    def _after(self, rows: Sequence[InputRow], *, back: bool = False) -> _Trial:
        """What the agent's and the others' totals come to without these rows, or with them `back`."""
        return self._with(self._shifts(rows, back=back), {} if back else self._of_others(rows))

    def _of_others(self, rows: Sequence[InputRow]) -> Mapping[str, Sequence[Shift]]:
        """What the going of rows takes from others of the group."""
        theirs: dict[str, list[Shift]] = {}
        for row in rows:
            for agent, others in self._others(row).items():
                if agent != self._agent and agent in self._group:
                    theirs.setdefault(agent, []).extend(others)
        return theirs

    def _with(self, own: Sequence[Shift], theirs: Mapping[str, Sequence[Shift]]) -> _Trial:
        """What the totals come to with the agent's `own` sums changed, and `theirs` by agent."""
        try:
            totals = {agent: self._scores[agent].with_shifts(their) for agent, their in theirs.items()}
            total = self._score.with_shifts(own)
        except CannotEvaluate:
            return _Trial(None, {})
        if None in totals.values():
            return _Trial(None, {})
        return _Trial(total, {agent: one for agent, one in totals.items() if one is not None})

    def _way(self, trial: _Trial) -> int:
        """1 where the grade gets better, −1 where worse, 0 where it stays or nothing is said of it."""
        if trial.total is None:
            return 0
        if not trial.totals:
            better, worse = self.edges.better, self.edges.worse
            if better is not None and trial.total >= better:
                return 1
            return -1 if worse is not None and trial.total <= worse else 0
        way = self._group.way(self._agent, self._group.grade(self._agent, self._totals(trial)))
        return (way > 0) - (way < 0)

    def _totals(self, trial: _Trial) -> dict[str, Fraction]:
        return {self._agent: trial.total or Fraction(0), **trial.totals}

    def _done(self, found: _Found) -> Change:
        totals = self._totals(found.trial)
        return replace(
            found.change,
            grade=self._group.grade(self._agent, totals),
            total=decimal_of(found.trial.total),
            rank=self._group.rank(self._agent, totals),
            others_moved=self._group.others_moved(self._agent, totals),
        )


def _firsts(run: Sequence[int], way_of: Callable[[int], int]) -> Iterator[int]:
    """The first of each way among numbers along which the total moves one way."""
    first, last = way_of(run[0]), way_of(run[-1])
    if first:
        yield run[0]
    if last and last != first:
        yield run[bisect_left(run, True, key=lambda count: way_of(count) == last)]


def _direction(before: Sequence[Fraction] | None, now: Sequence[Fraction] | None) -> int | None:
    """1 where no value is less than before, −1 where none is more, 0 where all are the same; None where some
    go one way and some the other, or there are none to compare.
    """
    if before is None or now is None:
        return None
    steps = {(after > value) - (after < value) for value, after in zip(before, now, strict=True)} - {0}
    return None if len(steps) > 1 else next(iter(steps), 0)


def _set_aside(
    name: str, way: int, rows: Sequence[InputRow], alone: Sequence[InputRow], trial: _Trial
) -> _Found:
    smaller = Decimal(len(rows) - 1) if len(rows) > 1 else None
    change = replace(
        _change(SET_ASIDE, way, name, rows), alone_keys=tuple(row.key for row in alone), smaller=smaller
    )
    return _Found((len(rows), -len(alone), name, rows[0].key), way, change, trial)


def _change(kind: str, way: int, name: str, rows: Sequence[InputRow]) -> Change:
    """A change of which is not said yet what it comes to."""
    placed = tuple(Placed(row.model, row.key, None, None, row.ruling_id) for row in rows)
    return Change(kind, WAYS[way], name, placed, None, None, None, 0, column=rows[0].column)
