"""`why`: every value it names is tried by ranking the whole group again, and so is one step short of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.audit.why import Lever, Why, why_grade
from orchestration.cli import run
from orchestration.errors import ConfigurationError

Row = Mapping[str, Any]
STEP = {"supervisor": Decimal("0.0001")}
"""The step of a lever; of a KPI 0.000001."""


class Group:
    """The published scores of a group, and what each member's grade would be with one number changed.

    Written from the policy alone (S-CURVE, S-RANK, CG-04, CG-05): it shares no code with `why`.
    """

    def __init__(self, database: duckdb.DuckDBPyConnection, agent_id: str, period_id: str) -> None:
        self._database = database
        [self.grade] = self._rows(
            "select * from grade.grade where agent_id = ? and period_id = ?", agent_id, period_id
        )
        [self.score] = self._rows(
            "select * from score.score where agent_id = ? and period_id = ?", agent_id, period_id
        )
        self.lines = self._rows(
            "select * from score.score_line where agent_id = ? and period_id = ?", agent_id, period_id
        )
        self.others = [
            Fraction(row["total_score"])
            for row in self._rows(
                "select total_score from grade.grade "
                "where cohort_id = ? and agent_id <> ? and total_score is not null",
                self.grade["cohort_id"],
                agent_id,
            )
        ]
        self.bands = self._rows(
            "select * from policy.policy_grade_band "
            "where period_id = ? and scheme_id = ? and method = ? order by band_no",
            period_id,
            self.grade["scheme_id"],
            self.grade["method"],
        )
        [self.convention] = self._rows(
            "select * from policy.policy_convention where period_id = ?", period_id
        )

    def band_with(self, name: str, value: Decimal) -> int:
        """Number of the band that the agent would be in with one KPI, or the supervisor, at another value."""
        supervisor = self.score["supervisor_score"]
        points = {line["kpi_id"]: line["points"] for line in self.lines if line["is_scored"]}
        if name == "supervisor":
            supervisor = value
        else:
            [line] = [one for one in self.lines if one["kpi_id"] == name]
            points[name] = self._curve(line, Fraction(value))
        return self._band(self._total(points, supervisor))

    def own_band(self) -> int:
        """Number of the agent's own band, ranked again."""
        return self._band(Fraction(self.score["total_score"]))

    def _curve(self, line: Row, value: Fraction) -> Decimal:
        floor, target = Fraction(line["floor_value"]), Fraction(line["target_value"])
        at_target = Fraction(self.convention["target_points"])
        direction = 1 if target >= floor else -1
        if direction * (value - floor) <= 0:
            return Decimal(0)
        if direction * (value - target) < 0:
            return half_up((value - floor) / (target - floor) * at_target, 4)
        if line["stretch_value"] is None:
            return half_up(at_target, 4)
        beyond = Fraction(self.convention["stretch_points"]) - at_target
        share = min(Fraction(1), (value - target) / (Fraction(line["stretch_value"]) - target))
        return half_up(at_target + Fraction(half_up(share * beyond, 4)), 4)

    def _total(self, points: Mapping[str, Decimal], supervisor: Decimal | None) -> Fraction:
        weights = {line["kpi_id"]: line["effective_weight"] for line in self.lines}
        parts = (Fraction(one) * Fraction(weights[kpi_id]) for kpi_id, one in points.items())
        data = Fraction(half_up(sum((Fraction(half_up(part, 12)) for part in parts), Fraction(0)), 4))
        share, together = self.score["supervisor_share"], self.score["collaboration_share"]
        if supervisor is not None:
            data = (1 - Fraction(share)) * data + Fraction(share) * Fraction(supervisor)
        if self.score["collaboration_score"] is not None:
            collaboration = Fraction(self.score["collaboration_score"])
            data = (1 - Fraction(together)) * data + Fraction(together) * collaboration
        return Fraction(half_up(data, 4))

    def _band(self, total: Fraction) -> int:
        if self.grade["method"] == "forced":
            position = Fraction(sum(other > total for other in self.others), len(self.others) + 1)
            return int(
                next(band["band_no"] for band in self.bands if Fraction(band["cumulative_share"]) > position)
            )
        return int(
            next(
                band["band_no"]
                for band in self.bands
                if band["min_score"] is None or total >= Fraction(band["min_score"])
            )
        )

    def _rows(self, sql: str, *values: str) -> Sequence[Row]:
        found = self._database.execute(sql, list(values))
        names = [one[0] for one in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def half_up(value: Fraction, places: int) -> Decimal:
    scaled = abs(value) * 10**places + Fraction(1, 2)
    whole = Decimal(scaled.numerator // scaled.denominator).scaleb(-places)
    return (-whole if value < 0 else whole).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


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
            (why_grade(publication, agent_id=agent, period_id=period), Group(database, agent, period))
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
        step = STEP.get(lever.kpi_id, Decimal("0.000001"))
        short = lever.needed - step if lever.needed > lever.value else lever.needed + step
        assert group.band_with(lever.kpi_id, short) >= group.own_band(), (why.agent_id, why.period_id, lever)
        assert lever.change == lever.needed - lever.value
        tried[why.method] = tried.get(why.method, 0) + 1
    assert tried.get("forced", 0) > 10 and tried.get("absolute", 0) > 5, tried


def test_where_nothing_is_named_the_best_value_does_not_reach_it(answers: list[tuple[Why, Group]]) -> None:
    count = 0
    for why, group, lever in levers(answers):
        if lever.needed is not None or lever.value is None or lever.note:
            continue
        if lever.kpi_id == "supervisor":
            best = Decimal(100)
        else:
            [line] = [one for one in group.lines if one["kpi_id"] == lever.kpi_id]
            best = line["target_value"] if line["stretch_value"] is None else line["stretch_value"]
        assert group.band_with(lever.kpi_id, best) >= group.own_band(), (why.agent_id, why.period_id, lever)
        count += 1
    assert count > 5


def test_the_needed_total_is_the_lowest_that_is_better(answers: list[tuple[Why, Group]]) -> None:
    for why, group in answers:
        if why.needed_total is None:
            assert why.next_grade is None and (why.note or group.own_band() == 1)
            continue
        assert group._band(Fraction(why.needed_total)) < group.own_band()
        assert group._band(Fraction(why.needed_total) - Fraction(1, 10**4)) >= group.own_band()


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
        why_grade(publication, agent_id=why.agent_id.lower(), period_id=why.period_id)
    words = ["--state", str(published_demo), "why", why.agent_id, why.period_id, "--publication"]
    assert run([*words, "current"]) == 0 and capsys.readouterr().out == shown
    assert run([*words, "000009"]) == 2 and "there is no publication '000009'" in capsys.readouterr().err
    assert run(["--state", str(published_demo), "why", why.agent_id, "2031-01"]) == 2
