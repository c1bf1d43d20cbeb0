"""The phrases of `phrases.yml`."""

from __future__ import annotations

from collections.abc import Mapping

import yaml

from orchestration.audit.beside import text_beside
from orchestration.audit.node import Phrase

PHRASES: Mapping[str, list[str]] = yaml.safe_load(text_beside(__file__, "phrases.yml"))


def phrase(name: str, **values: object) -> Phrase:
    """A phrase in both languages, with `values` put in."""
    return Phrase(*PHRASES[name]).of(**values)
