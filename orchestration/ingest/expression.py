"""DuckDB expressions of a profile: what they read, and that each gives one value a row, the same every time.

DuckDB's own parser says what an expression is made of; nothing is told from its text.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import duckdb

from orchestration.ingest.sources import literal, quoted
from orchestration.ingest.times import NAME_PATTERN, zoned_sql

ROW_MAKERS = frozenset({"unnest", "generate_series", "range", "generate_subscripts", "regexp_split_to_table"})
PRIVATE = frozenset({"getvariable", "current_setting", "getenv"})
STRPTIME = frozenset({"strptime", "try_strptime"})
ZONED = "TIMESTAMP WITH TIME ZONE"


@functools.cache
def _parser() -> duckdb.DuckDBPyConnection:
    """A database without data, for parsing and binding; used through cursors."""
    return duckdb.connect()


@dataclass(frozen=True)
class Expression:
    """An expression as written: the columns that it reads, `sql` to run (times cast as `times` says), and
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
        return Expression(
            (),
            text,
            f"{text!r} is not a DuckDB expression ({message})",
            'Correct it; columns with blanks or Chinese names are written "in double quotes"',
        )
    names: list[str] = []
    _collect_columns(select, frozenset(), names)
    columns = tuple(dict.fromkeys(names))
    problem, remedy = _refusal(text, select)
    sql = text if problem else _with_safe_casts(text, select)
    if not problem:
        problem, remedy = _unbound(text, sql, columns)
    return Expression(columns, sql, problem, remedy)


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
    with _parser().cursor() as connection:
        found = connection.execute("SELECT json_serialize_sql($1)", [statement]).fetchone()
    return json.loads(found[0]) if found else {"error": True}


def _placeless(node: Any) -> Any:
    """A parsed statement without the places in the text that its parts stand at."""
    if isinstance(node, dict):
        return {key: _placeless(item) for key, item in node.items() if key != "query_location"}
    return [_placeless(item) for item in node] if isinstance(node, list) else node


def _collect_columns(node: object, bound: frozenset[str], names: list[str]) -> None:
    """Column references of a parsed expression; parameters of lambdas are none."""
    if isinstance(node, list):
        for item in node:
            _collect_columns(item, bound, names)
    elif isinstance(node, dict):
        if node.get("class") == "COLUMN_REF":
            name = str(node["column_names"][-1])
            if name not in bound:
                names.append(name)
            return
        inner = bound
        if node.get("class") == "LAMBDA":
            parameters: list[str] = []
            _collect_columns(node.get("lhs"), frozenset(), parameters)
            inner = bound | frozenset(parameters)
        for key, item in node.items():
            if not (node.get("class") == "LAMBDA" and key == "lhs"):
                _collect_columns(item, inner, names)


def _nodes(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
    for item in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _nodes(item)


def _refusal(text: str, select: Any) -> tuple[str, str]:
    """Why an expression cannot give one value a row, the same every time, and what to write instead."""
    aggregates, unstable = _functions()
    one_value = "Write an expression over the row's own columns; rows are left out with where or distinct"
    for node in _nodes(select):
        kind, name = node.get("class"), str(node.get("function_name", "")).lower()
        if kind == "WINDOW":
            return f"{text!r} looks at other rows ({name} is a window function)", one_value
        if kind == "SUBQUERY":
            return f"{text!r} has a subquery, which looks at other rows", one_value
        if kind == "STAR":
            return f"{text!r} stands for several columns", one_value
        if kind != "FUNCTION":
            continue
        if name in ROW_MAKERS:
            return (
                f"{text!r} makes rows ({name}), and an expression must give one value a row",
                "Write an entry of its own for each column that is to become a row, or turn the export first",
            )
        if name in aggregates:
            return f"{text!r} adds up rows ({name} is an aggregate)", one_value
        if name in unstable:
            return (
                f"{text!r} gives another value each time ({name}), so that no run could be repeated",
                "Take the value from the file",
            )
        if name in PRIVATE:
            return f"{text!r} reads a setting of the run ({name})", "Take the value from the file"
        if name in STRPTIME and any(NAME_PATTERN in _constant(child) for child in node["children"][1:]):
            return (
                f"{text!r} reads a zone's name ({NAME_PATTERN})",
                "Use from with format and zones: {CST: Asia/Shanghai}, which say what a name means",
            )
    return "", ""


def _constant(node: dict[str, Any]) -> str:
    return str(node.get("value", {}).get("value", "")) if node.get("class") == "CONSTANT" else ""


@functools.cache
def _functions() -> tuple[frozenset[str], frozenset[str]]:
    """Names of DuckDB's aggregates, and of functions that may give another value at another time."""
    with _parser().cursor() as connection:
        rows = connection.execute(
            "SELECT function_name, function_type = 'aggregate', coalesce(stability, 'CONSISTENT') "
            "FROM duckdb_functions() WHERE function_type IN ('aggregate', 'scalar')"
        ).fetchall()
    return (
        frozenset(name for name, is_aggregate, _ in rows if is_aggregate),
        frozenset(name for name, _, stability in rows if stability != "CONSISTENT"),
    )


def _with_safe_casts(text: str, select: Any) -> str:
    """The expression with each cast to a time with a zone replaced by one that no zone's name gets into."""
    if not any(_is_zoned_cast(node) for node in _nodes(select)):
        return text
    return _sql_of(_replaced(select))


def _is_zoned_cast(node: dict[str, Any]) -> bool:
    return node.get("class") == "CAST" and (node.get("cast_type") or {}).get("id") == ZONED


def _replaced(node: Any) -> Any:
    if isinstance(node, list):
        return [_replaced(item) for item in node]
    if not isinstance(node, dict):
        return node
    inner = {key: _replaced(item) for key, item in node.items()}
    if not _is_zoned_cast(node):
        return inner
    child = f"CAST({_sql_of(inner['child'])} AS VARCHAR)"
    return _select_list(zoned_sql(child, is_try=bool(node["try_cast"])))[0]


def _sql_of(select: Any) -> str:
    """A parsed expression as text."""
    tree = _parsed("SELECT (1) FROM source")
    tree["statements"][0]["node"]["select_list"] = [select]
    with _parser().cursor() as connection:
        found = connection.execute(
            f"SELECT json_deserialize_sql({literal(json.dumps(tree))}::JSON)"
        ).fetchone()
    assert found is not None
    return str(found[0]).removeprefix("SELECT ").removesuffix(' FROM "source"')


def _unbound(text: str, sql: str, columns: tuple[str, ...]) -> tuple[str, str]:
    """Why DuckDB would not run it over text columns: a function or a type that does not fit."""
    fields = ", ".join(f"NULL::VARCHAR AS {quoted(name)}" for name in columns) or "NULL AS nothing"
    with _parser().cursor() as connection:
        try:
            found = connection.execute(
                f"DESCRIBE SELECT ({sql}) AS v FROM (SELECT {fields}) AS source"
            ).fetchone()
        except duckdb.Error as error:
            message = " ".join(str(error).split("\n\n")[0].split())
            return (
                f"{text!r} cannot be computed over text columns ({message})",
                "Correct it; every column of an export is text: CAST(a AS INTEGER) + 1",
            )
    kind = str(found[1]) if found else ""
    if kind.endswith("]") or kind.startswith(("STRUCT", "MAP", "UNION")):
        return f"{text!r} gives a {kind}, and not one value a row", "Pick the one value: list[1]"
    return "", ""
