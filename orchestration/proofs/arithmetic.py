"""Small calculations for the evaluator of the audit: a table, a curve, a product, read at any value."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from functools import cached_property

from orchestration import text
from orchestration.audit.calculation.evaluate import CannotEvaluate, Evaluator, Result, decimal_of
from orchestration.audit.calculation.graph import Graph, Number, Operand

MEASURE = "measure"
"""Key of the number that is varied."""


class Arithmetic:
    """Numbers and their operands, put together one by one, then read at values of the number `measure`."""

    def __init__(self) -> None:
        self._numbers: dict[str, Number] = {}
        self._operands: dict[str, list[Operand]] = defaultdict(list)
        self._values: dict[str, Fraction] = {}
        self.leaf(MEASURE, Fraction(0))

    def leaf(self, key: str, value: Fraction | None = None, word: str | None = None) -> str:
        """A number or a word as it stands; returns its key."""
        self._numbers[key] = Number(key, "leaf", text_value=word)
        if value is not None:
            self._values[key] = value
        return key

    def node(
        self,
        key: str,
        operation: str,
        operands: Mapping[str, str | Iterable[str]],
        *,
        word: str | None = None,
        decimals: int | None = None,
    ) -> str:
        """A number that follows from others by an operation of the evaluator; returns its key."""
        self._numbers[key] = Number(key, "node", operation, text_value=word, decimals=decimals)
        self._has(key, operands)
        return key

    def row(
        self,
        key: str,
        *,
        row_key: str | None = None,
        low: Fraction | None = None,
        high: Fraction | None = None,
        side: str = "lower",
        value: Fraction | None = None,
        word: str | None = None,
    ) -> str:
        """A row of a table: for a key and a band that holds its lower edge, or its `upper` one."""
        self._numbers[key] = Number(key, "row", text_value=word, row_key=row_key, band_side=side)
        if value is not None:
            self._values[key] = value
        edges = {"low": low, "high": high}
        self._has(key, {n: self.leaf(f"{key}/{n}", edge) for n, edge in edges.items() if edge is not None})
        return key

    def _has(self, key: str, operands: Mapping[str, str | Iterable[str]]) -> None:
        for name, keys in operands.items():
            for position, one in enumerate([keys] if isinstance(keys, str) else keys, start=1):
                self._operands[key].append(Operand(name, position, one))

    @cached_property
    def _evaluator(self) -> Evaluator:
        # Values are put in the place of leaves: those of a published graph are decimals, these fractions.
        return Evaluator(Graph(self._numbers, self._operands)).having(self._values)

    def at(self, value: Fraction) -> Reading:
        """What every number is where the measure has that value."""
        return Reading(self._evaluator.having({MEASURE: value}))


class Reading:
    """The numbers of an arithmetic at one value of its measure."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator

    def number(self, key: str) -> Fraction | None:
        """A number; None where it has none, as that of a row that is not there."""
        return self._result(key).number

    def word(self, key: str) -> str | None:
        """A word; None where there is none."""
        return self._result(key).word

    def _result(self, key: str) -> Result:
        try:
            return self._evaluator.result(key)
        except CannotEvaluate:
            return Result()


class Together(Arithmetic):
    """Several calculations read at the same value: what each has under `key` is added."""

    def __init__(self, parts: Sequence[Arithmetic], key: str) -> None:
        super().__init__()
        self._parts = parts
        self._key = key

    def at(self, value: Fraction) -> Reading:
        """The sum at a value; a part without a number adds nothing."""
        numbers = [part.at(value).number(self._key) or Fraction(0) for part in self._parts]
        sums = Arithmetic()
        terms = [sums.leaf(f"term/{place}", number) for place, number in enumerate(numbers)]
        sums.node(self._key, "sum", {"term": terms})
        return sums.at(value)


def shown(value: Fraction) -> str:
    """A number as the audit writes it."""
    return text.plain(decimal_of(value))


def money(value: Fraction) -> str:
    """An amount with its cents."""
    return text.money(decimal_of(value) or 0)
