"""How a number follows from its operands, in one line: `37 / 41 = 0.902439`."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from orchestration.audit.calculation.evaluate import (
    CannotEvaluate,
    Evaluator,
    Operands,
    chosen_row,
    decimal_of,
)
from orchestration.audit.calculation.graph import Graph, Number
from orchestration.audit.node import Phrase
from orchestration.audit.phrases import phrase
from orchestration.text import band, band_zh, operand, plain

SHOWN_TERMS = 12
"""Terms of a sum that are written out; of more the rest is counted."""

WHAT_IT_IS_OF = "cohort"
"""Operand that is other people's numbers: a tree has none of them, what rests on them is as published."""


def tree_evaluator(graph: Graph) -> Evaluator:
    """An evaluator of a tree: what goes by the numbers of a cohort is taken as published."""
    given = {
        key: Fraction(number.value)
        for key, number in graph.numbers.items()
        if number.value is not None and any(one.operand == WHAT_IT_IS_OF for one in graph.of(key))
    }
    return Evaluator(graph).having(given)


@dataclass(frozen=True)
class Words:
    """Values and sentences of the numbers of one graph."""

    graph: Graph
    evaluator: Evaluator

    def value(self, node_key: str) -> Decimal | None:
        """The number as published; one that no relation has, worked out to twelve decimals."""
        number = self.graph.numbers[node_key]
        if number.value is None and number.operation is not None:
            with suppress(CannotEvaluate):
                return decimal_of(self.evaluator.shown(node_key))
        return number.value

    def word(self, node_key: str) -> str | None:
        """The word that a number is, where it is one."""
        number = self.graph.numbers[node_key]
        if number.text_value is None and number.operation is not None:
            with suppress(CannotEvaluate):
                return self.evaluator.result(node_key).word
        return number.text_value

    def chosen(self, node_key: str) -> str | None:
        """The row of its table that a number is read from."""
        number = self.graph.numbers[node_key]
        with suppress(CannotEvaluate):
            return chosen_row(Operands(self.evaluator, number, self.graph.of(node_key), self.graph))
        return None

    def band(self, node_key: str) -> Phrase | None:
        """For which keys and numbers a row of a table is; None for what is no row."""
        of = Parts(self, self.graph.numbers[node_key])
        low, high, key = of.maybe("low"), of.maybe("high"), of.number.row_key
        if key is None and low is None and high is None:
            return None
        is_upper = of.number.band_side == "upper"
        has_edges = low not in (None, Decimal(0)) or high is not None
        words = [say(low, high, is_upper=is_upper) if has_edges else "" for say in (band, band_zh)]
        return Phrase(*(" ".join(part for part in (key, word) if part) for word in words))

    def sentence(self, node_key: str) -> Phrase | None:
        """How the number follows from its operands; None where that needs no saying."""
        of = Parts(self, self.graph.numbers[node_key])
        match of.number.operation:
            case "sum":
                terms = of.all("term")
                more = len(terms) - SHOWN_TERMS
                rest = f" + … ({more})" if more > 0 else ""
                return of.comes_to(" + ".join(terms[:SHOWN_TERMS]) + rest) if len(terms) > 1 else None
            case "product":
                factors, days, of_days = of.all("factor"), of.maybe("days"), of.maybe("of_days")
                if days != of_days:
                    factors.append(f"{plain(days)} / {plain(of_days)}")
                return of.comes_to(" × ".join(factors)) if len(factors) > 1 else None
            case "ratio":
                return of.comes_to(f"{of.one('numerator')} / {of.one('denominator')}")
            case "difference":
                return of.comes_to(" − ".join([*(of.all("minuend") or ["0"]), *of.all("subtrahend")]))
            case "position":
                return of.comes_to(f"({of.one('rank')} − 1) / {of.one('size')}")
            case "steps":
                left, right, step = (of.one(part) for part in ("left", "right", "step"))
                return phrase("steps", left=left, right=right, step=step, value=of.value)
            case "curve":
                return _curve(of)
            case "row":
                return _row(of)
            case "bounded":
                return _bounded(of)
            case "choice":
                return _choice(of)
            case "compare":
                return _compare(of)
        return None


@dataclass(frozen=True)
class Parts:
    """The operands of one number as a sentence names them."""

    words: Words
    number: Number

    def keys(self, part: str) -> list[str]:
        """Keys of the operands of one part."""
        return [one.node_key for one in self.words.graph.of(self.number.node_key) if one.operand == part]

    def maybe(self, part: str) -> Decimal | None:
        """The number of a part, None where there is none."""
        return next((self.words.value(key) for key in self.keys(part)), None)

    def all(self, part: str) -> list[str]:
        """The numbers of a part as a calculation writes them."""
        values = [self.words.value(key) for key in self.keys(part)]
        return ["?" if value is None else operand(value) for value in values]

    def one(self, part: str) -> str:
        """The number of a part as a calculation writes it."""
        return (self.all(part) or ["?"])[0]

    @property
    def value(self) -> str:
        """What the number comes to."""
        return plain(self.words.value(self.number.node_key))

    def comes_to(self, calculation: str) -> Phrase:
        """The same calculation in both languages."""
        return Phrase(*[f"{calculation} = {self.value}"] * 2)


def _curve(of: Parts) -> Phrase | None:
    value, floor, target, stretch = (of.maybe(part) for part in ("value", "floor", "target", "stretch"))
    full, most = of.one("target_points"), of.one("stretch_points")
    if value is None or floor is None or target is None:
        return None
    way = 1 if target >= floor else -1
    if way * (value - floor) <= 0:
        return phrase("below_floor", value=plain(value), floor=plain(floor), points=of.value)
    if way * (value - target) < 0:
        share = f"({plain(value)} − {operand(floor)}) / ({plain(target)} − {operand(floor)})"
        return of.comes_to(f"{full} × {share}")
    if stretch is None or way * (value - stretch) >= 0:
        end = target if stretch is None else stretch
        return phrase("beyond_end", value=plain(value), end=plain(end), points=of.value)
    share = f"({plain(value)} − {operand(target)}) / ({plain(stretch)} − {operand(target)})"
    return of.comes_to(f"{full} + ({most} − {full}) × {share}")


def _row(of: Parts) -> Phrase | None:
    words = of.words
    keys = [words.word(key) for key in of.keys("key")] + [
        plain(words.value(key)) for key in of.keys("number")
    ]
    by = ", ".join(one for one in keys if one)
    if not by:
        return None
    found = words.chosen(of.number.node_key)
    row = None if found is None else words.band(found)
    return phrase("looked_up", by=by) if row is None else phrase("in_the_row", by=by, row=row)


def _bounded(of: Parts) -> Phrase | None:
    value, low, high = of.maybe("term"), of.maybe("low"), of.maybe("high")
    if value is None or of.words.value(of.number.node_key) == value:
        return None
    if low is not None and value < low:
        return phrase("at_least", value=plain(value), edge=plain(low))
    return phrase("at_most", value=plain(value), edge=plain(high))


def _choice(of: Parts) -> Phrase | None:
    keys = of.keys("condition")
    unmet = [of.words.graph.numbers[key] for key in keys if of.words.value(key) != 1]
    if not unmet:
        return phrase("all_met") if keys else None
    return phrase(
        "unmet", en=", ".join(one.label for one in unmet), zh=", ".join(one.label_zh for one in unmet)
    )


def _compare(of: Parts) -> Phrase:
    sign = "≥" if of.number.text_value == "at_least" else "≤"
    name = {None: "compared", Decimal(1): "compared_met"}
    met = of.words.value(of.number.node_key)
    return phrase(name.get(met, "compared_unmet"), compared=f"{of.one('left')} {sign} {of.one('right')}")
