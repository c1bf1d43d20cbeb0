"""What dbt costs a night: processor seconds and calls of DuckDB for one build, with dbt's insides left
alone and contracts held, and as a night does it.

    python -m tests.bench.dbt_cost [--state DIR] [--rounds 3]

Makes a small centre and takes its exports in, or builds in a state that has run a night (its warehouse is
made anew). Each round is a process of its own that parses first; the build alone is measured, dbt's threads
and DuckDB's together. The first round writes the templates that later ones keep.
"""

from __future__ import annotations

import argparse
import collections
import json
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.conftest import AGENTS, AS_OF, LAST_MONTH, MONTHS, SEED, TICKETS, run_night

WAYS = ("dbt", "night")


def main() -> int:
    """Build in both ways in turn, print a line each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--state", type=Path, help="A state folder that has run a night.")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.way:
        print(json.dumps(_measured(options.state, options.way)))
        return 0
    with tempfile.TemporaryDirectory() as scratch:
        state = options.state or _made(Path(scratch))
        for number in range(options.rounds):
            for way in WAYS:
                found = _in_a_process(state, way)
                print(f"round {number + 1}, {way:5}: {found['cpu']:6.2f} CPU s, {found['calls']}", flush=True)
    return 0


def _made(folder: Path) -> Path:
    from orchestration.generate import generate

    generate(
        out=folder / "landing",
        agents=AGENTS,
        months=MONTHS,
        tickets=TICKETS,
        seed=SEED,
        last_month=LAST_MONTH,
    )
    run_night(folder / "state", folder / "landing", as_of=AS_OF)
    return folder / "state"


def _in_a_process(state: Path, way: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.bench.dbt_cost", "--state", str(state), "--way", way]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _measured(root: Path, way: str) -> dict[str, Any]:
    from orchestration.state.folder import StateFolder
    from orchestration.warehouse import dbt, ledger, manifest

    calls = _count_calls()
    state, outcome = StateFolder(root), dbt.DbtOutcome()
    parsed, is_night = dbt.take_parsed(state), way == "night"
    ledger.forget_warehouse(state)
    if is_night:
        ledger.keep_warehouse(state, manifest.read_manifest(dbt.manifest_path(state)))
    before = _seconds()
    for _ in dbt.stream_dbt(
        state,
        dbt.BUILD,
        outcome=outcome,
        manifest=parsed,
        contracts=dbt.PROVEN if is_night else dbt.PROVE,
        is_kept=is_night,
        is_quick=is_night,
    ):
        pass
    cpu = _seconds() - before
    outcome.raise_if_failed(dbt.log_path(state))
    return {"cpu": cpu, "calls": f"{sum(calls.values())} calls: {dict(calls.most_common(8))}"}


def _seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _count_calls() -> collections.Counter[str]:
    """Count what dbt asks of DuckDB, by its first word."""
    from dbt.adapters.duckdb import environments
    from dbt.adapters.duckdb.environments import local

    calls: collections.Counter[str] = collections.Counter()
    execute = local.DuckDBCursorWrapper.execute
    prepare = environments.Environment.initialize_cursor.__func__

    def counted(self: Any, sql: str, bindings: Any = None) -> Any:
        words = [
            line for line in sql.splitlines() if line.strip() and not line.strip().startswith(("--", "/*"))
        ]
        calls[words[0].split()[0].lower() if words else "nothing"] += 1
        return execute(self, sql, bindings)

    def settings(cls: Any, credentials: Any, cursor: Any, *rest: Any, **named: Any) -> Any:
        calls["set"] += len(credentials.settings or {})
        return prepare(cls, credentials, cursor, *rest, **named)

    local.DuckDBCursorWrapper.execute = counted
    environments.Environment.initialize_cursor = classmethod(settings)
    return calls


if __name__ == "__main__":
    sys.exit(main())
