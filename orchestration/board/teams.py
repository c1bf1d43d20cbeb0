"""Trends of KPIs, of the centre and of teams, against the targets: what BI and leads share."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from itertools import groupby
from typing import Any

from orchestration.board.charts import Chart, Pick
from orchestration.board.figures import changed, chart_format, shown
from orchestration.board.pictures import spark
from orchestration.board.read import Row
from orchestration.board.words import pair, period_labels

CENTRE = "centre"


def group_name(row: Row) -> tuple[str, str]:
    """Chinese and English name of a row's group."""
    if row["group_kind"] == CENTRE:
        return pair("page.centre")
    name = row["team_name"] or row["group_id"]
    return (name, name) if name else pair("page.no_team")


def team_trend(rows: Sequence[Row], *, caption: tuple[str, str], team_id: str | None = None) -> Chart | None:
    """The lines of every team and the centre by month, or of one team and the centre; None without any.

    Sums are left out: a team's is a part of the centre's.
    """
    kept = [
        row
        for row in rows
        if not row["is_sum"]
        and (team_id is None or row["group_kind"] == CENTRE or row["group_id"] == team_id)
    ]
    if not kept:
        return None
    kpis = {row["kpi_id"]: row for row in kept}
    teams = {f"team:{row['group_id']}": group_name(row) for row in kept if row["group_kind"] != CENTRE}
    scored = [row["kpi_id"] for row in kept if row["low"] is not None]
    data = [
        (
            row["kpi_id"],
            f"{row['group_kind']}:{row['group_id']}",
            row["period_id"],
            *period_labels(row["period_id"]),
            *group_name(row),
            row["value"],
            row["low"],
            row["high"],
        )
        for row in kept
    ]
    picks = [
        Pick(
            "kpi_id",
            "page.pick_kpi",
            [(kpi, one["kpi_name_zh"], one["kpi_name_en"]) for kpi, one in kpis.items()],
            chosen=scored[0] if scored else next(iter(kpis)),
            filters=True,
        )
    ]
    first = next(iter(teams), "")
    if team_id is None and teams:
        options = [(team, zh, en) for team, (zh, en) in teams.items()]
        picks.append(Pick("group", "page.pick_team", options, chosen=first))
    return Chart(
        "team_trend",
        caption,
        columns=[
            *("kpi_id", "group", "period_id", "month_zh", "month_en", "name_zh", "name_en"),
            *("value", "target_low", "target_high"),
        ],
        rows=data,
        titles=[
            ("month", "page.month"),
            ("name", "page.team"),
            ("value", "page.value"),
            ("target_low", "page.target"),
        ],
        picks=picks,
        says={"group": first, "last": max(row["period_id"] for row in kept)},
        formats={kpi: chart_format(one["unit"]) for kpi, one in kpis.items()},
        format_by="kpi_id",
    )


def centre_cards(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """A card for each KPI of the centre: newest value, change against the month before, line and targets."""
    of_centre = [row for row in rows if row["group_kind"] == CENTRE]
    cards = [_card(list(told)) for _, told in groupby(of_centre, key=lambda row: row["kpi_id"])]
    return sorted(cards, key=lambda card: not card["target"])


def _card(told: Sequence[Row]) -> dict[str, Any]:
    newest = told[-1]
    unit, value = newest["unit"], newest["value"]
    before = told[-2]["value"] if len(told) > 1 else None
    change = value - before if value is not None and before is not None else None
    low, high = newest["low"], newest["high"]
    aims = [shown(one, unit) for one in (low, high) if one is not None]
    return {
        "zh": newest["kpi_name_zh"],
        "en": newest["kpi_name_en"],
        "value": shown(value, unit),
        "change": _change(change, unit),
        "mood": _mood(change, newest["direction"]),
        "spark": spark(*([row[name] for row in told] for name in ("value", "low", "high"))),
        "target": " – ".join(dict.fromkeys(aims)),
    }


def _change(change: Decimal | None, unit: str) -> str:
    return "" if change is None else changed(change, unit)


def _mood(change: Decimal | None, direction: str) -> str:
    if not change:
        return ""
    return "good" if (change > 0) == (direction == "higher") else "bad"
