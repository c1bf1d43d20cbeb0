"""What was ever delivered: a header alone is knowledge, nothing at all is not (S-EXPORT)."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from orchestration.ingest import load_contract
from tests.ingest_support import CONTRACT_DIR, query, run, write

TABLES = [table.full_name for table in load_contract(CONTRACT_DIR).export_tables]
ROSTER = "agent_id,effective_from,level\nA,2026-01-01,\n"


def delivered(state: Path) -> dict[str, tuple[bool, int]]:
    rows = query(state, "run.export", "SELECT table_name, is_delivered, row_count FROM raw")
    return {name: (is_delivered, count) for name, is_delivered, count in rows}


def columns(state: Path, table: str) -> dict[str, tuple[bool, bool]]:
    sql = f"SELECT column_name, is_delivered, has_values FROM raw WHERE table_name = '{table}'"
    return {name: (came, filled) for name, came, filled in query(state, "run.export_column", sql)}


def test_every_table_of_the_contract_has_its_row(tmp_path: Path) -> None:
    write(tmp_path / "in" / "workforce" / "agent.csv", ROSTER)
    run(tmp_path / "in", tmp_path / "state")
    found = delivered(tmp_path / "state")
    assert list(found) == TABLES
    assert found["workforce.agent"] == (True, 1)
    assert {name for name, (is_there, _) in found.items() if is_there} == {"workforce.agent"}


@pytest.mark.parametrize("table", TABLES)
def test_a_header_alone_is_delivered_and_says_its_columns(tmp_path: Path, table: str) -> None:
    known = load_contract(CONTRACT_DIR).table(table).export_columns
    carried = [column.name for column in known if column.is_required]
    write(tmp_path / "in" / f"{table.replace('.', '/')}.csv", ",".join(carried) + "\n")
    run(tmp_path / "in", tmp_path / "state")
    assert delivered(tmp_path / "state")[table] == (True, 0)
    assert columns(tmp_path / "state", table) == {
        column.name: (column.name in carried, False) for column in known
    }


def test_a_header_alone_in_parquet_is_delivered(tmp_path: Path) -> None:
    folder = tmp_path / "in" / "ticket"
    folder.mkdir(parents=True)
    with duckdb.connect() as connection:
        connection.execute(
            "COPY (SELECT 'V' AS violation_id, 'A' AS agent_id, TIMESTAMP '2026-10-01' AS occurred_at "
            "LIMIT 0) "
            f"TO '{folder / 'violation.parquet'}' (FORMAT parquet)"
        )
    run(tmp_path / "in", tmp_path / "state")
    assert delivered(tmp_path / "state")["ticket.violation"] == (True, 0)
    assert not columns(tmp_path / "state", "ticket.violation")["severity"][0]


def test_a_column_that_is_there_but_never_filled_is_told_from_one_that_never_came(tmp_path: Path) -> None:
    write(tmp_path / "in" / "workforce" / "agent.csv", ROSTER)
    run(tmp_path / "in", tmp_path / "state")
    found = columns(tmp_path / "state", "workforce.agent")
    assert (found["agent_id"], found["level"], found["education"]) == (
        (True, True),
        (True, False),
        (False, False),
    )


def test_what_came_once_stays_delivered_when_the_file_is_gone(tmp_path: Path) -> None:
    landing, state = tmp_path / "in", tmp_path / "state"
    violations = write(landing / "ticket" / "violation.csv", "violation_id,agent_id,occurred_at\n")
    write(landing / "workforce" / "agent.csv", ROSTER)
    run(landing, state)
    violations.unlink()
    run(landing, state)
    assert delivered(state)["ticket.violation"] == (True, 0)


@pytest.mark.parametrize(
    ("content", "is_delivered"),
    [
        ("", False),
        ("nothing,of,it\n1,2,3\n", False),
        ("violation_id,agent_id,occurred_at\nV1,A,no time\n", False),
        ("violation_id,agent_id,occurred_at\nV1,A,2026-10-01 10:00\nV2,A,no time\n", True),
    ],
)
def test_a_file_that_could_not_be_taken_in_is_no_knowledge(
    tmp_path: Path, content: str, is_delivered: bool
) -> None:
    write(tmp_path / "in" / "workforce" / "agent.csv", ROSTER)
    write(tmp_path / "in" / "ticket" / "violation.csv", content)
    run(tmp_path / "in", tmp_path / "state", allow_rejects="1")
    assert delivered(tmp_path / "state")["ticket.violation"][0] is is_delivered


def test_a_file_of_which_a_profile_leaves_out_every_row_is_knowledge(tmp_path: Path) -> None:
    profile = write(
        tmp_path / "own.yml",
        """
profile: own
timezone: Asia/Shanghai
files:
  - match: events.csv
    table: ticket.violation
    where: "kind = 'violation'"
    columns: {violation_id: {from: id}, agent_id: {from: agent}, occurred_at: {from: at}}
""",
    )
    write(tmp_path / "in" / "events.csv", "id,agent,at,kind\nV1,A,2026-10-01 10:00,praise\n")
    for _ in range(2):  # as a new load, and as a known one
        run(tmp_path / "in", tmp_path / "state", profiles=(profile,))
        assert delivered(tmp_path / "state")["ticket.violation"] == (True, 0)
