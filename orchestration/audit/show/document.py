"""The trace as JSON: the whole tree, exact numbers as text, the rules it cites with the documents' words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from decimal import Decimal

from orchestration.audit.node import Trace


def trace_json(trace: Trace) -> str:
    """The trace as indented JSON."""
    told = {field.name: getattr(trace, field.name) for field in fields(trace) if field.name != "rules"}
    return as_json(
        {**told, "clauses": {name: rule for name, rule in trace.rules.items() if rule is not None}}
    )


def as_json(content: object) -> str:
    """Indented JSON, the one form of what is written: a changed byte is a changed content."""
    return json.dumps(content, ensure_ascii=False, indent=1, default=plain_data)


def plain_data(value: object) -> object:
    """What JSON has no form for: a dataclass as an object; days, and exact numbers, as text."""
    if is_dataclass(value):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value:f}"
    raise TypeError(f"{type(value).__name__} has no form in JSON")
