"""Bands as people read them: which edge belongs to them is said."""

from __future__ import annotations

from decimal import Decimal

import pytest

from orchestration.audit.text import band

D = Decimal


@pytest.mark.parametrize(
    ("lower", "upper", "is_upper", "is_first", "said"),
    [
        (D(0), D(20), True, True, "up to 20"),
        (D(20), D(30), True, False, "above 20 up to 30"),
        (D(69), None, True, False, "above 69"),
        (D(0), D("0.8"), False, True, "from 0 to below 0.8"),
        (D("1.20"), None, False, False, "from 1.2"),
        (None, None, False, True, "every value"),
        (D(0), None, True, True, "every value"),
    ],
)
def test_a_band_says_its_edges(
    lower: Decimal | None, upper: Decimal | None, is_upper: bool, is_first: bool, said: str
) -> None:
    assert band(lower, upper, is_upper=is_upper, is_first=is_first) == said
