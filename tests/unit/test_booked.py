"""What the night says of adjustments that it booked and of rulings that came to nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration.cli.booked import adjustments, rulings_in_vain
from orchestration.publish.publication import Publication
from tests.published_rows import put_rows

LINES = """
    select * from (values
        ('2026-09', 'A1', null, 100.00::decimal(18, 2)),
        ('2026-09', 'A1', '2026-08:A1:1', 7.00),
        ('2026-10', 'A1', '2026-09:A1:1', 12.50),
        ('2026-10', 'A2', '2026-09:A2:1', -2.25),
        ('2026-10', 'A2', '2026-08:A2:1', -0.25),
        ('2026-10', 'A2', null, 50.00)
    ) as line (period_id, agent_id, adjusts_bonus_line_id, amount_cny)
"""


@pytest.fixture
def publication(tmp_path: Path) -> Publication:
    (tmp_path / "auditor").mkdir()
    return Publication(tmp_path, {"run_id": "000001-2026-10-31"})


def _write(publication: Publication, relation: str, query: str) -> None:
    put_rows(publication.folder, relation, query)


def test_adjustments_of_open_months_are_counted_and_summed(publication: Publication) -> None:
    assert adjustments(publication) == []
    _write(publication, "bonus.bonus_line", LINES)
    _write(publication, "facts.dim_settled_period", "select '2026-09' as period_id")
    # 12.50 − 2.25 − 0.25 = 10.00; what September booked was told when it was open
    [said] = adjustments(publication)
    assert said == "3 adjustment line(s) in 2026-10, +10.00 CNY in sum, correct 2026-08, 2026-09"
    assert "A1" not in said and "A2" not in said


def test_rulings_that_name_what_is_not_there(publication: Publication) -> None:
    _write(publication, "facts.fct_ruling", "select 'R1' as ruling_id")
    assert rulings_in_vain(publication) == []
    rows = ", ".join(f"('R{number}', 'unknown_row')" for number in range(1, 8))
    _write(
        publication,
        "facts.fct_ruling",
        f"select * from (values ('K1', 'unknown_kpi'), ('F', 'in_force'), {rows}) as one (ruling_id, effect)",
    )
    assert rulings_in_vain(publication) == [
        "1 ruling(s) name a KPI that is none: K1",
        "7 ruling(s) name a row that no export has: R1, R2, R3, R4, R5 and 2 more",
    ]
