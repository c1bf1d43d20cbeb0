"""Numbers as a person writes them: exact, without trailing zeros, never in exponents."""

from __future__ import annotations

from decimal import Decimal

MONEY_UNIT = "cny"


def plain(value: Decimal | int | None) -> str:
    """`0.902439`, `37`, `−3.5`; `–` for nothing. Exact: no digit is dropped but trailing zeros."""
    if value is None:
        return "–"
    text = f"{Decimal(value):f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text.replace("-", "−")


def money(value: Decimal | int) -> str:
    """`4197.29`, `500.00`, `−12.00`."""
    return f"{Decimal(value):.2f}".replace("-", "−")


def measured(value: Decimal | None, unit: str) -> str:
    """A value in its unit's form: money with cents, everything else plain."""
    if value is not None and unit == MONEY_UNIT:
        return money(value)
    return plain(value)


def in_words(value: object) -> str:
    """A published value of any type in words: numbers plain, `–` for nothing."""
    if isinstance(value, bool) or not isinstance(value, Decimal | int):
        return "–" if value is None else str(value)
    return plain(value)


def operand(value: Decimal | int) -> str:
    """A number inside a calculation: negative ones in parentheses."""
    return f"({plain(value)})" if value < 0 else plain(value)


def band(lower: Decimal | None, upper: Decimal | None, *, is_upper: bool) -> str:
    """A band of a table as a person reads it: `from 20 to below 30`, `from 120`.

    A band that holds its upper bound (`is_upper`: band_side of PT-05, PT-06) reads `above 20 up to 30`; the
    first of them has no lower edge: `up to 20`.
    """
    words = [] if lower is None else [f"{'above' if is_upper else 'from'} {plain(lower)}"]
    if upper is not None:
        words.append(f"{'up to' if is_upper else 'to below'} {plain(upper)}")
    return " ".join(words) or "every value"


def band_zh(lower: Decimal | None, upper: Decimal | None, *, is_upper: bool) -> str:
    """The same in Chinese: `20 起，不足 30`, `超过 20，至 30`."""
    words = [] if lower is None else [f"超过 {plain(lower)}" if is_upper else f"{plain(lower)} 起"]
    if upper is not None:
        words.append(f"{'至' if is_upper else '不足'} {plain(upper)}")
    return "，".join(words) or "任意值"
