"""Exact arithmetic: whole millionths, and rounding half up (away from zero) of exact fractions."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

MILLION = 1_000_000


def divide_half_up(numerator: int, denominator: int) -> int:
    """numerator / denominator to the nearest whole number, halves away from zero; denominator > 0."""
    quotient, remainder = divmod(abs(numerator), denominator)
    if 2 * remainder >= denominator:
        quotient += 1
    return quotient if numerator >= 0 else -quotient


def millionths(text: str) -> int | None:
    """A decimal text as whole millionths; empty is None."""
    if not text:
        return None
    if "." not in text and "e" not in text and "E" not in text:
        return int(text) * MILLION
    return int((Decimal(text) * MILLION).to_integral_value(ROUND_HALF_UP))


def from_millionths(value: int) -> Decimal:
    """Whole millionths as a decimal with six places."""
    return Decimal(value).scaleb(-6)


def half_up(value: Fraction | Decimal | int, places: int) -> Decimal:
    """A number rounded half up (away from zero) to a number of decimal places."""
    exact = Fraction(value) * 10**places
    return Decimal(divide_half_up(exact.numerator, exact.denominator)).scaleb(-places)
