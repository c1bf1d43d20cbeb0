"""What a case expects against what the build made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

import duckdb

from tests.cases.runner.case import Case
from tests.cases.runner.naming import ALIASES, as_written, in_build


@dataclass(frozen=True)
class Kind:
    """A kind of expectation: the relation of its rows, and words that mean other columns there."""

    relation: str
    words: Mapping[str, str]
    has_period: bool = True


KINDS = {
    "bonus_lines": Kind("bonus.bonus_line", {}),
    "scores": Kind("score.score", {}),
    "score_lines": Kind("score.score_line", {"scored": "is_scored"}),
    "grades": Kind("grade.grade", {}),
    "kpis": Kind("kpi.kpi_observation", {}),
    "signals": Kind("marts.mart_career_signal", {"kind": "signal_kind"}),
    "awards": Kind("marts.mart_award", {"kind": "award_kind"}),
    "teams": Kind("grade.grade_team", {}),
    "attainment": Kind("bonus.bonus_attainment", {}),
    "bonuses": Kind("bonus.bonus", {"total": "amount_cny"}),
}
TARGET_STATUSES = {"has_target", "no_target"}


def faults(case: Case, database: duckdb.DuckDBPyConnection) -> list[str]:
    """Every difference, in words; empty when the case holds."""
    found: list[str] = []
    for kind, rows in _expectations(case, case.expect):
        found += _missing(case, database, kind, rows)
    for kind, rows in _expectations(case, case.absent):
        for row in rows:
            met = _rows(case, database, kind, row)
            found += [f"{kind.relation} has {_shown(case, one)}, which it should not" for one in met]
    return found


def _expectations(
    case: Case, expect: Mapping[str, Any]
) -> Iterator[tuple[Kind, Sequence[Mapping[str, Any]]]]:
    for word, content in expect.items():
        if word in KINDS:
            yield KINDS[word], content
        elif word in ("total", "totals"):
            yield (
                KINDS["bonuses"],
                [{"agent": agent, "total": amount} for agent, amount in _by_agent(case, content)],
            )
        elif word == "status":
            for agent, status in _by_agent(case, content):
                kind = KINDS["attainment" if status in TARGET_STATUSES else "scores"]
                yield kind, [{"agent": agent, "status": status}]
        elif word == "rows":
            for relation, rows in content.items():
                yield Kind(relation, {}, has_period=False), rows
        else:
            raise ValueError(
                f"{case}: nothing is called {word!r}; known are {sorted(KINDS)}, total, totals, status, rows"
            )


def _by_agent(case: Case, content: Any) -> list[tuple[str, Any]]:
    if isinstance(content, Mapping):
        return [(str(agent), value) for agent, value in content.items()]
    agents = list(dict.fromkeys(str(row["agent_id"]) for row in case.given.get("workforce.agent", ())))
    if len(agents) != 1:
        raise ValueError(f"{case}: say of which agent {content} is, there are {agents}")
    return [(agents[0], content)]


def _missing(
    case: Case, database: duckdb.DuckDBPyConnection, kind: Kind, rows: Sequence[Mapping[str, Any]]
) -> list[str]:
    """Rows that are not there, and lines of a listed agent and component that are not listed."""
    found = []
    for row in rows:
        if _rows(case, database, kind, row):
            continue
        near = _rows(case, database, kind, {key: row[key] for key in row if key in _NEAR})
        shown = "".join(f"\n      there is {_shown(case, one)}" for one in near[:12]) or " (nothing near it)"
        found.append(f"{kind.relation} lacks {dict(row)}{shown}")
    if kind.relation == "bonus.bonus_line":
        pairs = {(row["agent"], row["component"]): 0 for row in rows if "component" in row}
        for agent, component in pairs:
            listed = sum(row.get("agent") == agent and row.get("component") == component for row in rows)
            there = _rows(case, database, kind, {"agent": agent, "component": component})
            if len(there) != listed and all("period" not in row for row in rows):
                found.append(f"{agent} has {len(there)} lines of {component}, {listed} are listed")
    return found


_NEAR = {
    "agent",
    "team",
    "component",
    "kpi",
    "period",
    "kind",
    "period_id",
    "agent_id",
    "team_id",
    "scheme_id",
    "kpi_id",
}


def _rows(
    case: Case, database: duckdb.DuckDBPyConnection, kind: Kind, wanted: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Rows of the relation that have all values wanted."""
    columns = {kind.words.get(word) or ALIASES.get(word, word): value for word, value in wanted.items()}
    if kind.has_period:
        columns.setdefault("period_id", case.period)
    cursor = database.execute(f"select * from {kind.relation}")
    names = [str(description[0]) for description in cursor.description or ()]
    unknown = set(columns) - set(names)
    if unknown:
        raise ValueError(f"{case}: {kind.relation} has no column {sorted(unknown)}")
    keyed = {column: in_build(case, column, value) for column, value in columns.items()}
    texts = [column for column, value in keyed.items() if isinstance(value, str)]
    condition = " and ".join(f'cast("{column}" as varchar) = ?' for column in texts) or "true"
    cursor = database.execute(
        f"select * from {kind.relation} where {condition}", [keyed[column] for column in texts]
    )
    rows = [dict(zip(names, values, strict=True)) for values in cursor.fetchall()]
    if not set(texts) & {"agent_id", "team_id", "scheme_id"}:
        rows = [row for row in rows if _is_of(case, row)]
    return [row for row in rows if all(_same(row[column], value) for column, value in keyed.items())]


def _is_of(case: Case, row: Mapping[str, Any]) -> bool:
    """Whether a row belongs to the case; rows that name nobody belong to all."""
    owners = [row[column] for column in ("agent_id", "team_id", "scheme_id") if row.get(column)]
    return not owners or any(case.tag in str(owner) for owner in owners)


def _same(actual: Any, wanted: Any) -> bool:
    if wanted is None or isinstance(wanted, bool) or isinstance(actual, bool) or actual is None:
        return bool(actual == wanted) if wanted is not None else actual is None
    if isinstance(wanted, int | float | Decimal) or isinstance(actual, Decimal | int):
        try:
            return Decimal(str(actual)) == Decimal(str(wanted))
        except InvalidOperation:
            return False
    return str(actual) == str(wanted)


def _shown(case: Case, row: Mapping[str, Any]) -> str:
    return ", ".join(
        f"{name}={as_written(case, name, value)}" for name, value in row.items() if value is not None
    )
