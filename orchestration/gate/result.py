"""What calibration found for one content, and where it is kept."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

from orchestration.gate.acceptance import Acceptance
from orchestration.state.folder import StateFolder, write_atomically

Severity = Literal["critical", "warning"]
Outcome = Literal["passed", "failed", "not_judged"]
OUTCOMES: tuple[Outcome, ...] = ("passed", "failed", "not_judged")


@dataclass(frozen=True)
class CheckResult:
    """One expectation: `observed` and `bound` as text, aggregates only, never a person's value.

    `not_judged` had too little to judge by, and `reason_en` and `reason_zh` say what it needs: it is not
    passed, and refuses nothing. `since` (date), `why` and `cure` (what to do when it fails) come with the
    bound; `error` says why the check itself could not run, which is a failure. `observed_number` is the
    observation as a plot draws it: the measured number nearest to its bound or farthest beyond it, a count of
    rows, or the share of rows out of bounds.
    """

    suite: str
    check_id: str
    relation: str
    expectation: str
    severity: Severity
    outcome: Outcome
    observed: str
    bound: str
    since: str
    why: str
    error: str | None = None
    label_en: str = ""
    label_zh: str = ""
    cure: str = ""
    reason_en: str = ""
    reason_zh: str = ""
    observed_number: float | None = None
    why_zh: str = ""

    def __post_init__(self) -> None:
        if self.outcome not in OUTCOMES:
            raise ValueError(f"{self.outcome} is no outcome of a check")

    @property
    def name(self) -> str:
        """Suite and check id, as bounds and pages name it."""
        return f"{self.suite}.{self.check_id}"

    @property
    def is_passed(self) -> bool | None:
        """Whether it passed; None where it was not judged, which is neither."""
        return None if self.outcome == "not_judged" else self.outcome == "passed"

    @property
    def seen(self) -> str:
        """The observation for a reader. Why a check could not run may quote a value: that stays here."""
        return self.observed if self.error is None else "could not be checked"


@dataclass(frozen=True)
class GatePlan:
    """What the bounds in force demand: the severity of every check by suite and check id, which of them a
    person may let pass, and the bounds' hash.
    """

    bounds_hash: str
    severities: Mapping[tuple[str, str], Severity]
    acceptable: frozenset[tuple[str, str]] = frozenset()

    def may_be_accepted(self, check: CheckResult) -> bool:
        """Whether a person may let that failure pass. What could not be checked, nobody has seen."""
        return (check.suite, check.check_id) in self.acceptable and check.error is None


@dataclass(frozen=True)
class GateResult:
    """All checks of one content. Passed when no critical check failed that nobody has accepted; at least one
    must have been judged.
    """

    checks: tuple[CheckResult, ...]
    content_hash: str = ""
    bounds_hash: str = ""
    accepted: tuple[Acceptance, ...] = ()

    @property
    def is_passed(self) -> bool:
        """Whether this content may be published."""
        return any(check.outcome != "not_judged" for check in self.checks) and not self.refusing()

    def acceptance(self, check: CheckResult) -> Acceptance | None:
        """The acceptance of that failure, the last of several; one of another content, observation or bound
        is none of it.
        """
        seen = (self.content_hash, check.suite, check.check_id, check.seen, check.bound)
        for one in reversed(self.accepted):
            if (one.content_hash, one.suite, one.check_id, one.observed, one.bound) == seen:
                return one
        return None

    def refusing(self) -> tuple[CheckResult, ...]:
        """Critical checks that failed and are not accepted."""
        return tuple(check for check in self.failed("critical") if self.acceptance(check) is None)

    def failed(self, severity: Severity) -> tuple[CheckResult, ...]:
        """Checks of that severity that were judged and did not pass."""
        return tuple(
            check for check in self.checks if check.outcome == "failed" and check.severity == severity
        )

    def not_judged(self) -> tuple[CheckResult, ...]:
        """Checks that had too little to judge by."""
        return tuple(check for check in self.checks if check.outcome == "not_judged")

    def summary(self) -> Mapping[str, int]:
        """Counts for reports, which add up: checks = passed + not judged + failed critical + failed
        warning.
        """
        return {
            "checks": len(self.checks),
            "passed": sum(check.outcome == "passed" for check in self.checks),
            "not_judged": len(self.not_judged()),
            "failed_critical": len(self.failed("critical")),
            "failed_warning": len(self.failed("warning")),
        }


def said(summary: Mapping[str, Any], accepted: Sequence[object] = ()) -> str:
    """The counts of `GateResult.summary` in words: `172 checks: 121 passed, 50 not judged, 1 warning`.
    `accepted` are the acceptances of critical failures.
    """
    counts = [
        (
            summary.get("passed", summary["checks"] - summary["failed_critical"] - summary["failed_warning"]),
            "passed",
        ),
        (summary.get("not_judged", 0), "not judged"),
        (summary["failed_critical"] - len(accepted), "critical"),
        (len(accepted), "critical accepted"),
        (summary["failed_warning"], "warning" if summary["failed_warning"] == 1 else "warnings"),
    ]
    first, *others = [f"{count:,} {word}" for count, word in counts]
    shown = [first, *(text for text, (count, _) in zip(others, counts[1:], strict=True) if count)]
    return f"{summary['checks']:,} checks: {', '.join(shown)}"


def result_path(state: StateFolder, content_hash: str) -> Path:
    """Where the result of that content is kept."""
    return state.checks / f"{content_hash}.json"


def page_path(state: StateFolder, content_hash: str) -> Path:
    """Where the calibration page of that content is kept, also when it is refused and never published."""
    return state.checks / f"{content_hash}.html"


def store_result(state: StateFolder, result: GateResult) -> Path:
    """Keep the result under its content hash, in place of an earlier one of the same content."""
    path, found = result_path(state, result.content_hash), replace(result, accepted=())
    stored = {**asdict(found), "passed": found.is_passed}
    # What a person accepted is a record of its own: the result says what was found.
    del stored["accepted"]
    write_atomically(path, json.dumps(stored, ensure_ascii=False, indent=1))
    return path


def read_result(state: StateFolder, content_hash: str) -> GateResult | None:
    """The stored result of that content; None when it was never checked or the file does not read as one."""
    try:
        raw = json.loads(result_path(state, content_hash).read_text(encoding="utf-8"))
        result = GateResult(
            checks=tuple(CheckResult(**check) for check in raw["checks"]),
            content_hash=raw["content_hash"],
            bounds_hash=raw["bounds_hash"],
        )
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return result if result.content_hash == content_hash else None
