"""Conversion of texts to the contract's types: exact, or a fault that says so. Quick and exact ways agree."""

from __future__ import annotations

from typing import Any

import pytest

from orchestration.ingest import mapping
from orchestration.ingest.contract import load_contract
from orchestration.ingest.database import connect
from orchestration.ingest.expression import examined
from orchestration.ingest.landing import UnreadableFile
from orchestration.ingest.personal import set_key
from orchestration.settings import CONTRACT_DIR
from tests.ingest_single import entry_for

ORDER = {
    "order_id": {"value": "O1"},
    "ordered_at": {"value": "2026-10-05"},
    "amount": {"value": "1"},
    "status": {"value": "paid"},
}
TICKET = {
    "ticket_id": {"value": "T1"},
    "status": {"value": "open"},
    "created_at": {"value": "2026-10-05"},
}
RATING = {
    "rating_id": {"value": "R1"},
    "agent_id": {"value": "A1"},
    "period_id": {"value": "2026-10"},
    "dimension": {"value": "supervisor"},
    "score": {"value": "90"},
}
TARGET = {
    "agent_id": {"value": "A1"},
    "period_id": {"value": "2026-10"},
    "metric": {"value": "sales_amount"},
    "value": {"value": "90"},
}
SIGN_OFF = {
    "period_id": {"value": "2026-10"},
    "reviewer_id": {"value": "A1"},
    "signed_at": {"value": "2026-10-05"},
}
WHOLE = {
    "crm.order": ORDER,
    "ticket.ticket": TICKET,
    "workforce.rating": RATING,
    "workforce.target": TARGET,
    "governance.sign_off": SIGN_OFF,
}
"""Rules that fill what a table requires."""


def converted(
    table: str,
    column: str,
    text: str | None,
    rule: dict[str, Any] | None = None,
    *,
    zone: str = "Asia/Shanghai",
    is_quick: bool = False,
    **options: Any,
) -> tuple[str | None, str]:
    """The typed value as text, and the reason of a rejection ('' for none), of one cell."""
    entry = entry_for(table, {**WHOLE[table], column: rule or {"from": "x"}}, timezone=zone, **options)
    resolved = mapping.Mapping(entry, ("x",), file_format="csv")
    index = [c.name for c in entry.table.export_columns].index(column)
    with connect() as connection:
        set_key(connection, b"k")
        connection.execute(f"SET TimeZone = '{zone}'")
        source = "SELECT $1::VARCHAR AS x, 1 AS __row, NULL::VARCHAR AS __bad, '' AS __raw"
        row = connection.execute(
            f"SELECT __t{index}::VARCHAR, {resolved.is_fault_sql(is_quick=is_quick)}, "
            f"{resolved.reason_sql()} "
            f"FROM ({resolved.rows(source, is_quick=is_quick)})",
            [text],
        ).fetchone()
    assert row is not None
    assert bool(row[1]) == bool(row[2])
    return row[0], row[2]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-10-05T09:00:00+08:00", "2026-10-05 01:00:00"),
        ("2026-10-05T01:00:00Z", "2026-10-05 01:00:00"),
        ("2026-10-05 09:00:00", "2026-10-05 01:00:00"),
        ("2026-10-05 09:00:00.250", "2026-10-05 01:00:00.25"),
        ("2026-10-05 09:00", "2026-10-05 01:00:00"),
        ("2026-10-05", "2026-10-04 16:00:00"),
        ("2026/10/5 9:03", "2026-10-05 01:03:00"),
        ("2026-10-05T06:30:00+0530", "2026-10-05 01:00:00"),
        ("  2026-10-05 09:00:00 ", "2026-10-05 01:00:00"),
        ("", None),
        ("   ", None),
        ("2026-13-05 09:00:00", "is not a time"),
        ("2026-02-30", "is not a time"),
        ("05.10.2026", "is not a time"),
        ("epoch", "lies outside"),
        ("infinity", "is not a time"),
        ("0026-10-05 09:00:00", "lies outside"),
        ("yesterday", "is not a time"),
        ("1790989200", "is not a time"),
    ],
)
def test_times(text: str, expected: str | None) -> None:
    check("ticket.ticket", "solved_at", text, expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1", "1.000000"),
        ("-0.5", "-0.500000"),
        ("+12.340000000", "12.340000"),
        (".5", "0.500000"),
        ("123456789012.123456", "123456789012.123456"),
        ("0.1234567", "is not a number"),
        ("1234567890123", "is not a number"),
        ("1,234.50", "is not a number"),
        ("1e3", "is not a number"),
        ("¥12", "is not a number"),
        ("1_000", "is not a number"),
        ("NaN", "is not a number"),
        (" 7 ", "7.000000"),
    ],
)
def test_decimals(text: str, expected: str) -> None:
    check("crm.order", "refunded_amount", text, expected)


@pytest.mark.parametrize("table", ["workforce.rating", "workforce.target", "governance.sign_off"])
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-10", "2026-10"),
        (" 2026-Q4 ", "2026-Q4"),
        ("2026", "2026"),
        ("2026-9", "is not a period written 2026-10, 2026-Q4 or 2026"),
        ("2026-13", "is not a period"),
        ("2026-Q5", "is not a period"),
        ("2026-q4", "is not a period"),
        ("202610", "is not a period"),
        ("2026-10-01", "is not a period"),
        ("2026年10月", "is not a period"),
        ("0026-10", "is not a period"),
    ],
)
def test_periods(table: str, text: str, expected: str) -> None:
    check(table, "period_id", text, expected)


def test_every_period_of_an_export_is_held_to_its_form() -> None:
    columns = [column for table in load_contract(CONTRACT_DIR).export_tables for column in table.columns]
    periods = [column for column in columns if column.name == "period_id"]
    assert len(periods) == 3
    assert all(column.is_period for column in periods)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3", "3"),
        ("3.0", "3"),
        ("-2", "-2"),
        ("3.7", "is not a whole number"),
        ("1e3", "is not a whole number"),
        ("99999999999999999999", "is not a whole number"),
        ("三", "is not a whole number"),
    ],
)
def test_whole_numbers(text: str, expected: str) -> None:
    check("ticket.ticket", "reopen_count", text, expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("true", "true"),
        ("1", "true"),
        ("Y", "true"),
        ("是", "true"),
        ("FALSE", "false"),
        ("0", "false"),
        ("N", "false"),
        ("否", "false"),
        ("yes", "is not one of true, false"),
        ("2", "is not one of true, false"),
    ],
)
def test_booleans(text: str, expected: str) -> None:
    check("ticket.ticket", "is_spam", text, expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-10-05", "2026-10-05"),
        ("2026/10/5", "2026-10-05"),
        ("2026-10-05 00:00:00", "2026-10-05"),
        # A moment with an offset falls on its local day: 20:00 UTC is 4:00 of the next day in Shanghai.
        ("2026-10-05T20:00:00Z", "2026-10-06"),
        ("epoch", "is not a date"),
        ("2026-02-30", "is not a date"),
    ],
)
def test_dates(text: str, expected: str) -> None:
    columns = {"agent_id": {"value": "A1"}, "effective_from": {"value": "2026-01-01"}}
    entry = entry_for("workforce.agent", {**columns, "hired_on": {"from": "x"}}, timezone="Asia/Shanghai")
    resolved = mapping.Mapping(entry, ("x",), file_format="csv")
    index = [c.name for c in entry.table.export_columns].index("hired_on")
    for is_quick in (False, True):
        with connect() as connection:
            connection.execute("SET TimeZone = 'Asia/Shanghai'")
            source = "SELECT $1::VARCHAR AS x, 1 AS __row, NULL::VARCHAR AS __bad, '' AS __raw"
            row = connection.execute(
                f"SELECT __t{index}::VARCHAR, {resolved.reason_sql()} FROM "
                f"({resolved.rows(source, is_quick=is_quick)})",
                [text],
            ).fetchone()
        assert row is not None
        assert (row[0] == expected) if not row[1] else (expected in row[1])


def check(table: str, column: str, text: str, expected: str | None) -> None:
    value, reason = converted(table, column, text)
    if expected is not None and expected.startswith(("is not", "lies outside")):
        assert expected in reason
        assert f"'{text}'" in reason
    else:
        assert (value, reason) == (expected, "")
    quick_value, quick_reason = converted(table, column, text, is_quick=True)
    # What the quick way accepts is what the exact way makes of it; it may refuse, and then is not used.
    assert quick_reason or quick_value == value


def test_formats_and_zones() -> None:
    rule = {"from": "x", "format": ["%d/%m/%Y %H:%M", "%Y%m%d"]}
    assert converted("ticket.ticket", "solved_at", "5/10/2026 9:00", rule)[0] == "2026-10-05 01:00:00"
    assert converted("ticket.ticket", "solved_at", "20261005", rule)[0] == "2026-10-04 16:00:00"
    assert "is not a time" in converted("ticket.ticket", "solved_at", "2026-10-05", rule)[1]
    milliseconds = {"from": "x", "format": "unix_milliseconds"}
    assert converted("ticket.ticket", "solved_at", "1790989200123", milliseconds)[0] == (
        "2026-10-03 01:00:00.123"
    )
    seconds = {"from": "x", "format": "unix_seconds"}
    assert converted("ticket.ticket", "solved_at", "1790989200", seconds)[0] == "2026-10-03 01:00:00"
    # Berlin leaves summer time on 25 October 2026: +2 before, +1 after.
    assert converted("ticket.ticket", "solved_at", "2026-10-24 12:00", zone="Europe/Berlin")[0] == (
        "2026-10-24 10:00:00"
    )
    assert converted("ticket.ticket", "solved_at", "2026-10-26 12:00", zone="Europe/Berlin")[0] == (
        "2026-10-26 11:00:00"
    )


def test_null_values_maps_and_defaults() -> None:
    rule = {"from": "x", "map": {"已解决": "solved", "已关闭": "void"}, "default": "new"}
    assert converted("ticket.ticket", "status", "已解决", rule) == ("solved", "")
    assert converted("ticket.ticket", "status", " 已关闭 ", rule) == ("void", "")
    assert converted("ticket.ticket", "status", "", rule) == ("new", "")
    assert converted("ticket.ticket", "status", "?", rule, null_values=["?"]) == ("new", "")
    # Not guessed: a default is for empty values, not for unmapped ones.
    assert converted("ticket.ticket", "status", "挂起", rule)[1] == (
        "status: '挂起' is not one of new, open, pending, solved, closed, void, deleted"
    )
    assert converted("ticket.ticket", "ticket_id", "  ", {"from": "x"})[1] == "ticket_id is empty"
    assert converted("ticket.ticket", "category", " a b ", {"from": "x"}) == (" a b ", "")


def test_expressions() -> None:
    assert examined('a || "b c" || list_transform([d], v -> v || e)[1]').columns == ("a", "b c", "d", "e")
    assert converted("ticket.ticket", "category", "X-1", {"sql": "split_part(x, '-', 1)"}) == ("X", "")


def test_a_header_that_lacks_a_column() -> None:
    entry = entry_for("crm.order", {**ORDER, "amount": {"from": "金额"}, "kind": {"from": "类型"}})
    with pytest.raises(UnreadableFile, match=r"no column 金额 \(for amount\) \(is it '金额元' now\?\)"):
        mapping.Mapping(entry, ("金额元",), file_format="csv")
    assert mapping.Mapping(entry, ("金额",), file_format="csv").missing == ("kind",)
    # Lines of JSON may lack anything; such rows are rejected one by one.
    assert mapping.Mapping(entry, (), file_format="jsonl").missing == ("amount", "kind")


def test_names_match_whatever_their_case_and_blanks() -> None:
    resolved = mapping.Mapping(
        entry_for("crm.order", {**ORDER, "kind": {"from": "Kind"}}), ("KIND", "other"), file_format="csv"
    )
    assert (resolved.missing, resolved.unknown) == ((), ("other",))
