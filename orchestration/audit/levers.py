"""Levers of a number: which observed, rated or counted number, alone changed, would have made it better."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor

from orchestration.audit.calculation.evaluate import CannotEvaluate, Evaluator, decimal_of, rounded
from orchestration.audit.calculation.graph import Graph, Number

PLACES = 6
"""Decimals of a measured value that says none of its own."""
FURTHEST = 2**40
"""Steps after which a number that has no best value is given up."""
BEST_RATING = Fraction(100)
"""What people rate is in points of 100."""
UNSCORED = ("score_line", None)
MEASURED = {("observation", "ratio"), ("score_part", "ratio"), ("actual", "sum"), ("event", None), UNSCORED}
"""Kind and operation of the numbers that could have been others: observed, rated, counted."""
ASIDE = {"member", "today", "because"}
"""Parts that no number follows from."""
SERVICE = "months"
"""Unit of what counts somebody's service or level: no doing of theirs."""


@dataclass(frozen=True)
class Goal:
    """What is to be better: the number below which levers are looked for, when it is better, the number that
    `Lever.reached` and `Lever.best` are of, and a note for each lever that reaches it.
    """

    root: str
    is_better: Callable[[Evaluator], bool]
    amount: str | None
    note: str = ""


@dataclass(frozen=True)
class Lever:
    """One number, and what it takes of it.

    `needed` is the nearest value that is better, all else held; None where no value of this number alone is.
    `reached` is what the amount (the total score, the bonus in CNY) comes to with it, `best` with the best
    value that the number can have, where there is one.
    """

    kpi_id: str
    label: str
    label_zh: str
    value: Decimal | None
    needed: Decimal | None = None
    change: Decimal | None = None
    reached: Decimal | None = None
    best: Decimal | None = None
    note: str = ""


def levers(graph: Graph, base: Evaluator, goal: Goal, *, period_id: str) -> tuple[Lever, ...]:
    """Every number of the period below the goal, those that reach it alone first. What is published once
    changes wherever it is read.
    """
    cells: dict[object, list[tuple[Number, Number]]] = {}
    for number, reader in _measured(graph, goal.root):
        if number.unit != SERVICE and (not number.input_key or period_id in number.input_key.split(":")):
            cell = number.input_model, number.input_key or number.node_key, number.input_column
            cells.setdefault(cell, []).append((number, reader))
    found = (_lever(graph, base, goal, read) for read in cells.values())
    return tuple(sorted(found, key=lambda one: (one.needed is None, one.kpi_id)))


def _measured(graph: Graph, root: str) -> Iterator[tuple[Number, Number]]:
    """Measured numbers below a root, each with the number that reads it."""
    seen: set[str] = set()
    waiting = [(root, graph.numbers[root])]
    while waiting:
        key, reader = waiting.pop()
        number = graph.numbers[key]
        if (number.kind, number.operation) in MEASURED:
            yield number, reader
        elif key not in seen:
            seen.add(key)
            waiting += [(one.node_key, number) for one in graph.of(key) if one.operand not in ASIDE]


def _lever(graph: Graph, base: Evaluator, goal: Goal, read: Sequence[tuple[Number, Number]]) -> Lever:
    number, reader = next((one for one in read if one[1].operation == "curve"), read[0])
    named = reader if reader.operation == "curve" else number
    kpi_id = (named.input_key or "").rpartition(":")[2] if named.kind != "score_part" else named.input_column
    lever = Lever(kpi_id or number.label, number.label, number.label_zh, None)
    if (number.kind, number.operation) == UNSCORED:
        lever = replace(lever, note=f"not scored: {number.reason}")
        shown = [base.shown(one.node_key) for one in graph.of(number.node_key)]
        return replace(lever, value=decimal_of(shown[0])) if shown else lever
    start = base.shown(number.node_key)
    if start is None:
        return lever
    end, step = _end(graph, number, reader, start), _step(number, start)

    def trial(value: Fraction) -> Evaluator:
        return base.having({one.node_key: value for one, _ in read})

    def amount(value: Fraction | None) -> Decimal | None:
        return decimal_of(trial(value).shown(goal.amount)) if goal.amount and value is not None else None

    def is_better(steps: int) -> bool:
        try:
            return goal.is_better(trial(start + steps * step))
        except CannotEvaluate:
            return False

    lever = replace(lever, value=decimal_of(start), best=amount(end))
    ways = [(1, FURTHEST), (-1, floor(start / step))]
    if end is not None:
        ways = [(1 if end >= start else -1, floor(abs(end - start) / step))]
    found = [steps for way, furthest in ways if (steps := _first(way, furthest, is_better))]
    if not found:
        return lever
    change = min(found, key=abs) * step
    needed = start + change
    note = goal.note or _in_cases(graph, number, needed, 1 if change > 0 else -1)
    return replace(
        lever, needed=decimal_of(needed), change=decimal_of(change), reached=amount(needed), note=note
    )


def _end(graph: Graph, number: Number, reader: Number, start: Fraction) -> Fraction | None:
    """The value beyond which nothing gets better, where there is one."""
    if reader.operation == "curve":
        ends = {one.operand: graph.numbers[one.node_key].value for one in graph.of(reader.node_key)}
        return Fraction(ends.get("stretch", ends["target"]) or 0)
    return max(start, BEST_RATING) if "score_part" in (number.kind, reader.kind) else None


def _step(number: Number, start: Fraction) -> Fraction:
    """What is counted in wholes changes by wholes."""
    if number.kind == "event" and start.denominator == 1:
        return Fraction(1)
    return Fraction(1, 10 ** (PLACES if number.decimals is None else number.decimals))


def _first(way: int, furthest: int, is_better: Callable[[int], bool]) -> int | None:
    """The first better count of steps, found by doubling, then by halving; one step less is not better."""
    tried, count = 0, min(1, furthest)
    while tried < furthest and not is_better(way * count):
        tried, count = count, min(2 * count, furthest)
    if tried >= furthest:
        return None
    return way * bisect_left(range(count), True, lo=tried + 1, key=lambda steps: is_better(way * steps))


def _in_cases(graph: Graph, number: Number, needed: Fraction, way: int) -> str:
    """The change in whole cases, where the number counts cases."""
    whole = ceil if way > 0 else floor
    if number.unit == "count":
        return f"in whole numbers {whole(needed)}"
    parts = {one.operand: graph.numbers[one.node_key].value for one in graph.of(number.node_key)}
    numerator, cases = parts.get("numerator"), parts.get("denominator")
    if number.unit != "ratio" or not cases or numerator is None or numerator != int(numerator):
        return ""
    # The published value is rounded: the whole number next to it may do already.
    for count in (whole(needed * Fraction(cases)) - way, whole(needed * Fraction(cases))):
        if 0 <= count <= cases and way * (rounded(count / Fraction(cases), PLACES) - needed) >= 0:
            return f"{count} of {int(cases)} instead of {int(numerator)}"
    return f"more than the {int(cases)} cases allow"
