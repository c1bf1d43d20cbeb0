"""The sentences of `words.yml`."""

from __future__ import annotations

from collections.abc import Mapping

import yaml

from orchestration.audit.beside import text_beside
from orchestration.audit.node import Phrase

WORDS: Mapping[str, Mapping[str, str]] = yaml.safe_load(text_beside(__file__, "words.yml"))


def said(sentence: str, /, **values: object) -> Phrase:
    """A sentence in both languages, with `values` put in; a Phrase among them is put in by its language."""
    return Phrase(WORDS[sentence]["en"], WORDS[sentence]["zh"]).of(**values)
