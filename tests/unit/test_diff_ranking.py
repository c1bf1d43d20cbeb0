"""Who else moved in a group, as it is told to one of its members."""

from __future__ import annotations

from orchestration.audit.diff.causes import Cause
from orchestration.audit.diff.numbers import Member
from orchestration.audit.diff.ranking import _Told

MEMBERS = [Member(f"number {who}", who, "moved") for who in ("A1", "A2", "A3", "A4", "A5")]
CAUSES = {
    "number A1": [Cause("late rows", 2, ("row of A1",))],
    "number A2": [Cause("late rows", 1, ("row of A2",)), Cause("rulings", 1, ("ruling of A2",))],
    "number A4": [Cause("late rows", 4, ("row of A4", "another of A4"))],
}


def test_everybody_else_is_counted_and_the_first_three_are_named() -> None:
    ranking, rows, rulings = _Told(MEMBERS, CAUSES).besides("A1")
    assert ranking == Cause("ranking", 4, ("A2 moved", "A3 moved", "A4 moved"))
    assert rows == Cause(
        "late rows",
        5,
        ("A2 of the group: row of A2", "A4 of the group: row of A4", "A4 of the group: another of A4"),
    )
    assert rulings == Cause("rulings", 1, ("A2 of the group: ruling of A2",))


def test_what_only_the_asker_has_is_not_told_of_others() -> None:
    assert [cause.kind for cause in _Told(MEMBERS, CAUSES).besides("A2")] == ["ranking", "late rows"]


def test_who_is_alone_in_having_moved_was_passed_by_nobody() -> None:
    assert list(_Told(MEMBERS[:1], CAUSES).besides("A1")) == []


def test_one_of_no_group_is_told_of_all_who_moved() -> None:
    [ranking, *_] = _Told(MEMBERS, CAUSES).besides("A9")
    assert ranking.count == 5
