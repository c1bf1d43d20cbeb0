"""The vendor profiles shipped with the project, on small exports written in the shape of each vendor's.

The fixtures are our own: made from the vendors' public field lists, with a row that must be rejected where
a code is not one of the known ones.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from orchestration.ingest import IngestReport
from orchestration.ingest.profile import SHIPPED_PROFILES
from tests.ingest_support import FIXTURES, query, rejected, run, write

Rows = list[tuple[Any, ...]]


def ingested(folder: str, profile: str, tmp_path: Path) -> tuple[Path, IngestReport]:
    shutil.copytree(FIXTURES / folder, tmp_path / "landing" / folder)
    report = run(tmp_path / "landing", tmp_path / "state", profiles=(profile,), allow_rejects="0.5")
    return tmp_path / "state", report


def texts(state: Path, table: str, columns: str, order: str) -> Rows:
    shown = ", ".join(f"{column}::VARCHAR" for column in columns.split())
    return query(state, table, f"SELECT {shown} FROM raw ORDER BY _file, {order}")


def hidden(state: Path, table: str, *values: str) -> None:
    """None of these values stands anywhere in the table or among the rejected rows."""
    for name in (table, "run.rejected_row"):
        for row in query(state, name):
            for value in values:
                assert not any(value in str(cell) for cell in row), (name, value)


def test_zendesk(tmp_path: Path) -> None:
    state, _ = ingested("zendesk", "zendesk", tmp_path)
    # The CSV has the account's wall clock (here UTC+8), the JSON has UTC.
    assert texts(
        state,
        "ticket.ticket",
        "ticket_id status ticket_type channel solver_id created_at first_reply_at solved_at reopen_count",
        "ticket_id",
    ) == [
        (
            "1001",
            "solved",
            "inquiry",
            "email",
            "Li Na",
            "2026-10-05 01:00:00",
            "2026-10-05 01:15:00",
            "2026-10-05 04:00:00",
            "0",
        ),
        (
            "1002",
            "closed",
            "technical",
            "web",
            "Chen Bo",
            "2026-10-05 02:00:00",
            None,
            "2026-10-05 03:00:00",
            "0",
        ),
        ("1003", "pending", None, "chat", None, "2026-10-06 00:30:00", "2026-10-06 00:34:00", None, "1"),
        (
            "2001",
            "solved",
            "technical",
            "email",
            "501",
            "2026-10-05 01:00:00",
            "2026-10-05 01:20:00",
            "2026-10-05 04:00:00",
            "1",
        ),
        ("2002", "pending", None, "phone", None, "2026-10-05 02:00:00", None, None, "0"),
    ]
    assert texts(state, "ticket.ticket", "ticket_id merged_into", "ticket_id")[1] == ("1002", "unknown")
    assert texts(state, "ticket.survey", "ticket_id score scale_max agent_id", "ticket_id") == [
        ("1001", "1.000000", "1.000000", "Li Na"),
        ("1003", "0.000000", "1.000000", "Li Na"),
    ]
    assert rejected(state) == [
        ("zendesk/tickets.csv", 3, None, "excluded", "left out by the profile's where"),
        (
            "zendesk/tickets.ndjson",
            3,
            "status",
            "fault",
            "status: 'archived' is not one of new, open, pending, solved, closed, void, deleted",
        ),
    ]
    hidden(state, "ticket.ticket", "wang.wei@example.com", "9001", "client@example.com")


def test_sobot(tmp_path: Path) -> None:
    state, _ = ingested("sobot", "sobot_tickets", tmp_path)
    assert texts(
        state,
        "ticket.ticket",
        "ticket_id status channel priority created_by solver_id created_at solved_at category",
        "ticket_id",
    ) == [
        # 1790989200000 ms = 2026-10-03 01:00:00 UTC
        (
            "t-1",
            "solved",
            "phone",
            "高",
            "k1",
            "k2",
            "2026-10-03 01:00:00",
            "2026-10-03 03:00:00",
            "售后/退款",
        ),
        ("t-2", "deleted", "wechat", "低", None, None, "2026-10-03 01:01:00", None, "售前"),
    ]
    assert [(row[1], row[2]) for row in rejected(state)] == [(3, "status")]
    hidden(state, "ticket.ticket", "13800138000", "c-77", "客服甲")


def test_qiyu(tmp_path: Path) -> None:
    state, _ = ingested("qiyu", "qiyu_sessions", tmp_path)
    assert texts(
        state,
        "ticket.contact",
        "contact_id agent_id is_answered is_bot first_response_at ended_at",
        "contact_id",
    ) == [
        ("51", "4", "true", "false", "2026-10-03 01:00:12", "2026-10-03 01:10:00"),
        ("52", None, "false", "true", None, "2026-10-03 01:03:20"),
        ("53", "4", "false", "false", None, "2026-10-03 01:06:00"),
    ]
    # 75 of the five-step model; 1 of the two-step model is its worst and counts as 0.
    assert texts(state, "ticket.survey", "contact_id score scale_max responded_at", "contact_id") == [
        ("51", "75.000000", "100.000000", "2026-10-03 01:09:55"),
        ("53", "0.000000", "100.000000", "2026-10-03 01:06:00"),
    ]
    hidden(state, "ticket.contact", "10.1.2.3", "小鱼", "u-1", "https://example.com/a")


def test_udesk(tmp_path: Path) -> None:
    state, report = ingested("udesk", "udesk_tickets", tmp_path)
    assert {load.file: load.encoding for load in report.loads} == {
        "udesk/tickets.csv": "gb18030",
        "udesk/tickets.jsonl": "utf-8",
    }
    columns = "ticket_id status channel solver_id created_at first_reply_at solved_at"
    at = "2026-10-05"
    assert texts(state, "ticket.ticket", columns, "ticket_id") == [
        ("U-1", "closed", "phone", "客服乙", f"{at} 01:00:00", f"{at} 01:02:00", f"{at} 02:00:00"),
        ("U-2", "open", "wechat", None, f"{at} 01:10:00", None, None),
        ("1", "solved", "email", "11", f"{at} 01:00:00", f"{at} 01:30:00", f"{at} 03:00:00"),
        ("2", "open", "chat", None, f"{at} 02:00:00", None, None),
    ]
    assert rejected(state) == [
        (
            "udesk/tickets.csv",
            4,
            "status",
            "fault",
            "status: '已挂起' is not one of new, open, pending, solved, closed, void, deleted",
        )
    ]
    hidden(state, "ticket.ticket", "13800138000", "13900139000", "张三", "test@sample.com", "测试客户")


def test_salesforce(tmp_path: Path) -> None:
    state, _ = ingested("salesforce", "salesforce_opportunities", tmp_path)
    assert texts(state, "crm.lead", "lead_id stage amount created_at closed_at", "lead_id") == [
        ("0065g00000AbCdE", "won", "12500.500000", "2026-09-01 02:03:04", "2026-10-05 08:30:00"),
        ("0065g00000AbCdF", "lost", "800.000000", "2026-09-02 02:03:04", "2026-10-06 00:00:00"),
        ("0065g00000AbCdG", "open", None, "2026-10-01 00:00:00", None),
    ]
    hidden(state, "crm.lead", "Zhang San", "0015g00000XyZaB")


def test_hubspot(tmp_path: Path) -> None:
    state, _ = ingested("hubspot", "hubspot_deals", tmp_path)
    assert texts(state, "crm.lead", "lead_id stage amount agent_id created_at closed_at", "lead_id") == [
        ("700001", "won", "1999.000000", "Li Na", "2026-09-20 02:00:00", "2026-10-05 06:05:00"),
        ("700002", "lost", "5000.000000", "Li Na", "2026-09-21 03:30:00", "2026-10-06 01:00:00"),
        ("700003", "open", None, "Chen Bo", "2026-10-01 00:15:00", None),
        ("700011", "won", "320.250000", "41", "2026-09-20 02:00:00", "2026-10-05 06:05:00"),
        ("700012", "open", None, "42", "2026-10-01 00:15:00", None),
    ]
    hidden(state, "crm.lead", "zhang@example.com", "88001", "Qian")


def test_hubspot_with_labels_in_sentence_case_as_a_workbook(tmp_path: Path) -> None:
    lines = (FIXTURES / "hubspot" / "deals.csv").read_text(encoding="utf-8").splitlines()
    header = ",".join(name.capitalize() if " ID" not in name else name for name in lines[0].split(","))
    assert "Close date" in header
    cells = "".join(f"<tr><td>{'<td>'.join(line.split(','))}" for line in [header, *lines[1:]])
    write(tmp_path / "landing" / "hubspot" / "all-deals.xls", f"<table>{cells}</table>")
    run(tmp_path / "landing", tmp_path / "state", profiles=("hubspot_deals",))
    assert texts(tmp_path / "state", "crm.lead", "lead_id stage closed_at", "lead_id") == [
        ("700001", "won", "2026-10-05 06:05:00"),
        ("700002", "lost", "2026-10-06 01:00:00"),
        ("700003", "open", None),
    ]


@pytest.mark.parametrize(
    ("folder", "profile", "lines", "table"),
    [
        ("hubspot", "hubspot_deals", "deals.jsonl", "crm.lead"),
        ("zendesk", "zendesk", "tickets.ndjson", "ticket.ticket"),
    ],
)
def test_json_arrays_are_read_like_lines(
    tmp_path: Path, folder: str, profile: str, lines: str, table: str
) -> None:
    text = (FIXTURES / folder / lines).read_text(encoding="utf-8")
    found = []
    for name, content in ((lines, text), ("deals.json", f"[{','.join(text.splitlines())}]")):
        write(tmp_path / name / "landing" / folder / name, content)
        run(tmp_path / name / "landing", tmp_path / name / "state", profiles=(profile,), allow_rejects="0.5")
        columns = "* EXCLUDE (_file, _row_hash, _load_id, customer_id)"
        found.append(
            [
                str(row)
                for row in query(tmp_path / name / "state", table, f"SELECT {columns} FROM raw ORDER BY 1")
            ]
        )
    assert found[0] == found[1] != []


def test_every_shipped_profile_is_tested() -> None:
    tested = Path(__file__).read_text(encoding="utf-8")
    tested += Path(__file__).with_name("test_ingest_real_logs.py").read_text(encoding="utf-8")
    names = sorted(path.stem for path in SHIPPED_PROFILES.glob("*.yml"))
    assert names == [name for name in names if f'"{name}"' in tested]


@pytest.mark.parametrize("name", sorted(path.stem for path in SHIPPED_PROFILES.glob("*.yml")))
def test_a_shipped_profile_says_what_it_is(name: str) -> None:
    text = (SHIPPED_PROFILES / f"{name}.yml").read_text(encoding="utf-8")
    assert text.startswith("# ")
    assert f"profile: {name}\n" in text
    assert "description: " in text
