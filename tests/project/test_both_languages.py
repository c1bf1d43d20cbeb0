"""Whatever people outside the code read is said in English and in Chinese, and no text has debris of a
conversion.
"""

from __future__ import annotations

import csv
from typing import Any

import pytest
import yaml

from orchestration.policy.clauses import clauses
from tests.bilingual import HAN, debris, lacking, only
from tests.project.conftest import ROOT

PLACES = ("orchestration", "expectations", "seeds")
PHRASES = "orchestration/audit/phrases.yml"
"""Each entry is a pair, English first."""
LABELS = "orchestration/audit/show/labels.yml"
"""What stands beside a code, which is English; units are pairs."""
PAYROLL = "orchestration/publish/payroll/words.yml"
"""What payroll's workbooks and statements say: pairs, Chinese first."""
ONE_LANGUAGE = {"seeds/reference/calendar_day.csv": "names of holidays of a Chinese calendar"}
FILES = sorted(
    str(path.relative_to(ROOT))
    for place in PLACES
    for kind in ("yml", "csv")
    for path in (ROOT / place).rglob(f"*.{kind}")
    if not path.name.endswith("__seeds.yml")
)
"""Every catalogue; what describes the seeds' columns is for who develops."""


def content(name: str) -> Any:
    path = ROOT / name
    if path.suffix == ".csv":
        with path.open(encoding="utf-8-sig", newline="") as stream:
            return list(csv.DictReader(stream))
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [one for inner in value.values() for one in texts(inner)]
    if isinstance(value, list):
        return [one for inner in value for one in texts(inner)]
    return [value] if isinstance(value, str) else []


@pytest.mark.parametrize("name", FILES)
def test_what_is_said_in_one_language_is_said_in_the_other(name: str) -> None:
    if name in ONE_LANGUAGE:
        return
    found = list(lacking(without_clauses(name)))
    assert not found, "\n".join(found)


def without_clauses(name: str) -> Any:
    """A catalogue as it is; of the clauses the documents, since a clause says its Chinese in other ways."""
    found = content(name)
    return found.get("documents") if name.endswith("policy/clauses.yml") else found


def test_every_clause_is_said_in_both() -> None:
    for clause in clauses().values():
        assert clause.says and not HAN.search(clause.says), clause.clause_id
        assert HAN.search(clause.title_zh) and HAN.search(clause.words), clause.clause_id


def test_every_phrase_is_a_pair() -> None:
    for key, pair in content(PHRASES).items():
        english, chinese = pair
        assert bool(english) == bool(chinese), key
        assert not HAN.search(english), key
        assert HAN.search(chinese) or not english, key


def test_every_code_and_column_has_a_label_in_chinese() -> None:
    labels = content(LABELS)
    units = labels.pop("units")
    assert all(len(pair) == 2 and HAN.search(pair[1]) for pair in units.values())
    for of, words in labels.items():
        for code, label in words.items():
            assert HAN.search(label), (of, code)


def test_what_payroll_reads_is_a_pair() -> None:
    for part, words in content(PAYROLL).items():
        for code, (chinese, english) in words.items():
            assert HAN.search(chinese), (part, code)
            assert english and not HAN.search(english), (part, code)


@pytest.mark.parametrize("name", FILES)
def test_no_text_has_debris_of_a_conversion(name: str) -> None:
    found = [f"{text}: {one}" for text in texts(content(name)) for one in debris(text)]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("name", FILES)
def test_what_is_ours_is_in_the_script_of_its_readers(name: str) -> None:
    """Quotes keep their documents' characters, whichever they are; examples of exports may have any."""
    if name.endswith("policy/clauses.yml") or "/profiles/" in name:
        return
    found = [text for text in texts(content(name)) if only(text, "big5", "gb2312")]
    assert not found, "\n".join(found)


def test_what_is_planted_is_found() -> None:
    assert debris("聚焦“效率+合規(guī)”") == ["(guī)"]
    assert debris("数据與指标") == ["與 beside 数标"]
    assert debris("績效等級(S/A/B/C),見(PIP)") == []
    assert debris("绩效等级（见附件）") == []
    rows = [
        {"label_en": "Days late", "label_zh": ""},
        {"label_en": "迟到", "label_zh": "迟到"},
        {"name_zh": "迟到"},
    ]
    assert len(list(lacking(rows))) == 3
    assert list(lacking({"a": {"label_en": "Days late", "label_zh": "迟到"}})) == []


def test_the_catalogues_are_all_there() -> None:
    assert {PHRASES, LABELS, PAYROLL, *ONE_LANGUAGE} <= set(FILES)
    said = [name for name in FILES if any(HAN.search(text) for text in texts(content(name)))]
    assert len(said) > 15
