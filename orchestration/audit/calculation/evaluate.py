"""What a number comes to, from its operation and its operands, in exact fractions."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import inf
from typing import NamedTuple

from orchestration.audit.calculation.graph import Graph, Number, Operand

PLACES = 12
"""Decimals of a published number."""
ONE, NOTHING = Fraction(1), Fraction(0)

Order = tuple[tuple[int, Fraction], ...]
"""Numbers by which something is put in order, each with its place."""
Standing = tuple[tuple[tuple[float, Fraction], ...], str]
"""What a member of a cohort is put in order by: the most first, who lacks a number last, then its id."""


class CannotEvaluate(Exception):
    """A number whose operands are not those that its operation needs."""


class Result(NamedTuple):
    """What a number comes to: a fraction, a word, or what puts candidates in order; None where it is none."""

    number: Fraction | None = None
    word: str | None = None
    order: Order | None = None


class Evaluator:
    """Evaluates the numbers of a graph, each once."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._found: dict[str, Result] = {}
        self._shown: dict[str, Fraction | None] = {}
        self._under_way: set[str] = set()
        self._cohorts: dict[str, list[Standing]] = {}
        self._members: dict[str, frozenset[str]] = {}
        self._changed: Mapping[str, Fraction] = {}
        self._base: Evaluator | None = None
        self._anew: frozenset[str] = frozenset()

    def having(
        self,
        changed: Mapping[str, Fraction],
        *,
        anew: frozenset[str] | None = None,
        graph: Graph | None = None,
    ) -> Evaluator:
        """An evaluator with other values in the place of some numbers: only what rests on them is worked out
        anew. Who asks for a few numbers only may name as `anew` all that they are made of, and spares looking
        for what else rests on those changed. Of another `graph` these must hold all numbers that are made
        otherwise there, and what rests on them.
        """
        other = Evaluator(self._graph if graph is None else graph)
        other._base, other._changed = self, changed
        other._anew = self._graph.above(changed) if anew is None else anew.union(changed)
        return other

    def result(self, node_key: str) -> Result:
        """What a parent reads of the number. Raises CannotEvaluate."""
        found = self._found.get(node_key)
        if found is None:
            # As `_unchanged` says; asked here, for no other question is put as often.
            if self._base is not None and node_key not in self._anew:
                return self._base.result(node_key)
            found = self._evaluate(node_key)
        return found

    def shown(self, node_key: str) -> Fraction | None:
        """The number as it is published: rounded where it is rounded. Raises CannotEvaluate."""
        base = self._unchanged(node_key)
        if base is not None:
            return base.shown(node_key)
        self.result(node_key)
        return self._shown[node_key]

    def cohort(self, cohort_key: str) -> list[Standing]:
        """How the members of a cohort stand, the best first. Raises CannotEvaluate."""
        if cohort_key not in self._cohorts:
            if self._base is None:
                members = [one.node_key for one in self._graph.of(cohort_key) if one.operand == "member"]
                self._cohorts[cohort_key] = sorted(standing_of(self.result(one)) for one in members)
            else:
                standings = self._cohorts[cohort_key] = list(self._base.cohort(cohort_key))
                for one in self._anew & self._members_of(cohort_key):
                    del standings[bisect_left(standings, standing_of(self._base.result(one)))]
                    insort(standings, standing_of(self.result(one)))
        return self._cohorts[cohort_key]

    def _members_of(self, cohort_key: str) -> frozenset[str]:
        if self._base is not None:
            return self._base._members_of(cohort_key)
        if cohort_key not in self._members:
            operands = self._graph.of(cohort_key)
            self._members[cohort_key] = frozenset(one.node_key for one in operands if one.operand == "member")
        return self._members[cohort_key]

    def _unchanged(self, node_key: str) -> Evaluator | None:
        """Who has worked the number out already, where nothing changed below it."""
        return None if node_key in self._anew else self._base

    def _evaluate(self, node_key: str) -> Result:
        number = self._graph.numbers.get(node_key)
        if number is None:
            raise CannotEvaluate(f"there is no number {node_key}")
        if node_key in self._under_way:
            raise CannotEvaluate(f"{node_key} rests on itself")
        self._under_way.add(node_key)
        try:
            result = self._worked_out(number)
        finally:
            self._under_way.discard(node_key)
        self._found[node_key] = result
        return result

    def _worked_out(self, number: Number) -> Result:
        if number.node_key in self._changed:
            result = Result(self._changed[number.node_key], number.text_value)
        elif number.operation is None:
            value = None if number.value is None else Fraction(number.value)
            result = Result(value, number.text_value)
        else:
            operation = OPERATIONS.get(number.operation)
            if operation is None:
                raise CannotEvaluate(f"{number.node_key} has the unknown operation {number.operation}")
            result = operation(Operands(self, number, self._graph.of(number.node_key), self._graph))
        shown = result.number
        if shown is not None and number.decimals is not None:
            shown = rounded(shown, number.decimals)
        self._shown[number.node_key] = shown
        return result if number.is_exact else Result(shown, result.word, result.order)


@dataclass(slots=True)
class Operands:
    """The operands of one number, read by the part that they have in its operation."""

    evaluator: Evaluator
    number: Number
    operands: Sequence[Operand]
    graph: Graph

    def keys(self, operand: str) -> list[str]:
        """Keys of the operands of one part, in order."""
        return [one.node_key for one in self.operands if one.operand == operand]

    def all(self, operand: str) -> list[Fraction]:
        """Numbers of one part. Raises CannotEvaluate where one has no number."""
        found = []
        for one in self.operands:
            if one.operand == operand:
                number = self.evaluator.result(one.node_key).number
                if number is None:
                    raise CannotEvaluate(
                        f"{one.node_key}, an operand of {self.number.node_key}, has no value"
                    )
                found.append(number)
        return found

    def one(self, operand: str) -> Fraction:
        """The only number of a part. Raises CannotEvaluate where there is none."""
        found = self.maybe(operand)
        if found is None:
            raise CannotEvaluate(f"{self.number.node_key} has no operand {operand}")
        return found

    def maybe(self, operand: str) -> Fraction | None:
        """The only number of a part, None where there is none. Raises CannotEvaluate for two."""
        found = self.all(operand)
        if len(found) > 1:
            raise CannotEvaluate(f"{self.number.node_key} has {len(found)} operands {operand}")
        return found[0] if found else None

    def result(self, operand: str) -> Result | None:
        """The only result of a part, number or word."""
        keys = self.keys(operand)
        return self.evaluator.result(keys[0]) if keys else None


def rounded(value: Fraction, decimals: int) -> Fraction:
    """`value` with so many decimals, half away from zero."""
    scale: int = 10**decimals
    whole = (abs(value.numerator) * scale * 2 + value.denominator) // (2 * value.denominator)
    return Fraction(-whole if value < 0 else whole, scale)


def decimal_of(value: Fraction | None) -> Decimal | None:
    """A number as it is published: with twelve decimals, None for none."""
    if value is None:
        return None
    said = rounded(value, PLACES)
    return Decimal(said.numerator) / said.denominator


def _product(of: Operands) -> Result:
    product = ONE
    for factor in of.all("factor"):
        product *= factor
    days = of.maybe("days")
    if days is not None:
        product = product * days / of.one("of_days")
    return Result(product)


def _curve(of: Operands) -> Result:
    """Floor 0 points, target and stretch theirs, straight between, level beyond (S-CURVE)."""
    value, floor, target = of.one("value"), of.one("floor"), of.one("target")
    stretch, full, most = of.maybe("stretch"), of.one("target_points"), of.one("stretch_points")
    way = 1 if target >= floor else -1
    if way * (value - floor) <= 0:
        return Result(NOTHING)
    if way * (value - target) < 0:
        return Result((value - floor) * full / (target - floor))
    if stretch is None:
        return Result(full)
    if way * (value - stretch) >= 0:
        return Result(most)
    return Result(full + (value - target) * (most - full) / (stretch - target))


def _count(of: Operands) -> Result:
    cohorts = of.keys("cohort")
    return Result(Fraction(len(of.evaluator.cohort(cohorts[0])) if cohorts else len(of.keys("term"))))


def _order(of: Operands) -> Result:
    places = [one.position for one in of.operands if one.operand == "by"]
    return Result(word=of.number.text_value, order=tuple(zip(places, of.all("by"), strict=True)))


def _rank(of: Operands) -> Result:
    """One more than how many stand before. Equals share a rank, but for candidates that an id tells apart."""
    [own], [cohort] = of.keys("own"), of.keys("cohort")
    return Result(
        Fraction(bisect_left(of.evaluator.cohort(cohort), standing_of(of.evaluator.result(own))) + 1)
    )


def standing_of(result: Result) -> Standing:
    """What puts a member of a cohort in its place. Raises CannotEvaluate for one without a value."""
    order = result.order
    if order is None:
        if result.number is None:
            raise CannotEvaluate("a member of a cohort has no value")
        order = ((1, result.number),)
    # Whoever lacks a number has the next one, or the end, in its place: a later place, so further behind.
    return (*((place, -one) for place, one in order), (inf, NOTHING)), result.word or ""


def _row(of: Operands) -> Result:
    """The row of a table whose key and bounds the operands `key` and `number` meet."""
    chosen = chosen_row(of)
    return Result() if chosen is None else of.evaluator.result(chosen)


def chosen_row(of: Operands) -> str | None:
    """The first row for the key and the number: of which one reads the value. Raises CannotEvaluate."""
    key, number = of.result("key"), of.maybe("number")
    word = "" if key is None else key.word or ""
    for one in of.keys("row"):
        row = of.graph.numbers.get(one)
        if row is None:
            raise CannotEvaluate(f"there is no number {one}")
        if row.row_key is None or row.row_key == word:
            band = Operands(of.evaluator, row, of.graph.of(one), of.graph)
            if _is_in_band(band, number or NOTHING):
                return one
    return None


def _is_in_band(row: Operands, number: Fraction) -> bool:
    """Whether a row is for a number: a band holds its lower edge, or with `upper` its upper one."""
    low, high = row.maybe("low"), row.maybe("high")
    if row.number.band_side == "upper":
        return (low is None or number > low) and (high is None or number <= high)
    return (low is None or number >= low) and (high is None or number < high)


def _last_row(of: Operands) -> Result:
    rows = of.keys("row")
    return of.evaluator.result(rows[-1]) if rows else Result()


def _bounded(of: Operands) -> Result:
    value, low, high = of.one("term"), of.maybe("low"), of.maybe("high")
    if low is not None and value < low:
        return Result(low)
    return Result(high if high is not None and value > high else value)


def _choice(of: Operands) -> Result:
    is_met = all(condition == 1 for condition in of.all("condition"))
    chosen = of.result("if_met" if is_met else "otherwise")
    return Result(NOTHING) if chosen is None else chosen


def _compare(of: Operands) -> Result:
    left, right = of.one("left"), of.one("right")
    is_met = left >= right if of.number.text_value == "at_least" else left <= right
    return Result(ONE if is_met else NOTHING)


OPERATIONS: Mapping[str, Callable[[Operands], Result]] = {
    "sum": lambda of: Result(sum(of.all("term"), NOTHING)),
    "product": _product,
    "ratio": lambda of: Result(
        of.one("numerator") / denominator if (denominator := of.one("denominator")) else None
    ),
    "difference": lambda of: Result((of.maybe("minuend") or NOTHING) - sum(of.all("subtrahend"), NOTHING)),
    "curve": _curve,
    "position": lambda of: Result((of.one("rank") - 1) / of.one("size")),
    "count": _count,
    "order": _order,
    "rank": _rank,
    "row": _row,
    "last_row": _last_row,
    "bounded": _bounded,
    "choice": _choice,
    "compare": _compare,
    "steps": lambda of: Result(Fraction(max((of.one("left") - of.one("right")) // of.one("step"), 0))),
    "same": lambda of: of.result("term") or Result(),
}
"""Operations by name: all that a calculation is made of."""
