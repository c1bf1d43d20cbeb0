"""Chance, seats and history of the generated centre."""

from __future__ import annotations

from datetime import date

import duckdb
import pytest

from orchestration.errors import ConfigurationError
from orchestration.generate.centre import CENTRE, PLANS, plan_seats
from orchestration.generate.dice import load_dice
from orchestration.generate.history import history_of

MASK = 0xFFFFFFFF


def connect(seed: int) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(":memory:")
    load_dice(connection, seed=seed)
    return connection


def one(connection: duckdb.DuckDBPyConnection, sql: str) -> object:
    row = connection.execute(sql).fetchone()
    assert row is not None
    return row[0]


def mixed(x: int) -> int:
    """The mix of dice.sql in Python integers."""
    x = ((x ^ (x >> 16)) * 0x7FEB352D) & MASK
    return ((x ^ (x >> 15)) * 0x846CA68B) & MASK


def test_the_mix_equals_the_same_integers_in_python() -> None:
    connection = connect(7)
    numbers = [0, 1, 2, 255, 65_536, 123_456_789, MASK]
    for number in numbers:
        assert one(connection, f"select mix({number}::ubigint)") == mixed(number)


def test_a_draw_is_pinned_so_that_another_version_of_the_database_cannot_change_it() -> None:
    connection = connect(7)
    assert one(connection, "select key('ticket', 41)") == PINNED_KEY
    assert one(connection, "select pick(key('ticket', 41), 'type', 1000000)") == PINNED_DRAW


PINNED_KEY = 383_055_400
PINNED_DRAW = 202_301


def test_draws_are_uniform_and_independent_between_rows_and_purposes() -> None:
    row = (
        connect(11)
        .execute(
            """
            with drawn as (
                select n, u(key('t', n), 'a') as a, u(key('t', n), 'b') as b, u(key('s', n), 'a') as c
                from range(200000) as r (n)
            ),
            paired as (
                select *, lag(a) over (order by n) as previous from drawn
            )
            select avg(a), var_pop(a), corr(a, b), corr(a, c), corr(a, previous), corr(a * b, c),
                min(a), max(a)
            from paired
            """
        )
        .fetchone()
    )
    assert row is not None
    mean, variance, *correlations, lowest, highest = row
    assert abs(mean - 0.5) < 0.003
    assert abs(variance - 1 / 12) < 0.001
    # Five standard errors of a correlation over 200,000 pairs: 5 / sqrt(200000) = 0.0112.
    assert max(abs(value) for value in correlations) < 0.0112
    assert 0 <= lowest < 0.001 and 0.999 < highest < 1


def test_another_seed_draws_differently() -> None:
    sql = "select list(pick(key('t', n), 'a', 1000) order by n) from range(50) as r (n)"
    assert one(connect(1), sql) != one(connect(2), sql)
    assert one(connect(1), sql) == one(connect(1), sql)


@pytest.mark.parametrize("agents", [15, 16, 23, 60, 99, 100, 101, 200, 1000, 9000])
def test_seats_of_all_plans_sum_to_the_agents_and_the_first_plan_is_the_largest(agents: int) -> None:
    seats = plan_seats(agents)
    assert len(seats) == len(PLANS) == 8
    assert sum(seats) == agents
    assert seats[0] == max(seats) and seats[0] >= 8
    assert min(seats) >= (8 if agents >= 100 else 1)


def test_the_history_ends_on_the_last_day_of_the_last_month() -> None:
    history = history_of(months=3, last_month="2026-10")
    assert (history.first_day, history.last_day) == (date(2026, 8, 1), date(2026, 10, 31))
    across = history_of(months=14, last_month="2024-02")
    assert (across.first_day, across.last_day) == (date(2023, 1, 1), date(2024, 2, 29))
    single = history_of(months=1, last_month="2025-12")
    assert (single.first_day, single.last_day) == (date(2025, 12, 1), date(2025, 12, 31))


@pytest.mark.parametrize(("months", "last_month"), [(1, "2026-13"), (1, "October"), (24, "2001-01")])
def test_an_impossible_history_is_refused_with_a_remedy(months: int, last_month: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        history_of(months=months, last_month=last_month)
    assert caught.value.exit_status == 2
    assert caught.value.remedy


def test_the_weights_of_the_centre_cover_the_calendar() -> None:
    assert len(CENTRE.month_weights) == 12
    assert len(CENTRE.weekday_weights) == 7
    assert len(CENTRE.hour_weights) == 24
    assert len(CENTRE.handle_hours) == len(CENTRE.due_hours) == 5
