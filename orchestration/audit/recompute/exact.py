"""Exact numbers: fractions inside, rounding half away from zero only where a rule rounds."""

from __future__ import annotations

from decimal import Context, Decimal
from fractions import Fraction

_WIDE = Context(prec=60)

Number = Decimal | Fraction | int


def rounded(value: Number, places: int) -> Decimal:
    """`value` with `places` decimals, half away from zero."""
    numerator, denominator = value.as_integer_ratio()
    return _rounded(numerator, denominator, places)


def ratio(numerator: Number, denominator: Number, places: int = 6) -> Decimal | None:
    """numerator / denominator, rounded; None where the denominator is 0."""
    if denominator == 0:
        return None
    (over, over_parts), (under, under_parts) = numerator.as_integer_ratio(), denominator.as_integer_ratio()
    top, bottom = over * under_parts, under * over_parts
    return _rounded(top, bottom, places) if bottom > 0 else _rounded(-top, -bottom, places)


def money(value: Number) -> Decimal:
    """Cents, half away from zero."""
    return rounded(value, 2)


def exact(value: Decimal | int | None) -> Fraction:
    """A published number as a fraction; nothing counts as 0."""
    return Fraction(0) if value is None else Fraction(value)


def from_millionths(count: int) -> Decimal:
    """A whole count of millionths as a number with six decimals."""
    return _WIDE.scaleb(Decimal(count), -6)


def _rounded(numerator: int, denominator: int, places: int) -> Decimal:
    """numerator / denominator, half away from zero; the denominator is above 0."""
    whole = (abs(numerator) * 10**places * 2 + denominator) // (2 * denominator)
    return _WIDE.scaleb(Decimal(-whole if numerator < 0 else whole), -places)
