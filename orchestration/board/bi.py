"""The board for BI: the centre and its teams against targets, grades, scores, health of KPIs, calibration."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from orchestration.board.charts import Chart, Pick
from orchestration.board.figures import NOTHING, score, shown
from orchestration.board.page import About, page
from orchestration.board.read import Reading, Row
from orchestration.board.teams import centre_cards, team_trend
from orchestration.board.words import pair, period_labels

SHADES = 4
"""The scale of grades has five shades, 0 for the best; a plan's grades take their places on it."""
STEP = 5
"""Points of a step of the scores, as in `sql/bi_scores.sql`."""
OUTCOMES = ("passed", "failed", "not_judged")


def bi_page(reading: Reading, about: About) -> str:
    """The page, from what BI may have."""
    kpis = reading.rows("bi_team_kpi")
    months = sorted({row["period_id"] for row in kpis})
    checks = reading.rows("bi_calibration")
    failed = [row for row in checks if row["outcome"] == "failed"]
    [tiles] = reading.rows("bi_tiles")
    return page(
        "bi",
        about,
        heading=pair("page.centre"),
        period=period_labels(months[-1]) if months else pair("page.nothing"),
        span=_span(months),
        tiles={
            "scored": tiles["scored"],
            "median": score(tiles["median_score"]),
            "reached": f"{tiles['reached'] / tiles['results']:.0%}" if tiles["results"] else NOTHING,
            "failed": len(failed),
            "checks": len(checks),
        },
        cards=centre_cards(kpis),
        teams=team_trend(kpis, caption=pair("bi.teams")),
        grades=_grades(reading.rows("bi_grades")),
        scores=_scores(reading.rows("bi_scores")),
        health=[_health(row) for row in reading.rows("bi_health")],
        suites=_suites(checks),
        failed=failed,
    )


def _span(months: Sequence[str]) -> tuple[str, str]:
    if not months:
        return "", ""
    (first_zh, first_en), (last_zh, last_en) = period_labels(months[0]), period_labels(months[-1])
    return f"{first_zh} – {last_zh}", f"{first_en} – {last_en}"


def _grades(rows: Sequence[Row]) -> Chart | None:
    if not rows:
        return None
    orders: dict[str, list[int]] = {}
    for row in rows:
        orders.setdefault(row["scheme_id"], []).append(row["grade_order"])
    data = [
        (
            row["name_zh"],
            row["name_en"],
            row["scheme_order"],
            row["label_zh"],
            row["label_en"],
            row["grade_order"],
            _shade(row["grade_order"], orders[row["scheme_id"]]),
            row["agent_count"],
            round(row["agent_count"] / row["scheme_count"], 4),
            f"{row['grade']} {row['agent_count']}",
        )
        for row in rows
    ]
    return Chart(
        "grades",
        pair("bi.grades"),
        columns=[
            *("scheme_zh", "scheme_en", "scheme_order", "grade_zh", "grade_en", "grade_order", "shade"),
            *("count", "share", "mark"),
        ],
        rows=data,
        titles=[("scheme", "page.plan"), ("grade", "page.grade"), ("count", "page.count")],
    )


def _shade(order: int, orders: Sequence[int]) -> int:
    """Where a grade stands among those of its plan, on the scale of shades."""
    if len(orders) == 1:
        return SHADES // 2
    return round(SHADES * orders.index(order) / (len(orders) - 1))


def _scores(rows: Sequence[Row]) -> Chart | None:
    if not rows:
        return None
    plans = {row["scheme_id"]: (row["name_zh"], row["name_en"]) for row in rows}
    counts = {plan: sum(row["agent_count"] for row in rows if row["scheme_id"] == plan) for plan in plans}
    return Chart(
        "scores",
        pair("bi.scores"),
        columns=["scheme_id", "bin_from", "bin_to", "count"],
        rows=[
            (row["scheme_id"], row["bin_from"], row["bin_from"] + STEP, row["agent_count"]) for row in rows
        ],
        titles=[("bin_from", "page.from"), ("bin_to", "page.to"), ("count", "page.count")],
        picks=[
            Pick(
                "scheme_id",
                "page.pick_plan",
                [(plan, zh, en) for plan, (zh, en) in plans.items()],
                chosen=max(plans, key=lambda plan: (counts[plan], plan)),
                filters=True,
            )
        ],
    )


def _health(row: Row) -> dict[str, Any]:
    status = "flagged" if row["is_flagged"] else "is_low" if row["is_low"] else "in_order"
    variation = row["variation_coefficient"]
    return {
        "zh": row["kpi_name_zh"] or row["kpi_id"],
        "en": row["kpi_name_en"] or row["kpi_id"],
        "plan_zh": row["name_zh"],
        "plan_en": row["name_en"],
        "agents": row["agent_count"],
        "variation": NOTHING if variation is None else f"{variation:.3f}",
        "cap": shown(row["cap_share"], "ratio"),
        "floor": shown(row["floor_share"], "ratio"),
        "months": row["low_month_count"],
        "status": status,
        "mood": "bad" if status == "flagged" else "",
    }


def _suites(checks: Sequence[Row]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for check in checks:
        counts = found.setdefault(check["suite"], dict.fromkeys(OUTCOMES, 0))
        counts[check["outcome"]] = counts.get(check["outcome"], 0) + 1
    return found
