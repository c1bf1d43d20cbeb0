"""Each number as the calculation a person can redo: `(0.888889 − 0.7) / (0.95 − 0.7) × 100 = 75.5556`.

Only published numbers appear on the left, the published result on the right.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from orchestration.audit.relations import Row
from orchestration.audit.text import money, operand, plain


def total(parts: Sequence[Decimal], result: Decimal) -> str:
    """A bonus as the sum of its lines."""
    return f"{' + '.join(_cents(part) for part in parts) or '0'} = {money(result)}"


def line_amount(line: Row, segments: Sequence[Row]) -> str:
    """A line: quantity × rate × days / days of the period. Of several segments the last absorbs the cents."""
    last = max(segments, key=lambda one: one["segment_no"])
    if len(segments) == 1 or line["segment_no"] != last["segment_no"]:
        return f"{_product(line)}{_over(line)} = {money(line['amount_cny'])}"
    whole = " + ".join(_product(one) for one in segments)
    others = "".join(f" − {_cents(one['amount_cny'])}" for one in segments if one is not last)
    return f"({whole}){_over(line)}{others} = {money(line['amount_cny'])}"


def value(numerator: Decimal, denominator: int, result: Decimal | None) -> str:
    """A KPI: numerator / denominator."""
    return f"{operand(numerator)} / {denominator} = {plain(result)}"


def score_line(points: Decimal, effective_weight: Decimal, result: Decimal) -> str:
    """Weighted points."""
    return f"{plain(points)} × {plain(effective_weight)} = {plain(result)}"


def effective_weight(
    scored: Sequence[tuple[str, Decimal, Decimal]], block: str, weight: Decimal, result: Decimal
) -> str:
    """S-MISSING: the KPI's share of the scored weight of its block × the block's share of the scored blocks.

    `scored` lists block, block weight and KPI weight of every scored KPI.
    """
    inside = _sum_of([kpi_weight for name, _, kpi_weight in scored if name == block])
    blocks = {name: block_weight for name, block_weight, _ in scored}
    between = _sum_of(list(blocks.values()))
    return f"{plain(weight)} / {inside} × {plain(blocks[block])} / {between} = {plain(result)}"


def points(line: Row, *, target_points: Decimal, stretch_points: Decimal) -> str | None:
    """S-CURVE between floor and target or target and stretch; None where the curve is flat."""
    scored, floor = line["value"], line["floor_value"]
    target, stretch = line["target_value"], line["stretch_value"]
    direction = 1 if target >= floor else -1
    if direction * (scored - floor) <= 0 or line["points"] is None:
        return None
    if direction * (scored - target) < 0:
        return (
            f"({operand(scored)} − {operand(floor)}) / ({operand(target)} − {operand(floor)}) "
            f"× {plain(target_points)} = {plain(line['points'])}"
        )
    if stretch is None or direction * (scored - stretch) >= 0:
        return None
    beyond = f"({operand(scored)} − {operand(target)}) / ({operand(stretch)} − {operand(target)})"
    extra = f"({plain(stretch_points)} − {plain(target_points)})"
    return f"{plain(target_points)} + {beyond} × {extra} = {plain(line['points'])}"


def data_score(weighted: Sequence[Decimal], result: Decimal) -> str:
    """Σ weighted points."""
    return f"{' + '.join(plain(one) for one in weighted)} = {plain(result)}"


def total_score(score: Row) -> str:
    """Data, supervisor and collaboration score by their shares; a part without a rating has share 0."""
    supervisor, together = score["supervisor_share"], score["collaboration_share"]
    text = plain(score["data_score"])
    if supervisor:
        text = (
            f"(1 − {plain(supervisor)}) × {text} + {plain(supervisor)} × {operand(score['supervisor_score'])}"
        )
    if together:
        collaboration = operand(score["collaboration_score"])
        text = f"(1 − {plain(together)}) × ({text}) + {plain(together)} × {collaboration}"
    return f"{text} = {plain(score['total_score'])}"


def mean(values: Sequence[Decimal], result: Decimal) -> str:
    """A mean of ratings."""
    return f"{_sum_of(values)} / {len(values)} = {plain(result)}"


def position(rank: int, size: int, result: Decimal) -> str:
    """S-RANK: (rank − 1) / n."""
    return f"({rank} − 1) / {size} = {plain(result)}"


def _sum_of(values: Sequence[Decimal]) -> str:
    text = " + ".join(operand(one) for one in values)
    return f"({text})" if len(values) > 1 else text


def _product(line: Row) -> str:
    text = f"{operand(line['quantity'])} × {operand(line['rate'])}"
    return text if line["period_day_count"] == 1 else f"{text} × {line['day_count']}"


def _over(line: Row) -> str:
    return "" if line["period_day_count"] == 1 else f" / {line['period_day_count']}"


def _cents(value: Decimal) -> str:
    return f"({money(value)})" if value < 0 else money(value)
