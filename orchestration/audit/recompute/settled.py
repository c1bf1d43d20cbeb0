"""Settled registers and the adjustments that correct them (PR-04)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from orchestration.audit.recompute.book import Book, Row
from orchestration.audit.recompute.exact import rounded
from orchestration.audit.recompute.grade import band_of, method_of
from orchestration.audit.recompute.lines import Lines, line_id_of
from orchestration.audit.recompute.ranking import row_of_rank

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
            withdrawn[corrected] = {**row, "period_id": corrected.split(":")[0]}
    computed = {
        row["bonus_line_id"]: row
        for row in book.rows("bonus.bonus_line_computed")
        if row["period_id"] in periods
    }
    unmoved = _unmoved(book)
    for bonus_line_id in sorted({*frozen, *computed, *withdrawn}):
        line = frozen.get(bonus_line_id) or computed.get(bonus_line_id) or withdrawn[bonus_line_id]
        before = frozen[bonus_line_id]["amount_cny"] if bonus_line_id in frozen else Decimal(0)
        today = computed[bonus_line_id]["amount_cny"] if bonus_line_id in computed else Decimal(0)
        moved = today - unmoved.get(bonus_line_id, today)
        scheme = book.schemes.get((line["period_id"], line["scheme_id"]))
        rule = HELD_HARMLESS if scheme is None else scheme["ranking_correction"]
        owed = today - before - adjusted[bonus_line_id] - _withheld(moved, rule)
        if owed != 0:
            yield bonus_line_id, line, owed


def _withheld(moved: Decimal, rule: str) -> Decimal:
    """What others' corrections made of a line and the plan does not pass on."""
    if rule == ADJUSTED:
        return Decimal(0)
    return min(moved, Decimal(0)) if rule == HELD_HARMLESS else moved


def _unmoved(book: Book) -> Mapping[str, Decimal]:
    """Lines of settled periods that only others' corrections moved: cents at the places settled with."""
    grades = dict(_unmoved_grades(book))
    graded = Lines(book).graded_at(grades) if grades else {}
    return {**graded, **dict(_unmoved_awards(book))}


def _unmoved_grades(book: Book) -> Iterator[tuple[tuple[str, str], str | None]]:
    """Today's policy on the settled place of whoever's own score and cohort are as they were settled."""
    for settled in book.rows("facts.fct_settled_score"):
        key = settled["agent_id"], settled["period_id"]
        today = book.grades.get(key)
        if today is None or settled["rank"] is None or settled["cohort_id"] != today["cohort_id"]:
            continue
        if settled["total_score"] is None or settled["total_score"] != today["total_score"]:
            continue
        plan = settled["period_id"], settled["scheme_id"]
        bands, scheme, size = book.bands.get(plan, ()), book.schemes.get(plan), settled["cohort_size"]
        if scheme is None:
            continue
        method = method_of(bands, size, scheme["min_group_size"])
        band = band_of(bands, method, rank=settled["rank"], size=size, total=settled["total_score"])
        grade = None if band is None else band["grade"]
        if grade != today["grade"]:
            yield key, grade


def _unmoved_awards(book: Book) -> Iterator[tuple[str, Decimal]]:
    """Awards at the settled ranks of whoever is ranked by what they were when the period was settled."""
    today = {
        (row["period_id"], row["component_id"], row["subject_id"]): row
        for row in book.rows("bonus.bonus_ranking")
        if row["subject"] == "agent"
    }
    for settled in book.rows("facts.fct_settled_ranking"):
        period_id, component_id, agent_id = (
            settled[name] for name in ("period_id", "component_id", "agent_id")
        )
        row = today.get((period_id, component_id, agent_id))
        if row is None or row["rank"] == settled["rank"]:
            continue
        own = ["scope_id", "ranked_value", "tie_break_1", "tie_break_2"]
        own += ["case_count"] if row["mechanism"] == "improvement" else []
        if all(row[name] == settled[name] for name in own):
            award = row_of_rank(book.rates.get((component_id, period_id), ()), settled["rank"])
            cents = Decimal(0) if award is None else award["amount_cny"]
            yield line_id_of(period_id, agent_id, component_id, 1), cents
