"""A generated centre through a whole night, and its publication against the independent calculation.

    .venv/bin/python -m tests.bench.agreement --agents 200 --months 12 --tickets 200000 --seed 7 \
        --folder /tmp/agreement [--as-of 2026-04-17] [--every /tmp/differences.txt]

Prints per kind of result how many agree, and up to ten of those that differ; ends with status 1 if any does.
`--folder` keeps the landing folder and the state; what is there already is used again.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from datetime import date
from pathlib import Path

from orchestration.generate import generate
from orchestration.settings import POLICY_DIR, SEEDS_DIR
from tests.oracle.compare import Comparison, compare

LAST_DAY = date(2026, 10, 31)
SHOWN = 10


def agreement(landing: Path, state: Path, as_of: date) -> Comparison:
    """Publishes a landing folder unless the state has a publication, and compares all of it."""
    published = state / "published" / "current" / "auditor.duckdb"
    if not published.exists():
        arguments = ["--landing", str(landing), "--state", str(state), "--as-of", as_of.isoformat()]
        subprocess.run([sys.executable, "-m", "orchestration", "nightly", *arguments], check=True)
    return compare(landing, published, as_of, POLICY_DIR, SEEDS_DIR / "reference")


def show(found: Comparison, every: Path | None) -> int:
    """Prints what agrees and what differs; returns the number of differences."""
    for what, count in found.compared.items():
        apart = [difference for difference in found.differences if difference.what == what]
        print(f"{what}: {count - len(apart):,} of {count:,} agree")
        for difference in apart[:SHOWN]:
            print(
                "   ", *difference.key, "calculated", difference.calculated, "published", difference.published
            )
    if every is not None:
        every.write_text("".join(f"{difference}\n" for difference in found.differences), encoding="utf-8")
    return len(found.differences)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--agents", type=int, default=200)
    parser.add_argument("--months", type=int, default=12)
    parser.add_argument("--tickets", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--as-of", type=date.fromisoformat, default=LAST_DAY)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--every", type=Path)
    asked = parser.parse_args()
    landing = asked.folder / "landing"
    if not landing.exists():
        generate(
            out=landing, agents=asked.agents, months=asked.months, tickets=asked.tickets, seed=asked.seed
        )
    found = agreement(landing, asked.folder / f"state-{asked.as_of}", asked.as_of)
    return 1 if show(found, asked.every) else 0


if __name__ == "__main__":
    sys.exit(main())
