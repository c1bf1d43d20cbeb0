"""docs/profiles.md: every profile that it shows, on the files that it shows, gives what it says.

After a profile come its files (```csv name, or book.xlsx/sheet) and what becomes of them (```text table:
columns): the loaded rows in order, then a line for each row that was not loaded.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import xlsxwriter

from tests.ingest_support import ROOT, query, rejected, run, write

TEXT = (ROOT / "docs" / "profiles.md").read_text(encoding="utf-8")
BLOCKS = re.compile(r"^```(yaml|csv|text)(?: ([^\n]*))?\n(.*?)^```$", flags=re.DOTALL | re.MULTILINE)

ROWS = """编号,日期,时间,状态,客服,更新时间
T1,05/10/2026,10:00,已解决,A1,2026-10-05 12:00:00 CST
T2,05/10/2026,10:00,处理中,A1,2026-10-05 12:00:00
T3,05/10/2026,11:00,,A1,2026-10-05 12:00:00
T4,05/10/2026,11:00,草稿,A1,2026-10-05 12:00:00
T5,05/10/2026,,已关闭,A1,2026-10-05 12:00:00
"""


@dataclass
class Example:
    """A profile of the document, its files, and what it says of them."""

    profile: str
    files: dict[str, str] = field(default_factory=dict)
    table: str = ""
    columns: str = ""
    expected: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.profile.splitlines()[0].removeprefix("profile: ")


def examples() -> list[Example]:
    found: list[Example] = []
    for kind, said, content in BLOCKS.findall(TEXT):
        if kind == "yaml":
            found.append(Example(content))
        elif kind == "csv":
            found[-1].files[said] = content
        else:
            found[-1].table, _, found[-1].columns = said.partition(": ")
            found[-1].expected = content.splitlines()
    return found


def land(landing: Path, files: dict[str, str]) -> None:
    landing.mkdir()
    for name in {name.partition("/")[0] for name in files}:
        if name in files:
            write(landing / name, files[name])
            continue
        with xlsxwriter.Workbook(str(landing / name)) as book:
            for place, content in files.items():
                sheet = book.add_worksheet(place.partition("/")[2])
                for row, line in enumerate(content.splitlines()):
                    sheet.write_row(row, 0, line.split(","))


@pytest.mark.parametrize("example", examples()[1:], ids=lambda example: example.name)
def test_an_example_gives_what_the_document_says(tmp_path: Path, example: Example) -> None:
    assert example.files and example.expected
    land(tmp_path / "landing", example.files)
    profile = write(tmp_path / "profile.yml", example.profile)
    run(
        tmp_path / "landing",
        tmp_path / "state",
        profiles=(profile,),
        as_of=dt.date(2026, 3, 31),
        allow_rejects="0.9",
    )
    columns = ", ".join(f"{name}::VARCHAR" for name in example.columns.split(", "))
    found = [
        " | ".join(row)
        for row in query(tmp_path / "state", example.table, f"SELECT {columns} FROM raw ORDER BY ALL")
    ]
    found += [
        f"row {row} {'rejected' if kind == 'fault' else 'excluded'}: {reason}"
        for _, row, _, kind, reason in rejected(tmp_path / "state")
    ]
    assert found == example.expected


def test_every_means_is_shown() -> None:
    shown = "\n".join(example.profile for example in examples())
    for key in (
        "decimal",
        "thousands",
        "currency",
        "percent",
        "duration",
        "sheets",
        "unpivot",
        "lookup",
        "group",
        "row",
    ):
        assert re.search(rf"\b{key}: ", shown), key


def test_the_first_example_reads_as_the_document_says(tmp_path: Path) -> None:
    profile = write(tmp_path / "acme.yml", examples()[0].profile)
    write(tmp_path / "landing" / "Tickets_1.csv", ROWS, encoding="gb18030")
    run(
        tmp_path / "landing",
        tmp_path / "state",
        profiles=(profile,),
        as_of=dt.date(2026, 10, 5),
        allow_rejects="0.5",
    )
    found = query(
        tmp_path / "state",
        "ticket.ticket",
        "SELECT ticket_id, created_at::VARCHAR, status, solved_at::VARCHAR, channel FROM raw ORDER BY ALL",
    )
    assert found == [
        ("T1", "2026-10-05 02:00:00", "solved", "2026-10-05 04:00:00", "phone"),
        ("T2", "2026-10-05 02:00:00", "open", None, "phone"),
        ("T3", "2026-10-05 03:00:00", "new", None, "phone"),
    ]
    assert [(row, kind, why) for _, row, _, kind, why in rejected(tmp_path / "state")] == [
        (5, "excluded", "left out by the profile's where"),
        (6, "fault", "created_at is empty"),
    ]
