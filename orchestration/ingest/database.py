"""DuckDB as ingestion uses it: names and texts in SQL, statements in files, questions about Parquet."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from pathlib import Path
from string import Template
from typing import Any

import duckdb

from orchestration.ingest.personal import MAIL, MASK, PHONE
from orchestration.state.memory import memory_limit, spill_folder, spill_place

SHARED_LIMIT = "1GB"
_STATEMENTS = Path(__file__).with_name("sql")


def quoted(name: str) -> str:
    """A name as a DuckDB identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: object) -> str:
    """A text, or a path, as a DuckDB string literal."""
    return "'" + str(text).replace("'", "''") + "'"


def names(columns: Iterable[str]) -> str:
    """Column names as a list in SQL."""
    return ", ".join(map(quoted, columns))


def literals(texts: Iterable[object]) -> str:
    """Texts as a list in SQL."""
    return ", ".join(map(literal, texts))


def connect(**config: str | int | bool) -> duckdb.DuckDBPyConnection:
    """A database in memory that knows the macros of `sql/macros.sql`, under the site's limit or under
    `memory_limit` where that is less.
    """
    limit = memory_limit(str(config.get("memory_limit", "")))
    spill = {} if "temp_directory" in config else {"temp_directory": str(spill_folder())}
    connection = duckdb.connect(config={**config, **spill, "memory_limit": limit})
    connection.execute(statement("macros", mail=MAIL, phone=PHONE, mask=MASK))
    return connection


def rows(sql: str, *parameters: object, timezone: str = "") -> list[tuple[Any, ...]]:
    """Rows of a query, or of a statement that writes Parquet, over files; tables of the answer are gone
    after it. Making a database costs more than most questions, so all are asked of one.
    """
    with _shared(memory_limit(SHARED_LIMIT), spill_place()).cursor() as cursor:
        if timezone:
            cursor.execute(f"SET TimeZone = {literal(timezone)}")
        return cursor.execute(sql, list(parameters)).fetchall()


def statement(name: str, **parts: str) -> str:
    """The text of `sql/<name>.sql`, each `$part` replaced."""
    return Template(_text(name)).safe_substitute(parts)


@functools.cache
def _text(name: str) -> str:
    return (_STATEMENTS / f"{name}.sql").read_text(encoding="utf-8")


@functools.cache
def _shared(limit: str, spill: Path) -> duckdb.DuckDBPyConnection:
    """One per limit and place to spill into: a process may work on one state after another."""
    return connect(threads=2, memory_limit=limit, enable_external_file_cache=False)
