"""The calibration gate: every suite against the candidate's audit file, opened read-only."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import great_expectations as gx
from great_expectations.core.expectation_validation_result import ExpectationValidationResult
from great_expectations.data_context.types.base import ProgressBarsConfig
from great_expectations.datasource.fluent.sql_datasource import SQLDatasource

from expectations.bound import Bound, SuiteBounds, bounds_hash, load_bounds
from expectations.suites import Check, Suite, load_suites
from orchestration.errors import ConfigurationError
from orchestration.gate.result import CheckResult, GateResult

CONNECTION = {
    "connect_args": {"read_only": True},
    "isolation_level": "AUTOCOMMIT",
    "skip_autocommit_rollback": True,
    "pool_reset_on_return": None,
}
"""Without these every metric on DuckDB fails with an IndexError: the driver's rollback discards the result.
"""


@dataclass(frozen=True)
class _Planned:
    suite: str
    check: Check
    bound: Bound


def run_gate(candidate_db: Path, bounds_dir: Path) -> GateResult:
    """Check the candidate's `audit.duckdb` against every bound of `bounds_dir`.

    A relation that is not there, or a check that cannot run, counts as not passed. The result carries
    aggregates only and no content hash: the caller knows what it had checked. Raises ConfigurationError when
    suites and bounds do not match one to one.
    """
    planned = list(_plan(load_suites(), load_bounds(bounds_dir)))
    by_relation: dict[str, list[_Planned]] = defaultdict(list)
    for one in planned:
        by_relation[one.bound.relation].append(one)
    present = _relations(candidate_db)
    found: dict[tuple[str, str], CheckResult] = {}
    source = _open(candidate_db)
    try:
        for relation, checks in by_relation.items():
            known = relation in present
            results = _validate(source, relation, checks) if known else [_missing(one) for one in checks]
            found.update(((result.suite, result.check_id), result) for result in results)
    finally:
        # A connection left open would show this process the same file for ever, also after a new candidate
        # took its path.
        source.get_engine().dispose()
    ordered = tuple(found[one.suite, one.check.check_id] for one in planned)
    return GateResult(checks=ordered, bounds_hash=bounds_hash(bounds_dir))


def _plan(suites: Mapping[str, Suite], bounds: Mapping[str, SuiteBounds]) -> Iterator[_Planned]:
    if suites.keys() != bounds.keys():
        odd = sorted(suites.keys() ^ bounds.keys())
        raise ConfigurationError(
            path="expectations",
            problem=f"{', '.join(odd)} is not in both suites/ and bounds/",
            remedy="Every suite has a module and a file of bounds of the same name",
        )
    for name, checks in suites.items():
        planned = list(checks(bounds[name]))
        ids = [check.check_id for check in planned]
        if sorted(ids) != sorted(bounds[name]):
            odd = sorted(set(ids) ^ set(bounds[name])) or sorted({one for one in ids if ids.count(one) > 1})
            raise ConfigurationError(
                path=f"expectations/suites/{name}.py",
                problem=f"{', '.join(odd)} is not both a bound and exactly one check",
                remedy="Every bound has one check and every check one bound",
            )
        for check in planned:
            yield _Planned(name, check, bounds[name][check.check_id])


def _relations(database: Path) -> set[str]:
    with duckdb.connect(str(database), read_only=True) as connection:
        rows = connection.execute(
            "select table_schema || '.' || table_name from information_schema.tables"
        ).fetchall()
    return {str(row[0]) for row in rows}


def _open(database: Path) -> SQLDatasource:
    logging.getLogger("great_expectations").setLevel(logging.ERROR)
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    add: Any = context.data_sources.add_or_update_sql  # its stub leaves `kwargs` out
    source: SQLDatasource = add(
        name="candidate", connection_string=f"duckdb:///{database}", kwargs=CONNECTION
    )
    return source


def _validate(source: SQLDatasource, relation: str, checks: list[_Planned]) -> list[CheckResult]:
    schema, table = relation.split(".")
    asset = source.add_table_asset(name=relation, table_name=table, schema_name=schema)
    batch = asset.add_batch_definition_whole_table("all").get_batch()
    suite = gx.ExpectationSuite(name=relation)
    for one in checks:
        expectation = one.check.expectation
        expectation.meta = {"check": [one.suite, one.check.check_id]}
        suite.add_expectation(expectation)
    outcome = batch.validate(suite, result_format="BASIC")
    by_check = {
        tuple(result.expectation_config.meta["check"]): result
        for result in outcome.results
        if result.expectation_config is not None
    }
    return [_result(one, by_check[one.suite, one.check.check_id]) for one in checks]


def _result(one: _Planned, result: ExpectationValidationResult) -> CheckResult:
    error = _error(result)
    return CheckResult(
        suite=one.suite,
        check_id=one.check.check_id,
        relation=one.bound.relation,
        expectation=type(one.check.expectation).__name__,
        severity=one.bound.severity,
        is_passed=bool(result.success) and error is None,
        observed=_observed(result.result or {}),
        bound=one.bound.text(),
        since=one.bound.since.isoformat(),
        why=one.bound.why,
        error=error,
    )


def _missing(one: _Planned) -> CheckResult:
    return CheckResult(
        suite=one.suite,
        check_id=one.check.check_id,
        relation=one.bound.relation,
        expectation=type(one.check.expectation).__name__,
        severity=one.bound.severity,
        is_passed=False,
        observed="",
        bound=one.bound.text(),
        since=one.bound.since.isoformat(),
        why=one.bound.why,
        error="the relation is not in the candidate",
    )


def _observed(result: Mapping[str, Any]) -> str:
    if result.get("observed_value") is not None:
        return str(result["observed_value"])
    if "unexpected_count" in result:
        return f"{result['unexpected_count']} of {result.get('element_count', '?')} rows"
    return ""


def _error(result: ExpectationValidationResult) -> str | None:
    raised = (result.exception_info or {}).copy()
    entries = [raised] if "raised_exception" in raised else list(raised.values())
    messages = [str(entry.get("exception_message")) for entry in entries if entry.get("raised_exception")]
    return " ".join(messages[0].split()) if messages else None
