"""Every format, compression and encoding ends in the same rows."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
import xlsxwriter

from orchestration.ingest import IngestReport
from tests.ingest_support import query, rejected, run, write

NAMES = ("ticket_id", "created_at", "category", "reopen_count", "is_spam", "status")
ROWS = [
    ("007", "2026-10-05 09:00:00", '退款, "加急"', "2", "否", "open"),
    ("T2", "2026-10-05T01:30:00Z", "第一行\n第二行", "", "Y", "solved"),
    ("T3", "2026/10/6 8:05", "物流", "0", "", "closed"),
]
FACTS = [
    ("007", "2026-10-05 01:00:00", '退款, "加急"', 2, False, "open"),
    ("T2", "2026-10-05 01:30:00", "第一行\n第二行", None, True, "solved"),
    ("T3", "2026-10-06 00:05:00", "物流", 0, None, "closed"),
]


def csv_text(delimiter: str = ",", line_end: str = "\n") -> str:
    quoted = [[f'"{cell}"' for cell in (c.replace('"', '""') for c in row)] for row in (NAMES, *ROWS)]
    return "".join(delimiter.join(row) + line_end for row in quoted)


def xlsx_bytes() -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        sheet = book.add_worksheet("工单")
        for number, row in enumerate((NAMES, *ROWS)):
            for column, cell in enumerate(row):
                sheet.write_string(number, column, cell)
    return out.getvalue()


def parquet_bytes(folder: Path) -> bytes:
    path = folder / "made.parquet"
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE t ({', '.join(f'{name} VARCHAR' for name in NAMES)})")
        connection.executemany(f"INSERT INTO t VALUES ({', '.join('?' * len(NAMES))})", ROWS)
        connection.execute(f"COPY t TO '{path}' (FORMAT parquet)")
    content = path.read_bytes()
    path.unlink()
    return content


def jsonl_text() -> str:
    return "".join(json.dumps(dict(zip(NAMES, row, strict=True)), ensure_ascii=False) + "\n" for row in ROWS)


def zipped(name: str, content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return out.getvalue()


def plain(_: str, content: bytes) -> bytes:
    return content


def gzipped(_: str, content: bytes) -> bytes:
    return gzip.compress(content)


def ingested(tmp_path: Path, name: str, content: bytes) -> tuple[Path, IngestReport]:
    write(tmp_path / "landing/ticket" / name, content)
    return tmp_path / "state", run(tmp_path / "landing", tmp_path / "state")


def facts(state: Path) -> list[tuple[object, ...]]:
    return query(
        state,
        "ticket.ticket",
        "SELECT ticket_id, created_at::VARCHAR, category, reopen_count, is_spam, status "
        "FROM raw ORDER BY _row_number",
    )


@pytest.mark.parametrize("packing", [(plain, ""), (gzipped, ".gz"), (zipped, ".zip")], ids=["", "gz", "zip"])
@pytest.mark.parametrize("ending", ["csv", "tsv", "xlsx", "parquet", "jsonl"])
def test_formats(tmp_path: Path, ending: str, packing: tuple[Callable[[str, bytes], bytes], str]) -> None:
    content = {
        "csv": lambda: csv_text().encode(),
        "tsv": lambda: csv_text("\t").encode(),
        "xlsx": xlsx_bytes,
        "parquet": lambda: parquet_bytes(tmp_path),
        "jsonl": lambda: jsonl_text().encode(),
    }[ending]()
    pack, suffix = packing
    name = f"ticket_1.{ending}"
    state, report = ingested(tmp_path, name + suffix, pack(name, content))
    assert facts(state) == FACTS
    (load,) = report.loads
    assert (load.file_format, load.row_count, load.accepted_row_count) == (ending, 3, 3)


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(
    ("encoding", "detected"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
        ("gb18030", "gb18030"),
        ("gbk", "gb18030"),
    ],
)
def test_encodings(tmp_path: Path, encoding: str, detected: str, line_end: str) -> None:
    state, report = ingested(tmp_path, "ticket.csv", csv_text(line_end=line_end).encode(encoding))
    assert facts(state) == FACTS
    assert report.loads[0].encoding == detected


def test_latin_1(tmp_path: Path) -> None:
    text = "ticket_id,created_at,category,status\nT1,2026-10-05,Réclamation à Besançon,open\n"
    state, report = ingested(tmp_path, "ticket.csv", text.encode("latin-1"))
    assert query(state, "ticket.ticket", "SELECT category FROM raw") == [("Réclamation à Besançon",)]
    assert report.loads[0].encoding == "latin-1"


def test_mixed_line_ends_and_no_final_newline(tmp_path: Path) -> None:
    row = "T{},2026-10-05,open{}"
    ends = enumerate(("\n", "\r", "\r\n\n", ""), start=1)
    text = "ticket_id,created_at,status\r\n" + "".join(row.format(number, end) for number, end in ends)
    state, _ = ingested(tmp_path, "ticket.csv", text.encode())
    assert query(state, "ticket.ticket", "SELECT ticket_id, _row_number FROM raw ORDER BY 2") == [
        ("T1", 2),
        ("T2", 3),
        ("T3", 4),
        ("T4", 6),
    ]


def test_preamble_rows_are_told_from_the_header(tmp_path: Path) -> None:
    text = "客服系统导出,,\n2026-10-05 至 2026-10-06,,\n\nticket_id,created_at,status\nT1,2026-10-05,open\n"
    state, report = ingested(tmp_path, "ticket.csv", text.encode("gb18030"))
    assert report.loads[0].header_row_number == 4
    assert query(state, "ticket.ticket", "SELECT ticket_id, _row_number FROM raw") == [("T1", 5)]


def test_the_detected_form_is_recorded_and_shown(tmp_path: Path) -> None:
    text = "客服系统导出\n" + csv_text(";")
    state, report = ingested(tmp_path, "ticket.csv", text.encode("gb18030"))
    assert facts(state) == FACTS
    assert report.loads[0].sentence == (
        "ticket/ticket.csv: csv, gb18030, separator ';', header in row 2; "
        "3 rows for ticket.ticket, 3 accepted, 0 rejected"
    )
    assert query(
        state, "run.load_file", "SELECT file_format, encoding, delimiter, header_row_number FROM raw"
    ) == [("csv", "gb18030", ";", 2)]


def test_a_profile_fixes_the_form(tmp_path: Path) -> None:
    """Against what detection would say: Latin-1 that reads as Chinese too, a row with both separators."""
    text = "id;at;text\n1;2026-10-05;a,b\xb5\xc4\n"
    write(tmp_path / "landing/log.csv", "any,thing;else,x\n" + text, encoding="latin-1")
    entry = """
        profile: fixed
        files:
          - match: log.csv
            table: ticket.ticket
            encoding: latin-1
            delimiter: ";"
            quote: ""
            header_row: 2
            columns:
              ticket_id: {from: id}
              created_at: {from: at}
              category: {from: text}
              status: {value: open}
    """
    run(tmp_path / "landing", tmp_path / "state", profiles=(write(tmp_path / "p.yml", entry),))
    assert query(tmp_path / "state", "ticket.ticket", "SELECT category FROM raw") == [("a,bµÄ",)]


def test_duplicate_headers_can_be_addressed(tmp_path: Path) -> None:
    write(tmp_path / "landing/log.csv", "Id,分类,分类,At\nT1,a,b,2026-10-05\n")
    profile = write(
        tmp_path / "p.yml",
        """
        profile: twice
        files:
          - match: log.csv
            table: ticket.ticket
            columns:
              ticket_id: {from: Id}
              created_at: {from: At}
              category: {from: 分类_2}
              status: {value: open}
        """,
    )
    run(tmp_path / "landing", tmp_path / "state", profiles=(profile,))
    assert query(tmp_path / "state", "ticket.ticket", "SELECT category, _extra FROM raw") == [
        ("b", '{"分类":"a"}')
    ]


def test_a_workbook_with_real_dates_beside_text_dates(tmp_path: Path) -> None:
    out = tmp_path / "landing/工单.xlsx"
    out.parent.mkdir()
    with xlsxwriter.Workbook(out) as book:
        book.add_worksheet("说明").write(0, 0, "别的内容")
        sheet = book.add_worksheet("工单")
        moment = book.add_format({"num_format": "yyyy/m/d h:mm"})
        sheet.write_row(1, 1, ["编号", "时间", "次数", "金额"])
        sheet.write_row(2, 1, [1001, "", 3, 0.1 + 0.2])
        sheet.write_number(2, 2, 46300.375, moment)  # 2026-10-05 09:00
        sheet.write_row(4, 1, ["A-2", "05/10/2026 10:30", "4", "1.50"])
    profile = write(
        tmp_path / "p.yml",
        """
        profile: workbook
        files:
          - match: "*.xlsx"
            table: crm.order
            sheet: 工单
            columns:
              order_id: {from: 编号}
              ordered_at: {from: 时间, format: "%d/%m/%Y %H:%M"}
              amount: {from: 金额}
              status: {value: paid}
        """,
    )
    run(tmp_path / "landing", tmp_path / "state", profiles=(profile,))
    # Rows are numbered as a person sees them in the sheet; the empty row 4 is none.
    assert query(
        tmp_path / "state",
        "crm.order",
        "SELECT order_id, ordered_at::VARCHAR, amount::VARCHAR, _row_number FROM raw ORDER BY 4",
    ) == [
        ("1001", "2026-10-05 01:00:00", "0.300000", 3),
        ("A-2", "2026-10-05 02:30:00", "1.500000", 5),
    ]


def test_parquet_with_its_own_types(tmp_path: Path) -> None:
    path = tmp_path / "landing/crm/order.parquet"
    path.parent.mkdir(parents=True)
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(
            "COPY (SELECT 7 AS order_id, TIMESTAMPTZ '2026-10-05 09:00:00+08' AS ordered_at, "
            "12.34::DOUBLE AS amount, 'paid' AS status, ['a', 'b'] AS tags) "
            f"TO '{path}' (FORMAT parquet)"
        )
    run(tmp_path / "landing", tmp_path / "state")
    assert query(
        tmp_path / "state",
        "crm.order",
        "SELECT order_id, ordered_at::VARCHAR, amount::VARCHAR, _extra FROM raw",
    ) == [("7", "2026-10-05 01:00:00", "12.340000", '{"tags":"[\\"a\\",\\"b\\"]"}')]


def test_lines_that_are_no_json_objects(tmp_path: Path) -> None:
    lines = [
        '{"ticket_id": "T1", "created_at": "2026-10-05", "status": "open", "via": {"channel": "mail"}}',
        '{"ticket_id": "T2", "created_at": "2026-10-05", "status": "open", "phone": "13800138000"',
        "",
        '["T3"]',
        '{"status": "open", "created_at": "2026-10-05"}',
    ]
    write(tmp_path / "landing/ticket/ticket.jsonl", "\n".join(lines))
    run(tmp_path / "landing", tmp_path / "state", allow_rejects="0.9")
    assert query(tmp_path / "state", "ticket.ticket", "SELECT ticket_id, _extra FROM raw") == [
        ("T1", '{"via.channel":"mail"}')
    ]
    assert [row[1:3] + row[4:] for row in rejected(tmp_path / "state")] == [
        (2, None, "the line is not a JSON object"),
        (4, None, "the line is not a JSON object"),
        (5, "ticket_id", "ticket_id is empty"),
    ]
    shown = query(tmp_path / "state", "run.rejected_row", "SELECT raw_text FROM raw WHERE row_number = 2")
    assert "13800138000" not in str(shown)
    assert "status" in str(shown)


def test_a_zip_of_several_files(tmp_path: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a/一.csv", "ticket_id,created_at,status\nT1,2026-10-05,open\n")
        archive.writestr("b.jsonl", '{"ticket_id": "T2", "created_at": "2026-10-05", "status": "open"}\n')
        archive.writestr("readme.md", "nothing to read")
    state, report = ingested(tmp_path, "ticket_all.zip", out.getvalue())
    assert [load.file for load in report.loads] == [
        "ticket/ticket_all.zip/a/一.csv",
        "ticket/ticket_all.zip/b.jsonl",
    ]
    assert query(state, "ticket.ticket", "SELECT ticket_id FROM raw ORDER BY 1") == [("T1",), ("T2",)]
