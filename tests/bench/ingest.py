"""How fast ingestion loads a clean export, beside DuckDB's own reader, and how much memory a large one takes.

    python -m tests.bench.ingest [--tickets 400000] [--rounds 5]
    python -m tests.bench.ingest --memory 5 --folder DIR

The first form makes a year of tickets as one CSV file in UTF-8 and in GB18030 and, in turns and in this one
process, loads each (framing, field counting, conversion, row numbers, hashes, pseudonyms: everything between
the landed file and raw Parquet) and copies the UTF-8 file with DuckDB's `read_csv` to Parquet, once typed as
DuckDB detects it and once as text. DuckDB reads no GB18030 here, so its copy of the same rows in UTF-8 is
what both are held against. Both times are taken on the wall clock and of the processor, which what else the
machine does disturbs less. Ends with status 1 when UTF-8 is slower than half of DuckDB or GB18030 than a
quarter on the wall clock, best round against best round.

The second form loads a file of that many GB in a process of its own and prints the peak of its memory; status
1 above 2 GB. It needs about twice the file's size of disk and removes what it made.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from orchestration.generate import generate
from orchestration.ingest import load_contract
from orchestration.ingest.landing import list_landing
from orchestration.ingest.load import Load
from orchestration.ingest.loader import Loader
from orchestration.ingest.profile import canonical_entry
from orchestration.ingest.store import RawStore

ROOT = Path(__file__).resolve().parents[2]
CONTRACT = load_contract(ROOT / "dbt_project" / "models" / "staging")
TABLE = CONTRACT.table("ticket.ticket")
PLAIN = "DuckDB read_csv, types detected"
SHARES = {"utf-8": 0.5, "gb18030": 0.25}
MEMORY_BYTES = 2_000_000_000


def make_tickets(folder: Path, tickets: int) -> Path:
    """A year of generated tickets as one CSV file."""
    made = folder / "made"
    generate(out=made, agents=200, months=12, tickets=tickets, seed=1, last_month="2026-10")
    path = folder / "utf-8" / "ticket" / "ticket.csv"
    path.parent.mkdir(parents=True)
    with path.open("wb") as out:
        for number, part in enumerate(sorted((made / "ticket").glob("ticket_*.csv"))):
            content = part.read_bytes()
            out.write(content if not number else content[content.index(b"\n") + 1 :])
    return path


def transcoded(path: Path, folder: Path, encoding: str) -> Path:
    """The same text in another encoding."""
    target = folder / encoding / "ticket" / "ticket.csv"
    target.parent.mkdir(parents=True)
    target.write_bytes(path.read_bytes().decode("utf-8").encode(encoding))
    return target


def load(landing: Path, state: Path) -> int:
    """Load the one file of a landing folder to staged Parquet; returns its rows."""
    (file,) = list_landing(landing)
    entry = canonical_entry(TABLE, "Asia/Shanghai")
    with RawStore(state, CONTRACT).staging() as staging, Loader(staging, b"k" * 32) as loader:
        (figures,) = loader.load(file, [Load("0" * 32, 1, file.sha256(), entry)])
    assert figures.rejected_row_count == 0, figures
    return figures.accepted_row_count


def copy(path: Path, target: Path, options: str = "") -> int:
    """DuckDB's plain way from CSV to Parquet; returns the rows."""
    with duckdb.connect() as connection:
        done = connection.execute(
            f"COPY (FROM read_csv('{path}'{options})) TO '{target}' (FORMAT parquet)"
        ).fetchone()
    target.unlink()
    assert done is not None
    return int(done[0])


@dataclass
class Times:
    """Seconds of each round, on the wall clock and of the processor over all threads."""

    wall: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)

    def take(self, work: Callable[[], int], rows: int) -> None:
        """Time a piece of work that must come to that many rows."""
        wall, processor = time.perf_counter(), time.process_time()
        assert work() == rows
        self.wall.append(time.perf_counter() - wall)
        self.processor.append(time.process_time() - processor)


def throughput(folder: Path, tickets: int, rounds: int) -> bool:
    """Print the best times and ratios; whether both ratios are kept."""
    path = make_tickets(folder, tickets)
    transcoded(path, folder, "gb18030")
    size = path.stat().st_size
    rows = copy(path, folder / "plain.parquet")
    works: dict[str, Callable[[], int]] = {
        PLAIN: lambda: copy(path, folder / "plain.parquet"),
        "DuckDB read_csv, all text": lambda: copy(path, folder / "plain.parquet", ", all_varchar = true"),
        **{name: lambda name=name: load(folder / name, folder / "state") for name in SHARES},
    }
    times = {name: Times() for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            times[name].take(work, rows)
    print(f"{rows:,} tickets, {size / 1e6:.0f} MB of UTF-8, best of {rounds} rounds")
    is_kept = True
    plain = times[PLAIN]
    for name, taken in times.items():
        ratio = min(plain.wall) / min(taken.wall)
        is_kept &= ratio >= SHARES.get(name, 0)
        wanted = f" (at least {SHARES[name]})" if name in SHARES else ""
        print(
            f"{name:34} wall {min(taken.wall):6.2f} s, {size / min(taken.wall) / 1e6:6.1f} MB/s, "
            f"ratio {ratio:.2f}{wanted}; processor {min(taken.processor):6.2f} s, "
            f"ratio {min(plain.processor) / min(taken.processor):.2f}"
        )
    return is_kept


def memory(folder: Path, gigabytes: float) -> bool:
    """Print the peak memory of loading a file of that size; whether it stays below 2 GB."""
    part = make_tickets(folder, 400_000).read_bytes()
    header, body = part.split(b"\n", 1)
    landing = folder / "large"
    path = landing / "ticket" / "ticket.csv"
    path.parent.mkdir(parents=True)
    with path.open("wb") as out:
        out.write(header + b"\n")
        while out.tell() < gigabytes * 1e9:
            out.write(body)
    del part, body
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.ingest", "--child", str(landing), "--folder", str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    rows, peak = map(int, done.stdout.split())
    print(
        f"{path.stat().st_size / 1e9:.2f} GB, {rows:,} rows: {time.perf_counter() - began:.0f} s, "
        f"peak memory {peak / 1e6:.0f} MB (at most {MEMORY_BYTES / 1e6:.0f} MB)"
    )
    return peak <= MEMORY_BYTES


def main() -> int:
    """Run one of the two measurements."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--tickets", type=int, default=400_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--memory", type=float, metavar="GB")
    parser.add_argument("--folder", type=Path, help="where temporary files go")
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        rows = load(arguments.child, arguments.folder / "state")
        print(rows, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
        return 0
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        if arguments.memory:
            return 0 if memory(Path(folder), arguments.memory) else 1
        return 0 if throughput(Path(folder), arguments.tickets, arguments.rounds) else 1


if __name__ == "__main__":
    sys.exit(main())
