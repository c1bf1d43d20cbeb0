"""What Dagster is told of each check of the gate: how it ended, and numbers that its plots can draw."""

from collections.abc import Mapping
from typing import Any

from dagster import AssetCheckResult, AssetCheckSeverity, MetadataValue

from expectations.bound import Bound
from orchestration.gate.result import CheckResult, GateResult

OF_NUMBERS = ("measured", "counted")
"""Kinds of bounds whose limits are of the number observed."""


def check_name(suite: str, check_id: str) -> str:
    """The name of a check in Dagster, which knows no dots."""
    return f"{suite}__{check_id}"


def asset_check(result: GateResult, check: CheckResult, bound: Bound) -> AssetCheckResult:
    """One check of the result. Dagster knows passed and failed alone: what was not judged is no green tick,
    and stops nothing; what was accepted is none either.
    """
    accepted = result.acceptance(check)
    stops = check.severity == "critical" and check.outcome == "failed" and accepted is None
    description = None
    if check.outcome == "not_judged":
        description = f"not judged: {check.reason_en} · 未评判:{check.reason_zh}"
    elif accepted is not None:
        description = f"accepted by {accepted.accepted_by}: {accepted.why}"
    return AssetCheckResult(
        passed=check.outcome == "passed",
        check_name=check_name(check.suite, check.check_id),
        severity=AssetCheckSeverity.ERROR if stops else AssetCheckSeverity.WARN,
        description=description,
        metadata={
            "outcome": check.outcome.replace("_", " "),
            "relation": check.relation,
            **_numbers(check, bound),
            "seen": check.error or check.observed,
            "bound": check.bound,
            "since": check.since,
            "why": check.why,
            **({"cure": check.cure} if check.cure else {}),
        },
    )


def _numbers(check: CheckResult, bound: Bound) -> Mapping[str, Any]:
    """The observation and the ends of its bound as numbers: a text plots nothing."""
    limits = bound.limits
    low, high = limits.min_value, limits.max_value
    if bound.kind not in OF_NUMBERS:
        # What is observed is the share of rows out of bounds; the limits are of their values.
        low, high = None, 1 - (1 if limits.mostly is None else limits.mostly)
    found = {"observed": check.observed_number, "bound_min": low, "bound_max": high}
    return {name: MetadataValue.float(float(one)) for name, one in found.items() if one is not None}
