"""The checks that are queries, each a file of `checks/`: line 1 says what is checked, line 2 of which rows.

`rows/` and `policy/` give what rows of the relation must be, `faults/` those that must not be, `due/` keys
that must be there and, behind `-- found:`, where they are; `copies.yml` which columns stand twice, `frozen/`
what a settlement freezes. Names in braces are published relations, or other queries of the folder.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from orchestration.audit.verify.data import CHECKS, literal
from orchestration.audit.verify.rows import Copied, Faults, Rows
from orchestration.plain_yaml import load_yaml

HEAD = re.compile(r"-- (?P<what>.*)\n-- in: (?P<relation>\S+)\n(?:-- of: (?P<part>.*)\n)?(?P<query>(?s:.*))")
SHARED = re.compile(r"\{([a-z_]+)\}")
FOUND = "-- found:\n"


def rows_of(folder: str) -> list[Rows]:
    """What rows of relations must be."""
    return [Rows(*one) for one in _read(folder)]


def all_faults() -> list[Faults]:
    """Rows that must not be."""
    return [
        Faults(what, relation, query, among=f"from {{{relation}}}")
        for what, relation, query, _ in _read("faults")
    ]


def all_due() -> list[Faults]:
    """Keys that must be there and are not."""
    checks = []
    for what, relation, query, _ in _read("due"):
        wanted, found = query.split(FOUND)
        missing = f"from ({wanted}) anti join (select key from ({found})) as found using (key)"
        faulty = f"select key, {literal(what)} as problem {missing}"
        checks.append(Faults(what, relation, faulty, among=wanted))
    return checks


def all_copied() -> list[Copied]:
    """Columns that stand in two relations."""
    return [Copied(**row) for row in load_yaml((CHECKS / "copies.yml").read_text(encoding="utf-8"))]


def _read(folder: str) -> Iterator[tuple[str, str, str, str]]:
    """What each file of a folder checks, in which relation, its query, and of which rows it speaks."""
    for path in sorted((CHECKS / folder).glob("*.sql")):
        head = HEAD.fullmatch(path.read_text(encoding="utf-8"))
        if head is None:
            raise ValueError(f"{path} does not say what it checks, and in which relation")
        yield head["what"], head["relation"], SHARED.sub(_shared, head["query"]), head["part"] or "true"


def _shared(name: re.Match[str]) -> str:
    return f"({(CHECKS / f'{name[1]}.sql').read_text(encoding='utf-8')})"
