"""What a plan takes, and that it is the truth: random policies, each planned, and each a night.

    .venv/bin/python -m tests.bench.plan --folder /tmp/plan [--agents 5000] [--months 12] \
        [--tickets 2000000] [--seed 7] [--policies 20] [--first 0] [--prove]

Makes a centre's exports and a first night, or takes those that `--folder` has. Then for each policy, one to
three random sound changes of the shipped one, a plan as a process of its own: seconds and peak memory. With
`--prove` a night under that policy follows on a copy of the state, and every planned line is held against it.
Ends with status 1 when a cent differs.
"""

from __future__ import annotations

import argparse
import random
import shutil
import subprocess
import sys
from pathlib import Path

from orchestration.errors import PublicationRefused
from orchestration.gate.result import read_result
from orchestration.generate import generate
from orchestration.plan.saved import agreement, saved_plans
from orchestration.publish.candidate import read_candidate
from orchestration.publish.publication import current_publication
from orchestration.state.folder import StateFolder
from tests.bench.night import cost_of
from tests.changed_policy import new_policy, random_change
from tests.conftest import LAST_MONTH

AS_OF = "2026-10-31"
NAME = "bench"


def meritline(state: Path, *words: str) -> list[str]:
    """A command line."""
    return [sys.executable, "-m", "orchestration", "--state", str(state), *words]


def nightly(state: Path, landing: Path, *words: str) -> None:
    """A night in a process of its own. What the gate holds back is accepted: policies by the dice may move a
    figure further than its bound has it.
    """
    night = meritline(state, "nightly", "--landing", str(landing), "--as-of", AS_OF, *words)
    if (
        subprocess.run(night, check=False, stdout=subprocess.DEVNULL).returncode
        == PublicationRefused.exit_status
    ):
        folder = StateFolder(state)
        result = read_result(folder, read_candidate(folder).content_hash)
        assert result is not None
        names = [check.name for check in result.refusing()]
        accept = meritline(state, "accept", *names, "--by", NAME, "--why", "a policy by the dice")
        subprocess.run(accept, check=True, stdout=subprocess.DEVNULL)
        subprocess.run(night, check=True, stdout=subprocess.DEVNULL)


def is_true(state: Path, landing: Path, policy: Path, work: Path) -> bool:
    """Whether a night under the policy, on a copy of the state, pays what the plan says."""
    shutil.rmtree(work, ignore_errors=True)
    shutil.copytree(state, work, symlinks=True)
    nightly(work, landing, "--policy", str(policy))
    folder = StateFolder(work)
    published = current_publication(folder)
    assert published is not None
    [plan] = (one for one in saved_plans(folder) if one.name == NAME)
    found = agreement(plan, published)
    print(f"    {found}", flush=True)
    shutil.rmtree(work)
    return found.is_whole


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--agents", type=int, default=5000)
    parser.add_argument("--months", type=int, default=12)
    parser.add_argument("--tickets", type=int, default=2_000_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--policies", type=int, default=20)
    parser.add_argument("--first", type=int, default=0, help="number of the first policy")
    parser.add_argument("--prove", action="store_true")
    asked = parser.parse_args()
    landing, state = asked.folder / "landing", asked.folder / "state"
    if not landing.exists():
        generate(
            out=landing,
            agents=asked.agents,
            months=asked.months,
            tickets=asked.tickets,
            seed=asked.seed,
            last_month=LAST_MONTH,
        )
    if not (state / "published" / "current").exists():
        nightly(state, landing)
    wrong = 0
    for number in range(asked.first, asked.first + asked.policies):
        policy = asked.folder / "policy"
        shutil.rmtree(policy, ignore_errors=True)
        said = random_change(new_policy(policy), random.Random(asked.seed * 1000 + number))
        print(f"{number}: {said}", flush=True)
        cost = cost_of(meritline(state, "plan", "--policy", str(policy), "--save", NAME))
        print(f"    {cost}", flush=True)
        if cost.status or (asked.prove and not is_true(state, landing, policy, asked.folder / "proof")):
            wrong += 1
    print(f"{asked.policies - wrong} of {asked.policies} policies as planned")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
