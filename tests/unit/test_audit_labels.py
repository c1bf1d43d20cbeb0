"""What a reader is shown beside a code has a label."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestration.audit.show.labels import REASONS

DBT = Path(__file__).parents[2] / "dbt_project"


def set_aside_reasons() -> Iterator[str]:
    """Every reason that the models give for setting a row aside."""
    files = [
        *(DBT / "models" / "kpi").glob("*.sql"),
        *(DBT / "models" / "intermediate").glob("*__validity.sql"),
        DBT / "macros" / "kpi.sql",
        DBT / "models" / "facts" / "fct_survey.sql",
    ]
    for path in files:
        text = path.read_text(encoding="utf-8")
        yield from re.findall(r"\bthen '([a-z_]+)'", text)


REASONS_IN_SQL = sorted(set(set_aside_reasons()) - {"contact", "ticket", "final"})


def test_the_models_give_reasons() -> None:
    assert {"future", "before_first_period", "no_solve_time", "spam", "bot", "ruling"} <= set(REASONS_IN_SQL)


@pytest.mark.parametrize("reason", REASONS_IN_SQL)
def test_every_reason_has_a_label(reason: str) -> None:
    assert REASONS.get(reason)
