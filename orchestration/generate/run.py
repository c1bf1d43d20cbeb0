"""`generate`: a centre's exports from a seed, the same bytes on every machine and any number of threads."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb

from orchestration.clock import elapsed
from orchestration.errors import ConfigurationError
from orchestration.generate.centre import CENTRE, MINIMUM_AGENTS, PLANS, plan_seats, statements
from orchestration.generate.dice import load_dice
from orchestration.generate.dirt import damage_files
from orchestration.generate.exports import all_exports, write_export
from orchestration.generate.history import History, history_of
from orchestration.state.memory import memory_limit

MARKER = ".generated.json"
"""Hidden file in the output folder: what was asked for and the files written, for a rerun to replace."""

STEPS = {
    "people: teams, job history, attendance": ("calendar", "agent", "job", "duty", "appraisal"),
    "service: {tickets:,} tickets": ("ticket_cast", "ticket", "ticket_version"),
    "service: contacts, surveys, quality reviews": ("contact", "survey", "quality"),
    "sales: leads, orders, targets": ("sales", "governance"),
}
"""What is made, as progress says it, and the files of `sql/` that make it."""

_WORK = ".partial"


@dataclass(frozen=True)
class GenerateReport:
    """What was written. Paths are relative to `out`.

    `rows` counts good rows, `damaged` those that `dirty` added.
    `rows` is by `source.table`, re-exported rows included; `damaged` by `source.table`, then kind of damage
    (`field_count`, `time`, `closed_list`, `required`).
    """

    out: Path
    first_day: date
    last_day: date
    files: tuple[Path, ...]
    rows: Mapping[str, int]
    damaged: Mapping[str, Mapping[str, int]]
    seconds: float

    @property
    def row_count(self) -> int:
        """Good rows of all tables."""
        return sum(self.rows.values())

    @property
    def damaged_count(self) -> int:
        """Damaged rows of all tables."""
        return sum(sum(counts.values()) for counts in self.damaged.values())


def generate(
    *,
    out: Path,
    agents: int,
    months: int,
    tickets: int,
    seed: int,
    dirty: Decimal = Decimal(0),
    last_month: str = "2026-10",
    threads: int | None = None,
    progress: Callable[[str], None] | None = None,
) -> GenerateReport:
    """Write `out/<source>/<table>*.csv` of `agents` agents for the `months` months up to `last_month`.

    `tickets` is the number of tickets, re-exports not counted; for each there are about 1.2 contacts and 0.3
    surveys. `dirty` (0 to below 1) is the share of damaged rows added to each table. `progress` is told each
    step in words. `threads` bounds DuckDB's threads (default: all cores); the bytes do not depend on it.

    An earlier output of this function in `out` is replaced. Raises ConfigurationError for arguments out of
    range, and when `out` holds anything else.
    """
    began = elapsed()
    _check(agents=agents, months=months, tickets=tickets, dirty=dirty)
    history = history_of(months=months, last_month=last_month)
    say = progress or (lambda _: None)
    _clear(out)
    work = out / _WORK
    work.mkdir(parents=True)
    try:
        config: dict[str, str | bool | int | float | list[str]] = {
            "temp_directory": str(work / "spill"),
            "memory_limit": memory_limit(),
        }
        if threads is not None:
            config["threads"] = threads
        with duckdb.connect(":memory:", config=config) as connection:
            _prepare(connection, history=history, agents=agents, months=months, tickets=tickets, seed=seed)
            for step, names in STEPS.items():
                say(step.format(tickets=tickets))
                for name in names:
                    connection.execute(statements(name))
            files, rows, damaged = _write(connection, folder=work / "exports", dirty=dirty, say=say)
        asked = {
            "agents": agents,
            "months": months,
            "tickets": tickets,
            "seed": seed,
            "dirty": str(dirty),
            "last_month": last_month,
        }
        relative = tuple(sorted(path.relative_to(work / "exports") for path in files))
        _deliver(out, work=work, files=relative, asked=asked)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return GenerateReport(
        out=out,
        first_day=history.first_day,
        last_day=history.last_day,
        files=relative,
        rows=rows,
        damaged=damaged,
        seconds=elapsed() - began,
    )


def _check(*, agents: int, months: int, tickets: int, dirty: Decimal) -> None:
    if agents < MINIMUM_AGENTS or agents > 9000:
        raise ConfigurationError(
            problem=f"{agents} agents cannot staff a centre with all eight pay plans",
            remedy=f"Ask for {MINIMUM_AGENTS} to 9000 agents",
        )
    if months < 1 or months > 120:
        raise ConfigurationError(problem=f"{months} months were asked for", remedy="Ask for 1 to 120 months")
    if tickets < 0 or tickets > 300_000_000:
        raise ConfigurationError(
            problem=f"{tickets} tickets were asked for", remedy="Ask for 0 to 300 million tickets"
        )
    if not Decimal(0) <= dirty < Decimal(1):
        raise ConfigurationError(
            problem=f"a share of {dirty} damaged rows was asked for",
            remedy="Give a share from 0 to below 1, such as 0.01",
        )


def _clear(out: Path) -> None:
    """Remove what an earlier `generate` wrote to `out`; refuse a folder with anything else in it."""
    if not out.exists():
        return
    if not out.is_dir():
        raise ConfigurationError(path=out, problem="is not a folder", remedy="Give a folder for the exports")
    present = {path.relative_to(out) for path in out.rglob("*") if not path.is_dir()}
    present = {path for path in present if path.parts[0] != _WORK}
    marker = out / MARKER
    written = (
        {Path(name) for name in json.loads(marker.read_text("utf-8"))["files"]} if marker.is_file() else set()
    )
    foreign = sorted(present - written - {Path(MARKER)})
    if foreign:
        raise ConfigurationError(
            path=out / foreign[0],
            problem="is not a file that `generate` wrote here, and exports must not mix",
            remedy="Choose an empty folder or move the file away",
        )
    shutil.rmtree(out / _WORK, ignore_errors=True)
    for path in present:
        (out / path).unlink()


def _prepare(
    connection: duckdb.DuckDBPyConnection,
    *,
    history: History,
    agents: int,
    months: int,
    tickets: int,
    seed: int,
) -> None:
    """Macros, the variables that all steps read, and the seats of the plans."""
    load_dice(connection, seed=seed)
    first, last = history.first_day, history.last_day
    days = (last - first).days + 1
    outage_hours = int(days * CENTRE.outage_day_share) * 24 + CENTRE.outage_first_hour
    variables = {
        "agents": agents,
        "months": months,
        "tickets": tickets,
        "days": days,
        "customers": max(20, round(tickets * CENTRE.customers_per_ticket)),
        "follow_window": max(1, tickets * CENTRE.follow_up_days // days),
        "odd_modulus": max(CENTRE.nonsense_floor, min(CENTRE.nonsense_modulus, tickets // 4)),
        "end_s": f"seconds_of(date '{last}') + 86400",
        "last_month_s": f"seconds_of(date '{last.replace(day=1)}')",
        "outage_s": f"seconds_of(date '{first}') + {outage_hours} * 3600",
    }
    connection.execute(f"set variable first_day = date '{first}'")
    for name, value in variables.items():
        connection.execute(f"set variable {name} = ({value})::bigint")
    connection.execute(
        "create table plan_quota (plan_no integer, scheme_id varchar, seats integer, roles varchar[])"
    )
    seats = zip(PLANS.items(), plan_seats(agents), strict=True)
    connection.executemany(
        "insert into plan_quota values (?, ?, ?, ?)",
        [(number, plan, count, roles) for number, ((plan, roles), count) in enumerate(seats)],
    )


def _write(
    connection: duckdb.DuckDBPyConnection, *, folder: Path, dirty: Decimal, say: Callable[[str], None]
) -> tuple[list[Path], dict[str, int], dict[str, Mapping[str, int]]]:
    """Write every export; returns its files, good rows by table, and damaged rows by table and kind."""
    files: list[Path] = []
    rows: dict[str, int] = {}
    damaged: dict[str, Mapping[str, int]] = {}
    for export in all_exports():
        say(f"writing {export.name}")
        written = write_export(connection, export, folder=folder)
        files += [path for path, _ in written.files]
        rows[export.name] = sum(count for _, count in written.files)
        counts = damage_files(connection, export, written, share=dirty)
        if counts:
            damaged[export.name] = counts
    return files, rows, damaged


def _deliver(out: Path, *, work: Path, files: tuple[Path, ...], asked: Mapping[str, object]) -> None:
    """Move the finished files into place; the marker goes first, so that a stopped move can be repeated."""
    marker = {"asked": asked, "files": [str(path) for path in files]}
    (out / MARKER).write_text(json.dumps(marker, indent=1) + "\n", encoding="utf-8")
    for path in files:
        target = out / path
        target.parent.mkdir(parents=True, exist_ok=True)
        (work / "exports" / path).replace(target)
