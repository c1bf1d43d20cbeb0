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


SHAPED = """
profile: shaped
files:
  - match: "*.xlsx"
    table: crm.order
    columns:
      order_id: {from: id}
      ordered_at: {from: at}
      amount: {from: amount}
      status: {from: status}
"""


@pytest.mark.parametrize(
    ("added", "expected"),
    [
        ("    sheet: a\n    sheets: b*\n", "sheet and sheets do not go together"),
        ("    sheet_name: month\n", "give sheets"),
        ("    distinct: true\n    group: {by: id, first: at}\n", "group and distinct do not go together"),
        (
            '    unpivot: {columns: "20*", name: a, value: b}\n    group: {by: id, first: at}\n',
            "group and unpivot do not go together",
        ),
        ("    group: {by: id}\n", "exactly one of first and last"),
        ("    group: {by: id, first: at, format: HH:MM}\n", "format 'HH:MM' has no field such as %Y"),
        ("    group: {by: id, first: at, last: at}\n", "exactly one of first and last"),
        ("    group: {by: id, frist: at}\n", "unknown profile key 'frist' in files entry 1, group"),
        ("    unpivot: {columns: a*, name: x, value: X}\n", "name and value are two columns"),
        ("    unpivot: {columns: a*, name: x}\n", "the key 'value' is missing in files entry 1, unpivot"),
        ("    unpivot: {columns: am*, name: x, value: y}\n", "reads amount, which unpivot turns into rows"),
        ("    unpivot: {columns: a*, name: __x, value: y}\n", "begins with __, which is reserved"),
        ("    lookup: {file: a, on: {id: b}, take: [c], sheets: d}\n", "did you mean 'sheet'?"),
        ("    lookup: {file: a, on: {id: b}, take: {c: d, e: D}}\n", "gives two columns one name"),
        ("    lookup: {file: a, on: {}, take: [c]}\n", "on in files entry 1"),
        (
            "    lookup: {file: a, on: {id: b}, take: [c]}\n    unpivot: {columns: z, name: c, value: d}\n",
            "the column c is made twice",
        ),
    ],
)
def test_shapes_that_cannot_be_meant(tmp_path: Path, added: str, expected: str) -> None:
    assert expected in complaint(tmp_path, SHAPED.replace("    columns:\n", f"{added}    columns:\n"))


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (
            "amount: {from: amount}\n      updated_at: {from: u, format: YYYY-MM-DD}",
            "format 'YYYY-MM-DD' has no field such as %Y",
        ),
        (
            'amount: {from: amount}\n      updated_at: {from: u, format: [iso, "%Y-%Q"]}',
            "format '%Y-%Q' cannot be read",
        ),
        (
            'amount: {from: amount}\n      updated_at: {from: u, format: "%Y-%m-%d%"}',
            "format '%Y-%m-%d%' cannot be read",
        ),
        (
            'amount: {from: amount}\n      updated_at: {from: u, format: "%d/%m %H:%M"}',
            "has no year (%Y), so that every time would be of 1900",
        ),
        ('amount: {from: amount, decimal: ";"}', "decimal ';' is none of . ,"),
        ('amount: {from: amount, decimal: ",", thousands: ","}', "decimal and thousands are both ','"),
        ('amount: {from: amount, thousands: "."}', "decimal: ',' is not said"),
        ("amount: {from: amount, thousands: x}", "thousands 'x' is none of"),
        ("amount: {from: amount, grouping: indian}", "grouping needs thousands"),
        ('amount: {from: amount, currency: "1"}', "currency '1' is no currency's sign"),
        ('amount: {from: amount, currency: "."}', "currency '.' is no currency's sign"),
        ('amount: {value: "1", decimal: ","}', "use it with from and one column"),
        ('amount: {sql: amount, decimal: ","}', "use it with from and one column"),
        ('amount: {from: [a, b], decimal: ","}', "use it with from and one column"),
        ("amount: {from: amount, percent: true, duration: words}", "duration and percent do not go together"),
        ("amount: {from: amount, duration: ss:mm}", "'ss:mm' is no pattern of a duration"),
        ("amount: {from: amount, duration: hh:ss}", "leaves out a unit"),
        ("amount: {from: amount, duration: fff}", "no pattern of a duration"),
        ("amount: {from: amount, duration: mm.ff}", "behind the seconds"),
        ('amount: {from: amount, decimal: ",", default: "1.5"}', "the default '1.5' is not a number written"),
        (
            'amount: {from: amount, decimal: ","}\n      refunded_amount: {from: amount, percent: true}',
            "as if it were written in two ways",
        ),
        ("amount: {row: number}", "amount: row: number gives a text"),
        (
            "amount: {from: amount}\n      kind: {from: kind, percent: true}",
            "percent says how a number is written",
        ),
        (
            "amount: {from: amount}\n      updated_at: {from: u, duration: hh:mm}",
            "duration says how a duration is written, and the column is a timestamp; Remove",
        ),
        ("amount: {from: amount}\n      customer_id: {row: hash}", "customer_id: row: hash gives a text"),
        ("amount: {from: amount}\n      agent_id: {row: hash, default: x}", "default does not go with it"),
        ("amount: {from: amount}\n      agent_id: {row: id}", "row in files entry 1, column agent_id"),
        ("amount: {from: amount, decimals: 2}", "did you mean 'decimal'?"),
    ],
)
def test_writings_that_cannot_be_meant(tmp_path: Path, rule: str, expected: str) -> None:
    message = complaint(tmp_path, SHAPED.replace("amount: {from: amount}", rule))
    assert expected.replace("; Remove", ". Remove") in message


def test_the_fingerprint_knows_the_shape_but_not_which_sheets(tmp_path: Path) -> None:
    def print_of(added: str) -> str:
        (entry,) = load(tmp_path, SHAPED.replace("    columns:\n", f"{added}    columns:\n"))
        return entry.fingerprint

    assert print_of("") == print_of("    sheets: a*\n") == print_of("    sheets: [a*, b*]\n")
    shapes = (
        "",
        '    unpivot: {columns: "20*", name: a, value: b}\n',
        "    group: {by: id, first: at}\n",
        "    group: {by: id, last: at}\n",
        "    lookup: {file: a, on: {id: b}, take: [c]}\n",
        "    sheets: a\n    sheet_name: month\n",
    )
    assert len({print_of(shape) for shape in shapes}) == len(shapes)
