"""What ingestion notices: late exports, broken promises, moved headers, shifted days, double imports."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from pathlib import Path

import pytest

from orchestration.errors import ExportRejected
from tests.ingest_support import query, run, tree, write

ORDERS = (
    "order_id,ordered_at,amount,status\nO1,2026-10-05 09:00:00,10.50,paid\nO2,2026-10-05 10:00:00,20,paid\n"
)


@pytest.fixture
def landing(tmp_path: Path) -> Path:
    return tmp_path / "landing"


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


def daily(tmp_path: Path, *, required: bool = False) -> Path:
    return write(
        tmp_path / "daily.yml",
        f"""
        profile: daily
        files:
          - match: "calls-*.csv"
            table: ticket.contact
            expected_by: "06:00"
            required: {str(required).lower()}
            columns:
              contact_id: {{from: id}}
              started_at: {{from: at}}
              channel: {{value: phone}}
        """,
    )


def calls(day: str, count: int = 3, hour: int = 9) -> str:
    rows = (f"{day}-{i},{day} {hour + i % 8:02d}:{i % 60:02d}:00\n" for i in range(count))
    return "id,at\n" + "".join(rows)


def test_a_missing_day_is_noticed(landing: Path, state: Path, tmp_path: Path) -> None:
    for day in ("2026-10-05", "2026-10-06", "2026-10-08"):
        write(landing / f"calls-{day}.csv", calls(day))
    report = run(landing, state, profiles=(daily(tmp_path),))
    assert [note for note in report.notes if "no export" in note] == [
        "no export calls-*.csv for 2026-10-07 (profile daily), which was due by 2026-10-08 06:00"
    ]


def test_days_are_told_by_events_where_names_have_no_dates(
    landing: Path, state: Path, tmp_path: Path
) -> None:
    write(landing / "calls-a.csv", calls("2026-10-05") + calls("2026-10-07").removeprefix("id,at\n"))
    report = run(landing, state, profiles=(daily(tmp_path),))
    assert any("for 2026-10-06" in note for note in report.notes)


def test_a_required_day_that_is_due_stops_the_run(landing: Path, state: Path, tmp_path: Path) -> None:
    profile = daily(tmp_path, required=True)
    write(landing / "calls-2026-10-05.csv", calls("2026-10-05"))
    due = {"as_of": dt.date(2026, 10, 6), "profiles": (profile,)}
    # On the business date itself its export is not due yet.
    run(landing, state, today=dt.date(2026, 10, 6), **due)
    before = tree(state)
    with pytest.raises(ExportRejected, match="for 2026-10-06") as caught:
        run(landing, state, today=dt.date(2026, 10, 7), **due)
    assert caught.value.exit_status == 4
    assert tree(state) == before


def test_a_required_export_that_is_missing_or_unreadable(landing: Path, state: Path, tmp_path: Path) -> None:
    profile = daily(tmp_path, required=True)
    write(landing / "crm/order.csv", ORDERS)
    with pytest.raises(ExportRejected, match=r"calls-\*\.csv of ticket\.contact is missing"):
        run(landing, state, profiles=(profile,))
    write(landing / "calls-2026-10-05.csv", "id,when\n1,2026-10-05\n")
    with pytest.raises(ExportRejected, match="cannot be read: the header has no column at"):
        run(landing, state, profiles=(profile,))
    assert not (state / "raw").exists()


@pytest.mark.parametrize(
    ("promise", "reason"),
    [
        ({"rows": 3}, "its manifest promises 3 rows, the file has 2"),
        (
            {"totals": {"amount": "31"}},
            "its manifest promises 31 as the total of amount, the file has 30.500000",
        ),
        ({"sha256": "0" * 64}, "its SHA-256 is not the one of its manifest"),
        ({"row": 2}, "its manifest order.csv.manifest.json cannot be read"),
    ],
)
def test_a_broken_promise(landing: Path, state: Path, promise: dict[str, object], reason: str) -> None:
    write(landing / "crm/order.csv", ORDERS)
    write(landing / "crm/order_more.csv", ORDERS.replace("O", "P"))
    write(landing / "crm/order.csv.manifest.json", json.dumps(promise))
    report = run(landing, state)
    assert {load.file: load.status for load in report.loads} == {
        "crm/order.csv": "rejected",
        "crm/order_more.csv": "loaded",
    }
    assert reason in next(load.reason for load in report.loads if load.status == "rejected")
    assert query(state, "crm.order", "SELECT order_id FROM raw ORDER BY 1") == [("P1",), ("P2",)]


def test_a_kept_promise(landing: Path, state: Path) -> None:
    write(landing / "crm/order.csv", ORDERS)
    promise = {
        "rows": 2,
        "sha256": hashlib.sha256(ORDERS.encode()).hexdigest(),
        "totals": {"amount": 30.5},
    }
    write(landing / "crm/order.csv.manifest.json", json.dumps(promise))
    assert [load.status for load in run(landing, state).loads] == ["loaded"]


def test_header_drift(landing: Path, state: Path) -> None:
    header = "ticket_id,created_at,status,assignee_id,category\n"
    write(landing / "ticket/ticket_1.csv", header + "T1,2026-10-05,open,A1,x\n")
    assert run(landing, state).notes == ()
    header = "ticket_id,created_at,status,assigneeid,mood\n"
    write(landing / "ticket/ticket_2.csv", header + "T2,2026-10-06,open,A1,good\n")
    assert run(landing, state).notes == (
        "ticket/ticket_2.csv: assignee_id has no column any more; is it 'assigneeid' now?",
        "ticket/ticket_2.csv: columns new since the last export, kept in raw: mood",
        "ticket/ticket_2.csv: columns gone since the last export, read as empty: category",
    )


def test_a_renamed_required_column_is_suggested(landing: Path, state: Path) -> None:
    write(landing / "ticket/ticket_1.csv", "ticket_id,created_at,status\nT1,2026-10-05,open\n")
    write(landing / "ticket/ticket_2.csv", "ticket_id,create_at,status\nT1,2026-10-05,open\n")
    report = run(landing, state)
    assert [load.reason for load in report.loads if load.status == "rejected"] == [
        "the header has no column created_at (is it 'create_at' now?)"
    ]


def test_a_shifted_day_is_noticed(landing: Path, state: Path) -> None:
    def day(number: int, shift: int) -> str:
        start = dt.datetime(2026, 10, number, 9) + dt.timedelta(hours=shift)  # noqa: DTZ001 - a wall clock
        rows = [start + dt.timedelta(minutes=4 * i) for i in range(120)]
        return "".join(f"C{number}-{i},phone,{at:%Y-%m-%d %H:%M:%S}\n" for i, at in enumerate(rows))

    text = "contact_id,channel,started_at\n" + "".join(day(number, 0) for number in range(1, 8))
    write(landing / "ticket/contact_week.csv", text)
    assert run(landing, state).notes == ()
    write(landing / "ticket/contact_next.csv", "contact_id,channel,started_at\n" + day(8, -8) + day(9, 0))
    assert run(landing, state).notes == (
        "ticket.contact: on 2026-10-08 events come 8 h earlier than on other days; "
        "is the time zone of that export right?",
    )


def test_double_imports_are_noticed(landing: Path, state: Path) -> None:
    header = "order_id,ordered_at,agent_id,amount,status\n"
    rows = [f"2026-10-05 09:{i:02d}:00,A{i % 5},{i}.25,paid\n" for i in range(30)]
    write(landing / "crm/order_1.csv", header + "".join(f"O{i},{row}" for i, row in enumerate(rows)))
    assert run(landing, state).notes == ()
    # The same rows with other line ends, and the same orders under other numbers.
    write(landing / "crm/order_2.csv", (landing / "crm/order_1.csv").read_bytes().replace(b"\n", b"\r\n"))
    write(landing / "crm/order_3.csv", header + "".join(f"X{i},{row}" for i, row in enumerate(rows)))
    notes = run(landing, state).notes
    assert "crm/order_2.csv: 30 of 30 rows came already with crm/order_1.csv" in notes
    assert any(
        note.startswith("crm/order_3.csv: 30 of 30 rows equal rows of crm/order_1.csv in all but their key")
        for note in notes
    )
