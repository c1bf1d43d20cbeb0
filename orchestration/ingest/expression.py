"""DuckDB expressions of a profile: what they read, and that each gives one value a row, the same every time.

DuckDB's own parser says what an expression is made of; nothing is told from its text.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import duckdb

from orchestration.ingest.conversion import NAME_PATTERN
from orchestration.ingest.database import quoted, rows

ROW_MAKERS = frozenset({"unnest", "generate_series", "range", "generate_subscripts", "regexp_split_to_table"})
PRIVATE = frozenset({"getvariable", "current_setting", "getenv"})
STRPTIME = frozenset({"strptime", "try_strptime"})
ZONED = "TIMESTAMP WITH TIME ZONE"

_ONE_VALUE = "Write an expression over the row's own columns; rows are left out with where or distinct"
_FROM_FILE = "Take the value from the file"


@dataclass(frozen=True)
class Expression:
    """An expression as written: the columns that it reads, `sql` to run (times cast as macros.sql says), and
    `problem`, why it cannot be used (empty = it can), with its remedy.
    """

    columns: tuple[str, ...]
    sql: str
    problem: str = ""
    remedy: str = ""


@functools.cache
def examined(text: str) -> Expression:
    """What an expression of a profile is; every column that it names is taken for text."""
    select, message = _select_list(text)
    if message:
        remedy = 'Correct it; columns with blanks or Chinese names are written "in double quotes"'
        return Expression((), text, f"{text!r} is not a DuckDB expression ({message})", remedy)
    columns = tuple(dict.fromkeys(_columns(select)))
    problem, remedy = _refusal(select)
    sql = text
    if not problem:
        sql = _sql_of(_replaced(select)) if any(map(_is_zoned_cast, _nodes(select))) else text
        problem, remedy = _unbound(sql, columns)
    return Expression(columns, sql, f"{text!r} {problem}" if problem else "", remedy)


def _select_list(text: str) -> tuple[Any, str]:
    """The parsed expression, or why it is none."""
    tree, plain = _parsed(f"SELECT ({text}) FROM source"), _parsed("SELECT (1) FROM source")
    if tree.get("error"):
        return None, str(tree.get("error_message", "it cannot be read"))
    statements = tree["statements"]
    if len(statements) != 1:
        return None, "it is more than one statement"
    node, bare = statements[0]["node"], plain["statements"][0]["node"]
    rest, expected = (_placeless({**n, "select_list": []}) for n in (node, bare))
    if rest != expected or len(node["select_list"]) != 1:
        return None, "it is more than one expression"
    return node["select_list"][0], ""


def _parsed(statement: str) -> Any:
    return json.loads(rows("SELECT json_serialize_sql($1)", statement)[0][0])


def _placeless(node: Any) -> Any:
    """A parsed statement without the places in the text that its parts stand at."""
    if isinstance(node, dict):
        return {key: _placeless(item) for key, item in node.items() if key != "query_location"}
    return [_placeless(item) for item in node] if isinstance(node, list) else node


def _nodes(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
    for item in _items(node):
        yield from _nodes(item)


def _items(node: Any) -> Iterable[Any]:
    if isinstance(node, dict):
        return node.values()
    return node if isinstance(node, list) else ()


def _columns(select: Any) -> Iterator[str]:
    """Columns that a parsed expression reads; parameters of lambdas are none."""
    kind = select.get("class") if isinstance(select, dict) else None
    if kind == "COLUMN_REF":
        yield str(select["column_names"][-1])
    elif kind == "LAMBDA":
        parameters = set(_columns(select["lhs"]))
        inner = _columns([item for key, item in select.items() if key != "lhs"])
        yield from (name for name in inner if name not in parameters)
    else:
        for item in _items(select):
            yield from _columns(item)


def _refusal(select: Any) -> tuple[str, str]:
    """Why an expression cannot give one value a row, the same every time, and what to write instead."""
    aggregates, unstable = _functions()
    for node in _nodes(select):
        kind, name = node.get("class"), str(node.get("function_name", "")).lower()
        if kind == "WINDOW":
            return f"looks at other rows ({name} is a window function)", _ONE_VALUE
        if kind == "SUBQUERY":
            return "has a subquery, which looks at other rows", _ONE_VALUE
        if kind == "STAR":
            return "stands for several columns", _ONE_VALUE
        if kind != "FUNCTION":
            continue
        if name in ROW_MAKERS:
            return (
                f"makes rows ({name}), and an expression must give one value a row",
                "Turn columns into rows with unpivot: {columns: …, name: …, value: …} of the entry",
            )
        if name in aggregates:
            return f"adds up rows ({name} is an aggregate)", _ONE_VALUE
        if name in unstable:
            return f"gives another value each time ({name}), so that no run could be repeated", _FROM_FILE
        if name in PRIVATE:
            return f"reads a setting of the run ({name})", _FROM_FILE
        if name in STRPTIME and any(NAME_PATTERN in _constant(child) for child in node["children"][1:]):
            return (
                f"reads a zone's name ({NAME_PATTERN})",
                "Use from with format and zones: {CST: Asia/Shanghai}, which say what a name means",
            )
    return "", ""


def _constant(node: dict[str, Any]) -> str:
    return str(node.get("value", {}).get("value", "")) if node.get("class") == "CONSTANT" else ""


@functools.cache
def _functions() -> tuple[frozenset[str], frozenset[str]]:
    """Names of DuckDB's aggregates, and of functions that may give another value at another time."""
    known = rows(
        "SELECT function_name, function_type = 'aggregate', coalesce(stability, 'CONSISTENT') "
        "FROM duckdb_functions() WHERE function_type IN ('aggregate', 'scalar')"
    )
    return (
        frozenset(name for name, is_aggregate, _ in known if is_aggregate),
        frozenset(name for name, _, stability in known if stability != "CONSISTENT"),
    )


def _is_zoned_cast(node: dict[str, Any]) -> bool:
    return node.get("class") == "CAST" and (node.get("cast_type") or {}).get("id") == ZONED


def _replaced(node: Any) -> Any:
    """A parsed expression with each cast to a time with a zone replaced by one that no zone's name gets
    into.
    """
    if isinstance(node, list):
        return [_replaced(item) for item in node]
    if not isinstance(node, dict):
        return node
    inner = {key: _replaced(item) for key, item in node.items()}
    if not _is_zoned_cast(node):
        return inner
    macro = "try_zoned" if node["try_cast"] else "zoned"
    return _select_list(f"{macro}(CAST({_sql_of(inner['child'])} AS VARCHAR))")[0]


def _sql_of(select: Any) -> str:
    """A parsed expression as text."""
    tree = _parsed("SELECT (1) FROM source")
    tree["statements"][0]["node"]["select_list"] = [select]
    text = str(rows("SELECT json_deserialize_sql($1::JSON)", json.dumps(tree))[0][0])
    return text.removeprefix("SELECT ").removesuffix(' FROM "source"')


def _unbound(sql: str, columns: tuple[str, ...]) -> tuple[str, str]:
    """Why DuckDB would not run it over text columns: a function or a type that does not fit."""
    fields = ", ".join(f"NULL::VARCHAR AS {quoted(name)}" for name in columns) or "NULL AS nothing"
    try:
        kind = str(rows(f"DESCRIBE SELECT ({sql}) AS v FROM (SELECT {fields}) AS source")[0][1])
    except duckdb.Error as error:
        message = " ".join(str(error).split("\n\n")[0].split())
        return (
            f"cannot be computed over text columns ({message})",
            "Correct it; every column of an export is text: CAST(a AS INTEGER) + 1",
        )
    if kind.endswith("]") or kind.startswith(("STRUCT", "MAP", "UNION")):
        return f"gives a {kind}, and not one value a row", "Pick the one value: list[1]"
    return "", ""
