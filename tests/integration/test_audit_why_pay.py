"""`why` on pay: every value it names is paid again by hand, and so is one step short of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.audit.levers import Lever
from orchestration.audit.why import Why, explain
from orchestration.cli import run
from tests.scores import Group, Scored, half_up, rows_of, short_of

Row = Mapping[str, Any]
Paid = tuple[Why, Row, list[Row]]
"""What `why` says of a bonus, its row, its lines."""

ONE_SEGMENT = """
    select bonus.* from bonus.bonus
    where bonus_id not in (
        select bonus_id from bonus.bonus_line where segment_no > 1 or mechanism = 'adjustment'
    )
    order by period_id, agent_id
"""
LINES = "select * from bonus.bonus_line where bonus_id = ?"


@pytest.fixture(scope="module")
def publication(published_demo: Path) -> Path:
    return (published_demo / "published" / "current").resolve()


@pytest.fixture(scope="module")
def database(publication: Path) -> duckdb.DuckDBPyConnection:
    database = duckdb.connect()
    database.execute(f"attach '{publication}/auditor.duckdb' as publication (read_only)")
    database.execute("use publication")
    return database


@pytest.fixture(scope="module")
def paid(publication: Path, database: duckdb.DuckDBPyConnection) -> list[Paid]:
    """Bonuses of one segment of service, without adjustments: every third, all of points, all with a limit
    that is not kept.
    """
    shut = rows_of(database, "select distinct agent_id, period_id from bonus.bonus_gate where not is_open")
    found = []
    for number, bonus in enumerate(rows_of(database, ONE_SEGMENT)):
        lines = list(rows_of(database, LINES, bonus["bonus_id"]))
        who = {name: bonus[name] for name in ("agent_id", "period_id")}
        if number % 3 == 0 or who in shut or any(line["mechanism"] == "points" for line in lines):
            why = explain(publication, **who)
            assert why.amount == bonus["amount_cny"]
            found.append((why, bonus, lines))
    return found


def amount(line: Row, *, quantity: Fraction | None = None, rate: Fraction | None = None) -> Decimal:
    """A line with another quantity or rate, of one segment."""
    days = Fraction(line["day_count"], line["period_day_count"])
    own = Fraction(line["quantity"]) if quantity is None else quantity
    return half_up(own * (Fraction(line["rate"]) if rate is None else rate) * days, 2)


class Scale:
    """What the lines of a score or a grade pay for another total score."""

    def __init__(self, database: duckdb.DuckDBPyConnection, bonus: Row, lines: list[Row]) -> None:
        who = bonus["agent_id"], bonus["period_id"]
        self._database = database
        self.lines = [line for line in lines if line["mechanism"] in ("scored", "graded")]
        is_graded = any(line["mechanism"] == "graded" for line in lines)
        self._scored = Group(database, *who) if is_graded else Scored(database, *who)

    def has(self, lever: Lever) -> bool:
        return lever.kpi_id in {line["kpi_id"] for line in self._scored.lines} | {"supervisor_score"}

    def more(self, name: str, value: Decimal) -> Decimal:
        """How much more the lines pay with one number at another value, in CNY."""
        total = self._scored.total_with(name, value)
        return sum(
            (amount(line, rate=self._rate(line, total)) - line["amount_cny"] for line in self.lines),
            Decimal(0),
        )

    def _rate(self, line: Row, total: Fraction) -> Fraction:
        rows = rows_of(
            self._database,
            "select * from policy.policy_component_rate "
            "where period_id = ? and component_id = ? and rate is not null",
            line["period_id"],
            line["component_id"],
        )
        if isinstance(self._scored, Group):
            grades = {band["band_no"]: band["grade"] for band in self._scored.bands}
            grade = grades[self._scored.band(total)]
            return next(Fraction(row["rate"]) for row in rows if row["rate_key"] == grade)
        if not rows:
            return total / 100
        return next(
            Fraction(row["rate"])
            for row in rows
            if row["lower_bound"] <= total and (row["upper_bound"] is None or total < row["upper_bound"])
        )


def test_what_pays_by_score_or_grade_pays_more_with_it_and_not_one_step_short(
    database: duckdb.DuckDBPyConnection, paid: list[Paid]
) -> None:
    tried: Counter[str] = Counter()
    ranked = {
        (row["subject_id"], row["period_id"])
        for row in rows_of(database, "select * from bonus.bonus_ranking where subject = 'agent'")
    }
    for why, bonus, lines in paid:
        kinds = {line["mechanism"] for line in lines if line["mechanism"] in ("scored", "graded")}
        if len(kinds) != 1 or (why.agent_id, why.period_id) in ranked:
            continue
        scale = Scale(database, bonus, lines)
        for lever in filter(scale.has, why.pay_levers):
            assert lever.needed is not None and lever.reached is not None
            more = scale.more(lever.kpi_id, lever.needed)
            assert more > 0, (why.agent_id, why.period_id, lever)
            assert lever.reached == bonus["amount_cny"] + more
            assert scale.more(lever.kpi_id, short_of(lever)) <= 0, (why.agent_id, why.period_id, lever)
            tried |= {kind: tried[kind] + 1 for kind in kinds}
    assert tried["scored"] > 10 and tried["graded"] > 2, tried


def test_an_event_more_or_less_pays_what_its_weight_and_the_rate_say(
    database: duckdb.DuckDBPyConnection, paid: list[Paid]
) -> None:
    tried: Counter[str] = Counter()
    for why, bonus, lines in paid:
        weights = rows_of(
            database,
            "select tally.*, component.mechanism from bonus.bonus_tally_line as tally "
            "inner join policy.policy_component as component using (component_id, period_id) "
            "where agent_id = ? and tally.period_id = ?",
            why.agent_id,
            why.period_id,
        )
        for lever in why.pay_levers:
            counted = [row for row in weights if row["event_kind"] == lever.kpi_id]
            of_lines = [
                (line, row["weight"] if row["mechanism"] == "points" else Decimal(1))
                for row in counted
                for line in lines
                if line["component_id"] == row["component_id"]
            ]
            if len(counted) != len(of_lines) or not counted or lever.change is None:
                continue
            more = sum(
                (
                    amount(line, quantity=Fraction(line["quantity"] + weight * lever.change))
                    - line["amount_cny"]
                    for line, weight in of_lines
                ),
                Decimal(0),
            )
            assert more > 0 and lever.reached == bonus["amount_cny"] + more, (why.agent_id, lever)
            assert abs(lever.change) == 1
            tried |= {line["mechanism"]: tried[line["mechanism"]] + 1 for line, _ in of_lines}
    assert tried["points"] > 5 and tried["per_event"] > 0, tried


def test_a_limit_that_is_kept_lets_pay_what_it_kept_from_it(
    database: duckdb.DuckDBPyConnection, paid: list[Paid]
) -> None:
    """An attendance award is not paid for one day of leave: without it, it is."""
    found = 0
    for why, _, _ in paid:
        for lever in why.pay_levers:
            if lever.reached is not None or not lever.kpi_id.startswith("attendance_"):
                continue
            [gate] = rows_of(
                database,
                "select * from bonus.bonus_gate where agent_id = ? and period_id = ? and event_kind = ?",
                why.agent_id,
                why.period_id,
                lever.kpi_id,
            )
            assert gate["comparison"] == "at_most" and not gate["is_open"]
            assert lever.value == gate["event_quantity"] > gate["threshold_value"]
            assert lever.needed == gate["threshold_value"] and lever.note.startswith("lets pay: ")
            found += 1
    assert found > 0


def test_points_deducted_reach_the_next_coefficient_and_one_less_does_not(
    database: duckdb.DuckDBPyConnection, paid: list[Paid]
) -> None:
    """Plans that pay by points take a coefficient for what was deducted in reviews (PT-05)."""
    tried = 0
    for why, _, lines in paid:
        if not any(line["mechanism"] == "points" for line in lines):
            continue
        [row] = rows_of(
            database,
            "select * from bonus.bonus_coefficient where agent_id = ? and period_id = ?",
            why.agent_id,
            why.period_id,
        )
        bands = rows_of(
            database,
            "select * from policy.policy_component_rate "
            "where period_id = ? and component_id = ? and rate_key = ? order by lower_bound",
            why.period_id,
            row["component_id"],
            row["customer_group"],
        )
        for lever in why.pay_levers:
            if lever.kpi_id != "qa_deduction" or lever.change is None:
                continue
            points = row["deduction_points"]
            then, short = (_coefficient(bands, points + lever.change + less) for less in (0, 1))
            assert then > row["coefficient"] == short == _coefficient(bands, points)
            tried += 1
    assert tried > 0


def _coefficient(bands: Any, points: Decimal) -> Decimal:
    """A band holds its upper bound."""
    return next(
        Decimal(band["rate"])
        for band in bands
        if (band["is_first_band"] or points > band["lower_bound"])
        and (band["upper_bound"] is None or points <= band["upper_bound"])
    )


def test_the_command_says_what_pays_more(
    published_demo: Path,
    paid: list[Paid],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    why = next(
        why for why, _, lines in paid if why.pay_levers and any(one["mechanism"] == "points" for one in lines)
    )
    assert run(["--state", str(published_demo), "why", why.agent_id, why.period_id]) == 0
    shown = capsys.readouterr().out
    assert f"bonus 奖金 {why.amount:.2f}: what alone pays more" in shown
    lever = next(one for one in why.pay_levers if one.reached is not None)
    [line] = [one for one in shown.splitlines() if one.startswith(f"{lever.kpi_id} ")]
    assert lever.label_zh in line and f"{lever.reached:.2f}" in line
