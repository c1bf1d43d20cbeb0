"""A trace read back from its JSON: what a pack shows can then be rendered again and compared."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from orchestration.audit.node import Trace


def trace_of(text: str) -> Trace:
    """The trace that `trace_json` wrote. Raises ValueError, KeyError or TypeError for what is none."""
    content = json.loads(text)
    if not isinstance(content, dict):
        raise TypeError("is no object")
    read = _read(Trace, content)
    assert isinstance(read, Trace)
    return read


def _read(kind: Any, value: Any) -> Any:
    origin = get_origin(kind)
    if origin in (Union, UnionType):
        if value is None:
            return None
        [other] = [one for one in get_args(kind) if one is not NoneType]
        return _read(other, value)
    if is_dataclass(kind) and isinstance(kind, type):
        hints = get_type_hints(kind)
        return kind(**{field.name: _read(hints[field.name], value[field.name]) for field in fields(kind)})
    if origin is tuple:
        parts = get_args(kind)
        if len(parts) == 2 and parts[1] is Ellipsis:
            return tuple(_read(parts[0], one) for one in value)
        return tuple(_read(part, one) for part, one in zip(parts, value, strict=True))
    if origin is not None and isinstance(origin, type) and issubclass(origin, Mapping):
        _, of = get_args(kind)
        return {str(name): _read(of, one) for name, one in value.items()}
    if kind is Decimal:
        return Decimal(value)
    if kind is datetime:
        return datetime.fromisoformat(value)
    if kind is date:
        return date.fromisoformat(value)
    return value
