"""Exact numbers: fractions inside, rounding half away from zero only where a rule rounds."""

from __future__ import annotations

from decimal import Context, Decimal
from fractions import Fraction

_WIDE = Context(prec=60)

Number = Decimal | Fraction | int


def rounded(value: Number, places: int) -> Decimal:
    """`value` with `places` decimals, half away from zero."""
    exact = Fraction(value)
    scaled = abs(exact) * 10**places + Fraction(1, 2)
    whole = scaled.numerator // scaled.denominator
    return _WIDE.scaleb(Decimal(-whole if exact < 0 else whole), -places)


def ratio(numerator: Number, denominator: Number, places: int = 6) -> Decimal | None:
    """numerator / denominator, rounded; None where the denominator is 0."""
    if denominator == 0:
        return None
    return rounded(Fraction(numerator) / Fraction(denominator), places)


def money(value: Number) -> Decimal:
    """Cents, half away from zero."""
    return rounded(value, 2)


def exact(value: Decimal | int | None) -> Fraction:
    """A published number as a fraction; nothing counts as 0."""
    return Fraction(0) if value is None else Fraction(value)


def from_millionths(count: int) -> Decimal:
    """A whole count of millionths as a number with six decimals."""
    return _WIDE.scaleb(Decimal(count), -6)
