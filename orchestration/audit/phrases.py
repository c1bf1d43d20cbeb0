"""The phrases of `phrases.yml`."""

from __future__ import annotations

from collections.abc import Mapping

from orchestration.audit.beside import text_beside
from orchestration.audit.node import Phrase
from orchestration.plain_yaml import load_yaml

PHRASES: Mapping[str, list[str]] = load_yaml(text_beside(__file__, "phrases.yml"))


def phrase(name: str, **values: object) -> Phrase:
    """A phrase in both languages, with `values` put in."""
    return Phrase(*PHRASES[name]).of(**values)
