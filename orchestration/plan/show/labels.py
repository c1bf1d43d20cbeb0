"""The words of `labels.yml`, each in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import yaml

from orchestration.audit.beside import text_beside
from orchestration.audit.diff import Cause


@dataclass(frozen=True)
class Word:
    """The same in English and in Chinese."""

    en: str
    zh: str

    def __str__(self) -> str:
        return self.en if self.en == self.zh else f"{self.en} · {self.zh}"


def _words(name: str) -> Mapping[str, Word]:
    said = yaml.safe_load(text_beside(__file__, "labels.yml"))[name]
    return {key: Word(pair["text_en"], pair["text_zh"]) for key, pair in said.items()}


WORDS, CAUSES, SHEETS = _words("words"), _words("causes"), _words("sheets")


def said_cause(cause: Cause, *, is_both: bool = True) -> str:
    """A cause in words: its kind, in both languages or in English, how many rows, and the first of them."""
    kind = CAUSES[cause.kind]
    more = f" and {cause.count - len(cause.examples)} more" if cause.count > len(cause.examples) else ""
    return f"{kind if is_both else kind.en} ({cause.count}): {'; '.join(cause.examples)}{more}"
