"""What a night costs beside the same exports done by hand: seconds, processor time, memory, stages.

    python -m tests.bench.night [--tickets 1000000] [--agents 300] [--months 12] [--one-more-day] [--keep DIR]

Makes a centre's exports, or takes those that `--keep` already has; runs, one after the other, the job of
`by_hand.sql` (staged exports, fourteen KPIs, Parquet; nothing checked, graded, paid or traced) and a first
night into an empty state folder, each as a process of its own, and prints both with their ratio. With
`--one-more-day` the last day's rows come after the first night, and a second night takes them alone. Ends
with status 1 when a night does not publish.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import duckdb

from orchestration.generate import generate
from orchestration.state.folder import StateFolder
from orchestration.state.record import read_records
from tests.conftest import LAST_MONTH, SEED

BY_HAND = Path(__file__).with_name("by_hand.sql")
ROOT = Path(__file__).parents[2]
DAY_COLUMNS = ("updated_at", "responded_at", "reviewed_at", "occurred_at", "work_date")
"""Columns that say on which day a row was exported; exports without one come with the first night."""


@dataclass(frozen=True)
class Cost:
    """What a process took: seconds on the wall clock and of the processor, peak memory in bytes."""

    wall_seconds: float
    cpu_seconds: float
    peak_bytes: int
    status: int

    def __str__(self) -> str:
        peak = self.peak_bytes / 1e9
        return f"{self.wall_seconds:7.1f} s wall, {self.cpu_seconds:7.1f} s processor, {peak:5.2f} GB peak"

    def beside(self, other: Cost) -> str:
        """Ratios to another."""
        wall, cpu = self.wall_seconds / other.wall_seconds, self.cpu_seconds / other.cpu_seconds
        return f"{wall:.2f} x wall, {cpu:.2f} x processor"


def cost_of(words: list[str]) -> Cost:
    """Run a command to its end."""
    started = time.perf_counter()
    process = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return Cost(
        wall_seconds=time.perf_counter() - started,
        cpu_seconds=used.ru_utime + used.ru_stime,
        peak_bytes=used.ru_maxrss * 1024,
        status=process.returncode,
    )


def by_hand(landing: Path, out: Path) -> None:
    """The hand-written job, in this process."""
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    text = BY_HAND.read_text(encoding="utf-8").replace("{landing}", str(landing)).replace("{out}", str(out))
    with duckdb.connect(str(out / "by_hand.duckdb")) as database:
        database.execute("set timezone = 'Asia/Shanghai'; set preserve_insertion_order = false")
        database.execute(text)


def night(state: Path, landing: Path, as_of: str) -> Cost:
    """A whole night as the command runs it, with its stages printed."""
    words = ["--state", str(state), "nightly", "--landing", str(landing), "--as-of", as_of]
    cost = cost_of([sys.executable, "-m", "orchestration", *words])
    for stage in read_records(StateFolder(state))[-1].stages:
        print(f"    {stage.name:10} {stage.seconds:7.1f} s")
    return cost


def hold_back(landing: Path, day: str) -> Path:
    """Take the rows of the last `day` out of the exports of `landing`; returns the folder that has them."""
    later = landing.with_name("one_more_day")
    shutil.rmtree(later, ignore_errors=True)
    with duckdb.connect() as database:
        for path in sorted(landing.rglob("*.csv")):
            source = f"read_csv('{path}', all_varchar = true, header = true)"
            columns = [str(row[0]) for row in database.execute(f"describe from {source}").fetchall()]
            column = next((name for name in DAY_COLUMNS if name in columns), None)
            if column is None:
                continue
            is_later = f"coalesce({column} >= '{day}', false)"
            [count] = database.execute(f"select count(*) from {source} where {is_later}").fetchone() or (0,)
            if not count:
                continue
            held = later / path.relative_to(landing).with_name(f"{path.stem}_one_more_day.csv")
            held.parent.mkdir(parents=True, exist_ok=True)
            kept = path.with_suffix(".kept")
            database.execute(f"copy (from {source} where {is_later}) to '{held}' (header)")
            database.execute(f"copy (from {source} where not {is_later}) to '{kept}' (format csv, header)")
            kept.replace(path)
            print(f"    held back {count:,} rows of {path.name}")
    return later


def main() -> int:
    """Make or take the exports, run both, print; 1 when a night did not publish."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tickets", type=int, default=1_000_000)
    parser.add_argument("--agents", type=int, default=300)
    parser.add_argument("--months", type=int, default=12)
    parser.add_argument("--one-more-day", action="store_true")
    parser.add_argument("--keep", type=Path, help="Make the exports here, or take those that are here.")
    parser.add_argument("--only-by-hand", nargs=2, type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.only_by_hand:
        by_hand(*options.only_by_hand)
        return 0
    with tempfile.TemporaryDirectory() as scratch:
        return _measure(options, (options.keep or Path(scratch)).resolve())


def _measure(options: argparse.Namespace, base: Path) -> int:
    landing, state = base / "landing", base / "state"
    if not landing.exists():
        sizes = {"agents": options.agents, "months": options.months, "tickets": options.tickets}
        generate(out=landing, seed=SEED, last_month=LAST_MONTH, **sizes)
    shutil.rmtree(state, ignore_errors=True)
    last, before = f"{LAST_MONTH}-31", f"{LAST_MONTH}-30"
    later = hold_back(landing, last) if options.one_more_day else None
    hand = cost_of(
        [sys.executable, "-m", "tests.bench.night", "--only-by-hand", str(landing), str(base / "by_hand")]
    )
    print(f"by hand:      {hand}", flush=True)
    first = night(state, landing, before if later else last)
    print(f"first night:  {first}\n              {first.beside(hand)}", flush=True)
    costs = [first]
    if later:
        shutil.copytree(later, landing, dirs_exist_ok=True)
        costs.append(night(state, landing, last))
        print(
            f"one more day: {costs[-1]}\n              {costs[-1].beside(first)} of the first night",
            flush=True,
        )
    return 1 if any(cost.status for cost in (hand, *costs)) else 0


if __name__ == "__main__":
    sys.exit(main())
