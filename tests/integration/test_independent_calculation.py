"""A generated centre through the whole nightly job, against the independent calculation from its exports.

Every KPI, score, grade and bonus line is compared, not a sample. Larger centres are compared by
`python -m tests.oracle.compare`.
"""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from pathlib import Path

import duckdb
import pytest

from orchestration.generate import generate
from orchestration.settings import POLICY_DIR, SEEDS_DIR
from tests.oracle.compare import Comparison, compare

LAST_DAY = date(2026, 10, 31)


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The landing folder and the published audit file of a centre of all eight plans over seven months."""
    folder = tmp_path_factory.mktemp("independent")
    landing, state = folder / "landing", folder / "state"
    generate(out=landing, agents=24, months=7, tickets=2500, seed=7)
    arguments = ["--landing", str(landing), "--state", str(state), "--as-of", LAST_DAY.isoformat()]
    run = subprocess.run(
        [sys.executable, "-m", "orchestration", "nightly", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    return landing, state / "published" / "current" / "auditor.duckdb"


def compared(centre: tuple[Path, Path]) -> Comparison:
    landing, audit = centre
    return compare(landing, audit, LAST_DAY, POLICY_DIR, SEEDS_DIR / "reference")


def test_everything_published_equals_the_independent_calculation(centre: tuple[Path, Path]) -> None:
    found = compared(centre)
    assert found.differences == []
    assert min(found.compared.values()) > 100, found.compared


def test_a_published_number_that_is_off_by_the_last_digit_is_found(
    centre: tuple[Path, Path], tmp_path: Path
) -> None:
    landing, audit = centre
    copy = tmp_path / "auditor.duckdb"
    copy.write_bytes(audit.read_bytes())
    with duckdb.connect(str(copy)) as database:
        database.execute(
            "update bonus.bonus_line set amount_cny = amount_cny + 0.01 where bonus_line_id ="
            " (select min(bonus_line_id) from bonus.bonus_line where amount_cny > 0)"
        )
        database.execute(
            "update kpi.kpi_observation set value = value + 0.000001"
            " where kpi_id = 'fcr' and (period_id, agent_id) ="
            " (select (period_id, agent_id) from kpi.kpi_observation where kpi_id = 'fcr' and denominator > 0"
            " order by period_id, agent_id limit 1)"
        )
    found = compared((landing, copy))
    assert [difference.what for difference in found.differences] == ["observation", "bonus line"]
