"""A clean generated centre trips no critical expectation, whatever the seed: whole nights, one after another.

    .venv/bin/python tests/bench/clean_seeds.py --seeds 20 --state /tmp/clean_seeds

Prints a line per seed and ends with status 1 when a critical expectation failed. Each seed has its own state
folder below `--state`, left behind for whoever wants to look.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from orchestration.errors import PublicationRefused
from orchestration.gate.result import CheckResult, read_result
from orchestration.generate import generate
from orchestration.nightly.execute import JobRequest, execute
from orchestration.nightly.run import NightlyRun
from orchestration.publish.candidate import read_candidate
from orchestration.settings import load_settings
from orchestration.state.folder import StateFolder
from orchestration.state.record import read_records

AGENTS, MONTHS, TICKETS, LAST_MONTH = 60, 3, 3000, "2026-10"


@dataclass(frozen=True)
class SeedReport:
    """What calibration found for the centre of one seed; seconds of the night and of its calibration."""

    seed: int
    checks: Sequence[CheckResult]
    night_seconds: float
    gate_seconds: float

    def failed(self, severity: str) -> list[str]:
        """Checks of that severity that did not pass, with what was observed."""
        return [
            f"{check.suite}.{check.check_id} ({check.error or check.observed})"
            for check in self.checks
            if check.outcome == "failed" and check.severity == severity
        ]


def run_seed(seed: int, folder: Path) -> SeedReport:
    """Generate a centre of 60 agents, 3 months and 3,000 tickets, run a whole night, report its checks."""
    began = time.monotonic()
    state = StateFolder(folder / "state")
    made = generate(
        out=folder / "landing",
        agents=AGENTS,
        months=MONTHS,
        tickets=TICKETS,
        seed=seed,
        last_month=LAST_MONTH,
    )
    settings = replace(load_settings({}), state=state.root, landing=folder / "landing")
    run = NightlyRun.of(settings).model_copy(update={"as_of": made.last_day.isoformat()})
    try:
        execute(settings, JobRequest(run=run, command=f"clean seed {seed}"))
    except PublicationRefused as refusal:
        print(refusal, file=sys.stderr)
    result = read_result(state, read_candidate(state).content_hash)
    assert result is not None, "the night ended before it was checked"
    stages = read_records(state)[-1].stages
    return SeedReport(
        seed=seed,
        checks=result.checks,
        night_seconds=time.monotonic() - began,
        gate_seconds=sum(stage.seconds for stage in stages if stage.name == "calibrate"),
    )


def main() -> int:
    """Run the seeds and print what they came to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--state", type=Path, required=True)
    arguments = parser.parse_args()
    critical = 0
    for seed in range(arguments.first, arguments.first + arguments.seeds):
        report = run_seed(seed, arguments.state / f"seed_{seed}")
        failed = report.failed("critical")
        critical += len(failed)
        print(
            f"seed {seed:3d}: {len(report.checks)} checks, {len(failed)} critical, "
            f"{len(report.failed('warning'))} warning; night {report.night_seconds:.1f} s, "
            f"calibration {report.gate_seconds:.1f} s",
            *(f"    critical {one}" for one in failed),
            *(f"    warning  {one}" for one in report.failed("warning")),
            sep="\n",
            flush=True,
        )
    print(f"{arguments.seeds} seeds, {critical} critical expectations tripped")
    return 1 if critical else 0


if __name__ == "__main__":
    sys.exit(main())
