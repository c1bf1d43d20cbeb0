"""Rows that a profile makes of an export's: sheets, columns turned into rows, columns looked up, first and
last rows of groups, rows numbered. What comes in is loaded, superseded or rejected: nothing is lost.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import duckdb
import pytest
import xlsxwriter

from orchestration.errors import ExportRejected
from orchestration.ingest import IngestReport
from orchestration.ingest.guard import restore_raw, seal_raw
from orchestration.state.folder import StateFolder
from tests.ingest_support import query, rejected, run, write

AS_OF = dt.date(2026, 3, 31)
MARKS = {"√": "present", "迟": "late", "休": "rest", "病": "sick_leave"}

BOOK = """
profile: book
files:
  - match: "attendance*.xlsx"
    table: workforce.attendance
    sheets: ["Jan*", "Feb*", "Mar*"]
    unpivot: {columns: "20*", name: work_date, value: status}
    columns:
      agent_id: {from: 工号}
      work_date: {from: work_date}
      status: {from: status, map: {√: present, 迟: late, 休: rest, 病: sick_leave}}
"""


def workbook(path: Path, sheets: dict[str, list[list[Any]]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with xlsxwriter.Workbook(str(path)) as book:
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for number, cells in enumerate(rows):
                for column, cell in enumerate(cells):
                    if isinstance(cell, dt.date):
                        sheet.write_datetime(number, column, dt.datetime.combine(cell, dt.time()), day)
                    else:
                        sheet.write(number, column, cell)
    return path


def month(number: int, days: int) -> list[list[Any]]:
    """A sheet of 31 columns: a title, a header of real dates, two agents, empty cells after the month."""
    header = [dt.date(2026, number, day) for day in range(1, days + 1)]
    texts = [f"20-no-day-{day}" for day in range(days + 1, 32)]
    marks = list(MARKS)
    rows = [
        [agent, *(marks[(day + shift) % 4] for day in range(1, days + 1))]
        for shift, agent in enumerate((" A1 ", "A2"))
    ]
    return [[f"{number} 月考勤"], ["工号", *header, *texts], *rows]


def ingested(tmp_path: Path, profile: str, allow: str = "0.05", as_of: dt.date = AS_OF) -> IngestReport:
    write(tmp_path / "p.yml", profile)
    return run(
        tmp_path / "landing",
        tmp_path / "state",
        profiles=(tmp_path / "p.yml",),
        as_of=as_of,
        allow_rejects=allow,
    )


def conserved(report: IngestReport) -> None:
    for load in report.loads:
        assert load.row_count == load.accepted_row_count + load.rejected_row_count


def test_an_attendance_book_of_three_sheets_and_31_columns_in_one_entry(tmp_path: Path) -> None:
    sheets = {
        "说明": [["no table"]],
        "Jan 2026": month(1, 31),
        "Feb 2026": month(2, 28),
        "Mar 2026": month(3, 31),
    }
    workbook(tmp_path / "landing" / "attendance.xlsx", sheets)
    report = ingested(tmp_path, BOOK)
    conserved(report)
    # 2 agents × 31 columns a sheet; in February 2 × 3 cells are empty.
    assert [
        (load.file, load.row_count, load.accepted_row_count, load.excluded_row_count) for load in report.loads
    ] == [
        ("attendance.xlsx/Feb 2026", 62, 56, 6),
        ("attendance.xlsx/Jan 2026", 62, 62, 0),
        ("attendance.xlsx/Mar 2026", 62, 62, 0),
    ]
    found = query(
        tmp_path / "state",
        "workforce.attendance",
        "SELECT agent_id, work_date::VARCHAR, status, _file, _row_number, _extra FROM raw ORDER BY 1, 2",
    )
    kinds = list(MARKS.values())
    expected = [
        (agent, str(day), kinds[(day.day + shift) % 4], f"attendance.xlsx/{day:%b} 2026", 3 + shift)
        for shift, agent in enumerate(("A1", "A2"))
        for day in (dt.date(2026, 1, 1) + dt.timedelta(days=number) for number in range(90))
    ]
    assert [row[:5] for row in found] == expected
    # The cell's column stands beside its row.
    assert found[0][5] == '{"work_date":"2026-01-01"}'
    assert rejected(tmp_path / "state")[0] == (
        "attendance.xlsx/Feb 2026",
        3,
        None,
        "excluded",
        "column '20-no-day-29': the cell is empty",
    )
    assert not [load for load in ingested(tmp_path, BOOK).loads if load.is_new]


def test_a_wrong_cell_is_named_with_sheet_row_and_column(tmp_path: Path) -> None:
    sheet = [["工号", "2026-01-01", "2026-01-02"], ["A1", "√", "?!"], ["A2", "休", "病"]]
    workbook(tmp_path / "landing" / "attendance.xlsx", {"Jan": sheet})
    report = ingested(tmp_path, BOOK, "0.5")
    conserved(report)
    ((file, row, column, kind, reason),) = rejected(tmp_path / "state")
    assert (file, row, column, kind) == ("attendance.xlsx/Jan", 2, "status", "fault")
    assert reason.startswith("column '2026-01-02': status: '?!' is not one of present, late")


def test_a_book_without_such_a_sheet_or_columns_says_what_it_has(tmp_path: Path) -> None:
    workbook(tmp_path / "landing" / "attendance.xlsx", {"Apr": month(4, 30), "说明": [["x"]]})
    with pytest.raises(ExportRejected) as caught:
        ingested(tmp_path, BOOK)
    assert "no sheet like Jan* or Feb* or Mar*" in str(caught.value)
    assert "it has Apr, 说明" in str(caught.value)
    workbook(tmp_path / "landing" / "attendance.xlsx", {"Jan": [["工号", "1", "2"], ["A1", "√", "√"]]})
    with pytest.raises(ExportRejected, match=r"no column like 20\*"):
        ingested(tmp_path, BOOK)


def test_the_name_of_the_sheet_is_a_column(tmp_path: Path) -> None:
    profile = """
profile: days
files:
  - match: "*.xlsx"
    table: workforce.attendance
    sheets: "2026-*"
    sheet_name: month
    unpivot: {columns: ["?", "??"], name: day, value: status}
    where: regexp_full_match(day, '[0-9]+')
    columns:
      agent_id: {from: agent}
      work_date: {sql: "month || '-' || lpad(day, 2, '0')"}
      status: {from: status}
"""
    sheet = [["agent", 1, 2], ["A1", "late", "rest"]]
    workbook(tmp_path / "landing" / "a.xlsx", {"2026-01": sheet, "2026-02": sheet})
    conserved(ingested(tmp_path, profile))
    assert query(
        tmp_path / "state",
        "workforce.attendance",
        "SELECT work_date::VARCHAR, status FROM raw ORDER BY 1",
    ) == [("2026-01-01", "late"), ("2026-01-02", "rest"), ("2026-02-01", "late"), ("2026-02-02", "rest")]


def test_two_columns_of_one_day_are_refused(tmp_path: Path) -> None:
    sheet = [["工号", "2026-01-01", "2026-1-1"], ["A1", "√", "休"]]
    write(tmp_path / "landing" / "attendance.xlsx", b"")
    workbook(tmp_path / "landing" / "attendance.xlsx", {"Jan": [[*sheet[0][:2], "20260101"], sheet[1]]})
    profile = BOOK.replace("{from: work_date}", '{from: work_date, format: [iso, "%Y%m%d"]}')
    with pytest.raises(ExportRejected, match="2026-01-01 and 20260101 of row 2 give one and the same"):
        ingested(tmp_path, profile)


def test_a_book_read_by_sheets_is_not_there_a_second_time_as_a_whole(tmp_path: Path) -> None:
    sheet = [["工号", "2026-01-01"], ["A1", "√"], ["A2", "休"]]
    workbook(tmp_path / "landing" / "attendance.xlsx", {"Jan": sheet})
    whole = BOOK.replace('sheets: ["Jan*", "Feb*", "Mar*"]', "where: 工号 <> 'A2'")
    for profile, files in (
        (whole, "attendance.xlsx"),
        (BOOK, "attendance.xlsx/Jan"),
        (whole, "attendance.xlsx"),
    ):
        ingested(tmp_path, profile)
        found = query(tmp_path / "state", "workforce.attendance", "SELECT DISTINCT _file FROM raw")
        assert found == [(files,)]


LEADS = """
profile: leads
files:
  - match: "deals*.csv"
    table: crm.lead
    lookup: {file: "leads*.csv", on: {mql_id: id}, take: [first_contact_date, landing_page]}
    columns:
      lead_id: {from: mql_id}
      created_at: {from: first_contact_date, default: "2026-01-01"}
      agent_id: {from: sr_id}
      stage: {value: won}
      closed_at: {from: won_date}
      amount: {from: revenue}
"""


def leads(
    tmp_path: Path, text: str = "id,first_contact_date,landing_page\n m1 ,2026-02-01,p\nm2,2026-02-02,q\n"
) -> None:
    write(tmp_path / "landing" / "leads_2026.csv", text)
    write(
        tmp_path / "landing" / "deals_2026.csv",
        "mql_id,sr_id,won_date,revenue\nm1,a1,2026-03-01,10\nm2 ,a2,2026-03-02,20\n"
        "m9,a2,2026-03-03,30\n,a3,2026-03-03,1\n",
    )


WON = "SELECT lead_id, created_at::DATE::VARCHAR, amount::VARCHAR FROM raw ORDER BY 1"


def test_leads_and_wins_in_two_files_are_joined(tmp_path: Path) -> None:
    leads(tmp_path)
    report = ingested(tmp_path, LEADS, "0.5")
    conserved(report)
    # Shanghai's midnight is the day before in UTC.
    assert query(tmp_path / "state", "crm.lead", WON) == [
        ("m1", "2026-01-31", "10.000000"),
        ("m2", "2026-02-01", "20.000000"),
        ("m9", "2025-12-31", "30.000000"),
    ]
    assert rejected(tmp_path / "state") == [("deals_2026.csv", 5, "lead_id", "fault", "lead_id is empty")]
    assert "deals_2026.csv: 1 rows find nothing in leads*.csv" in report.notes
    assert not [note for note in report.notes if "not read" in note]
    assert not [load for load in ingested(tmp_path, LEADS, "0.5").loads if load.is_new]


def test_a_change_of_the_looked_up_file_loads_the_rows_anew(tmp_path: Path) -> None:
    leads(tmp_path)
    ingested(tmp_path, LEADS, "0.5")
    leads(tmp_path, "id,first_contact_date,landing_page\nm1,2026-02-11,p\nm2,2026-02-02,q\n")
    report = ingested(tmp_path, LEADS, "0.5")
    assert [load.is_new for load in report.loads] == [True]
    assert query(tmp_path / "state", "crm.lead", WON)[0] == ("m1", "2026-02-10", "10.000000")
    assert query(tmp_path / "state", "crm.lead", "SELECT count(*) FROM raw") == [(3,)]


def test_a_key_with_two_values_rejects_by_name_and_doubles_nothing(tmp_path: Path) -> None:
    leads(
        tmp_path,
        "id,first_contact_date,landing_page\nm1,2026-02-01,p\nm1,2026-02-05,p\nm2,2026-02-02,q\nm2,2026-02-02,q\n",
    )
    conserved(ingested(tmp_path, LEADS, "0.6"))
    assert [row[0] for row in query(tmp_path / "state", "crm.lead", WON)] == ["m2", "m9"]
    assert rejected(tmp_path / "state")[0] == (
        "deals_2026.csv",
        2,
        None,
        "fault",
        "mql_id: 'm1' stands with different values in leads_2026.csv row 2 and leads_2026.csv row 3",
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, r"there is no file leads\*.csv in the landing folder"),
        (
            "other,first_contact_date\nm1,2026-02-01\n",
            "the looked-up file leads_2026.csv: its header has no column id",
        ),
        ("", "the looked-up file leads_2026.csv: the file is empty"),
    ],
)
def test_a_looked_up_file_that_is_not_there_or_no_use(
    tmp_path: Path, text: str | None, expected: str
) -> None:
    leads(tmp_path, text or "")
    if text is None:
        (tmp_path / "landing" / "leads_2026.csv").unlink()
    with pytest.raises(ExportRejected, match=expected):
        ingested(tmp_path, LEADS)


def test_rows_stay_while_the_looked_up_file_is_missing(tmp_path: Path) -> None:
    leads(tmp_path)
    ingested(tmp_path, LEADS, "0.5")
    (tmp_path / "landing" / "leads_2026.csv").unlink()
    write(tmp_path / "landing" / "crm" / "lead_2.csv", "lead_id,created_at,stage\nx,2026-01-01,open\n")
    report = ingested(tmp_path, LEADS, "0.5")
    assert any("there is no file leads*.csv" in note for note in report.notes)
    assert [row[0] for row in query(tmp_path / "state", "crm.lead", WON)] == ["m1", "m2", "m9", "x"]


def test_a_column_that_both_files_have_is_taken_under_another_name(tmp_path: Path) -> None:
    leads(tmp_path, "id,revenue\nm1,2026-02-01\nm2,2026-02-02\n")
    clash = LEADS.replace("[first_contact_date, landing_page]", "[revenue]").replace(
        '{from: first_contact_date, default: "2026-01-01"}', '{from: since, default: "2026-01-01"}'
    )
    with pytest.raises(ExportRejected, match="has a column revenue itself, which the profile's lookup makes"):
        ingested(tmp_path, clash, "0.5")
    ingested(tmp_path, clash.replace("[revenue]", "{revenue: since}"), "0.5")
    assert query(tmp_path / "state", "crm.lead", WON)[0] == ("m1", "2026-01-31", "10.000000")


def test_what_is_looked_up_under_another_name_is_as_personal(tmp_path: Path) -> None:
    leads(tmp_path, "id,customer_name\nm1,Zhang San\nm2,Li Si\nm2,Wang Wu\n")
    ingested(tmp_path, LEADS.replace("[first_contact_date, landing_page]", "{customer_name: label}"), "0.9")
    for table in ("crm.lead", "run.rejected_row"):
        assert not [
            name for name in ("Zhang", "Li Si", "Wang") if name in str(query(tmp_path / "state", table))
        ]


@pytest.mark.parametrize("ending", ["jsonl", "parquet"])
def test_numbers_of_the_format_itself_are_what_they_are(tmp_path: Path, ending: str) -> None:
    profile = """
profile: orders
files:
  - match: "*"
    table: crm.order
    columns:
      order_id: {from: id}
      ordered_at: {value: "2026-03-01"}
      amount: {from: amount, decimal: ",", thousands: "."}
      refunded_amount: {from: refund, decimal: ",", thousands: "."}
      status: {value: paid}
"""
    path = tmp_path / "landing" / f"orders.{ending}"
    write(
        path,
        '{"id": "1", "amount": 1.125, "refund": "1.125"}\n{"id": "2", "amount": 7, "refund": "1.125,5"}\n',
    )
    if ending == "parquet":
        with duckdb.connect() as connection:
            connection.execute(f"CREATE TABLE t AS FROM read_json('{path}', format = 'newline_delimited')")
            connection.execute(f"COPY t TO '{path}' (FORMAT parquet)")
    ingested(tmp_path, profile)
    select = "SELECT order_id, amount::VARCHAR, refunded_amount::VARCHAR FROM raw ORDER BY 1"
    assert query(tmp_path / "state", "crm.order", select) == [
        ("1", "1.125000", "1125.000000"),
        ("2", "7.000000", "1125.500000"),
    ]


def test_a_damaged_load_of_a_sheet_is_read_again(tmp_path: Path) -> None:
    workbook(tmp_path / "landing" / "attendance.xlsx", {"Jan": month(1, 31)})
    ingested(tmp_path, BOOK)
    folder = StateFolder(tmp_path / "state")
    seal_raw(folder)
    (part,) = [path for path in folder.raw.glob("workforce/attendance/*.parquet") if path.name[0] != "_"]
    before = part.read_bytes()
    part.write_bytes(b"")
    (told,) = restore_raw(folder, tmp_path / "landing")
    assert told.endswith("attendance.xlsx/Jan is read again")
    ingested(tmp_path, BOOK)
    assert part.read_bytes() == before


PUNCHES = """
profile: punches
files:
  - match: "punches*.csv"
    table: workforce.attendance
    group: {by: [员工, 日期], first: 时间}
    columns:
      agent_id: {from: 员工}
      work_date: {from: 日期}
      status:
        sql: >-
          CASE WHEN 时间 IS NULL OR 时间 = '' THEN 'absent'
               WHEN CAST(lpad(时间, 5, '0') AS TIME) > TIME '09:00' THEN 'late' ELSE 'present' END
"""

ROWS = """员工,日期,时间,门
A1,2026-03-02,18:05,1
A1,2026-03-02,9:01,2
A1,2026-03-02,10:00,1
A2 ,2026-03-02,8:59,1
A2,2026-03-02,8:59,2
A2,2026-03-02,,3
A3,2026-03-02,,1
A1,2026-03-03,08:30,1
"""


def test_attendance_from_punches(tmp_path: Path) -> None:
    write(tmp_path / "landing" / "punches.csv", ROWS)
    report = ingested(tmp_path, PUNCHES)
    (load,) = report.loads
    # The eight rows are all accounted for: four count, the others are superseded by them.
    assert (load.row_count, load.accepted_row_count, load.rejected_row_count) == (8, 8, 0)
    select = "SELECT agent_id, work_date::VARCHAR, status, _row_number FROM raw ORDER BY 1, 2"
    assert query(tmp_path / "state", "workforce.attendance", select) == [
        ("A1", "2026-03-02", "late", 3),  # 9:01 is before 10:00, which a text is not
        ("A1", "2026-03-03", "present", 9),
        ("A2", "2026-03-02", "present", 5),  # the first of two rows at 8:59
        ("A3", "2026-03-02", "absent", 8),
    ]
    write(tmp_path / "landing" / "punches.csv", ROWS + "A4,2026-03-03,09:30,1\n")
    ingested(tmp_path, PUNCHES.replace("first:", "last:"))
    rows = query(
        tmp_path / "state", "workforce.attendance", select.replace("FROM raw", "FROM raw WHERE _load_seq > 1")
    )
    assert [row[3] for row in rows] == [2, 9, 6, 8, 10]


def test_what_is_no_time_is_rejected_and_two_kinds_are_refused(tmp_path: Path) -> None:
    write(tmp_path / "landing" / "punches.csv", ROWS.replace("10:00", "soon"))
    ingested(tmp_path, PUNCHES, "0.5")
    ((_, row, _, kind, reason),) = rejected(tmp_path / "state")
    assert (row, kind) == (4, "fault")
    assert reason == "时间: 'soon' is no time, date or number to take the first or last row by"
    write(tmp_path / "landing" / "punches.csv", ROWS.replace("10:00", "36000"))
    plain = PUNCHES[: PUNCHES.index("status:")] + "status: {value: present}\n"
    with pytest.raises(ExportRejected, match="时间 is a time of day in row 2 and a number in row 4"):
        ingested(tmp_path, plain)


def numbered(kind: str) -> str:
    return f"""
profile: rows
files:
  - match: "*.csv"
    table: ticket.violation
    columns:
      violation_id: {{row: {kind}}}
      agent_id: {{from: agent}}
      occurred_at: {{from: at}}
"""


VIOLATIONS = "agent,at\nA1,2026-03-01\nA2,2026-03-01\nA1,2026-03-01\n"


def test_rows_without_an_id_are_numbered(tmp_path: Path) -> None:
    write(tmp_path / "landing" / "v.csv", VIOLATIONS)
    ingested(tmp_path, numbered("number"))
    select = "SELECT violation_id FROM raw ORDER BY _file, _row_number"
    assert query(tmp_path / "state", "ticket.violation", select) == [("v.csv:2",), ("v.csv:3",), ("v.csv:4",)]


def test_the_hash_of_a_row_is_stable_over_exports_and_tells_equal_rows_apart(tmp_path: Path) -> None:
    write(tmp_path / "landing" / "v1.csv", VIOLATIONS)
    write(tmp_path / "landing" / "v2.csv", "agent,at\nA3,2026-03-02\n" + VIOLATIONS.split("\n", 1)[1])
    ingested(tmp_path, numbered("hash"))
    select = "SELECT _file, violation_id FROM raw ORDER BY _file, _row_number"
    found = query(tmp_path / "state", "ticket.violation", select)
    first = [key for file, key in found if file == "v1.csv"]
    again = [key for file, key in found if file == "v2.csv"]
    assert again[1:] == first
    assert first[2] == f"{first[0]}-2"
    assert len(set(again)) == 4
