"""The `given` rows of cases as one canonical landing folder."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from orchestration.ingest.contract import Contract
from tests.cases.runner.case import Case
from tests.cases.runner.naming import in_build

AGENT: Mapping[str, Any] = {
    "effective_from": "2020-01-01",
    "team_id": "T1",
    "department": "D1",
    "role": "general",
    "employment": "full_time",
    "base_salary": 5000,
}
"""An agent of whom a case says no more than the name."""

EVENT_TIME = "12:00:00"
EVENT_DAY = "10"
"""When something happened of which a case says no time: the tenth of the period's first month."""

GENERATED = "g"
"""First letter of generated keys."""


def write_landing(folder: Path, cases: Iterable[Case], contract: Contract) -> None:
    """Write `<folder>/<source>/<table>.csv` for all cases: every table of the contract but those that the
    cases say are absent, with a header alone where no case gives rows.

    Raises ValueError for a table or column that the export contract does not have, and for rows of an absent
    export.
    """
    cases = list(cases)
    absent = frozenset().union(*(case.absent_exports for case in cases))
    tables: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    first_days = []
    for case in cases:
        first_days.append(f"{first_month(case.period)}-01")
        for name, rows in case.given.items():
            tables[name] += _rows_of_table(case, name, rows, contract)
    for day in _anchor_days(_first_day(first_days, tables), max(first_days)):
        name, anchor = _anchor(day, absent)
        tables[name].append(anchor)
    known = {table.full_name: table for table in contract.export_tables}
    if wrong := absent & ({name for name, rows in tables.items() if rows} | (absent - set(known))):
        raise ValueError(
            f"{', '.join(sorted(wrong))}: absent exports are tables of the contract without rows"
        )
    for name in sorted(set(known) - absent):
        rows = tables.get(name, [])
        path = folder / f"{name.replace('.', '/')}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        columns = list(dict.fromkeys(column for row in rows for column in row))
        columns = columns or [column.name for column in known[name].export_columns]
        with path.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, columns, restval="", lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)


def _anchor(day: str, absent: Collection[str]) -> tuple[str, Mapping[str, Any]]:
    """A row of nobody's on a day of history, in a table that is delivered."""
    if "workforce.attendance" not in absent:
        return "workforce.attendance", {"agent_id": "anchor", "work_date": day, "status": "present"}
    contact = {"contact_id": f"anchor {day}", "channel": "email", "started_at": f"{day} {EVENT_TIME}"}
    return "ticket.contact", contact


def first_month(period: str) -> str:
    """`2026-04` of `2026-Q2`, `2026-04` or (with 01) `2026`."""
    if "Q" in period:
        year, quarter = period.split("-Q")
        return f"{year}-{3 * int(quarter) - 2:02d}"
    return period if "-" in period else f"{period}-01"


def _rows_of_table(
    case: Case, name: str, rows: Iterable[Mapping[str, Any]], contract: Contract
) -> Iterator[dict[str, Any]]:
    known = {table.full_name: table for table in contract}
    if name not in known:
        raise ValueError(f"{case}: the contract has no table {name!r}")
    table = known[name]
    columns = {column.name for column in table.columns}
    number = 0
    for given in rows:
        unknown = set(given) - columns - {"repeat"}
        if unknown:
            raise ValueError(f"{case}: {name} has no column {sorted(unknown)}")
        for n in range(1, int(given.get("repeat", 1)) + 1):
            number += 1
            own = {key: _numbered(value, n) for key, value in given.items() if key != "repeat"}
            row = {**_defaults(case, table, number), **own}
            yield {column: _text(in_build(case, column, value)) for column, value in row.items()}


def _defaults(case: Case, table: Any, number: int) -> dict[str, Any]:
    """Keys and required times that a case leaves out."""
    if table.full_name == "workforce.agent":
        return {**AGENT, "scheme_id": case.scheme}
    row: dict[str, Any] = {}
    for column in table.columns:
        if not column.is_required:
            continue
        if column.name in table.key and len(table.key) == 1 and column.data_type == "varchar":
            row[column.name] = f"{GENERATED}{number}"
        elif column.data_type == "timestamp":
            row[column.name] = f"{first_month(case.period)}-{EVENT_DAY} {EVENT_TIME}"
        elif column.data_type == "date" and column.name != "work_date":
            row[column.name] = f"{first_month(case.period)}-{EVENT_DAY}"
        elif column.name == "period_id":
            row[column.name] = case.period
    return row


def _numbered(value: Any, n: int) -> Any:
    """`K{n}` in a repeated row is another customer each time."""
    return value.replace("{n}", str(n)) if isinstance(value, str) else value


def _first_day(first_days: Iterable[str], tables: Mapping[str, Iterable[Mapping[str, Any]]]) -> str:
    """The first day of history: periods begin with the first event, and a case may have none."""
    months = [
        first_month(str(row["period_id"])) + "-01"
        for name in ("workforce.rating", "workforce.target")
        for row in tables.get(name, ())
    ]
    return min([*first_days, *months])


def _anchor_days(first: str, last: str) -> Iterator[str]:
    """Days that make every month from the first one on a part of history: the first is no handful, and no
    year without an event begins it anew.
    """
    yield from (f"{first[:7]}-{day:02d}" for day in range(2, 29))
    for number in range(_month_number(first), _month_number(last) + 1):
        yield f"{(number - 1) // 12}-{(number - 1) % 12 + 1:02d}-01"


def _month_number(day: str) -> int:
    return int(day[:4]) * 12 + int(day[5:7])


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
