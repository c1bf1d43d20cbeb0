"""Settled registers and the adjustments that correct them (PR-04)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from orchestration.audit.recompute.book import Book, Row
from orchestration.audit.recompute.exact import rounded

HELD_HARMLESS, ADJUSTED = "held_harmless", "adjusted"

LineRows = dict[tuple[Any, ...], Mapping[str, Any]]


def settled_lines(book: Book) -> LineRows:
    """Lines of settled periods, as they were frozen."""
    return {(row["bonus_line_id"],): row for row in book.rows("facts.fct_settled_line")}


def adjustments(book: Book) -> LineRows:
    """What the next open month owes for lines of settled periods that today's data pays differently."""
    open_month = _open_month(book)
    if open_month is None:
        return {}
    found: LineRows = {}
    for bonus_line_id, line, owed in _owed(book):
        line_id = f"{open_month}:{line['agent_id']}:adjustment:{bonus_line_id}"
        found[line_id,] = {
            "bonus_id": f"{open_month}:{line['agent_id']}",
            "period_id": open_month,
            "agent_id": line["agent_id"],
            "component_id": line["component_id"],
            "mechanism": "adjustment",
            "quantity": rounded(owed, 6),
            "rate": Decimal(1),
            "day_count": 1,
            "period_day_count": 1,
            "amount_cny": owed,
            "clause_id": "PR-04",
            "adjusts_bonus_line_id": bonus_line_id,
        }
    return found


def _open_month(book: Book) -> str | None:
    settled = {row["period_id"] for row in book.rows("facts.dim_settled_period")}
    months = [
        period
        for period in book.periods.values()
        if period["period_kind"] == "month" and period["period_id"] not in settled
    ]
    return min(months, key=lambda one: one["starts_on"])["period_id"] if months else None


def _owed(book: Book) -> Iterator[tuple[str, Row, Decimal]]:
    periods = {row["period_id"] for row in book.rows("facts.dim_settled_period")}
    frozen: dict[str, Row] = {}
    adjusted: dict[str, Decimal] = defaultdict(Decimal)
    withdrawn: dict[str, Row] = {}
    for row in book.rows("facts.fct_settled_line"):
        if row["adjusts_bonus_line_id"] is None:
            frozen[row["bonus_line_id"]] = row
        else:
            corrected = row["adjusts_bonus_line_id"]
            adjusted[corrected] += row["amount_cny"]
            # Due only for a while: computed late, adjusted, settled, and gone since. The id names its period.
            withdrawn[corrected] = {**row, "period_id": corrected.split(":")[0], "input_model": None}
    computed = {
        row["bonus_line_id"]: row
        for row in book.rows("bonus.bonus_line_computed")
        if row["period_id"] in periods
    }
    settled_scores = {
        (row["agent_id"], row["period_id"]): row for row in book.rows("facts.fct_settled_score")
    }
    for bonus_line_id in sorted({*frozen, *computed, *withdrawn}):
        line = frozen.get(bonus_line_id) or computed.get(bonus_line_id) or withdrawn[bonus_line_id]
        before = frozen[bonus_line_id]["amount_cny"] if bonus_line_id in frozen else Decimal(0)
        today = computed[bonus_line_id]["amount_cny"] if bonus_line_id in computed else Decimal(0)
        difference = today - before - adjusted[bonus_line_id]
        if difference == 0:
            continue
        key = line["agent_id"], line["period_id"]
        score, settled_score = book.scores.get(key), settled_scores.get(key)
        total = None if score is None else score["total_score"]
        is_indirect = (
            line["input_model"] == "grade"
            and settled_score is not None
            and settled_score["total_score"] == total
        )
        scheme = book.schemes.get((line["period_id"], line["scheme_id"]))
        rule = HELD_HARMLESS if scheme is None else scheme["ranking_correction"]
        if not is_indirect or rule == ADJUSTED or (rule == HELD_HARMLESS and difference > 0):
            yield bonus_line_id, line, difference
