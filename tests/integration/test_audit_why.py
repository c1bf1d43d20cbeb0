"""`why`: every value it names is tried by ranking the whole group again, and so is one step short of it."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import duckdb
import pytest

from orchestration.audit.below import read_below
from orchestration.audit.calculation.evaluate import Evaluator, decimal_of
from orchestration.audit.calculation.graph import FIELDS_OF_ARITHMETIC
from orchestration.audit.levers import Lever
from orchestration.audit.relations import AuditFile
from orchestration.audit.why import Why, explain
from orchestration.cli import run
from orchestration.errors import ConfigurationError
from tests.scores import PARTS, Group, short_of


@pytest.fixture(scope="module")
def publication(published_demo: Path) -> Path:
    return (published_demo / "published" / "current").resolve()


@pytest.fixture(scope="module")
def answers(publication: Path) -> list[tuple[Why, Group]]:
    """Every fourth grade of the demo and what `why` says of it, with its group."""
    with duckdb.connect() as database:
        database.execute(f"attach '{publication}/auditor.duckdb' as publication (read_only)")
        database.execute("use publication")
        graded = database.execute(
            "select agent_id, period_id from grade.grade where grade is not null order by period_id, agent_id"
        ).fetchall()
        return [
            (explain(publication, agent_id=agent, period_id=period), Group(database, agent, period))
            for agent, period in graded[::4]
        ]


def levers(answers: list[tuple[Why, Group]]) -> Iterator[tuple[Why, Group, Lever]]:
    for why, group in answers:
        for lever in why.levers:
            yield why, group, lever


def test_the_group_ranked_again_gives_the_published_grades(answers: list[tuple[Why, Group]]) -> None:
    assert {why.method for why, _ in answers} == {"forced", "absolute"}
    for why, group in answers:
        assert group.own_band() == group.grade["band_no"], (why.agent_id, why.period_id)


def test_what_is_named_reaches_the_next_grade_and_one_step_less_does_not(
    answers: list[tuple[Why, Group]],
) -> None:
    tried: dict[str | None, int] = {}
    for why, group, lever in levers(answers):
        if lever.needed is None or lever.value is None:
            continue
        reached = group.band_with(lever.kpi_id, lever.needed)
        assert reached < group.own_band(), (why.agent_id, why.period_id, lever)
        assert group.band_with(lever.kpi_id, short_of(lever)) >= group.own_band(), (why.agent_id, lever)
        assert Fraction(lever.reached or 0) == group.total_with(lever.kpi_id, lever.needed)
        assert lever.change == lever.needed - lever.value
        tried[why.method] = tried.get(why.method, 0) + 1
    assert tried.get("forced", 0) > 10 and tried.get("absolute", 0) > 5, tried


def test_where_nothing_is_named_the_best_value_does_not_reach_it(answers: list[tuple[Why, Group]]) -> None:
    count = 0
    for why, group, lever in levers(answers):
        if lever.needed is not None or lever.value is None or lever.note:
            continue
        if lever.kpi_id in PARTS:
            best = Decimal(100)
        else:
            [line] = [one for one in group.lines if one["kpi_id"] == lever.kpi_id]
            best = line["target_value"] if line["stretch_value"] is None else line["stretch_value"]
        assert group.band_with(lever.kpi_id, best) >= group.own_band(), (why.agent_id, why.period_id, lever)
        assert Fraction(lever.best or 0) == group.total_with(lever.kpi_id, best)
        count += 1
    assert count > 5


def test_the_needed_total_is_the_lowest_that_is_better(answers: list[tuple[Why, Group]]) -> None:
    for why, group in answers:
        if why.needed_total is None:
            assert why.next_grade is None and (why.note or group.own_band() == 1)
            continue
        assert group.band(Fraction(why.needed_total)) < group.own_band()
        assert group.band(Fraction(why.needed_total) - Fraction(1, 10**4)) >= group.own_band()


@pytest.mark.parametrize("with_members", [True, False])
def test_what_is_read_below_a_grade_and_its_bonus_comes_to_what_is_published(
    publication: Path, answers: list[tuple[Why, Group]], with_members: bool
) -> None:
    why, group = next(one for one in answers if one[0].method == "forced" and one[0].amount)
    roots = [f"grade:{why.agent_id}:{why.period_id}", f"bonus:{why.period_id}:{why.agent_id}"]
    with AuditFile(publication) as audit:
        graph = read_below(audit, roots, with_members=with_members)
        bare = read_below(audit, roots, with_members=with_members, fields=FIELDS_OF_ARITHMETIC)
    members = [one.node_key for one in graph.of(f"cohort:{group.grade['cohort_id']}")]
    assert len(members) == (len(group.others) + 1 if with_members else 0)
    assert all(graph.numbers[one].operation is None or why.agent_id in one for one in members)
    below = {one.node_key for operands in graph.operands.values() for one in operands}
    assert below | set(roots) == graph.numbers.keys()
    if with_members:
        evaluator = Evaluator(graph)
        published = {key: one.value for key, one in graph.numbers.items() if one.value is not None}
        assert {key: decimal_of(evaluator.shown(key)) for key in published} == published
        evaluator = Evaluator(bare)
        assert {key: decimal_of(evaluator.shown(key)) for key in published} == published
        assert any(one.label for one in graph.numbers.values())
        assert not any(one.label for one in bare.numbers.values()), "what is said of them is not read"
        assert sum(graph.numbers[key].operation is not None for key in published) > 30


def test_the_command_says_it(
    published_demo: Path,
    publication: Path,
    answers: list[tuple[Why, Group]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    why = next(why for why, _ in answers if why.levers and why.method == "forced")
    assert run(["--state", str(published_demo), "why", why.agent_id, why.period_id]) == 0
    shown = capsys.readouterr().out
    assert f"grade {why.next_grade} takes a total score of" in shown and why.levers[0].kpi_id in shown
    with pytest.raises(ConfigurationError, match="Did you mean"):
        explain(publication, agent_id=why.agent_id.lower(), period_id=why.period_id)
    assert f"bonus 奖金 {why.amount:.2f}" in shown
    words = ["--state", str(published_demo), "why", why.agent_id, why.period_id, "--publication"]
    assert run([*words, "current"]) == 0 and capsys.readouterr().out == shown
    assert run([*words, "000009"]) == 2 and "there is no publication '000009'" in capsys.readouterr().err
    assert run(["--state", str(published_demo), "why", why.agent_id, "2031-01"]) == 2
