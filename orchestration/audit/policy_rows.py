"""Rows of the policy in force that differ between two publications, as a person reads them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from orchestration.audit.text import in_words

Rows = Callable[..., list[dict[str, Any]]]
Columns = Callable[[str, str], list[str]]

RELATIONS: Mapping[str, tuple[str, ...]] = {
    "policy_component": ("period_id", "component_id"),
    "policy_component_parameter": ("period_id", "component_id", "parameter"),
    "policy_component_event": ("period_id", "component_id", "use", "event_kind", "comparison"),
    "policy_component_rate": ("period_id", "component_id", "rate_key", "lower_bound"),
    "policy_grade_band": ("period_id", "scheme_id", "method", "grade"),
    "policy_scheme": ("period_id", "scheme_id"),
    "policy_score_kpi": ("period_id", "scheme_id", "role", "kpi_id"),
    "policy_convention": ("period_id",),
}
"""Policy relations and their keys; KPI definitions are compared apart."""

OF_EVERYONE = frozenset({"policy_convention"})
"""Relations that every line rests on."""


@dataclass(frozen=True)
class PolicyChange:
    """A row of a policy relation that only one publication has, or that differs in the columns of `what`."""

    relation: str
    period_id: str
    key: Mapping[str, str]
    what: str

    @property
    def is_of_everyone(self) -> bool:
        """Whether every line of the period rests on the row."""
        return self.relation in OF_EVERYONE

    def __str__(self) -> str:
        name = self.relation.removeprefix("policy_").replace("_", " ")
        key = ", ".join(f"{column} {value}" for column, value in self.key.items() if value)
        return f"{name} of {self.period_id}" + (f", {key}" if key else "") + f": {self.what}"


def policy_changes(rows: Rows, columns: Columns) -> Iterator[PolicyChange]:
    """The rows that differ, by relation and key.

    `rows` runs SQL over the two publications attached as `a` and `b`; `columns` names the columns that a
    relation has in both.
    """
    for relation, key in RELATIONS.items():
        names = columns("policy", relation)
        compared = [name for name in names if name not in key]
        for row in rows(_sql(relation, key, names, compared)):
            yield PolicyChange(
                relation=relation,
                period_id=row["period_id"],
                key={name: in_words(row[name]) for name in key if name != "period_id"},
                what=_what(row, compared),
            )


def _what(row: Mapping[str, Any], compared: Sequence[str]) -> str:
    if not row["is_in_a"] or not row["is_in_b"]:
        side, word = ("b", "new") if row["is_in_b"] else ("a", "gone")
        values = [
            f"{name.replace('_', ' ')} {in_words(row[f'{name}_{side}'])}"
            for name in compared
            if isinstance(row[f"{name}_{side}"], Decimal)
        ]
        return f"{word} ({', '.join(values)})" if values else word
    return ", ".join(
        f"{name.replace('_', ' ')} {in_words(row[f'{name}_a'])} → {in_words(row[f'{name}_b'])}"
        for name in compared
        if row[f"{name}_a"] != row[f"{name}_b"]
    )


def _sql(relation: str, key: Sequence[str], names: Sequence[str], compared: Sequence[str]) -> str:
    joined = " and ".join(f'one."{name}" is not distinct from other."{name}"' for name in key)
    differs = " or ".join(f'one."{name}" is distinct from other."{name}"' for name in names)
    chosen = [
        *(f'coalesce(one."{name}", other."{name}") as "{name}"' for name in key),
        *(f'one."{name}" as "{name}_a", other."{name}" as "{name}_b"' for name in compared),
        "one.period_id is not null as is_in_a",
        "other.period_id is not null as is_in_b",
    ]
    return f"""
        select {", ".join(chosen)}
        from a.policy."{relation}" as one
        full outer join b.policy."{relation}" as other on {joined}
        where {differs}
        order by {", ".join(str(number + 1) for number in range(len(key)))}
    """
