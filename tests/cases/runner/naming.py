"""Which columns name something of a case, and what it is called in a build that many cases share."""

from __future__ import annotations

from typing import Any

from tests.cases.runner.case import Case

COMMON = {"period_id", "kpi_id", "month_id"}
"""Columns that end in _id and mean the same in every case."""

OWN = {"created_by", "merged_into", "requested_by", "department"}
"""Columns that name something of the case and do not end in _id."""

ALIASES = {
    "agent": "agent_id",
    "team": "team_id",
    "kpi": "kpi_id",
    "component": "component_id",
    "clause": "clause_id",
    "period": "period_id",
    "scheme": "scheme_id",
    "amount": "amount_cny",
    "total": "total_score",
    "data": "data_score",
    "supervisor": "supervisor_score",
    "collaboration": "collaboration_score",
    "threshold": "threshold_value",
    "actual": "actual_value",
    "label": "line_label",
}
"""Short words of `expect` for columns."""


def is_own(column: str) -> bool:
    """Whether values of the column are keys of the case."""
    return column in OWN or (column.endswith("_id") and column not in COMMON)


def in_build(case: Case, column: str, value: Any) -> Any:
    """A value as the build has it."""
    if value is None or value == "":
        return value
    if column == "scheme_id":
        return case.plan if value == case.scheme else value
    if column == "component_id":
        return f"{value}.{case.tag}"
    if column == "clause_id" or not is_own(column):
        return value
    return f"{case.tag}.{value}"


def as_written(case: Case, column: str, value: Any) -> Any:
    """The reverse of `in_build`, for messages."""
    if isinstance(value, str):
        return value.removeprefix(f"{case.tag}.").removesuffix(f".{case.tag}")
    return value
