"""Numbers and durations as exports write them: read in the way that the profile says, or not at all."""

from __future__ import annotations

from typing import Any

import pytest

from orchestration.ingest.contract import ContractColumn
from orchestration.ingest.conversion import typed_sql
from orchestration.ingest.database import rows
from orchestration.ingest.keys import ColumnRule

AMOUNT = ContractColumn("amount", "decimal(18,6)")
SECONDS = ContractColumn("talk_seconds", "bigint")
REAL = {"decimal": ",", "thousands": ".", "currency": "R$"}
PERCENT = {"decimal": ",", "percent": True}
SPACED = {"decimal": ",", "thousands": " ", "currency": ["€", "EUR"]}
LAKH = {"thousands": ",", "grouping": "indian", "currency": ["₹", "Rs."]}


def value(
    text: str, rule: dict[str, Any], column: ContractColumn = AMOUNT, file_format: str = "csv"
) -> str | None:
    made = ColumnRule.model_validate({"from": "x", **rule})
    select = typed_sql(
        column,
        "$1::VARCHAR",
        formats=(),
        timezone="UTC",
        zones={},
        writing=made.writing,
        file_format=file_format,
    )
    ((found,),) = rows(f"SELECT ({select})::VARCHAR", text)
    return None if found is None else str(found)


@pytest.mark.parametrize(
    ("text", "rule", "expected"),
    [
        ("R$ 1.500,00", REAL, "1500.000000"),
        ("R$1.500,00", REAL, "1500.000000"),
        ("1.500,00 R$", REAL, "1500.000000"),
        ("1500,5", REAL, "1500.500000"),
        ("12.345.678,90", REAL, "12345678.900000"),
        (",5", REAL, "0.500000"),
        ("-R$ 1.500,00", REAL, "-1500.000000"),
        ("R$ -1.500,00", REAL, "-1500.000000"),
        ("R$ \u22121.500,00", REAL, "-1500.000000"),
        ("(R$ 1.500,00)", REAL, "-1500.000000"),
        ("(1.500,00)", REAL, "-1500.000000"),
        ("1.500,00-", REAL, "-1500.000000"),
        ("+7", REAL, "7.000000"),
        ("1 500,00 €", SPACED, "1500.000000"),
        ("1\u00a0500\u202f000,25\u00a0EUR", SPACED, "1500000.250000"),
        ("1\u2009500", SPACED, "1500.000000"),
        ("1'500.25", {"thousands": "'"}, "1500.250000"),
        ("1’500.25", {"thousands": "'"}, "1500.250000"),
        ("₹ 1,00,000.50", LAKH, "100000.500000"),
        ("Rs.500", LAKH, "500.000000"),
        ("1,23,45,678", LAKH, "12345678.000000"),
        ("12,5 %", PERCENT, "0.125000"),
        ("12,5", PERCENT, "0.125000"),
        ("12,3456%", PERCENT, "0.123456"),
        ("-100%", PERCENT, "-1.000000"),
    ],
)
def test_a_number_as_it_is_written(text: str, rule: dict[str, Any], expected: str) -> None:
    assert value(text, rule) == expected


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("1.50.00", REAL),
        ("1.50", REAL),
        ("1500.00", REAL),
        ("1.5000,00", REAL),
        (".500,00", REAL),
        ("1,500,00", REAL),
        ("US$ 5", REAL),
        ("R$ R$ 5", REAL),
        ("R$ 5 R$", REAL),
        ("--5", REAL),
        ("-(5)", REAL),
        ("-5-", REAL),
        ("(5", REAL),
        ("5)", REAL),
        ("5 %", REAL),
        ("1e3", REAL),
        ("=5", REAL),
        ("R$", REAL),
        ("1 50", SPACED),
        ("1,00,000", {"thousands": ","}),
        ("100,000", {**LAKH, "grouping": "thousands", "thousands": "_"}),
        ("1,000,000", LAKH),
        ("12,34567 %", PERCENT),
        ("5 % %", PERCENT),
        ("0,1234567", {"decimal": ","}),
        ("1234567890123", {"decimal": ","}),
    ],
)
def test_a_number_written_in_another_way_is_none(text: str, rule: dict[str, Any]) -> None:
    assert value(text, rule) is None


def test_whole_numbers_and_numbers_of_the_format_itself() -> None:
    assert value("1.500", REAL, SECONDS) == "1500"
    assert value("1.500,00", REAL, SECONDS) == "1500"
    assert value("1.500,25", REAL, SECONDS) is None
    # A workbook's cell with the number 1.125 is not 1,125 thousandths of anything.
    assert value("=1.125", REAL, file_format="xlsx") == "1.125000"
    assert value("1.125", REAL, file_format="xlsx") == "1125.000000"
    assert value("=0.125", PERCENT, file_format="jsonl") == "0.125000"


@pytest.mark.parametrize(
    ("text", "pattern", "expected"),
    [
        ("00:05:30", "hh:mm:ss", "330"),
        ("125:00:01", "hh:mm:ss", "450001"),
        ("1:05:09", "h:mm:ss", "3909"),
        ("5:30", "mm:ss", "330"),
        ("90:00", "mm:ss", "5400"),
        ("1:30", "h:mm", "5400"),
        ("1:5:9", "h:m:s", "3909"),
        ("00:00:05.000", "hh:mm:ss.fff", "5"),
        ("00:00:05,000", "hh:mm:ss,fff", "5"),
        ("2 03:00:00", "d hh:mm:ss", "183600"),
        ("1h05m", "h'h'mm'm'", "3900"),
        ("1h 5m", "words", "3900"),
        ("1 Hour 5 min 3 sec", "words", "3903"),
        ("90s", "words", "90"),
        ("1小时5分30秒", "words", "3930"),
        ("1d", "words", "86400"),
    ],
)
def test_a_duration_as_it_is_written(text: str, pattern: str, expected: str) -> None:
    assert value(text, {"duration": pattern}, SECONDS) == expected


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("5:30", "hh:mm:ss"),
        ("00:60:00", "hh:mm:ss"),
        ("00:00:60", "hh:mm:ss"),
        ("0:5:30", "h:mm:ss"),
        ("-00:05:30", "hh:mm:ss"),
        ("00:05:30.5", "hh:mm:ss"),
        ("00:00:05.5", "hh:mm:ss.fff"),
        ("2 24:00:00", "d hh:mm:ss"),
        ("5m 1h", "words"),
        ("5", "words"),
        ("soon", "words"),
        ("330", "mm:ss"),
    ],
)
def test_a_duration_written_in_another_way_is_none(text: str, pattern: str) -> None:
    assert value(text, {"duration": pattern}, SECONDS) is None


def test_durations_with_fractions_lists_and_cells_with_a_time() -> None:
    assert value("00:00:05.25", {"duration": "hh:mm:ss.fff"}) == "5.250000"
    assert value("5:30", {"duration": ["hh:mm:ss", "mm:ss"]}, SECONDS) == "330"
    assert value("26:05:30", {"duration": "mm:ss"}, SECONDS, "xlsx") == "93930"
