"""JSON objects as rows: which columns they have, and the text of one of them."""

from __future__ import annotations

import json
from collections.abc import Iterator

from orchestration.ingest.database import literal
from orchestration.ingest.database import rows as query
from orchestration.ingest.writing import MACHINE_MARK

_MAX_JSON_DEPTH = 4


def json_columns(relation: str) -> list[str]:
    """Dotted paths of the leaves of a segment's objects, in the order they first occur."""
    ((structure,),) = query(
        f"SELECT json_group_structure(line::JSON) FROM {relation} "
        "WHERE coalesce(json_type(try_cast(line AS JSON)) = 'OBJECT', false)"
    )
    return list(dict.fromkeys(_leaves(json.loads(structure), "", 0))) if structure else []


def _leaves(node: object, path: str, depth: int) -> Iterator[str]:
    if isinstance(node, dict) and node and depth < _MAX_JSON_DEPTH:
        for key, value in node.items():
            yield from _leaves(value, f"{path}.{key}" if path else str(key), depth + 1)
    elif path:
        yield path


def pointer(path: str) -> str:
    """A dotted path as a JSON pointer."""
    return "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in path.split("."))


def json_field(path: str, index: int, *, is_marked: bool) -> str:
    """SQL for the text of an object's `index`-th column; `is_marked` marks what JSON has as a number."""
    value = f"__v[{index}]"
    if not is_marked:
        return value
    kind = f"json_type(try_cast(line AS JSON), {literal(pointer(path))})"
    is_own = f"coalesce({kind} IN ('BIGINT', 'UBIGINT', 'HUGEINT', 'DOUBLE'), false)"
    return f"CASE WHEN {is_own} THEN {literal(MACHINE_MARK)} || {value} ELSE {value} END"
