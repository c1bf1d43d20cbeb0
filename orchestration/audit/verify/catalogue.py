"""The checks that are queries, each a file of `checks/`: line 1 says what is checked, line 2 of which rows.

`rows/` gives what rows of the relation must be, `faults/` those that must not be, `due/` keys that must be
there and, behind `-- found:`, where they are; `copies.yml` which columns stand twice. Names in braces are
published relations, or other queries of the folder.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import yaml

from orchestration.audit.verify.rows import Copied, Due, Faults, Rows

CHECKS = Path(__file__).parent / "checks"
HEAD = re.compile(r"-- (?P<what>.*)\n-- in: (?P<relation>\S+)\n(?:-- of: (?P<part>.*)\n)?(?P<query>(?s:.*))")
SHARED = re.compile(r"\{([a-z_]+)\}")
FOUND = "-- found:\n"


@cache
def all_rows() -> tuple[Rows, ...]:
    """What rows of relations must be."""
    return tuple(
        Rows(one["what"], one["relation"], one["query"], one["part"] or "true") for one in _read("rows")
    )


@cache
def all_faults() -> tuple[Faults, ...]:
    """Rows that must not be."""
    return tuple(Faults(one["what"], one["relation"], one["query"]) for one in _read("faults"))


@cache
def all_due() -> tuple[Due, ...]:
    """Keys that must be there."""
    return tuple(Due(one["what"], one["relation"], *str(one["query"]).split(FOUND)) for one in _read("due"))


@cache
def all_copied() -> tuple[Copied, ...]:
    """Columns that stand in two relations."""
    rows = yaml.safe_load((CHECKS / "copies.yml").read_text(encoding="utf-8"))
    return tuple(
        Copied(row["relation"], row["of"], row["by"], row.get("unlike", ""), row.get("where", "true"))
        for row in rows
    )


def _read(folder: str) -> Iterator[dict[str, str]]:
    for path in sorted((CHECKS / folder).glob("*.sql")):
        head = HEAD.fullmatch(path.read_text(encoding="utf-8"))
        if head is None:
            raise ValueError(f"{path} does not say what it checks, and in which relation")
        yield head.groupdict() | {"query": SHARED.sub(_shared, head["query"])}


def _shared(name: re.Match[str]) -> str:
    return f"({(CHECKS / f'{name[1]}.sql').read_text(encoding='utf-8')})"
