"""What many tests share: one small centre, generated, run through a whole night and published, once per
session.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from orchestration.generate import generate
from orchestration.policy.folder import install_policy
from orchestration.settings import POLICY_DIR, Settings, load_settings
from orchestration.settings_table import BOARDS
from orchestration.state.folder import StateFolder
from tests.compiled import Project, compiled_project

AGENTS, MONTHS, TICKETS, SEED, LAST_MONTH, AS_OF = 40, 2, 3000, 7, "2026-10", "2026-10-31"


@pytest.fixture(scope="session")
def demo_landing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Landing folder of a small centre: 40 agents, 2 months, 3,000 tickets. Read it only."""
    out = tmp_path_factory.mktemp("centre") / "landing"
    generate(out=out, agents=AGENTS, months=MONTHS, tickets=TICKETS, seed=SEED, last_month=LAST_MONTH)
    return out


@pytest.fixture(scope="session")
def published_demo(demo_landing: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """State folder of one whole night over `demo_landing`, published. Read it only; `demo_copy` may be
    written.
    """
    state = tmp_path_factory.mktemp("published") / "state"
    run_night(state, demo_landing, boards=BOARDS)
    return state


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The models' compiled SQL, for tests that build many small centres."""
    state = StateFolder(tmp_path_factory.mktemp("compiled") / "state")
    state.prepare()
    install_policy(state, POLICY_DIR)
    return compiled_project(state)


@pytest.fixture
def demo_copy(published_demo: Path, tmp_path: Path) -> StateFolder:
    """A copy of the published demo state that a test may write to."""
    return copy_state(published_demo, tmp_path / "state")


@pytest.fixture
def night() -> Callable[..., None]:
    """`run_night`, for tests that run one."""
    return run_night


def copy_state(state: Path, target: Path) -> StateFolder:
    """Copy a state folder, its link `current` included."""
    shutil.copytree(state, target, symlinks=True)
    return StateFolder(target)


def settings_of(state: Path, landing: Path, policy: Path = POLICY_DIR) -> Settings:
    """Settings of a run, with the shipped policy unless another is named."""
    return replace(load_settings({}), state=state, landing=landing, policy=policy)


def run_night(
    state: Path,
    landing: Path,
    *assets: str,
    as_of: str = AS_OF,
    policy: Path = POLICY_DIR,
    boards: Sequence[str] = (),
) -> None:
    """One nightly run in this process; restricted to `assets` (`publication`, …) when any are named. Boards
    take a second a night: only who looks at them has them made.
    """
    from dagster import AssetKey

    from orchestration.nightly.execute import JobRequest, execute
    from orchestration.nightly.run import NightlyRun

    settings = settings_of(state, landing, policy)
    run = NightlyRun.of(settings).model_copy(update={"as_of": as_of, "boards": list(boards)})
    selection = [AssetKey(name.split("/")) for name in assets]
    execute(settings, JobRequest(run=run, command="nightly", selection=selection))
