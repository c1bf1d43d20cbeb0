"""What an export's format keeps of its values beside their text: dates and numbers of their own."""

from __future__ import annotations

WORKBOOKS = frozenset({"xlsx", "xls", "xml"})
"""Workbooks with typed cells, whatever they are called; `html` has text alone."""

_WITH_NUMBERS = WORKBOOKS | {"jsonl", "parquet"}


def is_workbook(file_format: str) -> bool:
    """Whether cells may be dates and times of their own, which are read as ISO."""
    return file_format in WORKBOOKS


def has_own_numbers(file_format: str) -> bool:
    """Whether a value may be a number that no decimal sign or separator was written into."""
    return file_format in _WITH_NUMBERS
