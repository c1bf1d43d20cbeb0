"""SQL that stands in files beside the module that runs it, and values written into SQL."""

from __future__ import annotations

from functools import cache
from pathlib import Path


@cache
def query(module: str, name: str) -> str:
    """The text of `sql/<name>.sql` beside a module, which is named by its `__file__`."""
    return (Path(module).parent / "sql" / f"{name}.sql").read_text(encoding="utf-8")


def literal(value: object) -> str:
    """A path or another value as an SQL string."""
    return "'" + str(value).replace("'", "''") + "'"
