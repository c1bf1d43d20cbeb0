"""The sentences of `words.yml`."""

from __future__ import annotations

from collections.abc import Mapping

from orchestration.audit.beside import text_beside
from orchestration.audit.node import Phrase
from orchestration.plain_yaml import load_yaml

WORDS: Mapping[str, Mapping[str, str]] = load_yaml(text_beside(__file__, "words.yml"))


def said(sentence: str, /, **values: object) -> Phrase:
    """A sentence in both languages, with `values` put in; a Phrase among them is put in by its language."""
    return Phrase(WORDS[sentence]["en"], WORDS[sentence]["zh"]).of(**values)
