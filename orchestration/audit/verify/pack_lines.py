"""Lines and bonuses of an evidence pack, recomputed from its rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from orchestration.audit.recompute.book import Book, Row
from orchestration.audit.recompute.exact import exact, money
from orchestration.audit.recompute.lines import Lines
from orchestration.audit.recompute.settled import adjustments, settled_lines
from orchestration.audit.verify.findings import Finding, compare
from orchestration.audit.verify.rows import Checked
from orchestration.state import place_of

LINE_COLUMNS = (
    "quantity",
    "quantity_unit",
    "rate",
    "day_count",
    "period_day_count",
    "amount_cny",
    "clause_id",
)


def check_lines(book: Book, lines: Lines) -> Checked:
    """Computed lines against policy and what they rest on."""
    relation = "bonus.bonus_line_computed"
    published = [row for row in book.rows(relation) if row["mechanism"] not in lines.unknown_mechanisms]
    expected = {
        (line_id,): {
            "bonus_id": f"{line.due.period_id}:{line.due.agent_id}",
            "period_id": line.due.period_id,
            "agent_id": line.due.agent_id,
            "scheme_id": line.due.place["scheme_id"],
            "component_id": line.due.component_id,
            "mechanism": line.due.component["mechanism"],
            "segment_no": line.due.segment_no,
            **{column: getattr(line, column) for column in LINE_COLUMNS},
        }
        for line_id, line in lines.all.items()
    }
    return len(published), "lines", compare(place_of(relation), published, expected, key=("bonus_line_id",))


def check_published_lines(book: Book, *, with_adjustments: bool = True) -> Checked:
    """Published lines: computed ones of open periods, frozen ones of settled periods, adjustments.

    Without `with_adjustments` those are left out: they rest on periods that a pack does not cover.
    """
    relation = "bonus.bonus_line"
    published = book.rows(relation)
    settled = {row["period_id"] for row in book.rows("facts.dim_settled_period")}
    expected: dict[tuple[Any, ...], Mapping[str, Any]] = {
        (row["bonus_line_id"],): {**row, "adjusts_bonus_line_id": None}
        for row in book.rows("bonus.bonus_line_computed")
        if row["period_id"] not in settled
    }
    frozen = settled_lines(book)
    if with_adjustments:
        expected |= frozen | adjustments(book)
    else:
        periods = {row["period_id"] for row in published}
        published = [row for row in published if row["adjusts_bonus_line_id"] is None]
        expected |= {
            key: row
            for key, row in frozen.items()
            if row["period_id"] in periods and row["adjusts_bonus_line_id"] is None
        }
    findings = compare(place_of(relation), published, expected, key=("bonus_line_id",))
    findings += _products(place_of(relation), published)
    return len(published), "lines", findings


def _products(place: str, published: Sequence[Row]) -> Iterator[Finding]:
    """Quantity × rate × days of each item; of its segments the last absorbs what rounding leaves."""
    items: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for row in published:
        prefix = f"{row['period_id']}:{row['agent_id']}:{row['component_id']}:{row['segment_no']}:"
        item = row["bonus_line_id"].removeprefix(prefix)
        items[row["bonus_id"], row["component_id"], item].append(row)
    for rows in items.values():
        product = sum(
            (exact(row["quantity"]) * exact(row["rate"]) * row["day_count"] for row in rows), Fraction(0)
        )
        whole = money(product / rows[0]["period_day_count"])
        paid = sum((row["amount_cny"] for row in rows), Decimal(0))
        if paid != whole:
            yield Finding(
                place,
                f"amount {paid} is not quantity × rate × days = {whole}",
                row=" ".join(f"bonus_line_id={row['bonus_line_id']}" for row in rows),
                column="amount_cny",
            )


def check_bonuses(book: Book) -> Checked:
    """Each bonus is the sum of its lines."""
    relation = "bonus.bonus"
    published = book.rows(relation)
    by_bonus: dict[str, list[Row]] = defaultdict(list)
    for line in book.rows("bonus.bonus_line"):
        by_bonus[line["bonus_id"]].append(line)
    expected: dict[tuple[Any, ...], Mapping[str, Any]] = {
        (bonus_id,): {
            "agent_id": lines[0]["agent_id"],
            "period_id": lines[0]["period_id"],
            "amount_cny": sum((line["amount_cny"] for line in lines), Decimal(0)),
            "line_count": len(lines),
        }
        for bonus_id, lines in by_bonus.items()
    }
    for row in published:
        expected.setdefault((row["bonus_id"],), {"amount_cny": Decimal(0), "line_count": 0})
    return len(published), "bonuses", compare(place_of(relation), published, expected, key=("bonus_id",))
