"""Files that mean harm or are simply absurd: each is refused with a reason; nothing hangs or fills up."""

from __future__ import annotations

import gzip
import io
import os
import resource
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import xlsxwriter

from orchestration.ingest import IngestReport
from tests.ingest_support import ROOT, query, rejected, run, write

GOOD = "ticket_id,created_at,status\nT1,2026-10-05,open\n"


@pytest.fixture
def landing(tmp_path: Path) -> Path:
    write(tmp_path / "landing/ticket/ticket_good.csv", GOOD)
    return tmp_path / "landing"


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


def reasons(report: IngestReport) -> dict[str, str]:
    assert [load.file for load in report.loads if load.status == "loaded"] == ["ticket/ticket_good.csv"]
    return {load.file: load.reason for load in report.loads if load.status == "rejected"}


def zip_with(path: Path, members: dict[str, bytes]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def test_decompression_bombs(landing: Path, state: Path) -> None:
    bomb = GOOD.encode() + b"T2,2026-10-05,open\n" * 5_000_000
    write(landing / "ticket/ticket_bomb.csv.gz", gzip.compress(bomb, compresslevel=9))
    zip_with(landing / "ticket/ticket_bomb.zip", {"a.csv": bomb})
    found = reasons(run(landing, state))
    assert set(found) == {"ticket/ticket_bomb.csv.gz", "ticket/ticket_bomb.zip/a.csv"}
    assert all("decompression bomb" in reason for reason in found.values())


def test_nested_archives_and_unsafe_paths(landing: Path, state: Path, tmp_path: Path) -> None:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("ticket.csv", GOOD)
    zip_with(
        landing / "ticket/ticket_odd.zip",
        {
            "inner.zip": inner.getvalue(),
            "../../escaped.csv": GOOD.encode(),
            "/tmp/absolute.csv": GOOD.encode(),
        },
    )
    found = run(landing, state)
    texts = [load.reason for load in found.loads if load.status == "rejected"]
    assert any("an archive inside an archive" in text for text in texts)
    assert any("unsafe path" in text for text in texts)
    assert not list(tmp_path.rglob("escaped.csv"))
    assert not Path("/tmp/absolute.csv").exists()


def test_damaged_archives(landing: Path, state: Path) -> None:
    whole = gzip.compress(GOOD.encode() * 1000)
    write(landing / "ticket/ticket_cut.csv.gz", whole[:-20])
    write(landing / "ticket/ticket_crc.csv.gz", whole[:-8] + b"\0" * 8)
    write(landing / "ticket/ticket_no.csv.gz", b"this is no gzip file")
    write(landing / "ticket/ticket_no.zip", b"PK this is no zip file")
    write(landing / "ticket/ticket_no.xlsx", b"this is no workbook")
    write(landing / "ticket/ticket_no.parquet", b"PAR1 this is no parquet file PAR1")
    found = reasons(run(landing, state))
    assert len(found) == 6
    assert all("cut off" in text or "damaged" in text for text in found.values()), found


def test_a_protected_zip(landing: Path, state: Path) -> None:
    path = landing / "ticket/ticket_secret.zip"
    zip_with(path, {"a.csv": GOOD.encode()})
    content = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(signature) + offset] |= 1  # the flag for encryption
    path.write_bytes(content)
    assert "cannot be opened" in reasons(run(landing, state))["ticket/ticket_secret.zip/a.csv"]


def test_pipes_and_links_are_not_opened(landing: Path, state: Path, tmp_path: Path) -> None:
    os.mkfifo(landing / "ticket/ticket_pipe.csv")
    outside = write(tmp_path / "outside.csv", GOOD)
    (landing / "ticket/ticket_link.csv").symlink_to(outside)
    (landing / "linked").symlink_to(tmp_path)
    report = run(landing, state)
    found = reasons(report)
    assert "pipe" in found["ticket/ticket_pipe.csv"]
    assert "link" in found["ticket/ticket_link.csv"]
    assert any(note.startswith("linked: ") and "link" in note for note in report.notes)


def test_nul_bytes(landing: Path, state: Path) -> None:
    write(landing / "ticket/ticket_nul.csv", GOOD + "T\0002,2026-10-05,open\nT3,2026-10-05,open\n")
    run(landing, state, allow_rejects="0.5")
    assert rejected(state) == [("ticket/ticket_nul.csv", 3, None, "fault", "the row holds a NUL byte")]
    assert query(state, "ticket.ticket", "SELECT count(*) FROM raw WHERE ticket_id = 'T3'") == [(1,)]


def test_a_million_columns(landing: Path, state: Path) -> None:
    header = ",".join(f"c{i}" for i in range(1_000_000))
    write(
        landing / "ticket/ticket_wide.csv", "ticket_id,created_at,status," + header + "\nT2,2026-10-05,open\n"
    )
    assert "columns, more than" in reasons(run(landing, state))["ticket/ticket_wide.csv"]


def test_a_workbook_that_spreads_to_the_last_cell(landing: Path, state: Path) -> None:
    with xlsxwriter.Workbook(landing / "ticket/ticket_far.xlsx") as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["ticket_id", "created_at", "status"])
        sheet.write_string(1_048_575, 16_383, "x")
    assert "spreads over" in reasons(run(landing, state))["ticket/ticket_far.xlsx"]


def test_a_file_that_is_not_what_its_name_says(landing: Path, state: Path) -> None:
    write(landing / "ticket/ticket_image.csv", b"\x89PNG\r\n\x1a\n" + struct.pack(">100I", *range(100)))
    write(landing / "ticket/ticket_empty.csv", b"")
    write(landing / "ticket/ticket_blank.csv", b"\n\n \n")
    found = reasons(run(landing, state))
    assert set(found) == {
        "ticket/ticket_image.csv",
        "ticket/ticket_empty.csv",
        "ticket/ticket_blank.csv",
    }


def test_hostile_names_and_headers(landing: Path, state: Path) -> None:
    name = "ticket_'); DROP TABLE x;--.csv"
    header = 'ticket_id,created_at,status,"a\'b""c","=cmd|calc",__row'
    write(landing / "ticket" / name, f"{header}\nT9,2026-10-05,open,1,=1+1,3\n")
    run(landing, state)
    assert query(state, "ticket.ticket", "SELECT _file, _extra FROM raw WHERE ticket_id = 'T9'") == [
        (f"ticket/{name}", '{"a\'b\\"c":"1","=cmd|calc":"=1+1","column__row":"3"}')
    ]


def test_an_endless_line_is_skipped_within_bounded_memory(tmp_path: Path) -> None:
    """300 MB without a line end, in a process that may take 1.5 GB; the rows around it load."""
    path = tmp_path / "landing/ticket/ticket_long.csv"
    write(path, GOOD)
    with path.open("ab") as out:
        out.write(b"T2,2026-10-05,")
        for _ in range(300):
            out.write(b"x" * 1024 * 1024)
        out.write(b"\nT3,2026-10-05,open\n")
    script = (
        "import sys; from pathlib import Path; from tests.ingest_support import run;"
        "report = run(Path(sys.argv[1]), Path(sys.argv[2]), allow_rejects='0.5');"
        "print([(load.accepted_row_count, load.rejected_row_count) for load in report.loads])"
    )
    limit = 1536 * 1024 * 1024
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "landing"), str(tmp_path / "state")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_DATA, (limit, limit)),
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.strip() == "[(2, 1)]"
    assert rejected(tmp_path / "state") == [
        ("ticket/ticket_long.csv", 3, None, "fault", "the row is longer than 16 MiB")
    ]
