"""Teams ranked within departments through a whole night, though their members work in several."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import duckdb
import pytest

from orchestration.cli import run
from orchestration.settings import SEEDS_DIR
from orchestration.state.folder import StateFolder
from tests.changed_policy import change, is_row, new_policy, rows_of, write_rows
from tests.conftest import AS_OF, run_night
from tests.oracle.compare import Comparison, compare

LENT, UNKNOWN_TEAM = "外派部", "PS02"
"""A department of members alone, and a team of which no row came."""
TEAMS = "select subject_id, scope_id, rank, is_awarded from bonus.bonus_ranking where subject = 'team'"


@pytest.fixture(scope="module")
def landing(demo_landing: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small centre, with every third agent lent to another department and a team that is not known."""
    folder = Path(shutil.copytree(demo_landing, tmp_path_factory.mktemp("lent") / "landing"))
    roster, teams = folder / "workforce" / "agent.csv", folder / "workforce" / "team.csv"
    rows = rows_of(roster)
    for row in rows:
        if int(row["agent_id"][1:]) % 3 == 0:
            row["department"] = LENT
    write_rows(roster, rows)
    write_rows(teams, [row for row in rows_of(teams) if row["team_id"] != UNKNOWN_TEAM])
    return folder


@pytest.fixture(scope="module")
def policy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped policy, with both awards of teams within departments, from two cases on."""
    policy = new_policy(tmp_path_factory.mktemp("within") / "policy")
    parameters = policy / "component_parameter.csv"
    for component in ("cg_breakthrough_response_team", "cg_breakthrough_resolution_team"):
        change(parameters, is_row(component_id=component, parameter="scope"), text_value="department")
        change(parameters, is_row(component_id=component, parameter="min_sample"), value="2")
    return policy


@pytest.fixture(scope="module")
def published(landing: Path, policy: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """State folder of the night."""
    state = tmp_path_factory.mktemp("published") / "state"
    run_night(state, landing, policy=policy)
    return state


def compared(state: Path, landing: Path, policy: Path) -> Comparison:
    auditor = state / "published" / "current" / "auditor.duckdb"
    return compare(landing, auditor, date.fromisoformat(AS_OF), policy, SEEDS_DIR / "reference")


def test_each_team_has_one_place_in_its_own_department(published: Path, landing: Path) -> None:
    own = {row["team_id"]: row["department"] for row in rows_of(landing / "workforce" / "team.csv")}
    with duckdb.connect(str(StateFolder(published).warehouse), read_only=True) as database:
        ranked = database.execute(TEAMS).fetchall()
        left_out = database.execute(
            "select distinct subject_id, left_out from bonus.bonus_candidate"
            " where subject = 'team' and left_out = 'no_department'"
        ).fetchall()
        mixed = database.execute(
            "select distinct team_id from facts.dim_agent_period group by team_id, period_id"
            " having count(distinct department) > 1"
        ).fetchall()
    assert {team for team, *_ in ranked} & {team for (team,) in mixed}
    assert len({department for _, department, _, _ in ranked}) > 1
    assert all(department == own[team] for team, department, _, _ in ranked)
    assert all(is_awarded == (rank == 1) for _, _, rank, is_awarded in ranked)
    assert left_out == [(UNKNOWN_TEAM, "no_department")]


def test_verify_and_the_independent_calculation_agree(published: Path, landing: Path, policy: Path) -> None:
    assert run(["--state", str(published), "verify"]) == 0
    found = compared(published, landing, policy)
    assert found.differences == []
    assert found.compared["team award"] > 3


def test_a_place_in_the_department_of_the_members_is_found(
    published: Path, landing: Path, policy: Path, tmp_path: Path
) -> None:
    state = StateFolder(Path(shutil.copytree(published, tmp_path / "state", symlinks=True)))
    with duckdb.connect(str(state.current / "auditor.duckdb")) as database:
        database.execute(
            "update bonus.bonus_ranking set scope_id = $1"
            " where (period_id, component_id, subject_id) = (select (period_id, component_id, subject_id)"
            " from bonus.bonus_ranking where subject = 'team' order by all limit 1)",
            [LENT],
        )
    assert [one.what for one in compared(state.root, landing, policy).differences] == ["team award"]
