"""A thousand random tamperings with a published centre: does verify find each one and name its place?

    python -m tests.bench.tampering [--count 1000] [--seed 1] [--keep DIR]

Makes a centre of its own (one nightly run), three publications in a chain and a settled month; then, for each
draw, tampers with a copy and verifies it. Exits 1 when one was missed.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from collections import Counter
from pathlib import Path
from random import Random

from orchestration.audit.verify.run import verify_state
from orchestration.generate import generate
from orchestration.state.folder import StateFolder
from tests import tampering
from tests.conftest import AGENTS, LAST_MONTH, MONTHS, SEED, TICKETS, run_night

PROGRESS_EVERY = 50


def main() -> int:
    """Draw, verify, print the count; 1 when a tampering was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="Make the centre here, or take the one that is here.")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        base = options.keep or Path(scratch) / "centre"
        if not (base / "chain").exists():
            _make(base)
        return _draw(base, Path(scratch), count=options.count, seed=options.seed)


def _make(base: Path) -> None:
    started = time.perf_counter()
    landing, state = base / "landing", base / "chain"
    generate(out=landing, agents=AGENTS, months=MONTHS, tickets=TICKETS, seed=SEED, last_month=LAST_MONTH)
    run_night(state, landing)
    tampering.make_chain(StateFolder(state))
    report = verify_state(StateFolder(state), landing=landing, progress=lambda _: None)
    assert report.is_sound, [str(finding) for finding in report.findings[:5]]
    print(f"centre, nightly and chain: {time.perf_counter() - started:.0f} s", flush=True)


def _draw(base: Path, scratch: Path, *, count: int, seed: int) -> int:
    chance = Random(seed)
    drawn: Counter[str] = Counter()
    missed: Counter[str] = Counter()
    seconds = slowest = 0.0
    for number in range(1, count + 1):
        state = StateFolder(tampering.link_copy(base / "chain", scratch / "state"))
        landing = tampering.link_copy(base / "landing", scratch / "landing")
        way = tampering.draw(chance)
        done = way(state, landing, chance)
        started = time.perf_counter()
        report = tampering.verified(done, state, landing)
        taken = time.perf_counter() - started
        seconds, slowest = seconds + taken, max(slowest, taken)
        drawn[way.__name__] += 1
        if not tampering.is_named(done, report):
            missed[way.__name__] += 1
            found = [str(finding) for finding in report.findings[:3]]
            print(f"MISSED {number} {way.__name__}: {done.what}; found {found}", flush=True)
        for folder in (state.root, landing):
            shutil.rmtree(folder)
        if number % PROGRESS_EVERY == 0:
            print(
                f"{number} drawn, {missed.total()} missed, "
                f"{seconds / number:.2f} s a verify, slowest {slowest:.1f} s",
                flush=True,
            )
    for name, times in sorted(drawn.items()):
        print(f"  {name.strip('_').replace('_', ' '):36} {times:5} drawn {times - missed[name]:5} found")
    print(f"{count} tamperings, {count - missed.total()} found and named, {missed.total()} missed")
    return 1 if missed else 0


if __name__ == "__main__":
    raise SystemExit(main())
