"""The calibration gate: every suite against the candidate's file for auditors, opened read-only."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import great_expectations as gx
from great_expectations.core.expectation_validation_result import ExpectationValidationResult
from great_expectations.data_context.types.base import ProgressBarsConfig
from great_expectations.datasource.fluent.sql_datasource import SQLDatasource
from sqlalchemy.engine import Connection
from sqlalchemy.pool import StaticPool

from expectations import observed
from expectations.bound import Needs
from expectations.checks import Check, read_checks
from expectations.observed import MEASURES
from expectations.own_bounds import hash_in_force
from orchestration.gate.result import CheckResult, GateResult, Outcome
from orchestration.state.memory import memory_limit, spill_folder

CANDIDATE = "candidate"
CONNECTION = {
    "isolation_level": "AUTOCOMMIT",
    "skip_autocommit_rollback": True,
    "pool_reset_on_return": None,
    "poolclass": StaticPool,
}
"""Without the first three every metric on DuckDB fails with an IndexError: the driver's rollback discards the
result. One connection for all, so that measures may be temporary tables.
"""
RESULT_FORMAT = {"result_format": "BASIC", "partial_unexpected_count": 0}
"""Counts, never a value of a row."""


def run_gate(candidate_db: Path, bounds_dir: Path, own: Path | None = None) -> GateResult:
    """Check the candidate's `auditor.duckdb` against every bound of `bounds_dir`, with what a site's `own`
    folder changes.

    A relation that is not there, or a check that cannot run, counts as not passed. The result carries
    aggregates only and no content hash: the caller knows what it had checked. Raises ConfigurationError for
    unsound bounds.
    """
    return GateResult(
        checks=validate(candidate_db, read_checks(bounds_dir, own)),
        bounds_hash=hash_in_force(bounds_dir, own),
    )


def validate(candidate_db: Path, checks: Sequence[Check]) -> tuple[CheckResult, ...]:
    """Results of the checks, in their order. A measure or a relation that is not there fails its checks."""
    found: dict[tuple[str, str], CheckResult] = {}
    with _opened(candidate_db) as candidate:
        broken = observed.take(candidate.connection, {one.measure for one in checks if one.measure})
        spans = observed.spans(candidate.connection)
        batches: dict[str, list[Check]] = defaultdict(list)
        for one in checks:
            measure, relation = one.measure, one.bound.relation
            if measure is not None and measure.name in broken:
                found[one.key] = _check_result(one, error=observed.fault(broken[measure.name]))
            elif measure is None and relation not in candidate.relations:
                found[one.key] = _check_result(one, error="the relation is not in the candidate")
            else:
                batches[MEASURES if measure else relation].append(one)
        for relation, batch in batches.items():
            for one, result in _validate(candidate, relation, batch):
                found[one.key] = _judged(candidate, spans, one, result)
        for one in checks:
            if one.bound.is_cured_by_as_of and found[one.key].outcome == "failed":
                found[one.key] = _dated(found[one.key], observed.end_of_data(candidate.connection))
    return tuple(found[one.key] for one in checks)


@dataclass(frozen=True)
class _Candidate:
    source: SQLDatasource
    connection: Connection
    relations: frozenset[str]


@contextmanager
def _opened(database: Path) -> Iterator[_Candidate]:
    """The candidate attached read-only to a database in memory: its file name is no part of any query, and
    measures have a place to be.
    """
    logging.getLogger("great_expectations").setLevel(logging.ERROR)
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    add: Any = context.data_sources.add_or_update_sql  # its stub leaves `kwargs` out
    source: SQLDatasource = add(name=CANDIDATE, connection_string="duckdb:///:memory:", kwargs=CONNECTION)
    # One engine reflects tables, the other runs the checks; each has its own connection.
    engines = [source.get_engine(), source.get_execution_engine().engine]
    try:
        for engine in engines:
            with engine.connect() as connection:
                connection.exec_driver_sql(f"set memory_limit = '{memory_limit()}'")
                connection.exec_driver_sql(f"set temp_directory = '{_quoted(spill_folder())}'")
                connection.exec_driver_sql(f"attach '{_quoted(database)}' as {CANDIDATE} (read_only)")
                connection.exec_driver_sql(f"use {CANDIDATE}")
        with engines[1].connect() as connection:
            rows = connection.exec_driver_sql(
                "select schema_name || '.' || table_name from duckdb_tables() "
                f"where database_name = '{CANDIDATE}'"
            ).fetchall()
            yield _Candidate(source, connection, frozenset(str(row[0]) for row in rows))
    finally:
        # A connection left open would show this process the same file for ever, also after a new candidate
        # took its path.
        for engine in engines:
            engine.dispose()


def _validate(
    candidate: _Candidate, relation: str, checks: Sequence[Check]
) -> Iterator[tuple[Check, ExpectationValidationResult]]:
    if relation == MEASURES:
        asset: Any = candidate.source.add_query_asset(name=relation, query=f"select * from {MEASURES}")
    else:
        schema, table = relation.split(".")
        asset = candidate.source.add_table_asset(name=relation, table_name=table, schema_name=schema)
    for one in checks:
        one.expectation.meta = {"check": list(one.key)}
    # At once: `add_expectation` compares with each that the suite has already.
    suite = gx.ExpectationSuite(name=relation, expectations=[one.expectation for one in checks])
    batch = asset.get_batch(asset.build_batch_request())
    outcome = batch.validate(suite, result_format=RESULT_FORMAT)
    by_check = {
        tuple(result.expectation_config.meta["check"]): result
        for result in outcome.results
        if result.expectation_config is not None
    }
    return ((one, by_check[one.key]) for one in checks)


def _judged(
    candidate: _Candidate,
    spans: Mapping[tuple[str, str], observed.Span],
    one: Check,
    result: ExpectationValidationResult,
) -> CheckResult:
    error, measure, column = _error(result), one.measure, one.bound.column or ""
    if error is not None:
        return _check_result(one, "failed", error=error)
    span = None if measure is None else spans.get((measure.name, column), observed.NOTHING)
    reason = _not_judged(one, span, result.result or {})
    if reason is not None:
        return _check_result(one, "not_judged", reason=reason)
    outcome: Outcome = "passed" if result.success else "failed"
    number = observed.number_of_rows(result.result or {}) if span is None else span.worst(one.bound.limits)
    if measure is None:
        seen = observed.of_rows(result.result or {}, one.rows)
        if not result.success and one.outside:
            seen += observed.first_place(candidate.connection, one.bound.relation, one.outside)
    elif result.success:
        seen = str(span)
    else:
        seen = observed.outsiders(candidate.connection, measure.name, column, one.bound.limits)
    return _check_result(one, outcome, seen=seen, number=number)


def _dated(check: CheckResult, ends_on: date | None) -> CheckResult:
    """The check with the business date in its cure, if the bulk of the data ends before the one it had."""
    if ends_on is None:
        return check
    hint = f"Does the data end there (a first load, a closed history), give --as-of {ends_on}."
    return replace(check, cure=f"{check.cure} {hint}".strip())


def _not_judged(one: Check, span: observed.Span | None, result: Mapping[str, Any]) -> Needs | None:
    """Why there is too little to judge by, in both languages; None where there is enough."""
    relation = one.bound.relation
    if span is None:
        rows = observed.row_count(result)
        return (
            None
            if rows is None or rows
            else Needs(
                en=f"{relation} has no {one.rows}",
                zh=f"{relation}中没有可检查的数据行({one.rows})",
            )
        )
    if span.judged_count:
        return None
    assert one.needs is not None, "the bounds say it of every measured number"
    return Needs(en=f"needs {one.needs.en}", zh=f"需要{one.needs.zh}")


def _check_result(
    one: Check,
    outcome: Outcome = "failed",
    *,
    seen: str = "",
    number: float | None = None,
    reason: Needs | None = None,
    error: str | None = None,
) -> CheckResult:
    return CheckResult(
        suite=one.suite,
        check_id=one.check_id,
        relation=one.bound.relation,
        expectation=type(one.expectation).__name__,
        severity=one.bound.severity,
        outcome=outcome,
        observed=seen if reason is None else f"too little to judge by: {reason.en}",
        bound=one.bound.limits.text(one.rows),
        since=one.bound.since.isoformat(),
        why=one.bound.why,
        why_zh=one.bound.why_zh,
        error=error,
        label_en=one.bound.label_en,
        label_zh=one.bound.label_zh,
        cure=one.bound.cure,
        reason_en="" if reason is None else reason.en,
        reason_zh="" if reason is None else reason.zh,
        observed_number=number,
    )


def _error(result: ExpectationValidationResult) -> str | None:
    raised = (result.exception_info or {}).copy()
    entries = [raised] if "raised_exception" in raised else list(raised.values())
    messages = [str(entry.get("exception_message")) for entry in entries if entry.get("raised_exception")]
    return observed.fault(messages[0]) if messages else None


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
