"""What engines write differently comes to the same: every dispatched macro, here on DuckDB."""

from __future__ import annotations

import duckdb
import pytest

from tests.engines.macro_cases import CASES, Case
from tests.engines.macros import dispatched_macros, macros_of


def test_every_dispatched_macro_has_a_case() -> None:
    assert {case.macro for case in CASES} == dispatched_macros()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.macro)
def test_on_duckdb(case: Case) -> None:
    with duckdb.connect() as database:
        database.execute("set TimeZone = 'UTC'")
        row = database.sql(case.query(macros_of("duckdb", "default"))).fetchone()
    assert row is not None and row[0] == case.value


def test_the_two_writings_differ() -> None:
    """A case that is rendered alike for both would prove nothing of the other engine."""
    here, there = macros_of("duckdb", "default"), macros_of("spark", "default")
    alike = {case.macro for case in CASES if case.query(here) == case.query(there)}
    assert not alike
