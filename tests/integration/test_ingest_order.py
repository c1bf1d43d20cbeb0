"""The same exports in any order, twice, overlapping or replaced: staging keeps the same rows, bit for bit.

The choice among versions is the project's own macro, rendered here over raw Parquet of real loads.
"""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import duckdb
import jinja2
import pytest

from orchestration.ingest import load_contract
from tests.ingest_support import CONTRACT_DIR, ROOT, run, write

HEADER = "ticket_id,created_at,status,solver_id,updated_at\n"
ROWS = {
    "t1": "T1,2026-10-05 09:00,open,,2026-10-05 09:00\n",
    "t1 solved": "T1,2026-10-05 09:00,solved,A1,2026-10-06 09:00\n",
    "t1 solved by another at the same time": "T1,2026-10-05 09:00,solved,A2,2026-10-06 09:00\n",
    "t2": "T2,2026-10-05 10:00,open,,\n",
    "t2 dated": "T2,2026-10-05 10:00,pending,,2026-10-05 10:00\n",
    "t3": "T3,2026-10-07 10:00,open,,2026-10-07 10:00\n",
}
EXPORTS = {
    "monday": ("t1", "t2"),
    "tuesday": ("t2", "t1 solved", "t2 dated"),
    "week": ("t3", "t1 solved by another at the same time", "t1 solved", "t1", "t2 dated"),
}


def text_of(name: str) -> str:
    return HEADER + "".join(ROWS[row] for row in EXPORTS[name])


def staged(state: Path, table: str) -> list[tuple[Any, ...]]:
    """What staging selects of a table, every column but the number of the load, in order of its keys."""
    macros = (ROOT / "dbt_project/macros/lineage.sql").read_text(encoding="utf-8")
    contract = load_contract(CONTRACT_DIR).table(table)
    source, name = table.split(".")
    sql = (
        jinja2.Environment()
        .from_string(macros + "{{ newest_rows(source_name, table_name, key, version_column) }}")
        .render(
            source=lambda *_: f"read_parquet('{state}/raw/{source}/{name}/*.parquet', union_by_name=true)",
            source_name=source,
            table_name=name,
            key=list(contract.key),
            version_column=contract.version_column,
        )
    )
    with duckdb.connect() as connection:
        keys = ", ".join(contract.key)
        return connection.execute(
            f"SELECT * EXCLUDE (_load_seq, _version_rank) FROM ({sql}) ORDER BY {keys}"
        ).fetchall()


@pytest.fixture(scope="module")
def together(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Any, ...]]:
    """All exports in one run. The key of the pseudonyms differs by state, but no row here has a customer."""
    folder = tmp_path_factory.mktemp("together")
    for name in EXPORTS:
        write(folder / f"landing/ticket/ticket_{name}.csv", text_of(name))
    run(folder / "landing", folder / "state")
    rows = staged(folder / "state", "ticket.ticket")
    assert len(rows) == 3
    return rows


@pytest.mark.parametrize("order", list(itertools.permutations(EXPORTS))[::2], ids="-".join)
def test_any_order_of_runs(order: tuple[str, ...], together: list[tuple[Any, ...]], tmp_path: Path) -> None:
    for name in order:
        write(tmp_path / f"landing/ticket/ticket_{name}.csv", text_of(name))
        run(tmp_path / "landing", tmp_path / "state")
    run(tmp_path / "landing", tmp_path / "state")
    assert staged(tmp_path / "state", "ticket.ticket") == together


def test_a_file_replaced_under_its_name(together: list[tuple[Any, ...]], tmp_path: Path) -> None:
    """Every export comes under one name; what it says stays, as a file that is gone keeps its rows."""
    for name in EXPORTS:
        write(tmp_path / "landing/ticket/ticket.csv", text_of(name))
        run(tmp_path / "landing", tmp_path / "state")

    def without_file(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
        return [tuple(cell for cell in row if not str(cell).startswith("ticket/")) for row in rows]

    assert without_file(staged(tmp_path / "state", "ticket.ticket")) == without_file(together)


def statuses(state: Path) -> list[str]:
    columns = [column.name for column in load_contract(CONTRACT_DIR).table("ticket.ticket").columns]
    return [row[columns.index("status")] for row in staged(state, "ticket.ticket")]


@pytest.mark.parametrize("has_column", [False, True])
@pytest.mark.parametrize("name", ["ticket.csv", "ticket_{}.csv"])
def test_rows_without_their_version_are_settled_by_load(tmp_path: Path, name: str, has_column: bool) -> None:
    """An export without `updated_at`, or with an empty one: of each ticket the last state counts."""
    header, end = (
        ("ticket_id,created_at,status,updated_at", ",") if has_column else ("ticket_id,created_at,status", "")
    )
    states = ("new", "open", "pending", "solved")
    for number, state in enumerate(states):
        rows = "".join(f"T{n},2026-10-05 09:00,{state}{end}\n" for n in range(20))
        write(tmp_path / "landing/ticket" / name.format(number), f"{header}\n{rows}")
        run(tmp_path / "landing", tmp_path / "state")
    assert statuses(tmp_path / "state") == ["solved"] * 20


def test_rows_of_one_file_without_their_version_are_settled_by_row(tmp_path: Path) -> None:
    rows = "".join(f"T{n},2026-10-05 09:00,{status}\n" for status in ("open", "solved") for n in range(20))
    write(tmp_path / "landing/ticket/ticket.csv", f"ticket_id,created_at,status\n{rows}")
    report = run(tmp_path / "landing", tmp_path / "state")
    assert statuses(tmp_path / "state") == ["solved"] * 20
    assert "without it the last row, counts" in "".join(report.notes)


def test_without_a_version_the_later_export_wins(tmp_path: Path) -> None:
    header = "team_id,team_name\n"
    for name, text in (("b", "G1,Old\nG2,Same\n"), ("a", "G1,New\n")):
        write(tmp_path / f"landing/workforce/team_{name}.csv", header + text)
        run(tmp_path / "landing", tmp_path / "state")
    assert [row[:2] for row in staged(tmp_path / "state", "workforce.team")] == [
        ("G1", "New"),
        ("G2", "Same"),
    ]
