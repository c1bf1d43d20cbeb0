"""The proof of one function: cover, overlap, monotony, reach, and its largest jump."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from orchestration.proofs.arithmetic import shown
from orchestration.proofs.finding import GAP, OVERLAP, PAYS_LESS, UNREACHABLE, Finding, Jump, finding
from orchestration.proofs.function import GRADE, LESS_IS_BETTER, POINTS, Entry, Function, Point


def faults_of(function: Function) -> Iterator[Finding]:
    """Everything wrong with a function, by kinds."""
    yield from _gaps(function)
    yield from _overlaps(function)
    yield from _losses(function)
    yield from _unreached(function)


def _gaps(function: Function) -> Iterator[Finding]:
    """Each run of values without a row once, with the value beside it."""
    before: Point | None = None
    for number, point in enumerate(function.points):
        is_first = before is None or not function.is_gap(before)
        if function.is_gap(point) and is_first:
            others = [one for one in function.points[number:] if not function.is_gap(one)]
            beside = before or (others[0] if others else None)
            lines = _lines(function, *([beside] if beside else []), point)
            if beside is None:
                lines += tuple(_row_line(entry) for entry in function.entries[:1])
            yield finding(
                GAP,
                function,
                lines,
                phrase="missing_rate" if point.word else "",
                value=shown(point.value),
                grade=point.word or "",
            )
        before = point


def _overlaps(function: Function) -> Iterator[Finding]:
    """Each pair of rows that hold one value, with what both pay."""
    if not function.is_exclusive:
        return
    found = set()
    for point in function.points:
        for index, row in enumerate(point.held_by):
            for other in point.held_by[index + 1 :]:
                if (row, other) not in found:
                    found.add((row, other))
                    value = shown(point.value)
                    said = [function.entries[one].said for one in (row, other)]
                    lines = tuple(f"{value} → {one}" for one in said)
                    yield finding(OVERLAP, function, lines, value=value, row=said[0], other=said[1])


def _losses(function: Function) -> Iterator[Finding]:
    """Each place at which a better value pays less than a worse one, where the fall begins."""
    worse: Point | None = None
    is_falling = False
    for point in function.better_first():
        if function.is_gap(point):
            continue
        was_falling = is_falling
        is_falling = worse is not None and function.gain(point) < function.gain(worse)
        if worse is not None and is_falling and not was_falling:
            phrase = "better_loses_more" if function.unit in LESS_IS_BETTER else ""
            yield finding(PAYS_LESS, function, _lines(function, worse, point), phrase=phrase)
        worse = point


def _unreached(function: Function) -> Iterator[Finding]:
    """Each row that no value of the measure reads."""
    if not function.proves_reach or not function.points:
        return
    reached = {number for point in function.points for number in point.held_by}
    for number, entry in enumerate(function.entries):
        if number not in reached:
            nearest = [
                point for point in function.points if entry.low is not None and point.value <= entry.low
            ]
            beside = nearest[-1] if nearest else function.points[0]
            yield finding(
                UNREACHABLE,
                function,
                (function.line(beside), _row_line(entry)),
                phrase={GRADE: "unreachable_grade", POINTS: "unreachable_point"}.get(function.unit, ""),
                row=entry.said,
            )


def jump_of(function: Function) -> Jump | None:
    """The largest difference between two values next to each other; None where there is none."""
    steps = [
        (abs(function.gain(later) - function.gain(earlier)), earlier, later)
        for earlier, later in zip(function.points, function.points[1:], strict=False)
        if later.value - earlier.value == function.measure.grain
    ]
    amount, earlier, later = max(steps, key=lambda step: step[0], default=(Fraction(0), None, None))
    if not amount or earlier is None or later is None:
        return None
    return Jump(function, amount, _lines(function, earlier, later))


def _row_line(entry: Entry) -> str:
    """A row as a line: from which value it is, and what it is."""
    low = "" if entry.low is None else f"{shown(entry.low)} "
    return f"{low}→ {entry.said}"


def _lines(function: Function, *points: Point) -> tuple[str, ...]:
    return tuple(function.line(point) for point in points)
