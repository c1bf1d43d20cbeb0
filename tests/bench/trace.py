"""How long the trace command takes on a centre with a million tickets: the process, from start to end.

    python -m tests.bench.trace [--tickets 1000000] [--agents 600] [--months 3] [--keep DIR]

Makes the centre and runs one nightly (minutes), or takes the one that `--keep` already has; then traces a
bonus of every plan and kind of period as a tree, and the slowest of them in every form. Exits 1 when one took
more than two seconds.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb

from orchestration.generate import generate
from tests.conftest import AS_OF, LAST_MONTH, SEED, run_night

LIMIT_SECONDS = 2.0
ROOT = Path(__file__).parents[2]


def main() -> int:
    """Make or take the centre, time the command, print; 1 when one was slower than the limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tickets", type=int, default=1_000_000)
    parser.add_argument("--agents", type=int, default=600)
    parser.add_argument("--months", type=int, default=3)
    parser.add_argument("--keep", type=Path, help="Make the centre here, or take the one that is here.")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        base = options.keep or Path(scratch)
        if not (base / "state" / "published" / "current").exists():
            _make(base, agents=options.agents, months=options.months, tickets=options.tickets)
        return _time(base / "state")


def _make(base: Path, *, agents: int, months: int, tickets: int) -> None:
    started = time.perf_counter()
    landing = base / "landing"
    generate(out=landing, agents=agents, months=months, tickets=tickets, seed=SEED, last_month=LAST_MONTH)
    print(f"generate: {time.perf_counter() - started:.0f} s", flush=True)
    started = time.perf_counter()
    run_night(base / "state", landing, as_of=AS_OF)
    print(f"nightly: {time.perf_counter() - started:.0f} s", flush=True)


def _time(state: Path) -> int:
    with duckdb.connect() as database:
        database.execute(f"attach '{state}/published/current/auditor.duckdb' as publication (read_only)")
        database.execute("use publication")
        for relation in ("facts.fct_ticket", "kpi.kpi_evidence", "audit.source_row", "audit.bonus_trace"):
            [rows] = database.execute(f"select count(*) from {relation}").fetchone() or (0,)
            print(f"{relation}: {rows:,} rows")
        bonuses = database.execute(
            "select arg_max(agent_id, amount_cny), arg_max(period_id, amount_cny) from bonus.bonus "
            "where line_count > 0 group by scheme_id, period_kind order by scheme_id, period_kind"
        ).fetchall()
    seconds = {(str(agent), str(period)): _run(state, str(agent), str(period)) for agent, period in bonuses}
    for (agent, period), taken in sorted(seconds.items(), key=lambda one: one[1]):
        print(f"  trace {agent} {period}: {taken:.2f} s")
    slowest = max(seconds, key=lambda one: seconds[one])
    for words in (["--format", "json"], ["--format", "html"], ["--evidence"]):
        print(f"  trace {' '.join(slowest)} {' '.join(words)}: {_run(state, *slowest, *words):.2f} s")
    print(f"slowest of {len(seconds)} trees: {seconds[slowest]:.2f} s, limit {LIMIT_SECONDS:.0f} s")
    return 1 if seconds[slowest] > LIMIT_SECONDS else 0


def _run(state: Path, *words: str) -> float:
    """Seconds of the command as a process."""
    started = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "orchestration", "--state", str(state), "trace", *words],
        check=True,
        capture_output=True,
        cwd=ROOT,
    )
    return time.perf_counter() - started


if __name__ == "__main__":
    raise SystemExit(main())
