"""A preview of an earlier day knows no settled period that begins after it."""

from __future__ import annotations

import dataclasses
import json
from datetime import date
from pathlib import Path

import pytest

from orchestration.nightly.preview import forget_settled_after
from orchestration.settlement.frozen import TABLES, Settlement, frozen_folder, record_path, settlements
from orchestration.state.folder import StateFolder

SETTLED = ("2026-07", "2026-Q3", "2026-08", "2026-09", "2026-Q4", "2026", "2027")


@pytest.mark.parametrize(
    ("as_of", "left"),
    [
        ("2025-12-31", set()),
        ("2026-01-01", {"2026"}),
        ("2026-07-01", {"2026", "2026-Q3", "2026-07"}),
        ("2026-08-31", {"2026", "2026-Q3", "2026-07", "2026-08"}),
        ("2027-01-01", set(SETTLED)),
    ],
)
def test_settled_periods_that_begin_later_are_not_known(tmp_path: Path, as_of: str, left: set[str]) -> None:
    state = StateFolder(tmp_path)
    named = {field.name: "x" for field in dataclasses.fields(Settlement)}
    for period in SETTLED:
        path = record_path(state, period)
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps({**named, "period_id": period}))
        for table in TABLES:
            frozen_folder(state, table).mkdir(parents=True, exist_ok=True)
            (frozen_folder(state, table) / f"{period}.parquet").touch()
            (frozen_folder(state, table) / "_schema.parquet").touch()
    forget_settled_after(state, date.fromisoformat(as_of))
    assert set(settlements(state)) == left
    for table in TABLES:
        kept = {path.stem for path in frozen_folder(state, table).glob("*.parquet")}
        assert kept == left | {"_schema"}
