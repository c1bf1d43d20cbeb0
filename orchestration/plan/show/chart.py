"""Charts of a plan as SVG shapes: places and sizes for drawing, nothing that is paid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

from orchestration.plan.result import NOTHING, AgentChange, Group
from orchestration.text import money

WIDTH, ROW, LABEL, VALUE = 860, 40, 150, 130
BAR_COUNT = 21
"""Columns of the histogram, the middle one around 0."""
COLUMN_HEIGHT = 140


@dataclass(frozen=True)
class Bar:
    """A rectangle with what it says."""

    x: str
    y: str
    width: str
    height: str
    kind: str
    label: str
    text: str


def period_bars(groups: Sequence[Group]) -> tuple[Bar, ...]:
    """Two bars a period, as published and as planned, from 0: what is less than nothing to the left of it."""
    zero, room = _scale(groups)
    bars = []
    for number, group in enumerate(groups):
        for place, (kind, value) in enumerate((("before", group.money.before), ("after", group.money.after))):
            bars.append(
                Bar(
                    x=f"{zero + min(value, NOTHING) * room:.1f}",
                    y=str(number * ROW + place * (ROW // 2 - 2)),
                    width=f"{abs(value) * room:.1f}",
                    height=str(ROW // 2 - 4),
                    kind=kind,
                    label=group.id if place == 0 else "",
                    text=money(value),
                )
            )
    return tuple(bars)


def zero_line(groups: Sequence[Group]) -> str:
    """Where 0 is, to be drawn where a bar goes to the left of it; else nothing."""
    zero, _ = _scale(groups)
    return f"{zero:.1f}" if zero > LABEL else ""


def _scale(groups: Sequence[Group]) -> tuple[Decimal, Decimal]:
    """Where 0 is, and how far a yuan reaches."""
    found = [NOTHING, *(one for group in groups for one in (group.money.before, group.money.after))]
    least, most = min(found), max(found)
    room = Decimal(WIDTH - LABEL - VALUE) / ((most - least) or 1)
    return LABEL - least * room, room


def difference_columns(agents: Sequence[AgentChange]) -> tuple[Bar, ...]:
    """How many agents have a difference in each of the equal spans between the greatest loss or gain and its
    opposite; who has the same stands in the middle span.
    """
    found = [one.money.difference for one in agents]
    widest = max((abs(one) for one in found), default=Decimal(0))
    if not widest:
        return ()
    side = BAR_COUNT // 2
    step = widest / side
    counts = [0] * BAR_COUNT
    for one in found:
        # Spans away from the middle hold their outer edge: none but 0 itself stands in the middle.
        away = int((abs(one) / step).to_integral_value(ROUND_CEILING))
        counts[side + (away if one > 0 else -away)] += 1
    width = WIDTH // BAR_COUNT
    bars = []
    for number, count in enumerate(counts):
        height = COLUMN_HEIGHT * count // max(counts)
        place = number - side
        ends = sorted((step * place, step * (place - (place > 0) + (place < 0))))
        bars.append(
            Bar(
                x=str(number * width),
                y=str(COLUMN_HEIGHT - height),
                width=str(width - 2),
                height=str(height),
                kind="more" if place > 0 else "less" if place < 0 else "same",
                label=money(step * place) if place in (-side, 0, side) else "",
                text=f"{count}: {' … '.join(map(money, dict.fromkeys(ends)))}",
            )
        )
    return tuple(bars)
