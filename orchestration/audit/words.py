"""How a number follows from its operands, in one line: `37 / 41 = 0.902439`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
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
from orchestration.audit.text import band, band_zh, operand, plain

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
        if number.value is not None or number.operation is None:
            return number.value
        try:
            return decimal_of(self.evaluator.shown(node_key))
        except CannotEvaluate:
            return None

    def word(self, node_key: str) -> str | None:
        """The word that a number is, where it is one."""
        number = self.graph.numbers[node_key]
        if number.text_value is not None or number.operation is None:
            return number.text_value
        try:
            return self.evaluator.result(node_key).word
        except CannotEvaluate:
            return None

    def sentence(self, node_key: str) -> Phrase | None:
        """How the number follows from its operands; None where that needs no saying."""
        number = self.graph.numbers[node_key]
        sentence = SENTENCES.get(number.operation or "")
        return None if sentence is None else sentence(Parts(self, number))

    def chosen(self, node_key: str) -> str | None:
        """The row of its table that a number is read from."""
        number = self.graph.numbers[node_key]
        try:
            return chosen_row(Operands(self.evaluator, number, self.graph.of(node_key), self.graph))
        except CannotEvaluate:
            return None

    def band(self, node_key: str) -> Phrase | None:
        """For which keys and numbers a row of a table is; None for what is no row."""
        number, parts = self.graph.numbers[node_key], Parts(self, self.graph.numbers[node_key])
        low, high = parts.maybe("low"), parts.maybe("high")
        if number.row_key is None and low is None and high is None:
            return None
        is_upper = number.band_side == "upper"
        edges = low not in (None, Decimal(0)) or high is not None
        words = (
            (band(low, high, is_upper=is_upper), band_zh(low, high, is_upper=is_upper)) if edges else ("", "")
        )
        key = number.row_key or ""
        return Phrase(*(" ".join(part for part in (key, word) if part) for word in words))


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
        keys = self.keys(part)
        return self.words.value(keys[0]) if keys else None

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


def _sum(of: Parts) -> Phrase | None:
    terms = of.all("term")
    if len(terms) < 2:
        return None
    more = len(terms) - SHOWN_TERMS
    return of.comes_to(" + ".join(terms[:SHOWN_TERMS]) + (f" + … ({more})" if more > 0 else ""))


def _product(of: Parts) -> Phrase | None:
    factors, days, of_days = of.all("factor"), of.maybe("days"), of.maybe("of_days")
    if days != of_days:
        factors.append(f"{plain(days)} / {plain(of_days)}")
    return of.comes_to(" × ".join(factors)) if len(factors) > 1 else None


def _ratio(of: Parts) -> Phrase | None:
    return of.comes_to(f"{of.one('numerator')} / {of.one('denominator')}")


def _difference(of: Parts) -> Phrase | None:
    return of.comes_to(" − ".join([*(of.all("minuend") or ["0"]), *of.all("subtrahend")]))


def _curve(of: Parts) -> Phrase | None:
    value, floor, target, stretch = (of.maybe(part) for part in ("value", "floor", "target", "stretch"))
    full, most = of.one("target_points"), of.one("stretch_points")
    if value is None or floor is None or target is None:
        return None
    way = 1 if target >= floor else -1
    if way * (value - floor) <= 0:
        return Phrase(
            f"{plain(value)} is not better than the floor {plain(floor)}: {of.value}",
            f"{plain(value)} 未超过底线值 {plain(floor)}：{of.value}",
        )
    if way * (value - target) < 0:
        share = f"({plain(value)} − {operand(floor)}) / ({plain(target)} − {operand(floor)})"
        return of.comes_to(f"{full} × {share}")
    if stretch is None or way * (value - stretch) >= 0:
        end = target if stretch is None else stretch
        return Phrase(
            f"{plain(value)} is at or beyond {plain(end)}: {of.value}",
            f"{plain(value)} 达到或超过 {plain(end)}：{of.value}",
        )
    share = f"({plain(value)} − {operand(target)}) / ({plain(stretch)} − {operand(target)})"
    return of.comes_to(f"{full} + ({most} − {full}) × {share}")


def _position(of: Parts) -> Phrase | None:
    return of.comes_to(f"({of.one('rank')} − 1) / {of.one('size')}")


def _row(of: Parts) -> Phrase | None:
    words = of.words
    by = [words.word(key) for key in of.keys("key")] + [plain(words.value(key)) for key in of.keys("number")]
    looked_up = ", ".join(one for one in by if one)
    if not looked_up:
        return None
    found = words.chosen(of.number.node_key)
    row = None if found is None else words.band(found)
    if row is None:
        return Phrase(f"looked up by {looked_up}", f"按 {looked_up} 查表")
    return Phrase(f"{looked_up} lies in the row: {row.en}", f"{looked_up} 对应档位：{row.zh}")


def _bounded(of: Parts) -> Phrase | None:
    term, low, high = of.maybe("term"), of.maybe("low"), of.maybe("high")
    if term is None or of.words.value(of.number.node_key) == term:
        return None
    if low is not None and term < low:
        return Phrase(f"{plain(term)}, but at least {plain(low)}", f"{plain(term)}，不低于 {plain(low)}")
    return Phrase(f"{plain(term)}, but at most {plain(high)}", f"{plain(term)}，不超过 {plain(high)}")


def _choice(of: Parts) -> Phrase | None:
    keys = of.keys("condition")
    unmet = [of.words.graph.numbers[key] for key in keys if of.words.value(key) != 1]
    if not unmet:
        return Phrase("every condition is met", "条件均满足") if keys else None
    en, zh = (", ".join(one) for one in zip(*((one.label, one.label_zh) for one in unmet), strict=True))
    return Phrase(f"not met: {en}", f"未满足：{zh}")


def _compare(of: Parts) -> Phrase | None:
    sign = {"at_least": "≥", "at_most": "≤"}.get(of.number.text_value or "", "≤")
    met = of.words.value(of.number.node_key)
    compared = f"{of.one('left')} {sign} {of.one('right')}"
    if met is None:
        return Phrase(f"{compared}: not known", f"{compared}：未知")
    return Phrase(
        f"{compared}: {'met' if met == 1 else 'not met'}", f"{compared}：{'满足' if met == 1 else '不满足'}"
    )


def _steps(of: Parts) -> Phrase | None:
    return Phrase(
        *(
            f"({of.one('left')} − {of.one('right')}) / {of.one('step')}{whole} = {of.value}"
            for whole in (", whole steps", "，取整")
        )
    )


SENTENCES: Mapping[str, Callable[[Parts], Phrase | None]] = {
    "sum": _sum,
    "product": _product,
    "ratio": _ratio,
    "difference": _difference,
    "curve": _curve,
    "position": _position,
    "row": _row,
    "bounded": _bounded,
    "choice": _choice,
    "compare": _compare,
    "steps": _steps,
}
"""Sentences by operation; the others need none."""
