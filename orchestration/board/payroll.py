"""The board for payroll: what a month comes to, what moved against the month before, who stands out."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from orchestration.board.charts import Chart
from orchestration.board.figures import NOTHING, money, signed
from orchestration.board.page import About, page
from orchestration.board.read import Reading, Row
from orchestration.board.waterfall import Step, total_step, waterfall
from orchestration.board.words import pair, period_labels, plan_labels

NONE = Decimal(0)


def payroll_page(reading: Reading, about: About) -> str:
    """The page."""
    people, sums = reading.rows("payroll_people"), reading.rows("payroll_months")
    months = [row for row in sums if row["period_kind"] == "month"]
    now_id, before_id = (people[0]["now_id"], people[0]["before_id"]) if people else (None, None)
    now, before = (
        sum((row["amount_cny"] for row in months if row["period_id"] == one), NONE)
        for one in (now_id, before_id)
    )
    plans = _plans(people)
    outliers = sorted(
        (row for row in people if row["oddness"]), key=lambda row: (-abs(row["change_cny"]), row["agent_id"])
    )
    return page(
        "payroll",
        about,
        heading=pair("page.centre"),
        period=period_labels(now_id) if now_id else pair("page.nothing"),
        total=money(now),
        change=signed(now - before, ",.2f") if before_id else NOTHING,
        change_share=signed((now - before) / before, ".1%") if before_id and before else "",
        people_count=sum(row["now_cny"] is not None for row in people),
        months=_months(months),
        others=[
            {
                "period": period_labels(row["period_id"]),
                "kind": row["kind"],
                "count": row["agent_count"],
                "amount": money(row["amount_cny"]),
            }
            for row in sums
            if row["period_kind"] != "month"
        ],
        moved=_moved(plans, now - before) if before_id else None,
        plans=plans,
        outliers=[_person(row) for row in outliers],
        register=[_person(row) for row in people],
    )


def _months(rows: Sequence[Row]) -> Chart:
    kinds = ("base", "performance", "incentive", "adjustment")
    return Chart(
        "pay_months",
        pair("payroll.months"),
        columns=["period_id", "month_zh", "month_en", "kind_zh", "kind_en", "kind_order", "amount"],
        rows=[
            (
                row["period_id"],
                *period_labels(row["period_id"]),
                *pair(f"pay_kinds.{row['kind']}"),
                kinds.index(row["kind"]) if row["kind"] in kinds else len(kinds),
                row["amount_cny"],
            )
            for row in rows
        ],
        titles=[("month", "page.month"), ("kind", "page.kind"), ("amount", "page.amount")],
    )


def _plans(people: Sequence[Row]) -> list[dict[str, Any]]:
    """Sums of the plans; whoever has changed plan is counted under the newest."""
    found: dict[str | None, list[Row]] = {}
    for row in people:
        found.setdefault(row["scheme_id"], []).append(row)
    plans = []
    for rows in found.values():
        zh, en = plan_labels(rows[0])
        before, now = (sum((row[name] or NONE for row in rows), NONE) for name in ("before_cny", "now_cny"))
        plans.append(
            {
                "zh": zh,
                "en": en,
                "count": sum(row["now_cny"] is not None for row in rows),
                "before": money(before),
                "now": money(now),
                "change": signed(now - before, ",.2f"),
                "moved": now - before,
            }
        )
    return plans


def _moved(plans: Sequence[dict[str, Any]], change: Decimal) -> Chart:
    """The plans' changes, from nothing to the change of the total: beside two whole totals they would not be
    seen.
    """
    steps = [Step(one["zh"], one["en"], one["moved"]) for one in plans if one["moved"]]
    return waterfall([*steps, total_step(change, "page.change")], caption=pair("payroll.moved"), signed=True)


def _person(row: Row) -> dict[str, Any]:
    zh, en = plan_labels(row)
    return {
        "id": row["agent_id"],
        "name": row["agent_name"] or row["agent_id"],
        "zh": zh,
        "en": en,
        "before": money(row["before_cny"]),
        "now": money(row["now_cny"]),
        "change": signed(row["change_cny"], ",.2f"),
        "before_sort": "" if row["before_cny"] is None else str(row["before_cny"]),
        "now_sort": "" if row["now_cny"] is None else str(row["now_cny"]),
        "change_sort": str(row["change_cny"]),
        "oddness": row["oddness"],
    }
