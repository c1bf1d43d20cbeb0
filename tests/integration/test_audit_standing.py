"""Awards by rank: `why` and `trace` say who stands next and what decided between them."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from orchestration.audit.below import read_below
from orchestration.audit.calculation.graph import Graph, Number, Operand
from orchestration.audit.relations import AuditFile, Row
from orchestration.audit.standing import decided_by, standing
from orchestration.cli import run
from orchestration.state.folder import StateFolder
from orchestration.text import plain

MEASURES = ("ranked_value", "tie_break_1", "tie_break_2")
PAIRS = """
    select one.*, other.subject_id as other_id, other.ranked_value as other_ranked_value,
        other.tie_break_1 as other_tie_break_1, other.tie_break_2 as other_tie_break_2
    from bonus.bonus_ranking as one
    inner join bonus.bonus_ranking as other
        on one.component_id = other.component_id and one.period_id = other.period_id
        and one.scope_id = other.scope_id and other.rank = one.rank + 1
    order by one.period_id, one.component_id, one.scope_id, one.rank
"""
"""Each candidate and the one right behind."""
LABELS = {1: "total score (scored)", 2: "customer satisfaction", 3: "less is better", 9: "cases"}


def candidate(values: dict[int, str]) -> tuple[dict[str, Number], dict[str, list[Operand]]]:
    """Numbers of a candidate by their places; the third is one of which less is better."""
    name = "-".join(values.values())
    numbers = {name: Number(name, "candidate", "order", text_value=name)}
    operands: dict[str, list[Operand]] = {name: []}
    for place, value in values.items():
        key = f"{name}/{place}"
        operands[name].append(Operand("by", place, key))
        numbers[key] = Number(key, "score", label=LABELS[place], value=Decimal(value))
        if place == 3:
            numbers[key] = Number(key, "actual", "difference", label=LABELS[place])
            operands[key] = [Operand("subtrahend", 1, f"{key}/turned")]
            turned = f"{key}/turned"
            numbers[turned] = Number(turned, "observation", label="handling time", value=Decimal(value))
    return numbers, operands


@pytest.mark.parametrize(
    ("own", "other", "said"),
    [
        ({1: "80", 2: "9"}, {1: "79.5", 2: "9.5"}, "total score decided: 80 against 79.5"),
        ({1: "80", 2: "9"}, {1: "80", 2: "8.75"}, "customer satisfaction decided: 9 against 8.75"),
        ({1: "80", 2: "9"}, {1: "80"}, "customer satisfaction decided: 9 against –"),
        ({1: "80", 3: "9"}, {1: "80", 2: "9", 3: "9"}, "customer satisfaction decided: – against 9"),
        ({1: "80", 2: "9", 3: "69"}, {1: "80", 2: "9", 3: "70"}, "handling time decided: 69 against 70"),
        ({1: "80", 9: "4"}, {1: "80", 9: "3"}, "cases decided: 4 against 3"),
        ({1: "80", 2: "9"}, {1: "80.0", 2: "9"}, "all else equal, the id decided"),
    ],
)
def test_the_first_number_that_differs_decided(own: dict[int, str], other: dict[int, str], said: str) -> None:
    (numbers, operands), (others, their_operands) = candidate(own), candidate(other)
    graph = Graph({**numbers, **others}, {**operands, **their_operands})
    assert decided_by(graph, "-".join(own.values()), "-".join(other.values())).en == said


def test_what_decided_between_neighbours_is_what_their_ranking_says(published_demo: Path) -> None:
    decided: set[int] = set()
    with AuditFile(StateFolder(published_demo).current.resolve()) as audit:
        pairs = audit.query(PAIRS)
        keys = [
            [
                f"candidate:{row['period_id']}:{row['component_id']}:{row[who]}"
                for who in ("subject_id", "other_id")
            ]
            for row in pairs
        ]
        graph = read_below(audit, [key for pair in keys for key in pair], with_members=False)
        for row, pair in zip(pairs, keys, strict=True):
            place = next((name for name in MEASURES if row[name] != row[f"other_{name}"]), None)
            said = decided_by(graph, *pair).en
            if place is None:
                assert "decided: " in said or said == "all else equal, the id decided"
                continue
            values = (None if one is None else abs(one) for one in (row[place], row[f"other_{place}"]))
            assert said.endswith(" decided: {} against {}".format(*map(plain, values))), (row, said)
            decided.add(MEASURES.index(place))
    assert 0 in decided and len(pairs) > 50


def _first_and_second(state: StateFolder) -> tuple[Row, list[str]]:
    """A first of an award by score who has a second behind, and what is said of their neighbours."""
    with AuditFile(state.current.resolve()) as audit:
        own = next(row for row in audit.query(PAIRS) if row["rank"] == 1 and row["measure_id"] == "score")
        return own, [one.en for one in standing(audit, own)]


def test_why_and_trace_say_who_is_next(
    published_demo: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    own, notes = _first_and_second(StateFolder(published_demo))
    assert notes[0].startswith(f"next: {own['other_id']}, rank 2")
    assert run(["--state", str(published_demo), "why", own["subject_id"], own["period_id"]]) == 0
    shown = capsys.readouterr().out
    assert notes[0] in shown and f"{own['label_en']} {own['label_zh']}: rank 1 in" in shown
    assert run(["--state", str(published_demo), "trace", own["subject_id"], own["period_id"]]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert f"next: {own['other_id']}" in shown and "decided:" in shown
    assert "improvement" not in shown
