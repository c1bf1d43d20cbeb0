"""The smallest changes of an agent's inputs that change the grade: pure, over a score and a group."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor

from orchestration.audit.calculation.evaluate import CannotEvaluate, decimal_of
from orchestration.audit.sensitivity.change import (
    BETTER,
    COUNT_AGAIN,
    SET_ASIDE,
    WORSE,
    Change,
    InputRow,
    Placed,
    Shift,
)
from orchestration.audit.sensitivity.group import Edges, Group
from orchestration.audit.sensitivity.scores import Score

FURTHEST = 86_400
"""Steps by which a number without a bound is changed at most: a duration by a day."""
WAYS = {1: BETTER, -1: WORSE}


@dataclass(frozen=True)
class Stack:
    """Rows of one KPI with the same denominator, in the order in which their going moves its sum most."""

    name: str
    rows: Sequence[InputRow]


@dataclass(frozen=True)
class Numbered:
    """A number of one row that may be changed by `step`s up to `most` (0 is the least); `kind` is the
    change's.
    """

    kind: str
    row: InputRow
    unit: str
    step: Fraction
    most: Fraction | None


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


class Search:
    """Looks for the changes of one agent."""

    def __init__(self, agent_id: str, scores: Mapping[str, Score], group: Group, others: OtherShifts) -> None:
        self._agent, self._scores, self._group, self._others = agent_id, scores, group, others
        self._score = scores[agent_id]
        self.edges: Edges = group.edges(agent_id)

    def changes(self, inputs: Inputs) -> tuple[Change, ...]:
        """The smallest change of each kind and direction, fewest rows first."""
        found: dict[tuple[str, str, str], tuple[tuple[object, ...], Change]] = {}
        for size, change in self._found(inputs):
            place = change.kind, change.direction, change.unit
            if place not in found or size < found[place][0]:
                found[place] = size, change
        kept = [change for _, change in found.values()]
        return tuple(
            sorted(kept, key=lambda one: (one.row_count or 10**6, one.kind, one.direction, one.unit))
        )

    def _found(self, inputs: Inputs) -> Iterator[tuple[tuple[object, ...], Change]]:
        for stack in inputs.stacks:
            for change in self._of_stack(stack):
                yield (change.row_count, -change.alone_count, change.name, change.rows[0].key), change
        for row in inputs.ruled:
            trial = self._after([row], back=True)
            way = self._way(trial)
            if way:
                change = self._change(COUNT_AGAIN, way, row.name, [row], trial, alone_count=1)
                yield (1, row.name, row.key), change
        for number in inputs.numbers:
            for steps, change in self._of_number(number):
                yield (steps * number.step, change.name, change.rows[0].key), change

    def _of_stack(self, stack: Stack) -> Iterator[Change]:
        """One row, else the fewest of those that move the sum most: no others of that number move it more."""
        if not stack.rows:
            return
        first = self._after(stack.rows[:1])
        way = self._way(first)
        if way:
            count = self._alone(stack.rows, way)
            yield self._change(SET_ASIDE, way, stack.name, stack.rows[:1], first, alone_count=count)
            return
        row = stack.rows[0]
        most = len(stack.rows)
        if row.denominator:
            keys = [key for key in self._keys(row) if self._score.has(row.model_of_sum, key)]
            most = min([most, *(self._score.spare_rows(row.model_of_sum, key) for key in keys)])
        if most < 2:
            return
        way = self._way(self._after(stack.rows[:most]))
        if not way:
            return
        fewest = bisect_left(
            range(most + 1), True, lo=2, key=lambda count: self._way(self._after(stack.rows[:count])) == way
        )
        rows = stack.rows[:fewest]
        yield self._change(SET_ASIDE, way, stack.name, rows, self._after(rows), smaller=Fraction(fewest - 1))

    def _alone(self, rows: Sequence[InputRow], way: int) -> int:
        """How many of the rows would do it alone: the first so many."""
        return bisect_left(
            range(len(rows)), True, lo=1, key=lambda place: self._way(self._after([rows[place]])) != way
        )

    def _of_number(self, number: Numbered) -> Iterator[tuple[int, Change]]:
        now = number.row.numerator
        room = FURTHEST * number.step if number.kind == "seconds" else max(abs(now) * 10, Fraction(100_000))
        most = max(number.most - now, Fraction(0)) if number.most is not None else room
        for sign, furthest in ((1, floor(most / number.step)), (-1, floor(now / number.step))):
            steps = self._fewest(number, sign, furthest)
            if steps is None:
                continue
            trial = self._moved(number, sign * steps)
            way = self._way(trial)
            half = now + sign * (steps // 2) * number.step
            change = self._change(
                number.kind,
                way,
                number.row.name,
                [number.row],
                trial,
                smaller=half,
                before=now,
                after=now + sign * steps * number.step,
                unit=number.unit,
            )
            yield steps, change

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

    def _after(self, rows: Sequence[InputRow], *, back: bool = False) -> _Trial:
        """What the agent's and the others' totals come to without these rows, or with them `back`."""
        sign = 1 if back else -1
        numerator = sign * sum((row.numerator for row in rows), Fraction(0))
        denominator = sign * sum((row.denominator for row in rows), Fraction(0))
        shifts = [Shift(rows[0].model_of_sum, key, numerator, denominator) for key in self._keys(rows[0])]
        theirs: dict[str, list[Shift]] = {}
        for row in rows if not back else ():
            for agent, others in self._others(row).items():
                if agent != self._agent and agent in self._group:
                    theirs.setdefault(agent, []).extend(others)
        try:
            totals = {agent: self._scores[agent].with_shifts(their) for agent, their in theirs.items()}
            total = self._score.with_shifts(shifts)
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

    def _change(
        self,
        kind: str,
        way: int,
        name: str,
        rows: Sequence[InputRow],
        trial: _Trial,
        *,
        alone_count: int = 0,
        smaller: Fraction | None = None,
        before: Fraction | None = None,
        after: Fraction | None = None,
        unit: str = "",
    ) -> Change:
        totals = self._totals(trial)
        return Change(
            kind=kind,
            direction=WAYS[way],
            name=name,
            rows=tuple(Placed(row.model, row.key, None, None, row.ruling_id) for row in rows),
            grade=self._group.grade(self._agent, totals),
            total=decimal_of(trial.total),
            rank=self._group.rank(self._agent, totals),
            others_moved=self._group.others_moved(self._agent, totals),
            alone_count=alone_count,
            column=rows[0].column,
            unit=unit,
            before=decimal_of(before),
            after=decimal_of(after),
            smaller=decimal_of(smaller),
        )
