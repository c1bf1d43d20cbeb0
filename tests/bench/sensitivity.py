"""How long `sensitivity` takes, and whether it is true: every change that it names is made in the exports.

    .venv/bin/python -m tests.bench.sensitivity --agents 200 --months 4 --state /tmp/sensitive

Generates a centre, publishes a night, finds what the grades of every period hang on, applies as many changes
as asked for to copies of the exports and runs a night over each copy: one with the whole changes, one with
the next smaller ones. Several such pairs of nights are run where changes would touch one another. Ends with
status 1 unless each whole change moves the grade as it says and no smaller one does. With `--only-time` no
change is tried. Prints seconds per period and the most memory that this process held.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from orchestration.audit.relations import AuditFile
from orchestration.audit.sensitivity.run import find
from orchestration.generate import generate
from tests.applied_changes import Certificate, apart, apply_changes, bands, certificates, grades
from tests.conftest import AS_OF, LAST_MONTH, run_night


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--state", type=Path, required=True, help="folder for everything written")
    parser.add_argument("--agents", type=int, default=200)
    parser.add_argument("--months", type=int, default=4)
    parser.add_argument("--tickets", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--certificates", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=4, help="pairs of nights at most")
    parser.add_argument("--only-time", action="store_true")
    asked = parser.parse_args()
    landing, state = asked.state / "landing", asked.state / "state"
    if not (state / "published" / "current").exists():
        generate(
            out=landing,
            agents=asked.agents,
            months=asked.months,
            tickets=asked.tickets,
            seed=asked.seed,
            last_month=LAST_MONTH,
        )
        run_night(state, landing)
    folder = (state / "published" / "current").resolve()
    found = timed(folder)
    if asked.only_time:
        return 0
    wrong = tried = 0
    for number in range(asked.rounds):
        chosen = apart(folder, found, asked.certificates - tried)
        if not chosen:
            break
        found = [one for one in found if one not in chosen]
        tried += len(chosen)
        wrong += round_of(asked.state / f"round{number}", landing, chosen, bands(folder))
    print(f"{tried} changes tried whole and smaller, {wrong} not as named")
    return 1 if wrong or not tried else 0


def timed(folder: Path) -> list[Certificate]:
    """Every change found in every graded period."""
    with AuditFile(folder) as audit:
        periods = [
            row["period_id"] for row in audit.query("select distinct period_id from grade.grade order by 1")
        ]
    found: list[Certificate] = []
    for period in periods:
        began = time.monotonic()
        findings = find(folder, period_id=period).findings
        found += certificates(findings)
        held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        on_one = sum(one.fewest_rows == 1 for one in findings)
        print(
            f"{period}: {len(findings)} agents, {on_one} on one row, {time.monotonic() - began:.1f} s, "
            f"{held:.2f} GiB at most",
            flush=True,
        )
    return found


def round_of(
    folder: Path,
    landing: Path,
    chosen: list[Certificate],
    places: Mapping[tuple[str, str, str | None], int],
) -> int:
    """How many changes come out otherwise than named, made whole in one night and smaller in another."""
    after = {}
    for is_whole in (True, False):
        place = folder / ("whole" if is_whole else "smaller")
        shutil.rmtree(place, ignore_errors=True)
        changed = apply_changes(landing, place / "landing", [(one, is_whole) for one in chosen], AS_OF)
        run_night(place / "state", changed)
        after[is_whole] = grades((place / "state" / "published" / "current").resolve())
    wrong = 0
    for one in chosen:
        key = one.agent_id, one.period_id
        whole, smaller = after[True][key], after[False][key]
        if not (one.holds(whole, places, is_whole=True) and one.holds(smaller, places, is_whole=False)):
            wrong += 1
            print(
                f"{one.agent_id} {one.period_id} {one.change}: {one.grade}, {whole} whole, {smaller} smaller"
            )
    return wrong


if __name__ == "__main__":
    sys.exit(main())
