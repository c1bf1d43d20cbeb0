"""Numbers as people read them on a board: rounded to what tells something, in the KPI's unit."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

MINUS = "−"
NOTHING = "–"
RATIO, SECONDS, COUNT, MONEY = "ratio", "s", "count", "cny"
FORMATS: Mapping[str, str] = {RATIO: ".1%", SECONDS: ",.0f", COUNT: ",.2~f", MONEY: ",.0f"}
"""By unit the format of d3, and so of charts; any other unit has two decimals. A count may be of halves."""
OTHER = ",.2f"
HOUR = 3600
LONG = 3 * HOUR
"""Seconds from which hours are said."""


def chart_format(unit: str) -> str:
    """How a chart writes values of a unit (d3)."""
    return FORMATS.get(unit, OTHER)


def shown(value: Decimal | int | None, unit: str) -> str:
    """`92.4%`, `8.41`, `3`, `0.5`, `1,204 s`, `5.3 h`; `–` for nothing."""
    if value is None:
        return NOTHING
    if unit == SECONDS:
        return _sign(f"{value / HOUR:,.1f} h" if abs(int(value)) >= LONG else f"{value:,.0f} s")
    return _written(value, chart_format(unit))


def money(value: Decimal | int | None) -> str:
    """`4,197.29`, `−12.00`; `–` for nothing."""
    return NOTHING if value is None else _sign(f"{value:,.2f}")


def signed(value: Decimal | None, form: str) -> str:
    """A change with its sign, in a format: `+1.2`, `−0.4`, `0`; `–` for none."""
    if value is None:
        return NOTHING
    return _written(value, f"+{form}") if value else "0"


def changed(change: Decimal, unit: str) -> str:
    """A change of a KPI in its unit, of a share in percentage points: `+1.2 pp`, `−50 s`."""
    if unit == RATIO:
        return f"{signed(change * 100, '.1f')} pp"
    return f"{signed(change, chart_format(unit))}{' s' if unit == SECONDS else ''}"


def score(value: Decimal | None) -> str:
    """A score with two decimals."""
    return NOTHING if value is None else _sign(f"{value:,.2f}")


def _written(value: Decimal | int, form: str) -> str:
    """A number in a format of d3, of which Python has all but the `~` that drops trailing zeros."""
    text = format(value, form.replace("~", ""))
    return _sign(text.rstrip("0").rstrip(".") if "~" in form else text)


def _sign(text: str) -> str:
    return text.replace("-", MINUS)
