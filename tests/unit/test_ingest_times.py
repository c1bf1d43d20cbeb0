"""Times: a zone's name in one row is said by name and changes no other row's instant."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.ingest_single import Outcome, SingleFileLoader, entry_for, single_file_loader


def at(text: str) -> dt.datetime:
    """A naive time."""
    return dt.datetime.fromisoformat(text)


FIRST = at("2026-10-05 10:00")
TAILS = ["CST", "IST", "BST", "EST", "PDT", "EST5EDT", "Etc/GMT+8", "Asia/Kolkata", "UTC+8", "cst", "(CST)"]
CONTACT = {"contact_id": {"from": "id"}, "channel": {"value": "phone"}, "agent_id": {"value": "A1"}}


@pytest.fixture(scope="module")
def loader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SingleFileLoader]:
    with single_file_loader(tmp_path_factory.mktemp("times")) as one:
        yield one


def load(loader: SingleFileLoader, texts: list[str], rule: dict[str, Any], **options: Any) -> Outcome:
    """Contacts C0, C1 … that start at these texts."""
    entry = entry_for("ticket.contact", {**CONTACT, "started_at": rule}, **options)
    rows = "".join(f'C{number},"{text}"\n' for number, text in enumerate(texts))
    return loader.load("contact.csv", f"id,moment\n{rows}".encode(), entry)


def utc(wall: dt.datetime, zone: str = "Asia/Shanghai") -> dt.datetime:
    return wall.replace(tzinfo=ZoneInfo(zone)).astimezone(dt.UTC).replace(tzinfo=None)


@pytest.mark.parametrize("tail", TAILS)
@pytest.mark.parametrize(
    "rule",
    [
        {"from": "moment"},
        {"from": "moment", "format": "%Y-%m-%d %H:%M:%S"},
        {"from": "moment", "format": ["%Y-%m-%d %H:%M:%S %Z", "iso"]},
        {"sql": "upper(moment)"},
        {"sql": "CAST(moment AS TIMESTAMPTZ)"},
        {"sql": "moment::TIMESTAMP WITH TIME ZONE"},
        {"sql": "TRY_CAST(moment AS TIMESTAMPTZ)"},
    ],
    ids=["iso", "format", "format with a name", "sql text", "cast", "short cast", "try_cast"],
)
def test_a_zones_name_is_rejected_and_shifts_no_other_row(
    loader: SingleFileLoader, rule: dict[str, Any], tail: str
) -> None:
    walls = [FIRST + dt.timedelta(minutes=7 * number) for number in range(60)]
    odd = {3, 17, 18, 40}
    texts = [f"{wall} {tail}" if number in odd else str(wall) for number, wall in enumerate(walls)]
    outcome = load(loader, texts, rule)
    found = {row["contact_id"]: row["started_at"] for row in outcome.rows}
    assert found == {f"C{n}": utc(wall) for n, wall in enumerate(walls) if n not in odd}
    assert [row["row_number"] for row in outcome.rejected] == [number + 2 for number in sorted(odd)]
    if "TIME" not in str(rule):
        name = tail.strip("()") if "upper" not in str(rule) else tail.strip("()").upper()
        assert all(f"'{name}' is ambiguous" in row["reason"] for row in outcome.rejected)


def test_any_mix_of_notations_reads_as_each_row_alone(loader: SingleFileLoader) -> None:
    dice = random.Random(7)
    ends = ["", "Z", "+08:00", "-05:00", "+0530", " UTC", " GMT", " CST", " Asia/Tokyo", " Z", "z", " utc"]
    texts = []
    for number in range(400):
        wall = FIRST + dt.timedelta(minutes=number)
        texts.append(wall.isoformat(sep=dice.choice("T ")) + dice.choice(ends))
    together = {row["contact_id"]: row["started_at"] for row in load(loader, texts, {"from": "moment"}).rows}
    for number in dice.sample(range(400), 60):
        alone = load(loader, [texts[number]], {"from": "moment"}).rows
        assert [row["started_at"] for row in alone] == [
            together[key] for key in [f"C{number}"] if key in together
        ], texts[number]
    known = {"Z": 0, "+08:00": 8, "-05:00": -5, "+0530": 5.5, " UTC": 0, " GMT": 0, " Z": 0, "z": 0, "": 8}
    for end, hours in known.items():
        for number, text in enumerate(texts):
            if text == (FIRST + dt.timedelta(minutes=number)).isoformat(sep=text[10]) + end:
                expected = FIRST + dt.timedelta(minutes=number) - dt.timedelta(hours=hours)
                assert together[f"C{number}"] == expected, text


@pytest.mark.parametrize(
    "rule",
    [
        {"from": "moment"},
        {"from": "moment", "format": "%Y-%m-%d %H:%M:%S%z"},
        {"sql": "CAST(moment AS TIMESTAMPTZ)"},
        {"sql": "TRY_CAST(moment AS TIMESTAMPTZ)"},
    ],
    ids=["iso", "format", "cast", "try_cast"],
)
def test_an_offset_of_no_place_is_rejected(loader: SingleFileLoader, rule: dict[str, Any]) -> None:
    """No clock differs from UTC by more than -12:00 and +14:00; an hour has sixty minutes."""
    real = {"+14:00": 14, "-12:00": -12, "+12:45": 12.75, "-09:30": -9.5, "+0530": 5.5, "-11": -11}
    odd = ["+14:15", "+15:00", "+25:00", "-12:30", "-13:00", "+08:75", "-05:60", "+2500", "-99"]
    outcome = load(loader, [f"{FIRST}{end}" for end in (*real, *odd)], rule)
    assert {row["contact_id"]: row["started_at"] for row in outcome.rows} == {
        f"C{number}": FIRST - dt.timedelta(hours=hours) for number, hours in enumerate(real.values())
    }
    assert len(outcome.rejected) == len(odd)


@pytest.mark.parametrize("place", ["entry", "column"])
def test_a_mapped_name_is_read_in_its_zone(loader: SingleFileLoader, place: str) -> None:
    zones = {"CST": "America/Chicago", "Asia/Tokyo": "Asia/Tokyo"}
    rule = {"from": "moment"} | ({"zones": zones} if place == "column" else {})
    options = {"zones": zones} if place == "entry" else {}
    texts = ["2026-01-05 10:00:00", "2026-01-05 10:00:00 CST", "2026-01-05 10:00:00 Asia/Tokyo"]
    texts += ["2026-01-05 10:00:00", "2026-01-05 10:00:00 IST", "2026-01-05 10:00:00+08:00 CST"]
    outcome = load(loader, texts, rule, **options)
    assert [row["started_at"].hour for row in outcome.rows] == [2, 16, 1, 2]
    assert [row["row_number"] for row in outcome.rejected] == [6, 7]


def test_names_in_formats_and_dates(loader: SingleFileLoader) -> None:
    rule = {"from": "moment", "format": "%d/%m/%Y %I:%M %p %Z", "zones": {"BST": "Europe/London"}}
    texts = ["05/07/2026 10:00 AM BST", "05/07/2026 10:00 PM GMT", "05/07/2026 10:00 AM CST"]
    outcome = load(loader, texts, rule)
    assert [row["started_at"] for row in outcome.rows] == [
        at("2026-07-05 09:00"),
        at("2026-07-05 22:00"),
    ]
    assert "'CST' is ambiguous" in outcome.rejected[0]["reason"]


def test_a_clock_that_exists_twice_or_not_at_all(loader: SingleFileLoader) -> None:
    """The hour that exists twice is read in winter's time, the one that does not exist an hour later."""
    texts = ["2026-11-01 01:30:00", "2026-03-08 02:30:00", "2026-11-01 01:30:00-04:00"]
    entry = entry_for("ticket.contact", {**CONTACT, "started_at": {"from": "moment"}})
    entry = replace(entry, timezone="America/New_York")
    rows = "".join(f"C{number},{text}\n" for number, text in enumerate(texts))
    outcome = loader.load("contact.csv", f"id,moment\n{rows}".encode(), entry)
    assert [row["started_at"] for row in outcome.rows] == [
        at("2026-11-01 06:30"),
        at("2026-03-08 07:30"),
        at("2026-11-01 05:30"),
    ]


PAIR = {**CONTACT, "started_at": {"value": "2026-10-05"}, "first_response_at": {"from": ["d", "t"]}}


@pytest.mark.parametrize(
    ("rule", "texts", "expected"),
    [
        ({"from": ["d", "t"]}, ("2026-10-05", "10:00"), at("2026-10-05 02:00")),
        ({"from": ["d", "t"]}, ("2026-10-05", ""), None),
        ({"from": ["d", "t"]}, ("", ""), None),
        ({"from": ["d", "t"]}, ("", "10:00"), "first_response_at: '10:00' is not a time"),
        ({"from": ["d", "t"]}, ("2026-10-05 10:00", ""), at("2026-10-05 02:00")),
        ({"from": ["d", "t"], "format": "%d/%m/%Y %H:%M"}, ("05/10/2026", ""), None),
        ({"from": ["t", "d"], "format": "%H:%M %d/%m/%Y"}, ("05/10/2026", ""), None),
        (
            {"from": ["t", "d"], "format": "%H:%M %d/%m/%Y"},
            ("05/10/2026", "10:00"),
            at("2026-10-05 02:00"),
        ),
        ({"from": ["d", "t"], "format": "%d/%m/%Y %H:%M"}, ("", "10:00"), "is not a time"),
    ],
)
def test_a_pair_of_date_and_time(
    loader: SingleFileLoader, rule: dict[str, Any], texts: tuple[str, str], expected: Any
) -> None:
    """Without a time there is none, as in the row of a call that nobody answered."""
    entry = entry_for("ticket.contact", {**PAIR, "first_response_at": rule})
    outcome = loader.load("contact.csv", f"id,d,t\nC1,{texts[0]},{texts[1]}\n".encode(), entry)
    if isinstance(expected, str):
        assert outcome.rows == []
        assert expected in outcome.rejected[0]["reason"]
    else:
        assert [row["first_response_at"] for row in outcome.rows] == [expected]


def test_json_and_workbooks_hold_texts_too(loader: SingleFileLoader, tmp_path: Path) -> None:
    lines = (
        '{"id": "C1", "moment": "2026-10-05 10:00:00 IST"}\n{"id": "C2", "moment": "2026-10-05 10:00:00"}\n'
    )
    entry = entry_for("ticket.contact", {**CONTACT, "started_at": {"from": "moment"}})
    outcome = loader.load("contact.jsonl", lines.encode(), entry)
    assert [row["started_at"] for row in outcome.rows] == [at("2026-10-05 02:00")]
    assert "'IST' is ambiguous" in outcome.rejected[0]["reason"]
