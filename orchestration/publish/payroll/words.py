"""Words of payroll's workbooks and statements, both languages: those of `words.yml`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from orchestration.plain_yaml import load_yaml


class Words(NamedTuple):
    """A text in Chinese and English."""

    zh: str
    en: str

    def __str__(self) -> str:
        """Both in one line, once where they are the same."""
        return self.zh if self.zh == self.en else f"{self.zh} {self.en}".strip()


def _pairs(pairs: Mapping[str, Any]) -> Mapping[str, Words]:
    return {code: Words(*pair) for code, pair in pairs.items()}


WORDS: Mapping[str, Mapping[str, Words]] = {
    part: _pairs(pairs)
    for part, pairs in load_yaml(Path(__file__).with_suffix(".yml").read_text(encoding="utf-8")).items()
}
"""Parts of the catalogue: by code what is said."""


def word(part: str, code: str | None) -> Words:
    """What a code of a closed list is called; the code itself where no word is known for it, so that nothing
    is hidden.
    """
    return WORDS[part].get(code or "", Words(code or "", code or ""))


def said(part: str, code: str) -> Words:
    """A text of the catalogue. Raises KeyError where there is none."""
    return WORDS[part][code]


def either(zh: str | None, en: str | None, code: str | None = None) -> Words:
    """Words that came with a row; where one language is missing the other, without both the code."""
    return Words(zh or en or code or "", en or zh or code or "")


def period_words(period_kind: str | None, period_id: str | None, starts_on: date | None) -> Words:
    """`2026年10月 Oct 2026`, `2026年第4季度 Q4 2026`, `2026年 2026`."""
    if starts_on is None or period_kind not in WORDS["period_kind"]:
        return Words(period_id or "", period_id or "")
    year, month = starts_on.year, starts_on.month
    if period_kind == "month":
        return Words(f"{year}年{month}月", f"{MONTHS[month - 1]} {year}")
    if period_kind == "quarter":
        quarter = (month + 2) // 3
        return Words(f"{year}年第{quarter}季度", f"Q{quarter} {year}")
    return Words(f"{year}年", f"{year}")


MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
