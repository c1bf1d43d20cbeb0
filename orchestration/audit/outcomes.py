"""Scores and grades that differ between two publications, whether or not a bonus line does."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from orchestration.audit.text import in_words

Rows = Callable[..., list[dict[str, Any]]]

COMPARED = ("scheme_id", "role", "total_score", "score_status", "grade", "method")
"""What of a score and a grade is said where it differs."""

NAMES: Mapping[str, str] = {
    "scheme_id": "plan",
    "total_score": "total score",
    "score_status": "status",
}


@dataclass(frozen=True)
class OutcomeChange:
    """A score or grade of one agent and period that changed, in words: `grade A → B`."""

    agent_id: str
    period_id: str
    what: tuple[str, ...]


def changed_outcomes(rows: Rows, *, agent_id: str | None) -> Iterator[OutcomeChange]:
    """Every agent and period whose score, grade or method of grading differs, by agent and period.

    `rows` runs SQL over the two publications attached as `a` and `b`.
    """
    for row in rows(_SQL, agent=agent_id):
        what = [
            f"{NAMES.get(name, name)} {in_words(row[f'{name}_a'])} → {in_words(row[f'{name}_b'])}"
            for name in COMPARED
            if row[f"{name}_a"] != row[f"{name}_b"]
        ]
        if what:
            yield OutcomeChange(row["agent_id"], row["period_id"], tuple([*what, *_group(row)]))


def method_change(row: Mapping[str, Any]) -> str | None:
    """`absolute → forced` and the group's size where it changed, of a grade found by another method."""
    before, after = row["method_a"], row["method_b"]
    if before is None or after is None or before == after:
        return None
    size = f"the group has {row['cohort_size_b']} instead of {row['cohort_size_a']}"
    return f"{before} → {after}" + (f", {size}" if row["cohort_size_a"] != row["cohort_size_b"] else "")


def _group(row: Mapping[str, Any]) -> list[str]:
    """The place in the group, where the grade or its method moved."""
    if row["grade_a"] == row["grade_b"] and row["method_a"] == row["method_b"]:
        return []
    places = [
        f"{in_words(row[f'rank_{side}'])} of {in_words(row[f'cohort_size_{side}'])}" for side in ("a", "b")
    ]
    return [f"rank {places[0]} → {places[1]}"] if places[0] != places[1] else []


def _side(side: str) -> str:
    """Scores and grades of one publication."""
    return f"""
        select
            coalesce(score.agent_id, grade.agent_id) as agent_id,
            coalesce(score.period_id, grade.period_id) as period_id,
            coalesce(score.scheme_id, grade.scheme_id) as scheme_id,
            coalesce(score.role, grade.role) as role,
            score.total_score, score.status as score_status,
            grade.grade, grade.method, grade.rank, grade.cohort_size
        from {side}.score.score as score
        full outer join {side}.grade.grade as grade
            on score.agent_id = grade.agent_id and score.period_id = grade.period_id
    """


_COLUMNS = (*COMPARED, "rank", "cohort_size")
_SQL = f"""
    select
        coalesce(one.agent_id, other.agent_id) as agent_id,
        coalesce(one.period_id, other.period_id) as period_id,
        {", ".join(f"one.{name} as {name}_a, other.{name} as {name}_b" for name in _COLUMNS)}
    from ({_side("a")}) as one
    full outer join ({_side("b")}) as other
        on one.agent_id = other.agent_id and one.period_id = other.period_id
    where $agent is null or coalesce(one.agent_id, other.agent_id) = $agent
    order by 1, 2
"""
