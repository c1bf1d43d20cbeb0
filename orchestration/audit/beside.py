"""Texts that stand beside the module that uses them: queries, catalogues of words, templates."""

from __future__ import annotations

from functools import cache
from pathlib import Path


@cache
def text_beside(module: str, name: str) -> str:
    """The text of a file of a module's folder (`module`: its `__file__`)."""
    return (Path(module).parent / name).read_text(encoding="utf-8")
