"""One odd row, file or entry costs itself and nothing else, and is told with the way out."""

from __future__ import annotations

import datetime as dt
import gzip
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from orchestration.errors import ConfigurationError, ExportRejected
from tests.ingest_support import query, rejected, run, write

CALLS = """
profile: calls
timezone: Asia/Shanghai
files:
  - match: "calls*.csv"
    table: ticket.contact
    {where}
    columns:
      contact_id: {{from: call_id}}
      channel: {{value: phone}}
      started_at: {{from: start_time}}
      agent_id: {{value: A1}}
      first_response_at: {{sql: "CAST(start_time AS TIMESTAMP) + to_seconds(CAST(wait AS INTEGER))"}}
      ended_at: {{sql: "CAST(start_time AS TIMESTAMP) + to_seconds(CAST(talk AS INTEGER))"}}
"""


def calls(odd: str, *, at: int = 41, count: int = 41) -> str:
    rows = [f"K{n},2026-10-05 {9 + n // 6:02d}:{n % 6}0:00,20,90" for n in range(1, count + 1)]
    rows[at - 1] = odd
    return "call_id,start_time,wait,talk\n" + "\n".join(rows) + "\n"


@pytest.mark.parametrize(
    ("odd", "column", "reason"),
    [
        ("K41,05/10/2026 10:00,20,90", "started_at", "first_response_at could not be computed"),
        ("K41,2026-10-05 10:00:00,soon,90", "first_response_at", "first_response_at could not be computed"),
        ("K41,2026-10-05 10:00:00,20,9e99", "ended_at", "ended_at could not be computed"),
        ("K41,2026-10-05 10:00:00,99999999999,90", "first_response_at", "could not be computed"),
    ],
)
@pytest.mark.parametrize("at", [1, 20, 41])
def test_a_value_under_a_cast_costs_its_own_row(
    tmp_path: Path, odd: str, column: str, reason: str, at: int
) -> None:
    write(tmp_path / "landing" / "calls.csv", calls(odd, at=at))
    profile = write(tmp_path / "calls.yml", CALLS.format(where=""))
    report = run(tmp_path / "landing", tmp_path / "state", profiles=(profile,), as_of=dt.date(2026, 10, 5))
    ((file, row, found, kind, why),) = rejected(tmp_path / "state")
    assert (file, row, found, kind) == ("calls.csv", at + 1, column, "fault")
    assert reason in why
    assert query(tmp_path / "state", "ticket.contact", "SELECT count(*), count(ended_at) FROM raw") == [
        (40, 40)
    ]
    assert any(f"calls.csv, row {at + 1}" in note and reason in note for note in report.notes)


def test_a_condition_that_fails_on_a_row_rejects_it(tmp_path: Path) -> None:
    write(tmp_path / "landing" / "calls.csv", calls("K41,2026-10-05 10:00:00,soon,90"))
    profile = write(tmp_path / "calls.yml", CALLS.format(where='where: "CAST(wait AS INTEGER) < 100"'))
    run(tmp_path / "landing", tmp_path / "state", profiles=(profile,), as_of=dt.date(2026, 10, 5))
    ((_, row, _, kind, why),) = rejected(tmp_path / "state")
    assert (row, kind) == (42, "fault")
    assert why.startswith("the profile's where could not be computed")


def test_the_same_entry_twice_is_refused_by_name(tmp_path: Path) -> None:
    write(tmp_path / "landing" / "calls.csv", calls("K41,x,20,90"))
    text = CALLS.format(where="")
    entry = text[text.index("  - match") :]
    profile = write(tmp_path / "calls.yml", text + entry)
    with pytest.raises(ConfigurationError, match="entries 1 and 2 are the same") as raised:
        run(tmp_path / "landing", tmp_path / "state", profiles=(profile,))
    assert raised.value.exit_status == 2


def test_entries_that_read_a_file_alike_take_its_rows_once(tmp_path: Path) -> None:
    write(tmp_path / "landing" / "calls.csv", calls("K41,x,20,90"))
    text = CALLS.format(where="")
    entry = text[text.index("  - match") :].replace('"calls*.csv"', '"call*.csv"')
    profile = write(tmp_path / "calls.yml", text + entry)
    report = run(tmp_path / "landing", tmp_path / "state", profiles=(profile,), as_of=dt.date(2026, 10, 5))
    assert query(tmp_path / "state", "ticket.contact", "SELECT count(*) FROM raw") == [(40,)]
    assert len(rejected(tmp_path / "state")) == 1
    assert any("entries 1 and 2 of profile calls read it alike" in note for note in report.notes)


DEALS = """
profile: deals
timezone: {zone}
files:
  - match: "deals*.csv"
    table: crm.lead
    columns:
      lead_id: {{from: Deal}}
      created_at: {{from: Created}}
      agent_id: {{from: Owner}}
      stage: {{from: Stage, map: {{Won: won, Lost: lost}}, {rest}}}
"""
STAGES = "Deal,Created,Owner,Stage\nD1,2026-10-01,A1,Won\nD2,2026-10-02,A1,Proposal\nD3,2026-10-02,A1,\n"


def test_default_is_for_empty_values_and_the_refusal_names_the_map(tmp_path: Path) -> None:
    write(tmp_path / "landing" / "deals.csv", STAGES)
    profile = write(tmp_path / "deals.yml", DEALS.format(rest="default: open", zone="Asia/Shanghai"))
    with pytest.raises(ExportRejected) as raised:
        run(tmp_path / "landing", tmp_path / "state", profiles=(profile,))
    text = str(raised.value)
    assert "deals.csv, row 3: stage: 'Proposal' is not one of open, won, lost" in text
    assert "Map the value in the profile (files entry 1 of profile deals, column stage" in text
    assert "otherwise stands for all others" in text


def test_otherwise_stands_for_all_others(tmp_path: Path) -> None:
    write(tmp_path / "landing" / "deals.csv", STAGES + "D4,2026-10-02,A1,won\n")
    profile = write(
        tmp_path / "deals.yml", DEALS.format(rest="otherwise: open, default: lost", zone="Asia/Shanghai")
    )
    run(tmp_path / "landing", tmp_path / "state", profiles=(profile,))
    assert query(tmp_path / "state", "crm.lead", "SELECT lead_id, stage FROM raw ORDER BY ALL") == [
        ("D1", "won"),
        ("D2", "open"),
        ("D3", "lost"),
        ("D4", "won"),
    ]


def test_days_of_another_zone_are_told_with_the_setting(tmp_path: Path) -> None:
    write(tmp_path / "landing" / "deals.csv", STAGES)
    profile = write(
        tmp_path / "deals.yml", DEALS.format(rest="otherwise: open, default: open", zone="America/Sao_Paulo")
    )
    report = run(tmp_path / "landing", tmp_path / "state", profiles=(profile,))
    (note,) = [note for note in report.notes if "America/Sao_Paulo" in note]
    assert "days and months are those of Asia/Shanghai" in note
    assert "MERITLINE_TIMEZONE=America/Sao_Paulo" in note


TICKETS: list[dict[str, Any]] = [
    {
        "ticket_id": f"T{n}",
        "created_at": f"2026-10-0{n}T10:00:00Z",
        "status": "open",
        "category": 'a "b", [c]',
    }
    for n in range(1, 7)
]


def packed(ending: str, content: bytes) -> bytes:
    if ending.endswith(".gz"):
        return gzip.compress(content)
    if ending.endswith(".zip"):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            archive.writestr("ticket.json", content)
        return out.getvalue()
    return content


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("ending", [".json", ".jsonl", ".json.gz", ".json.zip"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_json_array(tmp_path: Path, indent: int | None, ending: str, encoding: str) -> None:
    content = json.dumps(TICKETS, indent=indent, ensure_ascii=False).encode(encoding)
    write(tmp_path / "landing" / "ticket" / f"ticket{ending}", packed(ending, content))
    run(tmp_path / "landing", tmp_path / "state", as_of=dt.date(2026, 10, 7))
    found = query(
        tmp_path / "state",
        "ticket.ticket",
        "SELECT ticket_id, created_at::VARCHAR, category, _row_number FROM raw ORDER BY _row_number",
    )
    assert found == [(f"T{n}", f"2026-10-0{n} 10:00:00", 'a "b", [c]', n) for n in range(1, 7)]
    assert rejected(tmp_path / "state") == []


def test_elements_that_are_no_objects_cost_their_own_row(tmp_path: Path) -> None:
    elements: list[Any] = [*TICKETS[:3], 5, ["x"], *TICKETS[3:]]
    text = json.dumps(elements).replace('"status": "open", "category"', '"status": "open",, "category"', 1)
    write(tmp_path / "landing" / "ticket" / "ticket.json", text)
    run(tmp_path / "landing", tmp_path / "state", as_of=dt.date(2026, 10, 7), allow_rejects="0.5")
    assert [(row, why) for _, row, _, _, why in rejected(tmp_path / "state")] == [
        (1, "the element is not a JSON object"),
        (4, "the element is not a JSON object"),
        (5, "the element is not a JSON object"),
    ]
    assert query(tmp_path / "state", "ticket.ticket", "SELECT count(*) FROM raw") == [(5,)]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda text: text[:-40], "the JSON array is cut off after element 5"),
        (lambda text: text + " {}", "something follows the end of the JSON array"),
    ],
)
def test_a_damaged_array_is_rejected_whole(tmp_path: Path, change: Any, reason: str) -> None:
    write(tmp_path / "landing" / "ticket" / "ticket.json", change(json.dumps(TICKETS)))
    with pytest.raises(ExportRejected, match=reason):
        run(tmp_path / "landing", tmp_path / "state")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            '{"count": 1, "tickets": TICKETS}',
            "under 'tickets'; an object a line or an array of objects is read",
        ),
        ('{\n "next page": null,\n "工单": TICKETS\n}\n', r"jq -c '\.\[\"工单\"\]\[\]'"),
        (
            '{\n "ticket_id": "T1",\n "created_at": "2026-10-01"\n}\n{\n "ticket_id": "T2"\n}\n',
            "over several lines",
        ),
    ],
)
def test_objects_that_are_no_rows_are_told_with_the_way_to_them(
    tmp_path: Path, text: str, reason: str
) -> None:
    """What interfaces answer, an object around the rows, and what people print, an object over many lines."""
    write(tmp_path / "landing" / "ticket" / "ticket.json", text.replace("TICKETS", json.dumps(TICKETS)))
    with pytest.raises(ExportRejected, match=reason):
        run(tmp_path / "landing", tmp_path / "state")


@pytest.mark.parametrize("odd", ['{"fields": [{"id": 1}]}', '{"ticket_id": "T1", "created', '{"'])
def test_an_odd_first_line_costs_its_own_row(tmp_path: Path, odd: str) -> None:
    lines = [odd, *(json.dumps({**ticket, "fields": [{"id": 1}]}) for ticket in TICKETS)]
    write(tmp_path / "landing" / "ticket" / "ticket.jsonl", "\n".join(lines))
    run(tmp_path / "landing", tmp_path / "state", as_of=dt.date(2026, 10, 7), allow_rejects="0.5")
    assert [row for _, row, *_ in rejected(tmp_path / "state")] == [1]
    assert query(tmp_path / "state", "ticket.ticket", "SELECT count(*) FROM raw") == [(6,)]


@pytest.mark.parametrize("open_end", ["9999-12-31", "2999-12-31", "1899-12-30"])
def test_a_date_beyond_all_calendars_is_told_as_one(tmp_path: Path, open_end: str) -> None:
    """Many rosters write "not left" so: it is a date, and the way out is not another form of it."""
    roster = f"agent_id,effective_from,left_on\nA1,2026-01-01,{open_end}\nA2,{open_end},\n"
    write(tmp_path / "landing" / "workforce" / "agent.csv", roster)
    run(tmp_path / "landing", tmp_path / "state", as_of=dt.date(2026, 10, 7), allow_rejects="1")
    beyond = f"'{open_end}' lies outside of 1900-01-01 to 2200-01-01"
    assert [why for *_, why in rejected(tmp_path / "state")] == [
        f"left_on: {beyond}; where it stands for none, leave it empty or name it in null_values",
        f"effective_from: {beyond}",
    ]


def workbook(path: Path, rows: list[list[Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate(rows):
            for place, cell in enumerate(row):
                (sheet.write_string if isinstance(cell, str) else sheet.write_number)(number, place, cell)


def test_ids_of_a_workbook_are_whole_or_refused(tmp_path: Path) -> None:
    rows: list[list[Any]] = [["ticket_id", "created_at", "status", "customer_note"]]
    ids = ["900719925474099312345", 123456789012345, 1234567890123456789, 9007199254740993.0, "12E17", 1e21]
    rows += [[number, "2026-10-05 10:00:00", "open", 10**18] for number in ids]
    workbook(tmp_path / "landing" / "ticket" / "ticket.xlsx", rows)
    run(tmp_path / "landing", tmp_path / "state", as_of=dt.date(2026, 10, 5), allow_rejects="0.9")
    found = query(tmp_path / "state", "ticket.ticket", "SELECT ticket_id FROM raw ORDER BY _row_number")
    assert found == [("900719925474099312345",), ("123456789012345",), ("12E17",)]
    for _, _, _, _, why in rejected(tmp_path / "state"):
        assert why.startswith("ticket_id: a number of more than 15 digits")
    assert [row for _, row, _, _, _ in rejected(tmp_path / "state")] == [4, 5, 7]


@pytest.mark.parametrize("blank", [" ", "\t", "\u3000", "\u00a0", "  "])
def test_blanks_around_keys_are_cut_off(tmp_path: Path, blank: str) -> None:
    row = f"{blank}T1{blank},2026-10-05,open,A1{blank},{blank}x"
    text = f"ticket_id,created_at,status,solver_id,category\n{row}\n"
    write(tmp_path / "landing" / "ticket" / "ticket.csv", text)
    run(tmp_path / "landing", tmp_path / "state", as_of=dt.date(2026, 10, 5))
    found = query(tmp_path / "state", "ticket.ticket", "SELECT ticket_id, solver_id, category FROM raw")
    assert found == [("T1", "A1", f"{blank}x")]


def test_rows_that_share_a_key_and_differ_are_told(tmp_path: Path) -> None:
    rows = ["T1,2026-10-05,open", "T2,2026-10-05,open", "T1,2026-10-05,open", "T2,2026-10-05,solved"]
    rows += ["T3,2026-10-05,open", "T3,2026-10-06,open", "T3,2026-10-07,open"]
    write(
        tmp_path / "landing" / "ticket" / "ticket.csv",
        "ticket_id,created_at,status\n" + "\n".join(rows) + "\n",
    )
    report = run(tmp_path / "landing", tmp_path / "state", as_of=dt.date(2026, 10, 8))
    (note,) = [note for note in report.notes if "different content" in note]
    assert note.startswith("ticket/ticket.csv: 2 keys stand in several rows with different content")
    assert "(ticket.ticket ticket_id T2: rows 3, 5)" in note
    assert query(tmp_path / "state", "run.load_file", "SELECT conflicting_key_count FROM raw") == [(2,)]


def test_a_file_that_came_before_counts_as_nothing_taken(tmp_path: Path) -> None:
    text = "ticket_id,created_at,status\nT1,2026-10-05,open\n"
    write(tmp_path / "landing" / "ticket" / "ticket.csv", text)
    run(tmp_path / "landing", tmp_path / "state", as_of=dt.date(2026, 10, 5))
    write(tmp_path / "landing" / "ticket" / "ticket_copy.csv", text)
    totals = run(tmp_path / "landing", tmp_path / "state", as_of=dt.date(2026, 10, 5)).totals["ticket.ticket"]
    assert (totals.file_count, totals.row_count, totals.accepted_row_count) == (0, 0, 0)


P84 = """
profile: p84
files:
  - match: "foreign/export84*.csv"
    table: ticket.ticket
    columns:
      ticket_id: {from: no}
      created_at: {from: day, format: "%d/%m/%Y"}
      status: {from: st}
"""


def test_the_refusal_names_the_file_and_reason_that_make_up_the_share(tmp_path: Path) -> None:
    landing = tmp_path / "landing"
    write(landing / "foreign" / "export84.csv", "no,day,st\nX1,05/10/2026,open\nX2,12/31/2026,open\n")
    good = "".join(f"T{n},2026-10-05,open\n" for n in range(300))
    write(landing / "ticket" / "ticket_81a.csv", f"ticket_id,created_at,status\n{good}")
    bad = "".join(f"U{n},2026-10-05,open,a,b\n" for n in range(299))
    write(landing / "ticket" / "ticket_81b.csv", f"ticket_id,created_at,status\n{bad}U999,soon,open\n")
    told: list[str] = []
    with pytest.raises(ExportRejected) as raised:
        run(landing, tmp_path / "state", profiles=(write(tmp_path / "p84.yml", P84),), told=told)
    text = str(raised.value)
    assert text.startswith(f"{landing}/ticket/ticket_81b.csv, row 2: the row has 5 fields, the header 3; ")
    assert "301 of 602 rows of ticket.ticket do not fit (50.0 %, allowed 5.0 %)" in text
    assert "299 of them in this file for this reason" in text
    assert told == [
        "ticket.ticket rejected: 299 × the row has 5 fields, the header 3 (ticket/ticket_81b.csv, row 2)",
        "ticket.ticket rejected: created_at: '12/31/2026' is not a time written %d/%m/%Y, as the profile "
        "says (foreign/export84.csv, row 3)",
        "ticket.ticket rejected: created_at: 'soon' is not a time (ticket/ticket_81b.csv, row 301)",
    ]
    report = run(landing, tmp_path / "state", profiles=(tmp_path / "p84.yml",), allow_rejects="0.9")
    assert [note for note in report.notes if "rejected: " in note] == told


LEADS = """
profile: leads
timezone: Asia/Shanghai
files:
  - match: "leads*"
    table: crm.lead
    columns:
      lead_id: {from: Lead}
      created_at: {from: Created}
      stage: {from: Stage, map: {"Won ": won, Lost: lost}}
      amount: {from: [Net, Vat]}
      closed_at: {sql: "CAST(Closed AS TIMESTAMP)"}
      agent_id: {from: Owner, default: A1}
"""


def test_what_a_profile_asks_for_in_vain_is_told_once(tmp_path: Path) -> None:
    """A name mistyped in a profile made a column empty without a word."""
    profile = write(tmp_path / "leads.yml", LEADS)
    for number in (1, 2):
        write(
            tmp_path / "landing" / f"leads_{number}.csv",
            f"Lead,Created,Stage,Total\nL{number},2026-10-01,Lost,9\n",
        )
        report = run(
            tmp_path / "landing", tmp_path / "state", profiles=(profile,), as_of=dt.date(2026, 10, 7)
        )
        told = [note for note in report.notes if "does not have" in note]
        asked = "Owner (for agent_id), Closed (for closed_at), Net or Vat (for amount)"
        assert (
            told == [f"leads_1.csv: profile leads reads columns that it does not have: {asked}"][: 2 - number]
        )


def test_a_row_with_several_faults_names_the_column_to_map(tmp_path: Path) -> None:
    """Blanks around a value copied into the map do no harm."""
    rows = "L1,2026-10-01,Won \nL2,31/12/2026,WON\n"
    write(tmp_path / "landing" / "leads.csv", f"Lead,Created,Stage\n{rows}")
    profile = write(tmp_path / "leads.yml", LEADS)
    with pytest.raises(ExportRejected) as raised:
        run(tmp_path / "landing", tmp_path / "state", profiles=(profile,))
    assert "row 3: created_at: '31/12/2026' is not a time; stage: 'WON' is not one of" in str(raised.value)
    assert "1 of 2 rows" in str(raised.value)
    assert "files entry 1 of profile leads, column stage: map" in str(raised.value)


def test_an_archive_without_an_export_is_rejected_whole(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.writestr("read me.md", "hello")
        archive.writestr("new/._lead.csv", b"\0\5\x16")
    write(tmp_path / "landing" / "crm" / "lead.zip", (tmp_path / "all.zip").read_bytes())
    with pytest.raises(
        ExportRejected, match=r"lead\.zip: no export of crm\.lead .* the archive holds no export"
    ):
        run(tmp_path / "landing", tmp_path / "state")


def test_what_a_mac_packs_beside_exports_is_left_alone(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.writestr("new/lead.csv", "lead_id,created_at,stage\nL1,2026-10-01,won\n")
        for name in ("new/._lead.csv", "__MACOSX/new/._lead.csv", "new/.DS_Store", "new/~$lead.xlsx"):
            archive.writestr(name, b"\0\5\x16")
    write(tmp_path / "landing" / "crm" / "lead.zip", (tmp_path / "all.zip").read_bytes())
    report = run(tmp_path / "landing", tmp_path / "state")
    assert [load.file for load in report.loads] == ["crm/lead.zip/new/lead.csv"]
    assert report.notes == ()
