"""Which parts of the calculation a plan takes as published."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from orchestration.plan.standing import Standing


def node(unique_id: str, *parents: str) -> tuple[str, dict[str, object], tuple[str, ...]]:
    kind, schema, name = unique_id.split(".")
    return unique_id, {"resource_type": kind, "schema": schema, "alias": name, "name": name}, parents


NODES = (
    node("seed.seeds.rate"),
    node("seed.seeds.target"),
    node("model.policy.policy_rate", "seed.seeds.rate"),
    node("model.kpi.observation", "seed.seeds.target", "source.export.ticket"),
    node("model.score.score", "model.kpi.observation"),
    node("model.bonus.step", "model.policy.policy_rate"),
    node("model.bonus.place", "model.score.score", "model.bonus.step"),
    node("model.bonus.line", "model.bonus.place", "model.policy.policy_rate"),
    node("model.audit.calculation__policy", "model.policy.policy_rate"),
    node("model.audit.calculation__score", "model.score.score"),
    node("model.audit.calculation__ranking", "model.bonus.place"),
    node("model.audit.calculation__line", "model.bonus.line", "model.policy.policy_rate"),
)
GRAPH = {
    "nodes": {unique_id: one for unique_id, one, _ in NODES},
    "parent_map": {unique_id: list(parents) for unique_id, _, parents in NODES},
}


def parts(differing: Iterable[str], same: Iterable[str] = (), given: Iterable[str] = ()) -> list[str]:
    """The parts that stand, and then the relations that were compared."""
    asked: list[str] = []

    def is_same(relation: str) -> bool:
        asked.append(relation)
        return relation in same

    found = Standing(GRAPH, tuple(given), frozenset(differing), is_same).parts
    return [*(part.split("__")[1] for part in found), *asked]


def test_what_no_seed_that_differs_is_above_of_stands_without_a_look() -> None:
    assert parts([]) == ["line", "ranking", "score"]


def test_rows_that_others_look_up_never_stand() -> None:
    assert "policy" not in parts(["target"])


def test_a_part_stands_where_what_it_reads_has_the_same_rows() -> None:
    assert parts(["rate"]) == ["score", "policy.policy_rate", "bonus.place"]
    # A step that no part reads is not compared; the place that follows from it is.
    assert parts(["rate"], same=["bonus.place"]) == ["ranking", "score", "policy.policy_rate", "bonus.place"]


@pytest.mark.parametrize("given", [["score.score"], []])
def test_what_is_taken_stands_and_what_hangs_on_another_seed_does_not(given: list[str]) -> None:
    found = parts(["target"], given=given)
    assert ("score" in found) == bool(given)


def test_where_rows_of_the_policy_differ_no_other_relation_is_compared() -> None:
    assert "bonus.line" not in parts(["rate"])
