"""The policy from its CSV files: the rows in force on the last day of each period (effective dating)."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from orchestration.audit.recompute.book import Row

Keyed = dict[tuple[Any, ...], Mapping[str, Any]]
"""Expected rows of a relation by key."""


@dataclass(frozen=True)
class PolicyTable:
    """A policy relation that is its file's rows in force: key, columns of numbers, of words, of flags.

    `by_kind`: a row holds only for periods of the kind that it names.
    """

    relation: str
    file: str
    key: tuple[str, ...]
    numbers: tuple[str, ...]
    words: tuple[str, ...]
    by_kind: bool = False
    flags: tuple[str, ...] = ()


TABLES = (
    PolicyTable(
        "policy.policy_component",
        "component",
        ("period_id", "component_id"),
        ("line_no",),
        (
            "scheme_id",
            "mechanism",
            "role",
            "pay_kind",
            "basis",
            "key_attribute",
            "band_attribute",
            "clause_id",
            "value_origin",
        ),
        by_kind=True,
    ),
    PolicyTable(
        "policy.policy_component_parameter",
        "component_parameter",
        ("period_id", "component_id", "parameter"),
        ("value",),
        ("text_value", "clause_id", "value_origin"),
    ),
    PolicyTable(
        "policy.policy_component_event",
        "component_event",
        ("period_id", "component_id", "use", "event_kind", "comparison"),
        ("threshold_value", "weight"),
        ("if_missing", "clause_id", "value_origin"),
    ),
    PolicyTable(
        "policy.policy_event_kind",
        "event_kind",
        ("period_id", "event_kind"),
        (),
        ("label_en", "label_zh", "unit", "source_tables", "level"),
        flags=("is_standing",),
    ),
    PolicyTable(
        "policy.policy_component_rate",
        "component_rate",
        ("period_id", "component_id", "rate_key", "lower_bound"),
        ("lower_bound", "upper_bound", "rate", "amount_cny"),
        ("clause_id", "value_origin"),
    ),
    PolicyTable(
        "policy.policy_grade_band",
        "grade_band",
        ("period_id", "scheme_id", "method", "grade"),
        ("band_no", "share", "min_score"),
        ("clause_id", "value_origin"),
        by_kind=True,
    ),
    PolicyTable(
        "policy.policy_score_kpi",
        "score_kpi",
        ("period_id", "scheme_id", "role", "kpi_id"),
        ("min_sample", "floor_value", "target_value", "stretch_value"),
        ("block", "clause_id", "value_origin"),
        by_kind=True,
    ),
    PolicyTable(
        "policy.policy_kpi_period",
        "kpi",
        ("period_id", "kpi_id"),
        ("window_days", "scale_to", "share_threshold", "upper_threshold", "lower_threshold", "unit_scale"),
        ("unit", "direction", "aggregation", "clock", "value_origin"),
    ),
)


class PolicyFiles:
    """The CSV files of a policy folder, resolved per period."""

    def __init__(self, folder: Path, periods: Iterable[Row]) -> None:
        self._folder = folder
        self._periods = list(periods)
        self._read: dict[str, list[dict[str, str]]] = {}

    def expected(self, table: PolicyTable) -> Keyed:
        """The rows of a policy relation, by key."""
        found: Keyed = {}
        components = {
            (period["period_id"], row["component_id"])
            for period, row in self._in_force("component", by_kind=True)
        }
        for period, row in self._in_force(table.file, by_kind=table.by_kind):
            period_id = period["period_id"]
            if table.file.startswith("component_") and (period_id, row["component_id"]) not in components:
                continue
            values: dict[str, Any] = {name: _number(row[name]) for name in table.numbers}
            values |= {name: row[name] or None for name in table.words}
            values |= {name: row[name] == "true" for name in table.flags}
            key = tuple(
                period_id if name == "period_id" else values[name] if name in values else row[name]
                for name in table.key
            )
            found[key] = values
        return found

    def block_weights(self) -> Iterator[tuple[tuple[str, str, str, str], Decimal]]:
        """Weights of blocks by period, plan, role and block."""
        for period, row in self._in_force("score_block", by_kind=True):
            weight = _number(row["weight"])
            if weight is not None:
                yield (period["period_id"], row["scheme_id"], row["role"], row["block"]), weight

    def kpi_weights(self) -> Iterator[tuple[tuple[str, str, str, str], Decimal]]:
        """Weights of KPIs in their block by period, plan, role and KPI."""
        for period, row in self._in_force("score_kpi", by_kind=True):
            weight = _number(row["weight"])
            if weight is not None:
                yield (period["period_id"], row["scheme_id"], row["role"], row["kpi_id"]), weight

    def rules(self) -> Mapping[tuple[str, str], Mapping[str, str]]:
        """How a plan scores and grades, by period and plan."""
        found: dict[tuple[str, str], dict[str, str]] = {}
        for period, row in self._in_force("scheme", by_kind=False):
            found[period["period_id"], row["scheme_id"]] = {}
        for period, row in self._in_force("scheme_rule", by_kind=True):
            key = period["period_id"], row["scheme_id"]
            if key in found:
                found[key][row["parameter"]] = row["value"]
        return found

    def conventions(self) -> Mapping[str, Mapping[str, Decimal | None]]:
        """Conventions of every plan, by period."""
        found: dict[str, dict[str, Decimal | None]] = {}
        for period, row in self._in_force("convention", by_kind=False):
            found.setdefault(period["period_id"], {})[row["parameter"]] = _number(row["value"])
        return found

    def _in_force(self, file: str, *, by_kind: bool) -> Iterator[tuple[Row, dict[str, str]]]:
        for row in self._rows(file):
            start = date.fromisoformat(row["effective_from"])
            end = date.fromisoformat(row["effective_to"]) if row["effective_to"] else None
            for period in self._periods:
                last_day = period["ends_on"]
                is_kind = not by_kind or row["period_kind"] == period["period_kind"]
                if is_kind and last_day >= start and (end is None or last_day < end):
                    yield period, row

    def _rows(self, file: str) -> Sequence[dict[str, str]]:
        if file not in self._read:
            with (self._folder / f"{file}.csv").open(encoding="utf-8-sig", newline="") as stream:
                self._read[file] = list(csv.DictReader(stream))
        return self._read[file]


def _number(text: str) -> Decimal | None:
    return Decimal(text) if text else None
