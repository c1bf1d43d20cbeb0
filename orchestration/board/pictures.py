"""Small pictures inside tables and cards, as SVG of the page's own colours: no script, sharp in print."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from markupsafe import Markup

Value = Decimal | None


def spark(values: Sequence[Value], lows: Sequence[Value] = (), highs: Sequence[Value] = ()) -> Markup:
    """A line of the values, oldest first, with a dot at the newest; `lows` and `highs` make the band of
    targets behind it. A gap stays a gap. The number stands beside it, so it is hidden from screen readers.
    """
    known = [float(one) for one in (*values, *lows, *highs) if one is not None]
    if not any(one is not None for one in values):
        return Markup("")
    low, high = min(known), max(known)
    room = (high - low) or abs(high) or 1.0
    steps = max(1, len(values) - 1)

    def x(at: int) -> float:
        return 3 + 94 * at / steps if len(values) > 1 else 50.0

    def y(value: Decimal) -> float:
        return 27 - 24 * (float(value) - low) / room if high > low else 15.0

    parts = []
    aims = [
        (x(at), y(a), y(b))
        for at, (a, b) in enumerate(zip(lows, highs, strict=True))
        if a is not None and b is not None
    ]
    if aims:
        if len(aims) == 1:
            aims = [(0.0, *aims[0][1:]), (100.0, *aims[0][1:])]
        down = " ".join(f"{at:.1f},{a:.1f}" for at, a, _ in aims)
        up = " ".join(f"{at:.1f},{b:.1f}" for at, _, b in reversed(aims))
        parts.append(f'<polygon class="aims" points="{down} {up}"/>')
        parts.append(f'<polyline class="aim" fill="none" points="{down}"/>')
        if any(a != b for _, a, b in aims):
            parts.append(f'<polyline class="aim" fill="none" points="{up}"/>')
    run: list[str] = []
    for at, value in enumerate([*values, None]):
        if value is not None:
            run.append(f"{x(at):.1f},{y(value):.1f}")
        elif run:
            if len(run) > 1:
                parts.append(f'<polyline class="line" points="{" ".join(run)}"/>')
            run = []
    last = max(at for at, one in enumerate(values) if one is not None)
    end = values[last]
    assert end is not None
    # A line of no length with round ends: a circle would be stretched with the picture.
    parts.append(f'<path class="line end" d="M{x(last):.1f} {y(end):.1f}h0"/>')
    return Markup(
        '<svg class="spark" viewBox="0 0 100 30" preserveAspectRatio="none" aria-hidden="true">'
        f"{''.join(parts)}</svg>"
    )


@dataclass(frozen=True)
class Aim:
    """A KPI's value of one agent beside floor, target and stretch; `direction` says which way is better."""

    value: Value
    floor: Value
    target: Value
    stretch: Value
    direction: str

    @property
    def state(self) -> str:
        """`floor` (below it), `between`, `target`, `stretch`; empty where there is nothing to compare."""
        if self.value is None or self.target is None:
            return ""
        if self.stretch is not None and self.stretch != self.target and self._reaches(self.stretch):
            return "stretch"
        if self._reaches(self.target):
            return "target"
        return "floor" if self.floor is not None and not self._reaches(self.floor) else "between"

    def _reaches(self, aim: Decimal) -> bool:
        assert self.value is not None
        return self.value >= aim if self.direction == "higher" else self.value <= aim


def bullet(aim: Aim) -> Markup:
    """The value as a bar among floor, target and stretch; worse is left. Hidden from readers of screens:
    the numbers and the state stand beside it.
    """
    if aim.value is None or aim.target is None:
        return Markup("")
    way = 1 if aim.direction == "higher" else -1
    marks = [float(one) * way for one in (aim.floor, aim.target, aim.stretch) if one is not None]
    value = float(aim.value) * way
    low, high = min(marks), max(marks)
    room = (high - low) or abs(high) or 1.0
    left, right = low - room * 0.35, high + room * 0.2

    def x(at: float) -> float:
        return 2 + 196 * min(1.0, max(0.0, (at - left) / (right - left)))

    kind = "bar low" if aim.state == "floor" else "bar"
    parts = [
        '<rect class="track" x="2" y="7" width="196" height="8" rx="2"/>',
        f'<rect class="{kind}" x="2" y="8.5" width="{max(1.5, x(value) - 2):.1f}" height="5" rx="1.5"/>',
    ]
    for name, mark in (("floor", aim.floor), ("target", aim.target), ("stretch", aim.stretch)):
        if mark is not None:
            at = x(float(mark) * way)
            tall = (3, 19) if name == "target" else (6, 16)
            shade = "tick" if name == "target" else "tick faint"
            parts.append(f'<path class="{shade}" d="M{at:.1f} {tall[0]}V{tall[1]}"/>')
    return Markup(
        '<svg class="bullet" viewBox="0 0 200 22" preserveAspectRatio="none" aria-hidden="true">'
        f"{''.join(parts)}</svg>"
    )
