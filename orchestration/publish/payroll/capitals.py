"""Amounts of money as a Chinese voucher writes them: 叁仟零肆元整 (大写金额)."""

from __future__ import annotations

from decimal import Decimal

DIGITS = "零壹贰叁肆伍陆柒捌玖"
PLACES = ("仟", "佰", "拾", "")
MYRIAD, MYRIAD_MYRIAD = 10**4, 10**8
MOST = 10**16
"""From here on no amount of this system is."""


def in_capitals(amount: Decimal) -> str:
    """`叁仟零肆元整`, `壹佰元零伍分`, `负贰元伍角整`, `零元整`: yuan, jiao and fen.

    Raises ValueError for an amount that is not of whole fen, or that no column of money holds.
    """
    fen = amount * 100
    if fen != fen.to_integral_value() or abs(fen) >= MOST * 100:
        raise ValueError(f"{amount} is no amount of yuan, jiao and fen")
    yuan, rest = divmod(abs(int(fen)), 100)
    jiao, cents = divmod(rest, 10)
    words = f"{_whole(yuan)}元" if yuan else ""
    if jiao:
        words += f"{DIGITS[jiao]}角"
    if cents:
        words += ("零" if yuan and not jiao else "") + f"{DIGITS[cents]}分"
    else:
        words = f"{words or '零元'}整"
    return f"负{words}" if fen < 0 else words


def _whole(number: int) -> str:
    high, low = divmod(number, MYRIAD_MYRIAD)
    return _joined(_myriads(high), "亿", low, MYRIAD_MYRIAD, _myriads(low))


def _myriads(number: int) -> str:
    """A number below 10⁸."""
    high, low = divmod(number, MYRIAD)
    return _joined(_places(high), "万", low, MYRIAD, _places(low))


def _joined(high: str, unit: str, low: int, size: int, text: str) -> str:
    """What stands above and below a unit; 零 where the lower part does not fill its first place."""
    gap = "零" if high and 0 < low < size // 10 else ""
    return f"{high}{unit if high else ''}{gap}{text}"


def _places(number: int) -> str:
    """A number below 10⁴; nothing for 0."""
    text, is_gap = "", False
    for digit, place in zip(f"{number:04}", PLACES, strict=True):
        if digit == "0":
            is_gap = bool(text)
            continue
        text += ("零" if is_gap else "") + DIGITS[int(digit)] + place
        is_gap = False
    return text
