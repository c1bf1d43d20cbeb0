"""Bands as people read them: which edge belongs to them is said, in both languages."""

from __future__ import annotations

from decimal import Decimal

import pytest

from orchestration.text import band, band_zh

D = Decimal


@pytest.mark.parametrize(
    ("lower", "upper", "is_upper", "said", "said_zh"),
    [
        (None, D(20), True, "up to 20", "至 20"),
        (D(20), D(30), True, "above 20 up to 30", "超过 20，至 30"),
        (D(69), None, True, "above 69", "超过 69"),
        (D(0), D("0.8"), False, "from 0 to below 0.8", "0 起，不足 0.8"),
        (D("1.20"), None, False, "from 1.2", "1.2 起"),
        (None, None, False, "every value", "任意值"),
        (None, None, True, "every value", "任意值"),
    ],
)
def test_a_band_says_its_edges(
    lower: Decimal | None, upper: Decimal | None, is_upper: bool, said: str, said_zh: str
) -> None:
    assert band(lower, upper, is_upper=is_upper) == said
    assert band_zh(lower, upper, is_upper=is_upper) == said_zh
