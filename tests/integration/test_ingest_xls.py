"""Files called .xls: binary workbooks, and the tables of HTML, XML and plain text that systems call so.

`tickets.xls` is a binary workbook: a merged title above an empty row and the header, then three rows with
dates, booleans, a duration and an id of sixteen digits, and a second sheet.
"""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path

import pytest
import xlsxwriter

from orchestration.errors import ExportRejected
from tests.ingest_support import FIXTURES, query, rejected, run, write

BINARY = FIXTURES / "xls" / "tickets.xls"

PROFILE = """
profile: tickets
files:
  - match: "*.xls*"
    table: ticket.ticket
    columns:
      ticket_id: {from: 编号}
      created_at: {from: 创建时间}
      status: {from: 状态}
      is_disputed: {from: 争议}
"""

PAGE = """<html><head><meta charset="gb2312"><style>td {mso-number-format: "\\@"}</style></head><body>
<table><tr><td>导出于 2026-10-07</td></tr></table>
<table border=1>
<tr><th rowspan=2><th colspan="2">时间</th><th></th></tr>
<tr><th>创建时间</th><th>关闭</th><th>状态</th><th>编号</th></tr>
<tr><td rowspan=3>east</td><td>2026-10-05<br>09:30:00</td><td></td><td><b>open</b></td><td>T&nbsp;1</td></tr>
<tr><td>2026-10-06</td><td></td><td>solved<td>1234567890123456
<tr><td>2026-10-06</td><td></td><td>done</td><td>T3</td></tr>
</table></body></html>"""

XML = """<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?>
<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"
 xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet">
 <Worksheet ss:Name="工单"><Table>
  <Row><Cell ss:MergeAcross="3"><Data ss:Type="String">十月</Data></Cell></Row>
  <Row ss:Index="3"><Cell><Data ss:Type="String">编号</Data></Cell>
   <Cell><Data ss:Type="String">创建时间</Data></Cell><Cell><Data ss:Type="String">状态</Data></Cell>
   <Cell ss:Index="5"><Data ss:Type="String">争议</Data></Cell></Row>
  <Row><Cell><Data ss:Type="Number">1</Data></Cell>
   <Cell><Data ss:Type="DateTime">2026-10-05T09:30:00.000</Data></Cell>
   <Cell><Data ss:Type="String">open</Data></Cell>
   <Cell ss:Index="5"><Data ss:Type="Boolean">1</Data></Cell></Row>
  <Row><Cell><Data ss:Type="Number">1234567890123456</Data></Cell>
   <Cell><Data ss:Type="DateTime">2026-10-06T00:00:00.000</Data></Cell>
   <Cell><Data ss:Type="String">open</Data></Cell></Row>
 </Table></Worksheet></Workbook>"""

SELECT = "SELECT ticket_id, created_at::VARCHAR, status, is_disputed FROM raw ORDER BY _row_number"


def loaded(
    tmp_path: Path, allow: str = "0.6"
) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]], str]:
    """Rows, rejects, and the format that the file was found to be in."""
    profile = write(tmp_path / "p.yml", PROFILE)
    report = run(tmp_path / "landing", tmp_path / "state", profiles=(profile,), allow_rejects=allow)
    found = query(tmp_path / "state", "ticket.ticket", SELECT)
    return found, rejected(tmp_path / "state"), report.loads[0].file_format


@pytest.mark.parametrize("packing", ["", ".gz"])
def test_a_binary_workbook(tmp_path: Path, packing: str) -> None:
    data = BINARY.read_bytes()
    write(tmp_path / "landing" / f"tickets.xls{packing}", gzip.compress(data) if packing else data)
    found, refused, kind = loaded(tmp_path)
    assert kind == "xls"
    assert found == [
        ("T1", "2026-10-05 01:30:00", "open", True),
        ("42", "2026-10-05 16:00:00", "solved", None),
    ]
    ((_, row, _, _, reason),) = refused
    assert row == 5
    assert reason.startswith("编号: a number of more than 15 digits")


def test_a_page_of_html(tmp_path: Path) -> None:
    write(tmp_path / "landing" / "tickets.xls", PAGE, encoding="gb18030")
    found, refused, kind = loaded(tmp_path)
    assert kind == "html"
    # Text has all its digits, however many; a blank inside of an id stays.
    assert found == [
        ("T 1", "2026-10-05 01:30:00", "open", None),
        ("1234567890123456", "2026-10-05 16:00:00", "solved", None),
    ]
    assert [(row, column) for _, row, column, _, _ in refused] == [(5, "status")]


def test_a_workbook_in_xml(tmp_path: Path) -> None:
    write(tmp_path / "landing" / "tickets.xls", XML)
    found, refused, kind = loaded(tmp_path)
    assert kind == "xml"
    assert found == [("1", "2026-10-05 01:30:00", "open", True)]
    ((_, row, _, _, reason),) = refused
    assert row == 5
    assert reason.startswith("编号: a number of more than 15 digits")


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-16"])
@pytest.mark.parametrize("separator", ["\t", ","])
def test_plain_text(tmp_path: Path, encoding: str, separator: str) -> None:
    text = "编号\t创建时间\t状态\r\nT1\t2026-10-05\topen\r\n".replace("\t", separator)
    write(tmp_path / "landing" / "tickets.xls", text, encoding=encoding)
    found, refused, kind = loaded(tmp_path)
    assert (kind, refused) == ("csv", [])
    assert found == [("T1", "2026-10-04 16:00:00", "open", None)]


def test_a_newer_workbook_under_the_old_name(tmp_path: Path) -> None:
    (tmp_path / "landing").mkdir()
    with xlsxwriter.Workbook(str(tmp_path / "landing" / "tickets.xls")) as book:
        for row, cells in enumerate((["编号", "创建时间", "状态"], ["T1", "2026-10-05", "open"])):
            book.add_worksheet() if row == 0 else None
            book.worksheets()[0].write_row(row, 0, cells)
    found, _, kind = loaded(tmp_path)
    assert (kind, [row[0] for row in found]) == ("xlsx", ["T1"])


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (BINARY.read_bytes()[:700], "the workbook is damaged"),
        (BINARY.read_bytes()[:512] + b"\xff" * 4096, "the workbook is damaged"),
        (PAGE.encode("gb18030")[:-40], "the table is cut off"),
        (b"<html><body>no table</body></html>", "there is no table in it"),
        (XML.encode()[:-60], "the workbook is damaged or cut off"),
        (XML.encode().replace(b"?>", b'?><!DOCTYPE a [<!ENTITY b "c">]>', 1), "entities of its own"),
        (b"MIME-Version: 1.0\r\n", "web archive"),
        (b"\0\1\2\3binary", "no workbook, table or text that is known"),
        (b"", "the file is empty"),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(tmp_path: Path, content: bytes, reason: str) -> None:
    write(tmp_path / "landing" / "tickets.xls", content)
    with pytest.raises(ExportRejected, match=reason):
        loaded(tmp_path)


def test_sheets_of_a_binary_workbook(tmp_path: Path) -> None:
    (tmp_path / "landing").mkdir()
    shutil.copy(BINARY, tmp_path / "landing" / "tickets.xls")
    profile = write(tmp_path / "p.yml", PROFILE.replace("    columns:", '    sheets: "工*"\n    columns:'))
    report = run(tmp_path / "landing", tmp_path / "state", profiles=(profile,), allow_rejects="0.6")
    assert [(load.file, load.row_count) for load in report.loads] == [("tickets.xls/工单", 3)]


def test_durations_of_cells(tmp_path: Path) -> None:
    (tmp_path / "landing").mkdir()
    shutil.copy(BINARY, tmp_path / "landing" / "calls.xls")
    profile = write(
        tmp_path / "p.yml",
        """
profile: calls
files:
  - match: "*.xls"
    table: ticket.contact
    columns:
      contact_id: {row: number}
      channel: {value: phone}
      started_at: {from: 创建时间}
      talk_seconds: {from: 通话, duration: "mm:ss"}
""",
    )
    run(tmp_path / "landing", tmp_path / "state", profiles=(profile,), allow_rejects="0.6")
    found = query(
        tmp_path / "state", "ticket.contact", "SELECT contact_id, talk_seconds::BIGINT FROM raw ORDER BY 1"
    )
    # 25:30:00 and 00:05:30; a plain 1500.25 is no duration.
    assert found == [("calls.xls:4", 91_800), ("calls.xls:5", 330)]
    assert [row for _, row, _, _, _ in rejected(tmp_path / "state")] == [6]
