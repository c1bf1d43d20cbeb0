"""A group that grows from four to five: graded by absolute bands, then by rank, and `diff` says so."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from orchestration.audit.diff import compare_publications
from orchestration.cli import run

MONTH, AS_OF = "2026-10", "2026-10-31"
RATINGS: Mapping[str, int] = {"H1": 95, "H2": 90, "H3": 85, "H4": 80}
NEWCOMER = "H5"


def _write(path: Path, rows: Sequence[Mapping[str, object]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def _agent(agent_id: str, hired_on: str) -> dict[str, object]:
    return {
        "agent_id": agent_id,
        "effective_from": hired_on,
        "team_id": "T1",
        "department": "D1",
        "role": "technical",
        "hired_on": hired_on,
        "base_salary": 5000,
        "scheme_id": "centre_grade",
    }


def _rating(agent_id: str, score: int) -> dict[str, object]:
    return {
        "rating_id": f"R{agent_id}",
        "agent_id": agent_id,
        "period_id": MONTH,
        "dimension": "supervisor",
        "rater_id": "L1",
        "score": score,
    }


def _contacts(agent_id: str, days: Sequence[int]) -> list[dict[str, object]]:
    return [
        {
            "contact_id": f"K{agent_id}{number}",
            "channel": "chat",
            "started_at": f"{MONTH}-{day:02d} 10:00:00",
            "agent_id": agent_id,
            "customer_id": f"C{agent_id}{number}",
            "is_answered": "true",
            "first_response_at": f"{MONTH}-{day:02d} 10:00:30",
        }
        for number, day in enumerate(days)
    ]


def test_a_grown_group_is_said_to_be_graded_by_another_method(
    tmp_path: Path, night: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    landing, state = tmp_path / "landing", tmp_path / "state"
    _write(landing / "workforce/agent_1.csv", [_agent(one, "2026-01-01") for one in RATINGS])
    _write(landing / "workforce/rating_1.csv", [_rating(one, score) for one, score in RATINGS.items()])
    _write(
        landing / "ticket/contact_1.csv",
        [row for one in RATINGS for row in _contacts(one, range(1, 32))],
    )
    night(state, landing, as_of=AS_OF)
    before = (state / "published" / "current").resolve()
    _write(landing / "workforce/agent_2.csv", [_agent(NEWCOMER, AS_OF)])
    _write(landing / "workforce/rating_2.csv", [_rating(NEWCOMER, 70)])
    _write(landing / "ticket/contact_2.csv", _contacts(NEWCOMER, [31] * 31))
    night(state, landing, as_of=AS_OF)
    after = (state / "published" / "current").resolve()

    found = compare_publications(before, after)
    outcomes = {(one.agent_id, one.period_id): one.what for one in found.outcomes}
    for agent_id in RATINGS:
        assert "method absolute → forced" in outcomes[agent_id, MONTH]
    said = {
        str(cause)
        for line in found.lines
        if line.agent_id in RATINGS
        for cause in line.causes
        if cause.kind == "method"
    }
    assert said == {"method (1): absolute → forced, the group has 5 instead of 4"}
    assert not found.unexplained

    assert run(["--state", str(state), "diff", before.name, after.name]) == 0
    shown = capsys.readouterr().out
    assert "because of method (1): absolute → forced, the group has 5 instead of 4" in shown
    assert "scores and grades changed" in shown
