"""Where someone stands among those in the running for an award: who is next, what decided between them."""

from __future__ import annotations

from collections.abc import Sequence

from orchestration.audit.below import read_below
from orchestration.audit.calculation.evaluate import Evaluator, decimal_of
from orchestration.audit.calculation.graph import Graph
from orchestration.audit.node import Phrase
from orchestration.audit.phrases import phrase
from orchestration.audit.relations import AuditFile, Row
from orchestration.text import plain

RANKING = "bonus.bonus_ranking"


def standings(audit: AuditFile, ranked: Sequence[Row], graph: Graph) -> tuple[str, ...]:
    """A sentence on each of these rows of `bonus.bonus_ranking`, with sentences on who stands next."""
    said = []
    for row in ranked:
        won = "awarded" if row["is_awarded"] else "not awarded"
        place = f"rank {row['rank']} in {row['scope']} {row['scope_id']}, {won}"
        said.append(f"{row['label_en']} {row['label_zh']}: {place}")
        said += [f"  {one}" for one in standing(audit, row, graph)]
    return tuple(said)


def standing(audit: AuditFile, own: Row, graph: Graph | None = None) -> list[Phrase]:
    """Sentences on the candidates right before and right after `own`, a row of `bonus.bonus_ranking`.

    `graph` has the candidates; without one they are read.
    """
    award = {name: own[name] for name in ("period_id", "component_id", "scope_id")}
    beside = {"rank": [own["rank"] - 1, own["rank"] + 1]}
    others = audit.select(RANKING, award | beside, order=["rank"])
    ours, *theirs = (
        f"candidate:{row['period_id']}:{row['component_id']}:{row['subject_id']}" for row in (own, *others)
    )
    if graph is None:
        graph = read_below(audit, [ours, *theirs], with_members=False)
    said = [
        phrase(
            "before" if other["rank"] < own["rank"] else "next",
            who=other["subject_id"],
            rank=other["rank"],
            awarded=phrase("awarded" if other["is_awarded"] else "not_awarded"),
            decided=decided_by(graph, ours, key),
        )
        for other, key in zip(others, theirs, strict=True)
    ]
    is_last = not others or others[-1]["rank"] < own["rank"]
    return [*said, phrase("last")] if is_last else said


def decided_by(graph: Graph, own: str, other: str) -> Phrase:
    """What put one candidate before another, by their keys: the first number that differs, else the id."""
    evaluator = Evaluator(graph)
    ours, theirs = (
        {one.position: one.node_key for one in graph.of(key) if one.operand == "by"} for key in (own, other)
    )
    for place in sorted(ours.keys() | theirs.keys()):
        keys = [ours.get(place), theirs.get(place)]
        left, right = (key and evaluator.result(key).number for key in keys)
        if left != right:
            meant = [key and _meant(graph, key) for key in keys]
            number = next(graph.numbers[key] for key in meant if key)
            shown = [plain(decimal_of(evaluator.shown(key) if key else None)) for key in meant]
            label = number.label.partition(" (")[0]
            return phrase("decided", label=label, label_zh=number.label_zh, own=shown[0], other=shown[1])
    return phrase("id_decided")


def _meant(graph: Graph, key: str) -> str:
    """The number that a person reads: where less is better, the one that is turned round to be ranked."""
    below = graph.of(key)
    return below[0].node_key if graph.numbers[key].operation == "difference" and len(below) == 1 else key
