"""Loads: the same facts in whatever order and however often exports come, and nothing half-written."""

from __future__ import annotations

import datetime as dt
import gzip
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from orchestration.errors import ConfigurationError, ExportRejected, MeritlineError
from orchestration.ingest import IngestReport, segment
from tests.ingest_support import ROOT, query, rejected, run, tree, write

HEADER = "ticket_id,created_at,solver_id,solved_at,status,updated_at\n"
MONDAY = HEADER + (
    "T1,2026-10-05T09:00:00+08:00,A1,,open,2026-10-05T09:00:00+08:00\n"
    "T2,2026-10-05 10:00:00,A2,2026-10-05 11:00:00,solved,2026-10-05 11:00:00\n"
)
TUESDAY = HEADER + (
    "T1,2026-10-05T09:00:00+08:00,A1,2026-10-06 08:00:00,solved,2026-10-06 08:00:00\n"
    "T3,2026-10-06 10:00:00,A2,,open,2026-10-06 10:00:00\n"
)
# What staging keeps of raw: the newest version of each ticket.
NEWEST = (
    "SELECT ticket_id, created_at::VARCHAR, solver_id, solved_at::VARCHAR, status FROM raw "
    "QUALIFY row_number() OVER "
    "(PARTITION BY ticket_id ORDER BY updated_at DESC NULLS LAST, _row_hash DESC) = 1 "
    "ORDER BY ticket_id"
)
FACTS = [
    ("T1", "2026-10-05 01:00:00", "A1", "2026-10-06 00:00:00", "solved"),
    ("T2", "2026-10-05 02:00:00", "A2", "2026-10-05 03:00:00", "solved"),
    ("T3", "2026-10-06 02:00:00", "A2", None, "open"),
]


@pytest.fixture
def landing(tmp_path: Path) -> Path:
    write(tmp_path / "landing/ticket/ticket_mon.csv", MONDAY)
    return tmp_path / "landing"


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


def statuses(report: IngestReport) -> dict[str, str]:
    return {load.file: load.status for load in report.loads}


def test_raw_rows_know_where_they_come_from(landing: Path, state: Path) -> None:
    report = run(landing, state)
    (load,) = report.loads
    rows = query(state, "ticket.ticket", "SELECT _file, _row_number, _load_id, _load_seq FROM raw ORDER BY 2")
    assert rows == [("ticket/ticket_mon.csv", number, load.load_id, 1) for number in (2, 3)]
    # sha256 of the raw fields joined by the unit separator, as an auditor recomputes it from the file.
    with duckdb.connect() as connection:
        fields = ["T1", "2026-10-05T09:00:00+08:00", "A1", "", "open", "2026-10-05T09:00:00+08:00"]
        expected = connection.execute("SELECT md5($1)", ["\x1f".join(fields)]).fetchone()
    assert query(state, "ticket.ticket", "SELECT _row_hash FROM raw WHERE _row_number = 2") == [expected]


def test_every_contract_table_reads_as_empty_without_exports(landing: Path, state: Path) -> None:
    run(landing, state)
    assert query(state, "crm.order", "SELECT count(*) FROM raw") == [(0,)]
    assert query(state, "run.rejected_row", "SELECT count(*) FROM raw") == [(0,)]
    kinds = dict(query(state, "crm.order", "SELECT column_name, column_type FROM (DESCRIBE raw)"))
    assert kinds["amount"] == "DECIMAL(18,6)"
    assert kinds["ordered_at"] == "TIMESTAMP"


def test_context(landing: Path, state: Path) -> None:
    report = run(landing, state)
    assert report.as_of == dt.date(2026, 10, 5)
    assert query(
        state, "run.context", "SELECT as_of_on::VARCHAR, cut_at::VARCHAR, business_timezone FROM raw"
    ) == [("2026-10-05", "2026-10-05 16:00:00", "Asia/Shanghai")]


def test_business_date_is_never_in_the_future(landing: Path, state: Path) -> None:
    write(landing / "ticket/ticket_odd.csv", HEADER + "T9,2027-01-01 00:00:00,A1,,open,\n")
    assert run(landing, state, today=dt.date(2026, 10, 31)).as_of == dt.date(2026, 10, 5)
    assert run(landing, state, as_of=dt.date(2026, 9, 30)).as_of == dt.date(2026, 9, 30)


def test_a_second_run_changes_no_byte(landing: Path, state: Path) -> None:
    run(landing, state)
    before = tree(state)
    report = run(landing, state)
    assert tree(state) == before
    assert not any(load.is_new for load in report.loads)


def test_the_same_content_under_another_name_is_a_duplicate(landing: Path, state: Path) -> None:
    run(landing, state)
    shutil.copy(landing / "ticket/ticket_mon.csv", landing / "ticket/ticket_copy.csv")
    report = run(landing, state)
    assert statuses(report) == {
        "ticket/ticket_mon.csv": "loaded",
        "ticket/ticket_copy.csv": "duplicate",
    }
    assert query(state, "ticket.ticket", "SELECT count(*) FROM raw") == [(2,)]
    assert query(
        state,
        "run.load_file",
        "SELECT file, status, row_count, accepted_row_count, reason FROM raw ORDER BY load_seq",
    ) == [
        ("ticket/ticket_mon.csv", "loaded", 2, 2, None),
        ("ticket/ticket_copy.csv", "duplicate", 2, 2, "the same content as ticket/ticket_mon.csv"),
    ]
    before = tree(state)
    run(landing, state)
    assert tree(state) == before


@pytest.mark.parametrize("order", [("mon", "tue"), ("tue", "mon")])
def test_order_does_not_matter(landing: Path, state: Path, order: tuple[str, str]) -> None:
    texts = {"mon": MONDAY, "tue": TUESDAY}
    (landing / "ticket/ticket_mon.csv").unlink()
    for name in order:
        write(landing / f"ticket/ticket_{name}.csv", texts[name])
        run(landing, state)
    assert query(state, "ticket.ticket", NEWEST) == FACTS


def test_a_file_replaced_under_its_name(landing: Path, state: Path) -> None:
    run(landing, state)
    write(landing / "ticket/ticket_mon.csv", MONDAY.removesuffix("\n") + "\n" + TUESDAY.removeprefix(HEADER))
    run(landing, state)
    assert query(state, "ticket.ticket", NEWEST) == FACTS
    assert query(state, "run.load_file", "SELECT count(*), count(DISTINCT sha256) FROM raw") == [(2, 2)]


def test_a_changed_entry_retires_the_old_load_of_that_file(tmp_path: Path, state: Path) -> None:
    landing = tmp_path / "landing"
    write(landing / "calls.csv", "id,at,kind\n1,2026-10-05 09:00,call\n2,2026-10-05 10:00,call\n")
    text = """
        profile: calls
        files:
          - match: calls.csv
            table: ticket.contact
            columns:
              contact_id: {from: id}
              channel: {value: CHANNEL}
              started_at: {from: at}
    """
    profile = write(tmp_path / "calls.yml", text.replace("CHANNEL", "phone"))
    first = run(landing, state, profiles=(profile,))
    write(profile, text.replace("CHANNEL", "chat"))
    second = run(landing, state, profiles=(profile,))
    assert query(state, "ticket.contact", "SELECT contact_id, channel FROM raw ORDER BY 1") == [
        ("1", "chat"),
        ("2", "chat"),
    ]
    assert query(state, "run.load_file", "SELECT load_id FROM raw") == [(second.loads[0].load_id,)]
    assert (state / "retired/ticket/contact" / f"{first.loads[0].load_id}.parquet").exists()


def test_faulty_rows_are_listed_and_counted(landing: Path, state: Path) -> None:
    write(
        landing / "ticket/ticket_odd.csv",
        HEADER
        + "T4,2026-10-06 10:00:00,A2,,done,\n"
        + "T5,yesterday,A2,,open,\n"
        + ",2026-10-06 10:00:00,A2,,open,\n"
        + "T6,2026-10-06 10:00:00,A2,,open,,\n",
    )
    report = run(landing, state, allow_rejects="0.9")
    assert rejected(state) == [
        (
            "ticket/ticket_odd.csv",
            2,
            "status",
            "fault",
            "status: 'done' is not one of new, open, pending, solved, closed, void, deleted",
        ),
        ("ticket/ticket_odd.csv", 3, "created_at", "fault", "created_at: 'yesterday' is not a time"),
        ("ticket/ticket_odd.csv", 4, "ticket_id", "fault", "ticket_id is empty"),
        ("ticket/ticket_odd.csv", 5, None, "fault", "the row has 7 fields, the header 6"),
    ]
    # 4 of 6 rows of the table
    assert str(report.reject_share("ticket.ticket"))[:6] == "0.6666"
    assert query(
        state,
        "run.load_file",
        "SELECT sum(row_count), sum(accepted_row_count), sum(rejected_row_count) FROM raw",
    ) == [(6, 2, 4)]


def test_too_many_rejects_stop_the_run_and_leave_nothing(landing: Path, state: Path) -> None:
    run(landing, state)
    before = tree(state)
    write(landing / "ticket/ticket_odd.csv", HEADER + "T5,yesterday,A2,,open,\n" * 3)
    with pytest.raises(ExportRejected) as caught:
        run(landing, state)
    assert caught.value.exit_status == 4
    message = str(caught.value)
    assert "ticket_odd.csv, row 2: created_at: 'yesterday' is not a time" in message
    assert "3 of 3 rows of ticket.ticket" in message
    assert "--allow-rejects" in message
    assert tree(state) == before


def test_an_unreadable_file_does_not_stop_the_others(landing: Path, state: Path) -> None:
    whole = gzip.compress(TUESDAY.encode())
    write(landing / "ticket/ticket_tue.csv.gz", whole[: len(whole) // 2])
    report = run(landing, state)
    assert statuses(report) == {"ticket/ticket_mon.csv": "loaded", "ticket/ticket_tue.csv.gz": "rejected"}
    assert rejected(state) == [("ticket/ticket_tue.csv.gz", None, None, "fault", "the archive is cut off")]
    assert any("the archive is cut off" in note for note in report.notes)
    # The whole file comes later under the same name: it is read then.
    write(landing / "ticket/ticket_tue.csv.gz", whole)
    assert statuses(run(landing, state)) == {
        "ticket/ticket_mon.csv": "loaded",
        "ticket/ticket_tue.csv.gz": "loaded",
    }
    assert query(state, "ticket.ticket", NEWEST) == FACTS


def test_a_table_of_which_nothing_can_be_read_stops_the_run(tmp_path: Path, state: Path) -> None:
    landing = tmp_path / "landing"
    write(landing / "ticket/ticket.csv", "ticket_id,created_at,state\nT1,2026-10-05,open\n")
    with pytest.raises(ExportRejected) as caught:
        run(landing, state)
    assert "the header has no column status" in str(caught.value)
    assert not (state / "raw").exists()


def test_empty_missing_and_foreign_landing_folders(tmp_path: Path, state: Path) -> None:
    with pytest.raises(ConfigurationError, match="does not exist"):
        run(tmp_path / "nowhere", state)
    (tmp_path / "empty").mkdir()
    with pytest.raises(ConfigurationError, match="is empty"):
        run(tmp_path / "empty", state)
    write(tmp_path / "foreign/notes.docx", "x")
    with pytest.raises(ConfigurationError, match=r"notes\.docx"):
        run(tmp_path / "foreign", state)
    assert not state.exists()


def test_what_a_killed_run_left_is_removed(landing: Path, state: Path) -> None:
    run(landing, state)
    stray = state / "raw/ticket/ticket/00000000000000000000000000000000.parquet"
    shutil.copy(next((state / "raw/ticket/ticket").glob("[0-9a-f]*.parquet")), stray)
    write(state / "staging/old/raw/x.parquet", b"half")
    run(landing, state)
    assert not stray.exists()
    assert not (state / "staging").exists()


FULL_DISK = """
import sys
from pathlib import Path
from orchestration.errors import MeritlineError
from tests.ingest_support import run, tree, write
landing, state = Path(sys.argv[1]), Path(sys.argv[2])
run(landing, state)
before = tree(state)
row = "X{:06d},2026-10-05 09:00:00,A{},,open,\\n"
rows = "".join(row.format(i, i * 7919 % 99991) for i in range(200_000))
write(landing / "ticket/ticket_large.csv", sys.argv[3] + rows)
try:
    run(landing, state)
except MeritlineError as error:
    assert "no space left" in str(error), error
    assert tree(state) == before
    (landing / "ticket/ticket_large.csv").unlink()
    assert not any(load.is_new for load in run(landing, state).loads)
    print(error.exit_status)
"""


def test_a_full_disk_stops_clearly_and_leaves_nothing(landing: Path, tmp_path: Path) -> None:
    """On a real file system of 4 MB, in a name space of its own."""
    small = tmp_path / "small"
    small.mkdir()
    mount = f"mount -t tmpfs -o size=4m none {small} && exec "
    own = ["unshare", "--mount", "--map-root-user", "sh", "-c"]
    if (
        shutil.which("unshare") is None
        or subprocess.run([*own, mount + "true"], capture_output=True, check=False).returncode
    ):
        pytest.skip("no file system can be mounted here")
    script = shlex.join([sys.executable, "-c", FULL_DISK, str(landing), str(small / "state"), HEADER])
    done = subprocess.run(
        [*own, mount + script], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout == "1\n"


def test_a_full_disk_stops_clearly(landing: Path, state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """DuckDB's own words for it, for where no small file system can be mounted."""
    run(landing, state)
    before = tree(state)
    write(landing / "ticket/ticket_tue.csv", TUESDAY)

    def full(*_: object) -> None:
        raise duckdb.IOException("IO Error: Could not write to file: No space left on device")

    monkeypatch.setattr(segment.Conversion, "_copy", full)
    with pytest.raises(MeritlineError, match="no space left") as caught:
        run(landing, state)
    assert caught.value.exit_status == 1
    assert tree(state) == before
