"""Awards by rank: `why` and `trace` say who stands next and what decided between them."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from orchestration.audit.relations import AuditFile, Row
from orchestration.audit.standing import decided_by, standing
from orchestration.cli import run
from orchestration.state import StateFolder, auditor_database

STAR = "cg_service_star"
MONTH = "2026-10"
CHOSEN = f"""
    select one.* from bonus.bonus_ranking as one
    inner join bonus.bonus_ranking as other
        on one.component_id = other.component_id and one.period_id = other.period_id
        and one.scope_id = other.scope_id and other.rank = one.rank + 1
    where one.component_id = '{STAR}' and one.period_id = '{MONTH}' and one.rank = 1
    order by one.scope_id limit 1
"""
"""A first of the service star who has a second behind."""


def _pair(state: StateFolder) -> tuple[Row, Row]:
    with AuditFile(state.current.resolve()) as audit:
        [own] = audit.query(CHOSEN)
        [other] = audit.select(
            "bonus.bonus_ranking",
            {name: own[name] for name in ("component_id", "period_id", "scope_id")} | {"rank": 2},
        )
    return own, other


def _make(state: StateFolder, own: Row, **values: str) -> None:
    """Give both candidates equal numbers, then the second one `values`."""
    path = auditor_database(state.current.resolve())
    key = f"component_id = '{STAR}' and period_id = '{MONTH}' and scope_id = '{own['scope_id']}'"
    with duckdb.connect(str(path)) as database:
        schema = f'"{path.stem}".bonus.bonus_ranking'
        equal = "ranked_value = 80, tie_break_1 = 9, tie_break_2 = 70"
        database.execute(f"update {schema} set {equal} where {key} and rank <= 2")
        for column, value in values.items():
            database.execute(f"update {schema} set {column} = {value} where {key} and rank = 2")


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"ranked_value": "79.5"}, "score decided: 80 against 79.5"),
        ({"tie_break_1": "8.75"}, "csat decided: 9 against 8.75"),
        ({"tie_break_1": "null"}, "csat decided: 9 against –"),
        ({"tie_break_2": "69"}, "contacts_served decided: 70 against 69"),
        ({}, "all else equal, the agent id decided"),
    ],
)
def test_the_first_number_that_differs_decided(
    demo_copy: StateFolder, capsys: pytest.CaptureFixture[str], values: dict[str, str], said: str
) -> None:
    own, other = _pair(demo_copy)
    _make(demo_copy, own, **values)
    own, other = _pair(demo_copy)
    with AuditFile(demo_copy.current.resolve()) as audit:
        assert str(decided_by(audit, own, other)) == said
        notes = standing(audit, own)
    assert notes[0].startswith(f"next: {other['subject_id']}, rank 2") and notes[0].endswith(said)
    assert run(["--state", str(demo_copy.root), "why", own["subject_id"], MONTH]) == 0
    assert notes[0] in capsys.readouterr().out


def test_the_trace_of_an_award_says_who_is_next_and_speaks_of_no_improvement(
    published_demo: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    own, other = _pair(StateFolder(published_demo))
    assert run(["--state", str(published_demo), "trace", own["subject_id"], MONTH]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert f"next: {other['subject_id']}" in shown and "decided:" in shown
    assert "improvement" not in shown
