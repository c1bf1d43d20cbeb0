"""What stands in both languages cannot drift apart: headings, commands, tables and names are the same."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

from orchestration.ingest.contract import load_contract
from orchestration.settings import CONTRACT_DIR
from tests.bilingual import HAN, debris, only
from tests.project.conftest import ROOT

PAIRS = [
    (ROOT / "README.md", ROOT / "README.zh-CN.md"),
    *((ROOT / "docs" / path.name, path) for path in sorted((ROOT / "docs" / "zh").glob("*.md"))),
]
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.DOTALL | re.MULTILINE)
SPAN = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\(([^)#]+)[^)]*\)")
SHELL = ("", "sh")


def headings(text: str) -> list[int]:
    """Levels of the headings, in order."""
    return [len(mark) for mark in re.findall(r"^(#+) ", BLOCK.sub("", text), re.MULTILINE)]


def blocks(text: str) -> list[tuple[str, str]]:
    """Blocks of code, those of a shell without what stands behind a `#`: comments are for their readers."""
    return [
        (kind, re.sub(r"\s+# .*", "", body) if kind in SHELL else body) for kind, body in BLOCK.findall(text)
    ]


def tables(text: str) -> list[int]:
    """How many rows each table has."""
    prose = BLOCK.sub("", text)
    return [len(rows.splitlines()) for rows in re.findall(r"(?:^\|.*\n)+", prose, re.MULTILINE)]


def names(text: str) -> set[str]:
    """What is set as code within sentences."""
    return set(SPAN.findall(BLOCK.sub("", text)))


def said(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@pytest.mark.parametrize(("english", "chinese"), PAIRS, ids=lambda path: path.name)
def test_both_documents_say_the_same_things(english: Path, chinese: Path) -> None:
    one, other = said(english), said(chinese)
    assert headings(one) == headings(other)
    assert blocks(one) == blocks(other)
    assert tables(one) == tables(other)
    assert names(one) == names(other)
    assert re.search(r"[a-z]{3}", one) and len(HAN.findall(other)) > 500


@pytest.mark.parametrize("path", [path for pair in PAIRS for path in pair], ids=lambda path: path.name)
def test_every_link_leads_somewhere(path: Path) -> None:
    places = [one for one in LINK.findall(said(path)) if "://" not in one]
    missing = [place for place in places if not (path.parent / place).exists()]
    assert not missing


@pytest.mark.parametrize(("_english", "chinese"), PAIRS, ids=lambda path: path.name)
def test_the_chinese_is_in_the_script_of_its_readers(_english: Path, chinese: Path) -> None:
    prose = BLOCK.sub("", said(chinese))
    assert not debris(prose) and not only(prose, "big5", "gb2312")


def test_the_ruling_of_the_appeal_is_one_of_the_contract() -> None:
    """The rows that the document shows are what the night takes."""
    [rows] = [body for kind, body in blocks(said(ROOT / "docs" / "appeal.md")) if kind == "csv"]
    table = next(
        one for one in load_contract(CONTRACT_DIR).tables.values() if one.full_name == "governance.ruling"
    )
    for row in csv.DictReader(rows.splitlines()):
        assert set(row) <= {column.name for column in table.export_columns}
        for column in table.export_columns:
            assert row[column.name] or not column.is_required, column.name
            assert not row[column.name] or not column.values or row[column.name] in column.values


def test_what_drifts_is_found() -> None:
    text = "# A\n\n`x` and\n\n```\nrun --now   # soon\n```\n\n| a |\n|---|\n| b |\n"
    assert (headings(text), tables(text), names(text)) == ([1], [3], {"x"})
    assert blocks(text) == blocks(text.replace("soon", "马上")) != blocks(text.replace("--now", "--later"))
    assert tables(text) != tables(text + "| c |\n")
