"""The search for the smallest change: against every change tried one by one, on a calculation by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from random import Random

import pytest

from orchestration.audit.calculation.evaluate import Evaluator, decimal_of
from orchestration.audit.calculation.graph import Graph, Number, Operand
from orchestration.audit.sensitivity.change import AMOUNT, SECONDS, SET_ASIDE, Change, InputRow, Shift
from orchestration.audit.sensitivity.group import Group
from orchestration.audit.sensitivity.scores import KEPT, Line, Score, without_lines
from orchestration.audit.sensitivity.search import Inputs, Numbered, Search, Stack

AGENTS = ("A", "B", "C", "D")


class Drawn:
    """A calculation: each agent's score is the mean of `speed` (half) and `hits` (half), both from 0 to 100
    points and capped there; grades by forced shares of a quarter, a half, a quarter.
    """

    def __init__(self, sums: Mapping[str, Mapping[str, tuple[int, int]]]) -> None:
        self.numbers: dict[str, Number] = {}
        self.operands: dict[str, list[Operand]] = {}
        for key, value in (("zero", "0"), ("hundred", "100"), ("half", "0.5"), ("most", "100")):
            self.leaf(key, value)
        self.operands["cohort"] = []
        self.numbers["cohort"] = Number("cohort", "cohort")
        for agent, kpis in sums.items():
            self.score(agent, kpis)
            self.operands["cohort"].append(
                Operand("member", len(self.operands["cohort"]) + 1, f"score:{agent}")
            )
        for place, (grade, low, high) in enumerate(
            (("S", None, "0.25"), ("A", "0.25", "0.75"), ("B", "0.75", None))
        ):
            self.numbers[f"band{place}"] = Number(f"band{place}", "band", text_value=grade, band_side="lower")
            for side, edge in (("low", low), ("high", high)):
                if edge is not None:
                    self.leaf(f"band{place}/{side}", edge)
                    self.uses(f"band{place}", side, f"band{place}/{side}")
        for agent in sums:
            self.number(f"rank:{agent}", "rank", own=f"score:{agent}", cohort="cohort")
            self.number(f"size:{agent}", "count", cohort="cohort")
            self.number(f"position:{agent}", "position", rank=f"rank:{agent}", size=f"size:{agent}")
            self.number(f"grade:{agent}", "row", number=f"position:{agent}")
            for place in range(3):
                self.uses(f"grade:{agent}", "row", f"band{place}")
        drawn = Evaluator(Graph(self.numbers, self.operands))
        for agent in sums:
            published = decimal_of(drawn.shown(f"score:{agent}"))
            self.numbers[f"score:{agent}"] = replace(self.numbers[f"score:{agent}"], value=published)
        self.graph = Graph(self.numbers, self.operands)

    def score(self, agent: str, kpis: Mapping[str, tuple[int, int]]) -> None:
        self.number(f"score:{agent}", "sum", decimals=4)
        self.number(f"weights:{agent}", "sum")
        for name, (numerator, denominator) in kpis.items():
            key = f"{agent}:P:{name}"
            self.number(key, "ratio", decimals=6)
            for column, value in (("numerator", numerator), ("denominator", denominator)):
                self.leaf(f"{column}:{key}", str(value), column, key)
                self.uses(key, column, f"{column}:{key}")
            self.number(f"points:{key}", "curve", decimals=4, value=key, target_points="hundred")
            floor, target = ("hundred", "zero") if name == "speed" else ("zero", "hundred")
            for operand, node in (("floor", floor), ("target", target), ("stretch_points", "most")):
                self.uses(f"points:{key}", operand, node)
            self.number(f"share:{key}", "ratio", numerator="half", denominator=f"weights:{agent}")
            self.leaf(f"weight of {key}", "0.5")
            self.operands[f"share:{key}"] = [
                Operand("numerator", 1, f"weight of {key}"),
                Operand("denominator", 2, f"weights:{agent}"),
            ]
            self.uses(f"weights:{agent}", "term", f"weight of {key}")
            self.numbers[f"effective:{key}"] = Number(f"effective:{key}", "weight", "product")
            self.uses(f"effective:{key}", "factor", f"share:{key}")
            self.number(f"line:{key}", "product")
            self.uses(f"line:{key}", "factor", f"points:{key}")
            self.uses(f"line:{key}", "factor", f"effective:{key}")
            self.uses(f"score:{agent}", "term", f"line:{key}")

    def leaf(self, key: str, value: str, column: str = "", cell: str = "") -> None:
        self.numbers[key] = Number(
            key,
            "leaf",
            value=Decimal(value),
            input_model="kpi_observation",
            input_key=cell,
            input_column=column,
        )

    def number(self, key: str, operation: str, decimals: int | None = None, **parts: str) -> None:
        self.numbers[key] = Number(key, "number", operation, decimals=decimals)
        for operand, node in parts.items():
            self.uses(key, operand, node)

    def uses(self, parent: str, operand: str, node: str) -> None:
        below = self.operands.setdefault(parent, [])
        below.append(Operand(operand, len(below) + 1, node))

    def scores(self, min_sample: int = 1) -> dict[str, Score]:
        return {
            agent: Score(
                self.graph,
                f"score:{agent}",
                {
                    f"{agent}:P:{name}": [Line(f"line:{agent}:P:{name}", min_sample)]
                    for name in ("speed", "hits")
                },
            )
            for agent in AGENTS
        }

    def group(self, agents: Sequence[str] = AGENTS) -> Group:
        def keys(kind: str) -> dict[str, str]:
            return {agent: f"{kind}:{agent}" for agent in agents}

        return Group(
            self.graph,
            scores=keys("score"),
            grades=keys("grade"),
            positions=keys("position"),
            bands={"S": 1, "A": 2, "B": 3},
            begins=[],
        )


SPEED = {"A": [10, 20, 90], "B": [30, 30, 36], "C": [20, 20, 20], "D": [70, 80, 90]}
HITS = {agent: [100, 100, 0, 0] for agent in AGENTS}


def drawn(speed: Mapping[str, Sequence[int]] = SPEED) -> Drawn:
    return Drawn(
        {
            agent: {
                "speed": (sum(speed[agent]), len(speed[agent])),
                "hits": (sum(HITS[agent]), len(HITS[agent])),
            }
            for agent in AGENTS
        }
    )


def row(agent: str, name: str, number: int, value: int) -> InputRow:
    return InputRow("fct_ticket", f"{agent}{name}{number}", name, ("P",), Fraction(value), Fraction(1))


def rows(agent: str, name: str, values: Sequence[int]) -> list[InputRow]:
    return [row(agent, name, number, value) for number, value in enumerate(sorted(values, reverse=True))]


def search(of: Drawn, agent: str, min_sample: int = 1) -> Search:
    return Search(agent, of.scores(min_sample), of.group(), lambda _: {})


def stacks(agent: str, speed: Mapping[str, Sequence[int]] = SPEED) -> list[Stack]:
    found = []
    for name, values in (("speed", speed[agent]), ("hits", HITS[agent])):
        high = rows(agent, name, values)
        found += [Stack(name, high), Stack(name, high[::-1])]
    return found


def graded(of: Drawn, agent: str, shifts: Sequence[Shift], min_sample: int = 1) -> str | None:
    """The grade with sums changed, worked out for the whole group."""
    total = of.scores(min_sample)[agent].with_shifts(shifts)
    assert total is not None
    return of.group().grade(agent, {agent: total})


def every_count(of: Drawn, agent: str, min_sample: int) -> dict[str, int]:
    """By direction the fewest rows, found by trying every number of them."""
    now = "SAB".index(graded(of, agent, [], min_sample) or "")
    fewest: dict[str, int] = {}
    for stack in stacks(agent):
        for count in range(1, len(stack.rows) + 1):
            gone = sum((one.numerator for one in stack.rows[:count]), Fraction(0))
            key = f"{agent}:P:{stack.name}"
            shifts = [Shift("kpi_observation", key, -gone, Fraction(-count))]
            if of.scores(min_sample)[agent].with_shifts(shifts) is None:
                continue
            moved = "SAB".index(graded(of, agent, shifts, min_sample) or "") - now
            if moved:
                way = "worse" if moved > 0 else "better"
                fewest[way] = min(fewest.get(way, count), count)
    return fewest


@pytest.mark.parametrize("min_sample", [1, 2, 3])
@pytest.mark.parametrize("agent", AGENTS)
def test_the_fewest_rows_are_those_that_trying_every_number_of_them_finds(
    agent: str, min_sample: int
) -> None:
    of = drawn()
    found = search(of, agent, min_sample).changes(Inputs(stacks=stacks(agent)))
    named = {one.direction: one.row_count for one in found}
    assert named == every_count(of, agent, min_sample)
    assert all(one.smaller == (one.row_count - 1 or None) for one in found)


def test_a_line_that_falls_away_after_several_rows_is_found() -> None:
    """B's four hits are alike, with a sample of three: one less is nothing, two less leave only speed."""
    of = Drawn(
        {
            "A": {"speed": (10, 1), "hits": (60, 1)},
            "B": {"speed": (20, 1), "hits": (200, 4)},
            "C": {"speed": (21, 1), "hits": (50, 1)},
            "D": {"speed": (40, 1), "hits": (50, 1)},
        }
    )
    scores = of.scores() | {
        "B": Score(of.graph, "score:B", {"B:P:hits": [Line("line:B:P:hits", min_sample=3)]})
    }
    stack = Stack("hits", rows("B", "hits", [50, 50, 50, 50]))
    [found] = Search("B", scores, of.group(), lambda _: {}).changes(Inputs(stacks=[stack]))
    assert (found.direction, found.row_count, found.smaller) == ("better", 2, 1)
    assert found.total == 80 and found.rank == 1


def test_several_rows_of_a_sum_that_no_sample_is_asked_of_are_tried() -> None:
    of = Drawn(
        {
            "A": {"speed": (10, 1), "hits": (70, 1)},
            "B": {"speed": (20, 1), "hits": (200, 4)},
            "C": {"speed": (21, 1), "hits": (50, 1)},
            "D": {"speed": (40, 1), "hits": (50, 1)},
        }
    )
    scores = of.scores() | {"B": Score(of.graph, "score:B", {})}
    stack = Stack("hits", rows("B", "hits", [100, 100, 0, 0])[::-1])
    [found] = Search("B", scores, of.group(), lambda _: {}).changes(Inputs(stacks=[stack]))
    assert (found.direction, found.row_count) == ("better", 2)


def test_rows_that_count_for_others_too_are_tried_one_by_one() -> None:
    """Two rows of B are alike, but one of them holds A down, who stays ahead when it goes."""
    of = Drawn(
        {
            "A": {"speed": (30, 1), "hits": (50, 1)},
            "B": {"speed": (90, 3), "hits": (48, 1)},
            "C": {"speed": (60, 1), "hits": (50, 1)},
            "D": {"speed": (70, 1), "hits": (50, 1)},
        }
    )

    def others(one: InputRow) -> Mapping[str, Sequence[Shift]]:
        lifted = [Shift("kpi_observation", "A:P:hits", Fraction(20))]
        return {"A": lifted} if one.key == "Bspeed0" else {}

    stack = Stack("speed", rows("B", "speed", [40, 40, 10]), is_shared=True)
    [found] = Search("B", of.scores(), of.group(), others).changes(Inputs(stacks=[stack]))
    assert (found.direction, found.row_count, found.alone_keys) == ("better", 1, ("Bspeed1",))
    [free] = Search("B", of.scores(), of.group(), lambda _: {}).changes(Inputs(stacks=[stack]))
    assert free.alone_keys == ("Bspeed0", "Bspeed1")


def test_a_row_whose_loss_leaves_too_small_a_sample_gives_its_weight_to_the_others() -> None:
    of = drawn()
    score = of.scores(min_sample=3)["A"]
    gone = score.with_shifts([Shift("kpi_observation", "A:P:speed", Fraction(-90), Fraction(-1))])
    assert gone == 50, "hits alone: two of four, of 100 points"
    kept = of.scores(min_sample=2)["A"]
    assert kept.with_shifts([Shift("kpi_observation", "A:P:speed", Fraction(-90), Fraction(-1))]) == Fraction(
        135, 2
    )
    both = [Shift("kpi_observation", f"A:P:{name}", Fraction(0), Fraction(-2)) for name in ("speed", "hits")]
    assert score.with_shifts(both) is None, "nothing is scored any more"


def made_anew(of: Drawn, agent: str, shifts: Sequence[Shift], min_sample: int) -> Fraction | None:
    """The total with sums changed, from a calculation in which they are published so from the start."""
    numbers, small = dict(of.numbers), []
    for shift in shifts:
        for column, by in (("numerator", shift.numerator), ("denominator", shift.denominator)):
            leaf = numbers[f"{column}:{shift.key}"]
            value = Fraction(leaf.value or 0) + by
            numbers[leaf.node_key] = replace(leaf, value=decimal_of(value))
            if column == "denominator" and value < min_sample:
                small.append(f"line:{shift.key}")
    made = without_lines(Graph(numbers, of.operands), small)
    return None if made is None else Evaluator(made.graph).shown(f"score:{agent}")


@pytest.mark.parametrize("seed", range(8))
def test_a_score_that_is_tried_again_and_again_is_that_of_a_calculation_made_anew(seed: int) -> None:
    """Other sums, other lines that fall away and none, in an order by chance: more than a score keeps."""
    draw, names, ways = Random(seed), ("speed", "hits", "calls", "visits"), set()
    of = Drawn({"A": {name: (draw.randint(0, 500), draw.randint(3, 6)) for name in names}})
    score = Score(of.graph, "score:A", {f"A:P:{name}": [Line(f"line:A:P:{name}", 3)] for name in names})
    for _ in range(60):
        some = draw.sample(names, draw.randint(1, len(names)))
        shifts = [
            Shift(
                "kpi_observation",
                f"A:P:{name}",
                Fraction(draw.randint(-60, 60)),
                Fraction(draw.choice([0, 0, -1, -2])),
            )
            for name in some
        ]
        total = score.with_shifts(shifts)
        assert total == made_anew(of, "A", shifts, 3)
        ways.add((*sorted(some), total is None))
    assert len(ways) > 2 * KEPT and score.with_shifts([]) == score.total


def test_the_seconds_are_the_fewest_and_one_less_does_nothing() -> None:
    of = drawn()
    longest = row("A", "speed", 0, 90)
    changes = search(of, "A").changes(Inputs(numbers=[Numbered(SECONDS, longest, "s", Fraction(1), None)]))
    assert {one.direction for one in changes} == {"better", "worse"}
    for one in changes:
        assert one.before == 90 and one.after is not None and one.smaller is not None
        by, towards = int(one.after - 90), 1 if one.after > 90 else -1
        assert graded(of, "A", [Shift("kpi_observation", "A:P:speed", Fraction(by))]) == one.grade != "A"
        assert graded(of, "A", [Shift("kpi_observation", "A:P:speed", Fraction(by - towards))]) == "A"
        assert one.smaller == one.after - towards, "one second less"


def test_seconds_go_up_as_far_as_there_is_room_and_no_further() -> None:
    of = drawn()
    longest = Numbered(SECONDS, row("A", "speed", 0, 90), "s", Fraction(1))

    def worse(room: Fraction | None) -> list[Change]:
        found = search(of, "A").changes(Inputs(numbers=[replace(longest, room=room)]))
        return [one for one in found if one.direction == "worse"]

    [free] = worse(None)
    assert free.after is not None and free.before is not None
    needed = Fraction(free.after - free.before)
    assert worse(needed) == [free] and worse(needed - 1) == []


def test_an_amount_is_told_as_it_stands_in_its_column() -> None:
    of, partly = drawn(), row("A", "speed", 0, 90)
    net = Numbered(AMOUNT, partly, "cny", Fraction(1, 100))
    plain = search(of, "A").changes(Inputs(numbers=[net]))
    column = search(of, "A").changes(Inputs(numbers=[replace(net, offset=Fraction(35))]))
    assert len(plain) == 2 and [one.grade for one in plain] == [one.grade for one in column]
    for one, written in zip(plain, column, strict=True):
        for name in ("before", "after", "smaller"):
            assert getattr(written, name) == getattr(one, name) + 35, "net and what was refunded"


def test_others_move_with_the_rank_and_are_counted() -> None:
    of = drawn()
    [best] = [one for one in search(of, "C").changes(Inputs(stacks=stacks("C"))) if one.direction == "worse"]
    assert best.kind == SET_ASIDE and best.others_moved == 1, "somebody becomes the best"


@pytest.mark.parametrize("seed", range(8))
def test_who_else_moves_is_what_working_out_everybody_anew_says(seed: int) -> None:
    """Forty agents, many with the same total, of whom one to three get another."""
    draw = Random(seed)
    agents = [f"A{number:02}" for number in range(40)]
    of = Drawn(
        {one: {"speed": (draw.randint(0, 20) * 5, 1), "hits": (draw.randint(0, 4) * 25, 1)} for one in agents}
    )
    group, whole, counts = of.group(agents), Evaluator(of.graph), set()
    for _ in range(20):
        some = draw.sample(agents, draw.choice([1, 1, 2, 3]))
        totals = {one: Fraction(draw.randint(0, 400), 4) for one in some}
        trial = whole.having({f"score:{one}": total for one, total in totals.items()})
        grades = {one: trial.result(f"grade:{one}").word for one in agents}
        others = [
            one for one in agents if one != some[0] and grades[one] != whole.result(f"grade:{one}").word
        ]
        assert group.others_moved(some[0], totals) == len(others)
        assert group.grade(some[0], totals) == grades[some[0]]
        assert group.rank(some[0], totals) == trial.result(f"rank:{some[0]}").number
        counts.add(len(others))
    assert len(counts) > 2


def test_what_cannot_change_a_grade_is_not_named() -> None:
    level = {agent: [10, 10] for agent in AGENTS} | {"D": [100, 100]}
    found: tuple[Change, ...] = search(drawn(level), "D").changes(
        Inputs(stacks=[Stack("speed", rows("D", "speed", [100, 100]))])
    )
    assert found == ()
