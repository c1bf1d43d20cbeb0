"""What each dispatched macro is to say, on every engine: an expression over literals and its value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

Macros = Mapping[str, Callable[..., Any]]


@dataclass(frozen=True)
class Case:
    """One macro, a SELECT of one value that uses it, and that value."""

    macro: str
    query: Callable[[Macros], str]
    value: Any


def _day(text: str) -> str:
    return f"cast('{text}' as date)"


def _time(text: str) -> str:
    return f"cast('{text}' as timestamp)"


def _of(macro: str, value: Any, *arguments: str) -> Case:
    return Case(macro, lambda macros: f"select {macros[macro](*arguments)} as value", value)


def _nodes(macros: Macros) -> str:
    """Two nodes of a line, one of them empty, as a list taken apart again: the sum of what is there."""
    one = macros["node_struct"]({"node_key": "'a'", "value": "1.25"})
    none = f"case when false then {one} end"
    return (
        "select cast(sum(node.value) as decimal(18, 2)) as value from "
        f"(select {macros['exploded']('nodes')} as node from "
        f"(select {macros['line_nodes']([one, none])} as nodes)"
        " as line) as taken_apart where node is not null"
    )


def _walk(macros: Macros) -> str:
    """Four steps, each reached once."""
    return (
        "with recursive step as (select 1 as n "
        f"{macros['each_once']()} select n + 1 as n from step where n < 4) "
        "select cast(sum(n) as bigint) as value from step"
    )


CASES = (
    _of("add_days", date(2026, 3, 1), _day("2026-02-26"), "3"),
    _of("add_days", date(2026, 2, 26), _day("2026-03-01"), "-3"),
    _of("add_months", date(2026, 2, 28), _day("2026-01-31"), "1"),
    _of("add_months", date(2025, 12, 31), _day("2026-01-31"), "-1"),
    _of("days_between", 59, _day("2026-01-01"), _day("2026-03-01")),
    _of("days_between", -1, _day("2026-01-01"), _day("2025-12-31")),
    _of("weekday_no", 1, _day("2026-11-30")),
    _of("weekday_no", 7, _day("2026-11-29")),
    # 18:00 UTC is two o'clock of the next day in Shanghai.
    _of("local_date", date(2026, 11, 1), _time("2026-10-31 18:00:00")),
    _of("utc_of_local", datetime.fromisoformat("2026-10-31 16:30:00"), _day("2026-11-01"), "'00:30'"),
    _of("epoch_micros", 1_500_000, _time("1970-01-01 00:00:01.500000")),
    _of("epoch_micros", -1, _time("1969-12-31 23:59:59.999999")),
    # Towards zero, as pay is rounded by: half away from zero rests on it.
    _of("integer_division", 3, "7", "2"),
    _of("integer_division", -3, "-7", "2"),
    Case(
        "wide_integer_type",
        lambda macros: (
            f"select cast(cast(9000000000000000000 as {macros['wide_integer_type']()}) * 100 "
            "= cast('900000000000000000000' as decimal(38, 0)) as boolean) as value"
        ),
        True,
    ),
    Case("node_struct", _nodes, 1.25),
    Case("line_nodes", _nodes, 1.25),
    Case("exploded", _nodes, 1.25),
    Case("each_once", _walk, 10),
)
