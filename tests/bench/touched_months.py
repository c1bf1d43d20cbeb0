"""Random sequences of nights of a small centre, each compared with a warehouse built from nothing.

    python -m tests.bench.touched_months [--sequences 200] [--nights 6] [--seed 1]

Late rows, replaced files, changed and moved rows, rulings, transfers, policy changes, business dates that go
back, nights on which nothing came. Ends with status 1 when any relation of any night differs.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

import duckdb

from orchestration.nightly.ingestion import take_exports
from orchestration.nightly.run import NightlyRun
from orchestration.progress import Stage
from orchestration.state.folder import StateFolder
from orchestration.warehouse.dbt import (
    BUILD,
    DbtOutcome,
    log_path,
    manifest_path,
    stream_dbt,
    take_parsed,
)
from orchestration.warehouse.ledger import all_built, keep_warehouse
from orchestration.warehouse.manifest import read_manifest
from tests.changing_centre import ChangingCentre
from tests.compiled import build_compiled, project_of
from tests.conftest import settings_of


def one_sequence(base: Path, seed: int, nights: int) -> list[str]:
    """Run a sequence; says which relations of which night differ from those built from nothing."""
    centre = ChangingCentre(base, seed)
    state = StateFolder(base / "state")
    state.prepare()
    found = []
    for number in range(1, nights + 1):
        happened = centre.night()
        built = build_on(state, centre)
        differing = differences(state, base)
        print(
            f"  {seed}.{number} {centre.as_of} {' '.join(happened) or 'one more night'}: {built}", flush=True
        )
        found += [f"{seed}.{number} {' '.join(happened)}: {one}" for one in differing]
    return found


def build_on(state: StateFolder, centre: ChangingCentre) -> str:
    """Take the exports and bring the warehouse up to date; says how many relations were built how."""
    run = NightlyRun.of(settings_of(state.root, centre.landing, centre.policy))
    run = run.model_copy(update={"as_of": centre.as_of.isoformat()})
    take_exports(run, Stage("ingest"))
    manifest_now, outcome = take_parsed(state), DbtOutcome()
    manifest = read_manifest(manifest_path(state))
    keep_warehouse(state, manifest)
    with duckdb.connect(str(state.warehouse)) as warehouse:
        [before] = warehouse.execute("select coalesce(max(seq), 0) from build.built").fetchall()[0]
    built = stream_dbt(state, [*BUILD], outcome=outcome, manifest=manifest_now, is_kept=True, is_quick=True)
    for _ in built:
        pass
    outcome.raise_if_failed(log_path(state))
    with duckdb.connect(str(state.warehouse)) as warehouse:
        rows = warehouse.execute(
            "select kind, count(*) from build.built where seq > $1 group by kind order by kind", [before]
        ).fetchall()
    all_built(state, manifest)
    return ", ".join(f"{count} {kind}" for kind, count in rows)


def differences(state: StateFolder, base: Path) -> list[str]:
    """Tables of the warehouse whose rows are not those of one built from nothing."""
    anew = base / "anew" / state.warehouse.name
    anew.parent.mkdir(exist_ok=True)
    anew.unlink(missing_ok=True)
    build_compiled(state, project_of(state), anew)
    with duckdb.connect() as database:
        database.execute(f"attach '{state.warehouse}' as kept (read_only)")
        database.execute(f"attach '{anew}' as anew (read_only)")
        names = {
            catalog: {
                (str(schema), str(name))
                for schema, name in database.execute(
                    "select schema_name, table_name from duckdb_tables() "
                    "where database_name = $1 and schema_name <> 'build'",
                    [catalog],
                ).fetchall()
            }
            for catalog in ("kept", "anew")
        }
        assert names["kept"] == names["anew"]
        found = []
        columns = (
            "select schema_name, table_name, column_index, column_name, data_type from duckdb_columns() "
            "where database_name = $1 and schema_name <> 'build' and not internal order by all"
        )
        shapes = [database.execute(columns, [catalog]).fetchall() for catalog in ("kept", "anew")]
        found += [f"{row} is a column of one" for row in sorted(set(shapes[0]) ^ set(shapes[1]))]
        for schema, name in sorted(names["kept"]):
            tables = [f'{catalog}."{schema}"."{name}"' for catalog in ("kept", "anew")]
            [missing], [extra] = (
                database.execute(f"select count(*) from (from {a} except all from {b})").fetchall()[0]
                for a, b in (tables[::-1], tables)
            )
            if missing or extra:
                found.append(f"{schema}.{name}: {missing} rows missing, {extra} too many")
    return found


def main() -> int:
    """Run the sequences, print what differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sequences", type=int, default=200)
    parser.add_argument("--nights", type=int, default=6)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    found, started = [], time.perf_counter()
    for seed in range(options.seed, options.seed + options.sequences):
        with tempfile.TemporaryDirectory() as scratch:
            differing = one_sequence(Path(scratch), seed, options.nights)
        for sentence in differing:
            print(f"DIFFERS {sentence}", flush=True)
        found += differing
    print(
        f"{options.sequences} sequences of {options.nights} nights, {len(found)} differences, "
        f"{time.perf_counter() - started:.0f} s"
    )
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
