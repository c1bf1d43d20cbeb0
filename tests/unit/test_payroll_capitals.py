"""Amounts in Chinese capitals: the examples of the banks' rules, and what is read back."""

from __future__ import annotations

from decimal import Decimal
from random import Random

import pytest

from orchestration.publish.payroll.capitals import in_capitals

UNITS = {"仟": 1000, "佰": 100, "拾": 10}
DIGITS = "零壹贰叁肆伍陆柒捌玖"


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        ("0", "零元整"),
        ("-0.00", "零元整"),
        ("0.01", "壹分"),
        ("0.10", "壹角整"),
        ("0.29", "贰角玖分"),
        ("1", "壹元整"),
        ("10", "壹拾元整"),
        ("110", "壹佰壹拾元整"),
        ("3004", "叁仟零肆元整"),
        ("3040", "叁仟零肆拾元整"),
        ("3004.05", "叁仟零肆元零伍分"),
        ("-3004.50", "负叁仟零肆元伍角整"),
        ("-0.07", "负柒分"),
        ("1409.50", "壹仟肆佰零玖元伍角整"),
        ("6007.14", "陆仟零柒元壹角肆分"),
        ("325.04", "叁佰贰拾伍元零肆分"),
        ("16409.02", "壹万陆仟肆佰零玖元零贰分"),
        ("107000.53", "壹拾万柒仟元伍角叁分"),
        ("100001", "壹拾万零壹元整"),
        ("10001000", "壹仟万壹仟元整"),
        ("10000100", "壹仟万零壹佰元整"),
        ("100000000", "壹亿元整"),
        ("100010000", "壹亿零壹万元整"),
        ("1000000000000", "壹万亿元整"),
        ("9999999999999999.99", "玖仟玖佰玖拾玖万玖仟玖佰玖拾玖亿玖仟玖佰玖拾玖万玖仟玖佰玖拾玖元玖角玖分"),
    ],
)
def test_an_amount_is_written_as_a_voucher_writes_it(amount: str, words: str) -> None:
    assert in_capitals(Decimal(amount)) == words


@pytest.mark.parametrize("amount", ["0.001", "10000000000000000", "NaN", "Infinity"])
def test_what_is_no_amount_of_money_is_refused(amount: str) -> None:
    with pytest.raises((ValueError, ArithmeticError)):
        in_capitals(Decimal(amount))


def read_back(words: str) -> Decimal:
    """The number that a person reads: each digit times the units behind it, whatever stands for a gap."""
    sign = -1 if words.startswith("负") else 1
    text = words.removeprefix("负").removesuffix("整")
    whole, _, rest = text.partition("元") if "元" in text else ("", "", text)
    total = section = digit = 0
    for one in whole:
        if one in DIGITS:
            digit = DIGITS.index(one)
        elif one in UNITS:
            section, digit = section + digit * UNITS[one], 0
        elif one == "万":
            section, digit = (section + digit) * 10_000, 0
        elif one == "亿":
            total, section, digit = (section + digit) * 100_000_000, 0, 0
    cents = 0
    for one in rest:
        if one in DIGITS:
            cents_digit = DIGITS.index(one)
        else:
            cents += cents_digit * (10 if one == "角" else 1)
    return sign * (Decimal(total + section + digit) + Decimal(cents) / 100)


def test_it_reads_back_as_the_amount_it_is() -> None:
    chance = Random(7)
    for digits in range(1, 19):
        for _ in range(300):
            amount = Decimal(chance.randrange(10**digits)) / 100 * chance.choice((1, -1))
            # Many zeros: where gaps are said.
            sparse = Decimal(str(amount).translate(str.maketrans("13579", "00000")))
            for one in (amount, sparse):
                words = in_capitals(one)
                assert read_back(words) == one, (one, words)
                assert "零零" not in words and not words.startswith(("零壹", "负零"))
