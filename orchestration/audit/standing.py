"""Where someone stands among those in the running for an award: who is next, what decided between them."""

from __future__ import annotations

from collections.abc import Sequence

from orchestration.audit.below import read_below
from orchestration.audit.calculation.evaluate import Evaluator, decimal_of
from orchestration.audit.calculation.graph import Graph
from orchestration.audit.node import Phrase
from orchestration.audit.relations import AuditFile, Row
from orchestration.audit.text import plain

RANKING = "bonus.bonus_ranking"
NEXT = Phrase("next", "后一名")
LAST = Phrase("nobody ranks after", "其后无人")


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
    said = []
    for other, key in zip(others, theirs, strict=True):
        word = Phrase("before", "前一名") if other["rank"] < own["rank"] else NEXT
        awarded = Phrase("", "") if other["is_awarded"] else Phrase(", not awarded", "，未获奖")
        decided = decided_by(graph, ours, key)
        said.append(
            Phrase(
                f"{word.en}: {other['subject_id']}, rank {other['rank']}{awarded.en}; {decided.en}",
                f"{word.zh}：{other['subject_id']}，第 {other['rank']} 名{awarded.zh}；{decided.zh}",
            )
        )
    return said if said and said[-1].en.startswith(NEXT.en) else [*said, LAST]


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
            own_value, other_value = (
                plain(decimal_of(evaluator.shown(key) if key else None)) for key in meant
            )
            return Phrase(
                f"{number.label.partition(' (')[0]} decided: {own_value} against {other_value}",
                f"由{number.label_zh}决定：{own_value} 对 {other_value}",
            )
    return Phrase("all else equal, the id decided", "其余相同，按编号先后")


def _meant(graph: Graph, key: str) -> str:
    """The number that a person reads: where less is better, the one that is turned round to be ranked."""
    below = graph.of(key)
    return below[0].node_key if graph.numbers[key].operation == "difference" and len(below) == 1 else key
