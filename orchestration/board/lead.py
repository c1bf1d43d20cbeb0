"""The board of a team's lead: its table, who needs help, the star list, the team against its targets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from statistics import median
from typing import Any

from orchestration.board.figures import score, shown, signed
from orchestration.board.page import About, page
from orchestration.board.pictures import Aim, spark
from orchestration.board.read import Reading, Row
from orchestration.board.teams import CENTRE, group_name, team_trend
from orchestration.board.words import pair, period_labels, plan_labels

STATES = ("floor", "between", "target", "stretch")
WEAKEST = 3
"""KPIs that are named of whoever needs help."""


def lead_pages(reading: Reading, about: About) -> Iterator[tuple[str, tuple[str, str], str]]:
    """Each team's id, name in both languages and page, from what BI may have: no pay.

    A team is one that somebody is in, in the newest month.
    """
    kpis = reading.rows("bi_team_kpi")
    members = reading.by("team_id", "lead_members")
    results, signals, stars = (
        reading.by("team_id", name) for name in ("lead_results", "lead_signals", "lead_stars")
    )
    known = {row["kpi_id"]: row for row in reading.rows("lead_kpis")}
    named = {row["group_id"]: group_name(row) for row in kpis if row["group_kind"] != CENTRE}
    for team_id, of_members in sorted(members.items()):
        name = named.get(team_id) or ((team_id, team_id) if team_id else pair("page.no_team"))
        of_team = _of_agents(results.get(team_id, []))
        people = [_member(row, of_team.get(row["agent_id"], [])) for row in of_members]
        totals = [row["total_score"] for row in of_members if row["total_score"] is not None]
        own = [row for row in kpis if row["group_kind"] != CENTRE and row["group_id"] == team_id]
        periods = sorted({row["period_id"] for row in (own or kpis)})
        yield (
            team_id,
            name,
            page(
                "lead",
                about,
                heading=name,
                up="../../",
                period=period_labels(periods[-1]) if periods else pair("page.nothing"),
                members=people,
                median=score(median(totals) if totals else None),
                helped=list(_helped(people, of_team, _of_agents(signals.get(team_id, [])), known)),
                stars=[_star(row) for row in stars.get(team_id, [])],
                trend=team_trend(kpis, caption=name, team_id=team_id) if own else None,
            ),
        )


def _of_agents(rows: Sequence[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row["agent_id"], []).append(row)
    return found


def _aim(row: Row) -> Aim:
    return Aim(row["value"], row["floor_value"], row["target_value"], row["stretch_value"], row["direction"])


def _member(row: Row, results: Sequence[Row]) -> dict[str, Any]:
    states = [_aim(one).state for one in results]
    total, before = row["total_score"], row["total_before"]
    plan_zh, plan_en = plan_labels(row)
    return {
        "id": row["agent_id"],
        "name": row["agent_name"] or row["agent_id"],
        "plan_zh": plan_zh,
        "plan_en": plan_en,
        "total": score(total),
        "sort": "" if total is None else str(total),
        "status": row["score_status"],
        "change": signed(None if total is None or before is None else total - before, ".2f"),
        "spark": spark(row["totals"] or []),
        "grade": row["grade"],
        "rank": row["rank"],
        "size": row["cohort_size"],
        "states": {name: states.count(name) for name in STATES},
    }


def _helped(
    members: Sequence[dict[str, Any]],
    results: Mapping[str, list[Row]],
    signals: Mapping[str, list[Row]],
    known: Mapping[str, Row],
) -> Iterator[dict[str, Any]]:
    """Who has a signal, or a KPI below the floor, with the weakest KPIs; those with a signal first."""
    for member in sorted(members, key=lambda one: (one["id"] not in signals, -one["states"]["floor"])):
        told = signals.get(member["id"], [])
        weak = [one for one in results.get(member["id"], []) if _aim(one).state in ("floor", "between")]
        if told or member["states"]["floor"]:
            yield {
                "id": member["id"],
                "name": member["name"],
                "signals": [
                    {"kind": row["signal_kind"], "period": period_labels(row["period_id"])} for row in told
                ],
                "weakest": _to_improve(told, known) or [_weak(one) for one in weak[:WEAKEST]],
            }


def _weak(row: Row) -> dict[str, Any]:
    return {
        "zh": row["kpi_name_zh"],
        "en": row["kpi_name_en"],
        "value": shown(row["value"], row["unit"]),
        "target": shown(row["target_value"], row["unit"]),
        "state": _aim(row).state,
    }


def _to_improve(signals: Sequence[Row], known: Mapping[str, Row]) -> list[dict[str, Any]]:
    """The KPIs that the signals themselves name, of an improvement plan the weakest."""
    named = {
        one["condition"]: one for row in signals for one in row["conditions"] if one["condition"] in known
    }
    return [
        {
            "zh": known[kpi_id]["name_zh"],
            "en": known[kpi_id]["name_en"],
            "value": shown(one["actual"], known[kpi_id]["unit"]),
            "target": shown(one["threshold"], known[kpi_id]["unit"]),
            "state": Aim(one["actual"], None, one["threshold"], None, known[kpi_id]["direction"]).state,
        }
        for kpi_id, one in named.items()
    ]


def _star(row: Row) -> dict[str, Any]:
    return {
        "period": period_labels(row["period_id"]),
        "zh": row["label_zh"],
        "en": row["label_en"],
        "clause": row["clause_id"],
        "who": row["agent_name"] or row["agent_id"] or row["team_name"],
        "rank": row["rank"],
    }
