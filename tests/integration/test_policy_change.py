"""A rule changed from a date: what was before it stays, byte for byte; what is after it follows."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from orchestration.settings import POLICY_DIR
from orchestration.state.folder import auditor_parquet
from tests.conftest import run_night

BEFORE, AFTER, CHANGED_ON = "2026-09", "2026-10", "2026-10-01"

Row = dict[str, str]


@pytest.fixture(scope="module")
def changed(demo_landing: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """State folder of a night under a policy that changes on 1 October: a higher basic bonus, and responses
    that count as satisfied from 90 % of the scale on.
    """
    folder = tmp_path_factory.mktemp("changed")
    policy = folder / "policy"
    shutil.copytree(POLICY_DIR, policy)
    _replace_from(
        policy / "component_rate.csv",
        CHANGED_ON,
        lambda row: row["component_id"] == "cg_basic",
        amount_cny="600",
    )
    _replace_from(
        policy / "kpi.csv", CHANGED_ON, lambda row: row["kpi_id"] == "csat_rate", share_threshold="0.9"
    )
    run_night(folder / "state", demo_landing, policy=policy)
    return folder / "state"


def _replace_from(path: Path, day: str, chosen: Callable[[Row], bool], **values: str) -> None:
    """End the chosen rows on `day` and let copies with other values follow them."""
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert any(map(chosen, rows))
    written = []
    for row in rows:
        if chosen(row):
            written += [{**row, "effective_to": day}, {**row, **values, "effective_from": day}]
        else:
            written.append(row)
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(written)


def _current(state: Path) -> Path:
    return (state / "published" / "current").resolve()


def _rows(state: Path, relation: str, where: str) -> list[tuple[object, ...]]:
    path = auditor_parquet(_current(state), relation)
    return duckdb.sql(f"select * from '{path}' where {where} order by all").fetchall()


def test_the_register_of_an_earlier_month_is_the_same_file(published_demo: Path, changed: Path) -> None:
    name = f"register_{BEFORE}.xlsx"
    before, after = (_current(state) / "payroll" / name for state in (published_demo, changed))
    assert before.read_bytes() == after.read_bytes()


@pytest.mark.parametrize(
    "relation", ["kpi.kpi_observation", "score.score", "grade.grade", "bonus.bonus_line"]
)
@pytest.mark.parametrize("period_id", [BEFORE, "2026-Q3"])
def test_earlier_periods_are_as_they_were(
    relation: str, period_id: str, published_demo: Path, changed: Path
) -> None:
    where = f"period_id = '{period_id}'"
    assert _rows(published_demo, relation, where) == _rows(changed, relation, where)


def test_later_lines_follow_the_new_rate(published_demo: Path, changed: Path) -> None:
    where = f"period_id = '{AFTER}' and component_id = 'cg_basic'"
    old, new = (_rows(state, "bonus.bonus_line", where) for state in (published_demo, changed))
    assert len(old) == len(new) > 0
    assert all(before != after for before, after in zip(old, new, strict=True))


def test_later_observations_follow_the_new_definition_and_no_other_kpi_moves(
    published_demo: Path, changed: Path
) -> None:
    relation = "kpi.kpi_observation"
    for kpis, moves in (("kpi_id = 'csat_rate'", True), ("kpi_id <> 'csat_rate'", False)):
        where = f"period_id = '{AFTER}' and {kpis}"
        assert (_rows(published_demo, relation, where) != _rows(changed, relation, where)) is moves
