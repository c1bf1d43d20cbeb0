"""The total score of one agent as its published calculation gives it, with sums changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

from orchestration.audit.calculation.evaluate import Evaluator
from orchestration.audit.calculation.graph import Graph, Operand
from orchestration.audit.sensitivity.change import Shift

KEPT = 4
"""Sets of changed sums of which a score keeps what rests on them."""


@dataclass(frozen=True)
class Line:
    """A scored line: its number, and the least sample that it is scored with."""

    node_key: str
    min_sample: int


@dataclass(frozen=True)
class Made:
    """A graph that another became, and the numbers that are made otherwise there."""

    graph: Graph
    otherwise: frozenset[str] = frozenset()


def below(graph: Graph, roots: Iterable[str], *, leaves: frozenset[str] = frozenset()) -> Graph:
    """The part of a graph below some numbers; nothing below `leaves`."""
    numbers, operands, waiting = {}, {}, list(roots)
    while waiting:
        key = waiting.pop()
        if key in numbers or key not in graph.numbers:
            continue
        numbers[key] = graph.numbers[key]
        if key in leaves:
            numbers[key] = replace(numbers[key], operation=None)
            continue
        parts = graph.of(key)
        if parts:
            operands[key] = parts
            waiting += [one.node_key for one in parts]
    return Graph(numbers, operands)


class Score:
    """One agent's score: what the total comes to when sums below it change.

    `lines` has the scored lines by the key of their sum (`A0007:2026-10:csat`).
    """

    def __init__(self, graph: Graph, node_key: str, lines: Mapping[str, Sequence[Line]]) -> None:
        self._graph, self._key, self._lines = below(graph, [node_key]), node_key, lines
        self._base = Evaluator(self._graph)
        self._whole = Made(self._graph)
        self._without: dict[frozenset[str], Made | None] = {}
        self._resting: dict[frozenset[str], frozenset[str]] = {}
        self._amounts: dict[str, Fraction] = {}
        self._sums: dict[tuple[str, str], dict[str, str]] = {}
        for number in self._graph.numbers.values():
            if number.input_column in ("numerator", "denominator") and number.operation is None:
                cell = number.input_model or "", number.input_key or ""
                self._sums.setdefault(cell, {})[number.input_column] = number.node_key
        self.total = self._base.shown(node_key)

    def has(self, model: str, key: str) -> bool:
        """Whether the score rests on this sum."""
        return (model, key) in self._sums

    def numerator(self, model: str, key: str) -> Fraction:
        """What a sum comes to."""
        return self._amount(self._sums[model, key]["numerator"])

    def _amount(self, node_key: str) -> Fraction:
        """A published number, as a fraction once."""
        if node_key not in self._amounts:
            self._amounts[node_key] = Fraction(self._graph.numbers[node_key].value or 0)
        return self._amounts[node_key]

    def has_lines(self, shifts: Iterable[Shift]) -> bool:
        """Whether, with these sums changed, the score still rests on one of them: a line that is scored, or a
        sum that it reads without a line.
        """
        for shift in shifts:
            cell = self._sums.get((shift.model, shift.key))
            if cell is not None:
                lines = self._lines.get(shift.key, ())
                sample = self._amount(cell["denominator"]) + shift.denominator
                if not lines or any(sample >= max(one.min_sample, 1) for one in lines):
                    return True
        return False

    def values(self, shifts: Iterable[Shift]) -> Sequence[Fraction] | None:
        """What each changed sum comes to by its count, the score moving one way with them; None where it need
        not: a line is scored no longer, or something but lines reads the sum.
        """
        found = []
        for shift in shifts:
            cell = self._sums.get((shift.model, shift.key))
            if cell is None:
                continue
            numerator = self._amount(cell["numerator"]) + shift.numerator
            sample = self._amount(cell["denominator"]) + shift.denominator
            lines = self._lines.get(shift.key, ())
            if not lines or any(sample < max(one.min_sample, 1) for one in lines):
                return None
            found.append(numerator / sample)
        return found

    def with_shifts(self, shifts: Iterable[Shift]) -> Fraction | None:
        """The total with these sums changed; None where nothing is scored any more. Raises CannotEvaluate."""
        changed: dict[str, Fraction] = {}
        fallen: list[str] = []
        for shift in shifts:
            cell = self._sums.get((shift.model, shift.key))
            if cell is None:
                continue
            for column, by in (("numerator", shift.numerator), ("denominator", shift.denominator)):
                key = cell[column]
                changed[key] = changed.get(key, self._amount(key)) + by
            if shift.denominator < 0:
                sample = changed[cell["denominator"]]
                lines = self._lines.get(shift.key, ())
                fallen += [one.node_key for one in lines if sample < max(one.min_sample, 1)]
        if not changed:
            return self.total
        made = self._made(frozenset(fallen)) if fallen else self._whole
        if made is None:
            return None
        anew = self._above(frozenset(changed) | made.otherwise)
        return self._base.having(changed, anew=anew, graph=made.graph).shown(self._key)

    def _made(self, fallen: frozenset[str]) -> Made | None:
        """How the score is made without these lines; None where none is left."""
        if fallen not in self._without:
            _make_room(self._without)
            self._without[fallen] = without_lines(self._graph, fallen)
        return self._without[fallen]

    def _above(self, node_keys: frozenset[str]) -> frozenset[str]:
        """The numbers of the score that rest on these. Without a line no more do: those of all will do."""
        if node_keys not in self._resting:
            _make_room(self._resting)
            self._resting[node_keys] = self._graph.above(node_keys)
        return self._resting[node_keys]


def _make_room(kept: dict[frozenset[str], Any]) -> None:
    """Trials that follow each other change the same few sums: of thousands of scores no more is kept."""
    if len(kept) >= KEPT:
        kept.clear()


def without_lines(graph: Graph, line_keys: Iterable[str]) -> Made | None:
    """The graph with lines that are scored no longer: their weight goes to the others, in the block and
    between the blocks (S-MISSING). None where a score has no line left.
    """
    numbers, operands = dict(graph.numbers), dict(graph.operands)
    otherwise, wholes = set(line_keys), set[str]()
    for key in sorted(otherwise):
        weight = next(one for one in graph.of(key) if graph.numbers[one.node_key].kind == "weight")
        numbers[key] = replace(numbers[key], operation=None, value=Decimal(0))
        operands[key] = ()
        for share in graph.of(weight.node_key):
            parts = {one.operand: one.node_key for one in graph.of(share.node_key)}
            whole = parts["denominator"]
            kept: Sequence[Operand] = [one for one in operands[whole] if one.node_key != parts["numerator"]]
            operands[whole] = kept
            wholes.add(whole)
            if kept:
                break
        else:
            return None
    return Made(Graph(numbers, operands), frozenset(otherwise | wholes))
