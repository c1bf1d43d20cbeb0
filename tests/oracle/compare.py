"""Compares a publication with the independent calculation. Only this module reads what the product published.

`python -m tests.oracle.compare LANDING AUDIT_DUCKDB AS_OF POLICY_DIR REFERENCE_DIR` prints every difference.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from .kpi import CENTRE, COUNTS, KPIS, Observation, Observer
from .pay import MECHANISMS, Pay
from .policy import Policy
from .scores import Scores, kind_of
from .tallies import EVENT_KINDS, Tallies
from .teams import TeamAwards

Key = tuple[str, ...]
Results = dict[Key, tuple[Any, ...]]


class Difference(NamedTuple):
    """A key whose published value is not the calculated one; None = absent."""

    what: str
    key: Key
    calculated: Any
    published: Any


class Comparison(NamedTuple):
    """How many keys were compared per kind of result, and those that differ."""

    compared: dict[str, int]
    differences: list[Difference]


class OracleLacks(Exception):
    """The policy names what the oracle was never taught: comparing would only say so hundreds of times."""


def refuse_unknown(policy: Policy) -> None:
    """Raises OracleLacks with a sentence for every KPI, mechanism, measure and event kind not known here."""
    known = {
        "kpi": set(KPIS),
        "mechanism": set(MECHANISMS),
        "score measure": {"quarter_total", "centre_nps"},
        "event kind": set(EVENT_KINDS),
    }
    named = {
        "kpi": {row["kpi_id"] for row in policy.every("kpi")},
        "mechanism": {row["mechanism"] for row in policy.every("component")},
        "score measure": {
            row["measure_id"] for row in policy.every("score_measure") if row["kind"] != "rating"
        },
        "event kind": {row["event_kind"] for row in policy.every("component_event")}
        | {row["basis"] for row in policy.every("component") if row["mechanism"] == "per_event"},
    }
    lacking = [
        f"the oracle lacks {what} {name}" for what in known for name in sorted(named[what] - known[what])
    ]
    if lacking:
        raise OracleLacks(
            "; ".join(lacking) + ": teach it in tests/oracle from the clause that says what it is"
        )


def compare(landing: Path, audit: Path, as_of: date, policy_dir: Path, reference_dir: Path) -> Comparison:
    """Every observation, score, grade, bonus line and place of a team published, against the exports.

    Raises OracleLacks where the policy names what the oracle does not know.
    """
    policy = Policy(policy_dir)
    refuse_unknown(policy)
    scores = Scores(Observer(landing, as_of, policy_dir, reference_dir), policy)
    pay = Pay(scores)
    with duckdb.connect(str(audit), read_only=True) as database:
        kinds = {
            "observation": (_observed(scores.observed), _published_observations(database)),
            "group observation": _groups(scores, database),
            "score": (_scores(scores), _published_scores(database)),
            "grade": (_grades(scores), _published_grades(database)),
            "bonus line": (_lines(pay), _published_lines(database)),
            "team award": (_team_awards(pay), _published_team_awards(database)),
            "sampling": (_sampling(scores), _published_sampling(database)),
        }
    compared, differences = {}, []
    for what, (calculated, published) in kinds.items():
        keys = calculated.keys() | published.keys()
        compared[what] = len(keys)
        differences += [
            Difference(what, key, calculated.get(key), published.get(key))
            for key in sorted(keys)
            if calculated.get(key) != published.get(key)
        ]
    return Comparison(compared, differences)


def _observed(observed: Mapping[Any, Observation]) -> Results:
    """Observations with a value or pending rows; those without either need not be published."""
    return {key: tuple(row) for key, row in observed.items() if row.denominator or row.pending_count}


def _published_observations(database: duckdb.DuckDBPyConnection) -> Results:
    rows = database.execute(
        "select period_id, agent_id, kpi_id, numerator, denominator, value, pending_count"
        " from kpi.kpi_observation"
    ).fetchall()
    return {
        (period, agent, kpi): (numerator, Decimal(denominator), value, pending)
        for period, agent, kpi, numerator, denominator, value, pending in rows
        if denominator or pending
    }


def _groups(scores: Scores, database: duckdb.DuckDBPyConnection) -> tuple[Results, Results]:
    """Group sums; a count that is 0 need not be published."""
    rows = database.execute(
        "select group_kind, group_id, period_id, kpi_id, numerator, denominator, value"
        " from kpi.kpi_group_observation"
    ).fetchall()
    published: Results = {
        (kind, CENTRE if kind == CENTRE else group, period, kpi): (numerator, Decimal(denominator), value)
        for kind, group, period, kpi, numerator, denominator, value in rows
        if denominator
    }
    calculated: Results = {
        key: tuple(row[:3])
        for key, row in scores.observed_groups.items()
        if row.denominator and (key in published or row.numerator or key[3] not in COUNTS)
    }
    return calculated, published


def _scores(scores: Scores) -> Results:
    return {
        key: (
            score.scheme_id,
            score.role,
            score.data_score,
            score.supervisor_score,
            score.collaboration_score,
            score.total_score,
            score.status,
        )
        for key, score in scores.scores.items()
    }


def _published_scores(database: duckdb.DuckDBPyConnection) -> Results:
    rows = database.execute(
        "select period_id, agent_id, scheme_id, role, data_score, supervisor_score, collaboration_score,"
        " total_score, status from score.score"
    ).fetchall()
    return {(row[0], row[1]): tuple(row[2:]) for row in rows}


def _grades(scores: Scores) -> Results:
    return {key: tuple(grade) for key, grade in scores.grades.items()}


def _published_grades(database: duckdb.DuckDBPyConnection) -> Results:
    rows = database.execute(
        "select period_id, agent_id, grade, method, rank, cohort_size"
        " from grade.grade where grade is not null"
    ).fetchall()
    return {(row[0], row[1]): tuple(row[2:]) for row in rows}


def _lines(pay: Pay) -> Results:
    """What each component pays an agent for a period; nothing and 0 are the same."""
    sums: dict[Key, Decimal] = defaultdict(Decimal)
    for line in pay.lines:
        sums[(line.period_id, line.agent_id, line.component_id)] += line.amount_cny
    return {key: (amount,) for key, amount in sums.items() if amount}


def _published_lines(database: duckdb.DuckDBPyConnection) -> Results:
    rows = database.execute(
        "select period_id, agent_id, component_id, sum(amount_cny) from bonus.bonus_line"
        " where adjusts_bonus_line_id is null group by all"
    ).fetchall()
    return {(period, agent, component): (amount,) for period, agent, component, amount in rows if amount}


def _team_awards(pay: Pay) -> Results:
    return {
        key: (place.within, place.rank, Decimal(place.amount) if place.amount else None)
        for key, place in TeamAwards(pay).places.items()
    }


def _published_team_awards(database: duckdb.DuckDBPyConnection) -> Results:
    rows = database.execute(
        "select period_id, component_id, subject_id,"
        " case scope when 'department' then scope_id else '' end, rank, amount_cny"
        " from bonus.bonus_ranking where subject = 'team'"
    ).fetchall()
    return {(row[0], row[1], row[2]): tuple(row[3:]) for row in rows}


def _sampling(scores: Scores) -> Results:
    """Working days and QA samples of every plan that a month asks samples of (PT-14)."""
    tallies = Tallies(scores.observer)
    return {
        (month, agent): samples
        for month in scores.observer.periods()
        if kind_of(month) == "month"
        for rule in scores.policy.in_force("scheme_rule", month)
        if rule["parameter"] == "qa_samples_per_day"
        for agent, samples in tallies.samples(rule["scheme_id"], month).items()
    }


def _published_sampling(database: duckdb.DuckDBPyConnection) -> Results:
    rows = database.execute(
        "select month_id, agent_id, worked_day_count, review_count from marts.mart_sampling_coverage"
        " where worked_day_count > 0"
    ).fetchall()
    return {(month, agent): tuple(counts) for month, agent, *counts in rows}


def main(arguments: list[str]) -> int:
    """Prints the comparison; 1 where anything differs, 2 where the oracle lacks what the policy names."""
    landing, audit, as_of, policy_dir, reference_dir = arguments
    try:
        found = compare(
            Path(landing), Path(audit), date.fromisoformat(as_of), Path(policy_dir), Path(reference_dir)
        )
    except OracleLacks as lacking:
        print(lacking)
        return 2
    for difference in found.differences:
        print(*difference, sep=" | ")
    for what, count in found.compared.items():
        apart = sum(difference.what == what for difference in found.differences)
        print(f"{what}: {count - apart} of {count} agree")
    return 1 if found.differences else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
