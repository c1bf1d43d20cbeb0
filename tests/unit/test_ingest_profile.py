"""Profiles: what they may say, and how a mistake in one is explained."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration.errors import ConfigurationError
from orchestration.ingest import load_contract
from orchestration.ingest.profile import Entry, load_profiles
from tests.ingest_support import CONTRACT_DIR, write

CONTRACT = load_contract(CONTRACT_DIR)

GOOD = """
profile: acme
timezone: Asia/Shanghai
files:
  - match: "Tickets*.csv"
    table: ticket.ticket
    encoding: gb18030
    delimiter: ","
    header_row: 2
    null_values: ["", "?"]
    columns:
      ticket_id: {from: 编号}
      created_at: {from: [日期, 时间], format: "%d/%m/%Y %H:%M"}
      status: {from: 状态, map: {已解决: solved, No: open}, default: open}
      reopen_count: {value: 007}
"""


def load(tmp_path: Path, text: str) -> tuple[Entry, ...]:
    path = write(tmp_path / "acme.yml", text)
    return load_profiles([path], contract=CONTRACT, business_timezone="Asia/Shanghai")


def complaint(tmp_path: Path, text: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        load(tmp_path, text)
    assert caught.value.exit_status == 2
    message = str(caught.value)
    assert message.startswith(str(tmp_path / "acme.yml"))
    return message


def test_every_scalar_stays_text(tmp_path: Path) -> None:
    (entry,) = load(tmp_path, GOOD)
    assert entry.spec.columns["reopen_count"].value == "007"
    assert entry.spec.columns["status"].map == {"已解决": "solved", "No": "open"}
    assert entry.spec.columns["created_at"].from_ == ("日期", "时间")
    assert entry.spec.header_row == 2
    assert (entry.profile, entry.entry_no, entry.timezone) == ("acme", 1, "Asia/Shanghai")


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("timezone:", "time_zone:", ["unknown profile key 'time_zone'", "did you mean 'timezone'?"]),
        ("delimiter:", "delimeter:", ["'delimeter' in files entry 1", "did you mean 'delimiter'?"]),
        (
            "{from: 编号}",
            "{form: 编号}",
            ["unknown profile key 'form'", "column ticket_id", "did you mean 'format'?"],
        ),
        ("ticket_id:", "ticketid:", ["has no column 'ticketid'", "did you mean 'ticket_id'?"]),
        ("ticket.ticket", "ticket.tickets", ["no table 'ticket.tickets'", "did you mean 'ticket.ticket'?"]),
        ("Asia/Shanghai", "Asia/Shanghia", ["'Asia/Shanghia' is not known"]),
        ("gb18030", "gb99", ["encoding 'gb99' is not known"]),
        ('delimiter: ","', 'delimiter: "||"', ["one ASCII character"]),
        ("header_row: 2", "header_row: 0", ["header_row", "greater than or equal to 1"]),
        ("{value: 007}", "{value: 007, from: x}", ["exactly one of from, sql and value"]),
        ("    table: ticket.ticket\n", "", ["'table' is missing in files entry 1"]),
        ("      ticket_id: {from: 编号}\n", "", ["required column ticket.ticket.ticket_id is not mapped"]),
        ("profile: acme", "profile: acme\nprofile: again", ["'profile' is given twice"]),
        ("profile: acme", "profile: [", ["cannot be read"]),
        (GOOD, "just text", ["not a mapping"]),
    ],
)
def test_mistakes_are_explained(tmp_path: Path, old: str, new: str, expected: list[str]) -> None:
    assert old in GOOD
    message = complaint(tmp_path, GOOD.replace(old, new))
    for part in expected:
        assert part in message


def test_a_profile_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="did you mean 'servicenow_incidents'"):
        load_profiles([Path("servicenow_incident")], contract=CONTRACT, business_timezone="Asia/Shanghai")
    with pytest.raises(ConfigurationError, match="no such profile file"):
        load_profiles([tmp_path / "zendesk"], contract=CONTRACT, business_timezone="Asia/Shanghai")


def test_shipped_profiles_go_by_their_bare_name() -> None:
    entries = load_profiles([Path("zendesk")], contract=CONTRACT, business_timezone="UTC")
    assert {entry.profile for entry in entries} == {"zendesk"}
    assert {entry.timezone for entry in entries} == {"UTC"}


def test_a_profile_given_twice(tmp_path: Path) -> None:
    path = write(tmp_path / "acme.yml", GOOD)
    with pytest.raises(ConfigurationError, match="given twice"):
        load_profiles([path, path], contract=CONTRACT, business_timezone="UTC")


def test_the_fingerprint_says_what_rows_become_and_nothing_else(tmp_path: Path) -> None:
    (entry,) = load(tmp_path, GOOD)
    (renamed,) = load(tmp_path, GOOD.replace("Tickets*.csv", "*.csv"))
    (remapped,) = load(tmp_path, GOOD.replace("已解决: solved", "已解决: closed"))
    (elsewhere,) = load(tmp_path, GOOD.replace("Asia/Shanghai", "UTC"))
    assert entry.fingerprint == renamed.fingerprint
    assert len({entry.fingerprint, remapped.fingerprint, elsewhere.fingerprint}) == 3


def test_the_contract_itself(tmp_path: Path) -> None:
    ticket = CONTRACT.table("ticket.ticket")
    assert ticket.key == ("ticket_id",)
    assert ticket.version_column == "updated_at"
    assert ticket.column("customer_id").is_personal
    assert [column.name for column in ticket.columns if column.is_technical] == [
        "_file",
        "_row_number",
        "_row_hash",
        "_load_id",
        "_load_seq",
        "_extra",
    ]
    assert "run.context" not in {table.full_name for table in CONTRACT.export_tables}
    with pytest.raises(ConfigurationError, match="no export contract"):
        load_contract(tmp_path)
    write(
        tmp_path / "x/_x__sources.yml",
        "sources: [{name: x, tables: [{name: t, columns: [{name: a, data_type: money}]}]}]",
    )
    with pytest.raises(ConfigurationError, match="unknown data_type 'money'"):
        load_contract(tmp_path)
