"""Scores and grades that differ between two publications, whether or not a bonus line does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from orchestration.audit.diff.pair import Pair, Row, query, said
from orchestration.text import in_words

COMPARED = ("plan", "role", "total_score", "status", "grade", "method")
"""What of a score and a grade is said where it differs."""


@dataclass(frozen=True)
class OutcomeChange:
    """A score or grade of one agent and period that changed, in words: `grade A → B`."""

    agent_id: str
    period_id: str
    what: tuple[str, ...]


def changed_outcomes(pair: Pair, agent_id: str | None) -> Iterator[OutcomeChange]:
    """Every agent and period whose score, grade or method of grading differs, by agent and period."""
    for row in pair.changed(query("outcomes"), ("agent_id", "period_id"), COMPARED):
        if agent_id in (None, row["agent_id"]):
            what = said(row, COMPARED)
            if row["grade_a"] != row["grade_b"] or row["method_a"] != row["method_b"]:
                places = (
                    in_words(row[f"rank_{side}"]) + " of " + in_words(row[f"cohort_size_{side}"])
                    for side in "ab"
                )
                what += [f"rank {one} → {other}" for one, other in [tuple(places)] if one != other]
            yield OutcomeChange(row["agent_id"], row["period_id"], tuple(what))


def method_change(row: Row) -> str | None:
    """`absolute → forced` and the group's size where it changed, of a grade found by another method."""
    before, after = row["method_a"], row["method_b"]
    if before is None or after is None or before == after:
        return None
    size = f", the group has {row['cohort_size_b']} instead of {row['cohort_size_a']}"
    return f"{before} → {after}" + (size if row["cohort_size_a"] != row["cohort_size_b"] else "")
