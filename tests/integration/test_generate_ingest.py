"""Ingestion judges generated exports: good rows load, damaged rows are rejected, nothing else happens."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from orchestration.generate import generate
from orchestration.ingest.run import ingest

ROOT = Path(__file__).resolve().parents[2]
LAST = date(2026, 10, 31)


@pytest.mark.parametrize("dirty", [Decimal(0), Decimal("0.03")])
def test_ingestion_loads_the_good_rows_and_rejects_the_damaged_ones(tmp_path: Path, dirty: Decimal) -> None:
    made = generate(out=tmp_path / "landing", agents=30, months=2, tickets=1500, seed=3, dirty=dirty)
    state = tmp_path / "state"
    state.mkdir()
    report = ingest(
        landing=made.out,
        state=state,
        profiles=[],
        contract_dir=ROOT / "dbt_project" / "models" / "staging",
        as_of=None,
        today=date(2026, 11, 22),
    )
    assert report.as_of == LAST
    assert {name: totals.accepted_row_count for name, totals in report.totals.items()} == made.rows
    rejected = {name: totals.fault_row_count for name, totals in report.totals.items()}
    assert rejected == {name: sum(made.damaged.get(name, {}).values()) for name in made.rows}
    assert (sum(rejected.values()) > 0) == (dirty > 0)
