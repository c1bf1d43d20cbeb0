"""Generated centres through the whole nightly job, against the independent calculation from their exports.

Every KPI, score, grade and bonus line is compared, not a sample: a centre of all eight plans; a long history
in which people move between plans, roles, levels and salaries, join and leave; the same history seen from a
day in its middle. Larger centres are compared by `python -m tests.bench.agreement`.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import NamedTuple

import duckdb
import pytest

from orchestration.generate import generate
from orchestration.settings import POLICY_DIR, SEEDS_DIR
from tests.oracle.compare import Comparison, OracleLacks, compare

LAST_DAY, MIDDLE = date(2026, 10, 31), date(2025, 8, 13)


class Centre(NamedTuple):
    landing: Path
    published: Path
    as_of: date


def night(landing: Path, state: Path, as_of: date) -> Centre:
    arguments = ["--landing", str(landing), "--state", str(state), "--as-of", as_of.isoformat()]
    run = subprocess.run(
        [sys.executable, "-m", "orchestration", "nightly", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    return Centre(landing, state / "published" / "current" / "auditor.duckdb", as_of)


@pytest.fixture(scope="module")
def seven_months(tmp_path_factory: pytest.TempPathFactory) -> Centre:
    """24 agents of all eight plans over seven months."""
    folder = tmp_path_factory.mktemp("seven_months")
    generate(out=folder / "landing", agents=24, months=7, tickets=2500, seed=7)
    return night(folder / "landing", folder / "state", LAST_DAY)


@pytest.fixture(scope="module")
def long_history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The exports of 26 agents over 28 months, with moves."""
    folder = tmp_path_factory.mktemp("long_history")
    generate(out=folder / "landing", agents=26, months=28, tickets=6000, seed=7)
    return folder


def compared(centre: Centre) -> Comparison:
    return compare(centre.landing, centre.published, centre.as_of, POLICY_DIR, SEEDS_DIR / "reference")


def fewest(found: Comparison) -> int:
    """The fewest keys of a kind of result; of teams a centre this small has a handful, and some there are."""
    assert found.compared["team award"] > 0
    return min(count for what, count in found.compared.items() if what != "team award")


def test_everything_published_equals_the_independent_calculation(seven_months: Centre) -> None:
    found = compared(seven_months)
    assert found.differences == []
    assert fewest(found) > 10, found.compared
    assert found.compared["bonus line"] > 100


def test_a_long_history_of_moves_equals_the_independent_calculation(long_history: Path) -> None:
    found = compared(night(long_history / "landing", long_history / "state", LAST_DAY))
    assert found.differences == []
    assert fewest(found) > 50, found.compared
    assert found.compared["bonus line"] > 2000


def test_a_day_in_the_middle_of_the_data_equals_the_independent_calculation(long_history: Path) -> None:
    found = compared(night(long_history / "landing", long_history / "middle", MIDDLE))
    assert found.differences == []
    assert fewest(found) > 25, found.compared
    assert found.compared["bonus line"] > 1000


def test_a_published_number_that_is_off_by_the_last_digit_is_found(
    seven_months: Centre, tmp_path: Path
) -> None:
    copy = tmp_path / "auditor.duckdb"
    copy.write_bytes(seven_months.published.read_bytes())
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
    found = compared(seven_months._replace(published=copy))
    assert [difference.what for difference in found.differences] == ["observation", "bonus line"]


def test_a_kpi_that_the_oracle_was_never_taught_is_one_sentence(seven_months: Centre, tmp_path: Path) -> None:
    policy = tmp_path / "policy"
    shutil.copytree(POLICY_DIR, policy)
    with (policy / "kpi.csv").open(encoding="utf-8") as stream:
        header, row = stream.readline(), stream.readline()
    with (policy / "kpi.csv").open("a", encoding="utf-8") as stream:
        stream.write("backlog" + row[row.index(",") :])
    assert header.startswith("kpi_id,")
    with pytest.raises(OracleLacks, match=r"^the oracle lacks kpi backlog: teach it"):
        compare(seven_months.landing, seven_months.published, LAST_DAY, policy, SEEDS_DIR / "reference")
