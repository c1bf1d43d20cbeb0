"""A reader that polls `current`, as a process of its own: `python -m tests.faults.reader PUBLISHED STOP`.

Until the file STOP exists it reads every audience in turn, and says at the end how many reads there were,
which failed, and which saw more than one publication.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import duckdb

from tests.faults.small import CONTENTS, ROWS

MANY = 5
"""Errors quoted."""
PAUSE_SECONDS = 0.02


def numbers_of_one_file(current: Path, audience: str) -> set[int]:
    """The numbers in all tables of an audience's database, opened through the link as a BI tool does."""
    with duckdb.connect() as database:
        database.execute(f"attach '{current / audience}.duckdb' as one (read_only)")
        tables = database.execute(
            "select schema_name || '.' || table_name from duckdb_tables() "
            "where database_name = 'one' and table_name not in ('mart_calibration', 'about')"
        ).fetchall()
        found: set[int] = set()
        for (table,) in tables:
            rows = database.execute(f"select number, count(*) from one.{table} group by 1").fetchall()
            found |= {number if count == ROWS else -1 for number, count in rows}
    return found


def numbers_of_a_folder(current: Path) -> set[int]:
    """The numbers in manifest, Parquet and database of the folder that the link leads to right now."""
    folder = current.resolve(strict=True)
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    found = {int(name.split("-")[0]) % CONTENTS for name in (manifest["run_id"], folder.name)}
    for path in (folder / "auditor").glob("*/*.parquet"):
        if "mart_calibration" not in path.parent.name:
            rows = duckdb.execute(f"select distinct number from '{path}'").fetchall()
            found |= {number for (number,) in rows}
    return found | numbers_of_one_file(folder, "payroll")


def main() -> None:
    """Read until told to stop."""
    current, stop = Path(sys.argv[1]) / "current", Path(sys.argv[2])
    reads, mixed, seen, errors = 0, 0, set(), []
    ways = [
        lambda: numbers_of_one_file(current, "bi"),
        lambda: numbers_of_one_file(current, "auditor"),
        lambda: numbers_of_a_folder(current),
    ]
    print("reading", flush=True)
    while not stop.exists() or reads < len(ways):
        try:
            found = ways[reads % len(ways)]()
        except Exception as error:
            errors.append(f"{type(error).__name__}: {error}")
        else:
            mixed += len(found) != 1
            seen |= found
        reads += 1
        time.sleep(PAUSE_SECONDS)
    print(
        json.dumps(
            {"reads": reads, "mixed": mixed, "seen": len(seen), "errors": len(errors), "first": errors[:MANY]}
        )
    )


if __name__ == "__main__":
    main()
