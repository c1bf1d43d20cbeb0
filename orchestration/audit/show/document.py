"""The trace as JSON: the whole tree, exact numbers as text, the rules it cites with the documents' words."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import date
from decimal import Decimal

from orchestration.audit.node import Trace
from orchestration.audit.show.terminal import cited
from orchestration.policy.clauses import clauses


def trace_json(trace: Trace) -> str:
    """The trace as indented JSON. Numbers that are DECIMAL are strings, so that no reader rounds them."""
    content = {
        **{field.name: plain_data(getattr(trace, field.name)) for field in fields(trace)},
        "clauses": {
            clause_id: plain_data(clauses()[clause_id])
            for clause_id in cited(trace)
            if clause_id in clauses()
        },
    }
    return json.dumps(content, ensure_ascii=False, indent=1)


def plain_data(value: object) -> object:
    """Dataclasses, mappings and sequences as JSON data; Decimal and dates as text."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain_data(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain_data(one) for key, one in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [plain_data(one) for one in value]
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, date):
        return value.isoformat()
    return value
