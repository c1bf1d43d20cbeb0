"""The evaluator: each operation on its edges, in exact fractions, rounded only where a number says so."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from orchestration.audit.calculation.evaluate import OPERATIONS, CannotEvaluate, Evaluator, rounded
from orchestration.audit.calculation.graph import Graph, Number, Operand

Given = dict[str, str | int | list[str | int]]


def graph(operation: str, given: Given, *, rows: list[dict[str, Any]] | None = None, **fields: Any) -> Graph:
    """A number `it` of an operation; operands by part: numbers as texts, a word after `word:`."""
    numbers = {"it": Number("it", "quantity", operation, **fields)}
    operands: list[Operand] = []
    below: dict[str, list[Operand]] = {}
    for part, values in given.items():
        for value in values if isinstance(values, list) else [values]:
            key = f"{part}{len(numbers)}"
            text = str(value)
            is_word = text.startswith("word:")
            numbers[key] = Number(
                key,
                "leaf",
                value=None if is_word else Decimal(text),
                text_value=text.removeprefix("word:") if is_word else None,
            )
            operands.append(Operand(part, len(operands), key))
    for row in rows or []:
        key = f"row{len(numbers)}"
        bounds = {part: row[part] for part in ("low", "high") if row[part] is not None}
        numbers[key] = Number(
            key, "rate_row", value=row["value"], row_key=row["row_key"], band_side=row["band_side"]
        )
        operands.append(Operand("row", len(operands), key))
        for part, bound in bounds.items():
            numbers[f"{key}/{part}"] = Number(f"{key}/{part}", "bound", value=bound)
        below[key] = [Operand(part, 1, f"{key}/{part}") for part in bounds]
    return Graph(numbers, {"it": operands, **below})


def value(operation: str, given: Given, **fields: Any) -> Fraction | None:
    return Evaluator(graph(operation, given, **fields)).shown("it")


def band(
    lower: str | None, upper: str | None, rate: str, side: str = "lower", key: str = ""
) -> dict[str, Any]:
    return {
        "value": Decimal(rate),
        "row_key": key,
        "low": None if lower is None else Decimal(lower),
        "high": None if upper is None else Decimal(upper),
        "band_side": side,
    }


CASES: list[tuple[str, Given, dict[str, Any], str | None]] = [
    ("sum", {}, {}, "0"),
    ("sum", {"term": ["0.1", "0.2", "-0.3"]}, {}, "0"),
    ("product", {"factor": ["1500", "1.2"]}, {}, "1800"),
    ("product", {"factor": ["500"], "days": 10, "of_days": 30}, {"decimals": 2}, "166.67"),
    ("product", {"factor": ["-0.005"]}, {"decimals": 2}, "-0.01"),
    ("product", {"factor": ["0.004999"]}, {"decimals": 2}, "0"),
    ("ratio", {"numerator": "2", "denominator": "3"}, {"decimals": 6}, "0.666667"),
    ("ratio", {"numerator": "2", "denominator": "0"}, {"decimals": 6}, None),
    ("difference", {"minuend": "1", "subtrahend": ["0.2", "0.3"]}, {}, "0.5"),
    ("difference", {"subtrahend": ["7"]}, {}, "-7"),
    ("position", {"rank": 3, "size": 10}, {"decimals": 6}, "0.2"),
    ("count", {"term": [5, 5, 5]}, {}, "3"),
    ("bounded", {"term": "7", "low": "0", "high": "5"}, {}, "5"),
    ("bounded", {"term": "-7", "low": "0", "high": "5"}, {}, "0"),
    ("bounded", {"term": "3", "low": "0"}, {}, "3"),
    ("choice", {"condition": [1, 1], "if_met": "8"}, {}, "8"),
    ("choice", {"condition": [1, 0], "if_met": "8"}, {}, "0"),
    ("choice", {"condition": [0], "if_met": "8", "otherwise": "3"}, {}, "3"),
    ("choice", {"if_met": "8"}, {}, "8"),
    ("compare", {"left": "0.8", "right": "0.8"}, {"text_value": "at_least"}, "1"),
    ("compare", {"left": "0.79999999", "right": "0.8"}, {"text_value": "at_least"}, "0"),
    ("compare", {"left": "0", "right": "0"}, {"text_value": "at_most"}, "1"),
    ("compare", {"left": "1", "right": "0"}, {"text_value": "at_most"}, "0"),
    ("steps", {"left": "1.2999999", "right": "1", "step": "0.1"}, {}, "2"),
    ("steps", {"left": "0.4", "right": "1", "step": "0.1"}, {}, "0"),
    ("same", {"term": "4"}, {}, "4"),
]


@pytest.mark.parametrize(("operation", "given", "fields", "expected"), CASES)
def test_an_operation_gives(
    operation: str, given: Given, fields: dict[str, Any], expected: str | None
) -> None:
    assert value(operation, given, **fields) == (None if expected is None else Fraction(expected))


CURVE: Given = {"target_points": 100, "stretch_points": 120}


@pytest.mark.parametrize(
    ("observed", "ends", "expected"),
    [
        ("0.5", ("0.6", "0.9", "1"), "0"),
        ("0.6", ("0.6", "0.9", "1"), "0"),
        ("0.75", ("0.6", "0.9", "1"), "50"),
        ("0.9", ("0.6", "0.9", "1"), "100"),
        ("0.95", ("0.6", "0.9", "1"), "110"),
        ("1.5", ("0.6", "0.9", "1"), "120"),
        ("1.5", ("0.6", "0.9", None), "100"),
        ("45", ("60", "30", "15"), "50"),
        ("10", ("60", "30", "15"), "120"),
        ("1", ("0", "3", "4"), "33.3333"),
    ],
)
def test_a_curve_is_straight_between_its_ends(
    observed: str, ends: tuple[str, str, str | None], expected: str
) -> None:
    floor, target, stretch = ends
    given: Given = {"value": observed, "floor": floor, "target": target, **CURVE}
    if stretch is not None:
        given["stretch"] = stretch
    assert value("curve", given, decimals=4) == Fraction(expected)


ROWS = [band("0", "20", "1.2"), band("20", "40", "1"), band("40", None, "0")]
UPPER = [band(None, "20", "1.2", "upper"), band("20", "40", "1", "upper"), band("40", None, "0", "upper")]


@pytest.mark.parametrize(
    ("rows", "number", "expected"),
    [
        (ROWS, "0", "1.2"),
        (ROWS, "20", "1"),
        (ROWS, "39.99", "1"),
        (ROWS, "40", "0"),
        (UPPER, "20", "1.2"),
        (UPPER, "20.01", "1"),
        (UPPER, "40", "1"),
        (UPPER, "-5", "1.2"),
        (ROWS, "-1", None),
    ],
)
def test_a_row_is_found_by_its_band(rows: list[dict[str, Any]], number: str, expected: str | None) -> None:
    found = value("row", {"number": number}, rows=rows)
    assert found == (None if expected is None else Fraction(expected))


def test_a_row_is_found_by_its_key_whatever_was_marked_as_chosen() -> None:
    rows = [band("0", None, "1", key="A"), band("0", None, "2", key="B")]
    assert value("row", {"key": "word:B"}, rows=rows) == 2
    assert value("row", {"key": "word:C"}, rows=rows) is None
    assert value("last_row", {}, rows=rows) == 2


def test_who_reads_an_exact_number_reads_it_unrounded() -> None:
    """39,999.99 of 50,000 shows as 0.8 and does not reach 0.8 (S-EXACT)."""
    for is_exact, reached in ((True, 0), (False, 1)):
        numbers = {
            "actual": Number("actual", "leaf", value=Decimal("39999.99")),
            "target": Number("target", "leaf", value=Decimal(50_000)),
            "share": Number("share", "attainment", "ratio", decimals=6, is_exact=is_exact),
            "bound": Number("bound", "leaf", value=Decimal("0.8")),
            "it": Number("it", "count", "compare", text_value="at_least"),
        }
        operands = {
            "share": [Operand("numerator", 1, "actual"), Operand("denominator", 2, "target")],
            "it": [Operand("left", 1, "share"), Operand("right", 2, "bound")],
        }
        evaluator = Evaluator(Graph(numbers, operands))
        assert evaluator.shown("it") == reached
        assert evaluator.shown("share") == Fraction("0.8")


def _cohort(scores: list[str], *, are_candidates: bool = False) -> Graph:
    numbers = {"cohort": Number("cohort", "cohort")}
    operands: dict[str, list[Operand]] = {"cohort": []}
    for place, score in enumerate(scores):
        leaf, member = f"score{place}", f"member{place}"
        numbers[leaf] = Number(leaf, "score", value=Decimal(score))
        if are_candidates:
            numbers[member] = Number(member, "candidate", "order", text_value=f"A{place}")
            operands[member] = [Operand("by", 1, leaf)]
        key = member if are_candidates else leaf
        operands["cohort"].append(Operand("member", place, key))
        numbers[f"rank{place}"] = Number(f"rank{place}", "rank", "rank")
        operands[f"rank{place}"] = [Operand("own", 1, key), Operand("cohort", 2, "cohort")]
    return Graph(numbers, operands)


def test_equals_share_a_rank_and_candidates_do_not() -> None:
    scores = ["90", "95.5", "90", "70"]
    shared = Evaluator(_cohort(scores))
    assert [shared.shown(f"rank{place}") for place in range(4)] == [2, 1, 2, 4]
    apart = Evaluator(_cohort(scores, are_candidates=True))
    assert [apart.shown(f"rank{place}") for place in range(4)] == [2, 1, 3, 4]


def test_another_leaf_changes_what_rests_on_it() -> None:
    given = graph("product", {"factor": ["1500", "1.2"]})
    base = Evaluator(given)
    assert base.having({"factor1": Fraction(1000)}).shown("it") == 1200
    assert base.shown("it") == 1800 and base.having({}).shown("it") == 1800


def test_a_graph_that_is_made_otherwise_somewhere_takes_the_rest_from_the_one_it_was() -> None:
    """The other graph lacks a factor of one operand; the other operand is not worked out a second time."""
    numbers = {key: Number(key, "leaf", value=Decimal(key[1:])) for key in ("n2", "n3", "n5")}
    numbers |= {"kept": Number("kept", "line", "product"), "made": Number("made", "line", "product")}
    numbers["it"] = Number("it", "line", "sum")
    operands = {
        "it": [Operand("term", 1, "kept"), Operand("term", 2, "made")],
        "kept": [Operand("factor", 1, "n2"), Operand("factor", 2, "n5")],
        "made": [Operand("factor", 1, "n3"), Operand("factor", 2, "n5")],
    }
    base = Evaluator(Graph(numbers, operands))
    assert base.shown("it") == 25
    other = Graph(numbers, operands | {"made": operands["made"][:1], "kept": []})
    trial = base.having({}, anew=frozenset({"made", "it"}), graph=other)
    assert trial.shown("it") == 13, "`kept` was not named"
    changed = base.having({"n3": Fraction(4)}, anew=frozenset({"made", "it"}), graph=other)
    assert changed.shown("it") == 14 and base.shown("it") == 25


def test_another_score_changes_its_own_rank_and_those_that_it_passes() -> None:
    for are_candidates, expected in ((False, [2, 1, 2, 4]), (True, [2, 1, 3, 4])):
        base = Evaluator(_cohort(["90", "95.5", "90", "70"], are_candidates=are_candidates))
        passing = base.having({"score3": Fraction(92)})
        assert [passing.shown(f"rank{place}") for place in range(4)] == [3, 1, 4 if are_candidates else 3, 2]
        level = base.having({"score3": Fraction(90)})
        assert level.shown("rank3") == (4 if are_candidates else 2)
        assert [base.shown(f"rank{place}") for place in range(4)] == expected


def test_a_candidate_who_lacks_a_number_stands_behind_equals_who_have_it() -> None:
    """Whatever it is: the last one, or one before another that both have."""
    given = {
        "A": {1: 80, 3: 99},
        "B": {1: 80, 2: 1, 3: 5},
        "C": {1: 80, 2: 1},
        "D": {1: 79, 2: 9},
        "E": {1: 80},
    }
    numbers = {"cohort": Number("cohort", "cohort")}
    operands: dict[str, list[Operand]] = {"cohort": [Operand("member", 1, one) for one in given]}
    for name, places in given.items():
        numbers[name] = Number(name, "candidate", "order", text_value=name)
        numbers[f"rank{name}"] = Number(f"rank{name}", "rank", "rank")
        operands[f"rank{name}"] = [Operand("own", 1, name), Operand("cohort", 2, "cohort")]
        operands[name] = [Operand("by", place, f"{name}{place}") for place in places]
        numbers |= {f"{name}{place}": Number("", "leaf", value=Decimal(one)) for place, one in places.items()}
    evaluator = Evaluator(Graph(numbers, operands))
    assert {name: evaluator.shown(f"rank{name}") for name in given} == {
        "B": 1,
        "C": 2,
        "A": 3,
        "E": 4,
        "D": 5,
    }


@pytest.mark.parametrize(
    ("operation", "given"),
    [
        ("ratio", {"numerator": "1"}),
        ("product", {"factor": "1", "days": "1"}),
        ("bounded", {"term": ["1", "2"]}),
        ("no_such", {}),
    ],
)
def test_operands_that_an_operation_needs_are_named(operation: str, given: Given) -> None:
    with pytest.raises(CannotEvaluate, match="it"):
        value(operation, given)


def test_what_rests_on_itself_or_on_nothing_is_named() -> None:
    numbers = {"it": Number("it", "line", "sum"), "other": Number("other", "line", "sum")}
    around = {"it": [Operand("term", 1, "other")], "other": [Operand("term", 1, "it")]}
    with pytest.raises(CannotEvaluate, match="rests on itself"):
        Evaluator(Graph(numbers, around)).result("it")
    with pytest.raises(CannotEvaluate, match="no number gone"):
        Evaluator(Graph(numbers, {"it": [Operand("term", 1, "gone")]})).result("it")


@pytest.mark.parametrize(
    ("number", "decimals", "expected"),
    [("0.005", 2, "0.01"), ("-0.005", 2, "-0.01"), ("0.0049", 2, "0"), ("2.5", 0, "3"), ("-2.5", 0, "-3")],
)
def test_halves_are_rounded_away_from_zero(number: str, decimals: int, expected: str) -> None:
    assert rounded(Fraction(number), decimals) == Fraction(expected)


def test_every_operation_is_tried_here() -> None:
    tried = {operation for operation, *_ in CASES} | {"curve", "row", "last_row", "rank", "order"}
    assert tried == set(OPERATIONS)
