"""An agent's own board: KPIs against floor, target and stretch, the month's progress, the place in the cohort
without names, what the next grade takes, and the bonus with each step's calculation. Nobody else's pay or
name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from shlex import quote
from typing import Any

from orchestration.board.charts import Chart, Pick, inside_script
from orchestration.board.figures import chart_format, money, score, shown
from orchestration.board.page import About, page
from orchestration.board.pictures import Aim, bullet, spark
from orchestration.board.read import Reading, Row
from orchestration.board.waterfall import Step, total_step, waterfall
from orchestration.board.words import pair, period_labels, plan_labels
from orchestration.text import plain

MOST_GAINS = 4
"""KPIs named where points can still be won."""
KINDS = ("month", "quarter", "year")


def agent_pages(reading: Reading, about: About) -> Iterator[tuple[str, str, str]]:
    """Each agent's id, name and page."""
    results, days, newest, lines, history = (
        reading.by("agent_id", name)
        for name in ("agent_results", "agent_days", "agent_bonuses", "agent_lines", "agent_history")
    )
    steps = {(row["agent_id"], row["period_id"]): row for row in reading.rows("agent_steps")}
    cuts = reading.by("cohort_id", "agent_cuts")
    for person in reading.rows("agent_people"):
        agent_id = person["agent_id"]
        own = results.get(agent_id, [])
        scored = [row for row in own if row["points"] is not None]
        name = person["agent_name"] or agent_id
        needed = person["needed"]
        yield (
            agent_id,
            name,
            page(
                "agent",
                about,
                heading=(name, name),
                agent_id=agent_id,
                quoted=quote(agent_id),
                period_id=person["period_id"],
                period=period_labels(person["period_id"]),
                plan=plan_labels(person),
                team=person["team_name"] or "",
                total=score(person["total_score"]),
                maturity=person["maturity"],
                grade=person["grade"],
                rank=person["rank"],
                size=person["cohort_size"],
                is_best=bool(person["is_best"]),
                needed=None if needed is None else plain(needed),
                short=None if needed is None else plain(needed - person["total_score"]),
                next_grade=person["next_grade"],
                cuts=[_cut(row, person["grade"]) for row in cuts.get(person["cohort_id"], [])],
                scored=[_result(row) for row in scored],
                others=[_other(row) for row in own if row["points"] is None],
                gains=list(_gains(scored)),
                progress=_progress(scored, days.get(agent_id, []), person["period_id"]),
                bonuses=list(bonuses(newest.get(agent_id, []), lines.get(agent_id, []), steps)),
                history=[_past(row) for row in history.get(agent_id, [])],
            ),
        )


def _cut(row: Row, own: str | None) -> dict[str, Any]:
    return {"grade": row["grade"], "lowest": score(row["lowest"]), "is_own": row["grade"] == own}


def _aim(row: Row) -> Aim:
    return Aim(row["value"], row["floor_value"], row["target_value"], row["stretch_value"], row["direction"])


def _result(row: Row) -> dict[str, Any]:
    aim, unit = _aim(row), row["unit"]
    return {
        "zh": row["kpi_name_zh"],
        "en": row["kpi_name_en"],
        "value": shown(row["value"], unit),
        "floor": shown(row["floor_value"], unit),
        "target": shown(row["target_value"], unit),
        "stretch": shown(row["stretch_value"], unit),
        "bullet": bullet(aim),
        "state": aim.state,
        "points": score(row["points"]),
        "weight": shown(row["effective_weight"], "ratio"),
        "spark": spark(row["told"] or []),
    }


def _other(row: Row) -> dict[str, Any]:
    return {
        "zh": row["kpi_name_zh"],
        "en": row["kpi_name_en"],
        "value": shown(row["value"], row["unit"]),
    }


def _gains(scored: Sequence[Row]) -> Iterator[dict[str, Any]]:
    """The KPIs with the most points still to be won, the most first."""
    open_ones = [row for row in scored if row["gain"]]
    for row in sorted(open_ones, key=lambda row: (-row["gain"], row["kpi_id"]))[:MOST_GAINS]:
        aim = row["target_value"] if row["stretch_value"] is None else row["stretch_value"]
        yield {
            "zh": row["kpi_name_zh"],
            "en": row["kpi_name_en"],
            "value": shown(row["value"], row["unit"]),
            "aim": shown(aim, row["unit"]),
            "gain": f"{row['gain']:.2f}",
        }


def _progress(scored: Sequence[Row], days: Sequence[Row], period_id: str) -> Chart | None:
    aims = {row["kpi_id"]: row for row in scored}
    told = [row for row in days if row["kpi_id"] in aims]
    if not told:
        return None
    kpis = dict.fromkeys(kpi for kpi in aims if any(row["kpi_id"] == kpi for row in told))
    data = [
        (
            row["kpi_id"],
            row["day_no"],
            row["value"],
            *(aims[row["kpi_id"]][name] for name in ("floor_value", "target_value", "stretch_value")),
        )
        for row in told
    ]
    zh, en = pair("agent.progress")
    label_zh, label_en = period_labels(period_id)
    return Chart(
        "progress",
        (f"{zh} · {label_zh}", f"{en} · {label_en}"),
        columns=["kpi_id", "day", "value", "floor_value", "target_value", "stretch_value"],
        rows=data,
        titles=[("day", "agent.day"), ("value", "page.value")],
        picks=[
            Pick(
                "kpi_id",
                "page.pick_kpi",
                [(kpi, aims[kpi]["kpi_name_zh"], aims[kpi]["kpi_name_en"]) for kpi in kpis],
                chosen=next(iter(kpis)),
                filters=True,
            )
        ],
        says={"days": told[0]["days"]},
        formats={kpi: chart_format(aims[kpi]["unit"]) for kpi in kpis},
        format_by="kpi_id",
    )


def bonuses(
    newest: Sequence[Row], lines: Sequence[Row], steps: Mapping[tuple[str, str], Row]
) -> Iterator[dict[str, Any]]:
    """An agent's newest bonus of a month, a quarter and a year, each with its lines and their calculation.

    A month without a line says why nothing is paid, and has no chart.
    """
    for bonus in sorted(newest, key=lambda row: KINDS.index(row["period_kind"])):
        number = KINDS.index(bonus["period_kind"])
        own = [row for row in lines if row["period_kind"] == bonus["period_kind"]]
        if number and not any(row["amount_cny"] for row in own):
            continue  # a quarter that pays nothing (yet) stands in the history
        told = steps.get((bonus["agent_id"], bonus["period_id"]), {})
        places = {one["line_id"]: one["node_no"] for one in told.get("places") or ()}
        zh, en = pair("agent.waterfall")
        period = period_labels(bonus["period_id"])
        bars = [Step(row["line_label_zh"], row["line_label"], row["amount_cny"]) for row in own]
        yield {
            "no": number,
            "period_id": bonus["period_id"],
            "period": period,
            "amount": money(bonus["amount_cny"]),
            "chart": waterfall(
                [*bars, total_step(bonus["amount_cny"])],
                caption=(f"{zh} · {period[0]}", f"{en} · {period[1]}"),
            )
            if bars
            else None,
            "lines": [_line(row, places) for row in own],
            "unpaid": told.get("unpaid") or [],
            "steps": inside_script(told.get("steps") or "[]"),
        }


def _line(row: Row, places: Mapping[str, int]) -> dict[str, Any]:
    return {
        "no": row["line_no"],
        "zh": row["line_label_zh"],
        "en": row["line_label"],
        "amount": money(row["amount_cny"]),
        "clause": row["clause_id"] or "",
        "adjusts": row["adjusts_bonus_line_id"],
        "node": places.get(row["bonus_line_id"]),
    }


def _past(row: Row) -> dict[str, Any]:
    return {
        "period": period_labels(row["period_id"]),
        "total": score(row["total_score"]),
        "grade": row["grade"],
        "rank": row["rank"],
        "size": row["cohort_size"],
        "amount": money(row["amount_cny"]),
        "maturity": row["maturity"],
    }
