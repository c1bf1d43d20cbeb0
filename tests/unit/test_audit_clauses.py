"""The rules and the documents' words: complete, and word for word what the documents print."""

from __future__ import annotations

import csv
import re

import pytest

from orchestration.policy.clauses import clauses
from orchestration.settings import POLICY_DIR, PROJECT_ROOT
from tests.bilingual import READING

SOURCES = PROJECT_ROOT.parent / "shared" / "sources"
RULES = PROJECT_ROOT.parent / "shared" / "POLICY.md"


def test_every_clause_that_a_policy_row_cites_is_catalogued() -> None:
    cited = set()
    for path in sorted(POLICY_DIR.glob("*.csv")):
        with path.open(encoding="utf-8-sig", newline="") as stream:
            cited |= {row["clause_id"] for row in csv.DictReader(stream) if row.get("clause_id")}
    assert cited, "no policy row cites a clause"
    assert cited <= set(clauses())


def test_every_clause_has_a_label_in_chinese_and_one_line_of_english() -> None:
    for clause in clauses().values():
        assert re.search(r"[\u4e00-\u9fff]", clause.title_zh), clause.clause_id
        assert clause.says.endswith((".", ";")) and "\n" not in clause.says, clause.clause_id
        assert bool(clause.quote) == (clause.document is not None), clause.clause_id
        assert bool(clause.says_zh) == (clause.document is None), clause.clause_id


def test_the_words_of_a_clause_are_those_of_its_document() -> None:
    if not SOURCES.is_dir():
        pytest.skip("the source documents are not part of the project; they lie beside it where it is built")
    for clause in clauses().values():
        if clause.document is None:
            continue
        [path] = SOURCES.glob(f"{clause.document.file_prefix}_*.txt")
        text = READING.sub("", re.sub(r"\s", "", path.read_text(encoding="utf-8")))
        for passage in clause.quote:
            assert re.sub(r"\s", "", passage) in text, (clause.clause_id, passage)


def test_the_catalogue_is_the_rule_book() -> None:
    if not RULES.is_file():
        pytest.skip("the rule book is not part of the project; it lies beside it where it is built")
    rule = r"`((?:S|CG|PT|SS|PA|LL|CD|PM|BS|PR)-[A-Z0-9]+)`"
    ids = set(re.findall(rule, RULES.read_text(encoding="utf-8")))
    assert ids == set(clauses())


def test_words_of_a_clause_are_shown_passage_by_passage() -> None:
    assert clauses()["PT-02"].words == "「绩效工资=总绩效分数×0.5元」"
    assert clauses()["S-RANK"].words.startswith("本系统约定：在同组内按总分排名")
