"""What calibration found for one content, and where it is kept."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from orchestration.errors import PublicationRefused
from orchestration.state.folder import StateFolder, write_atomically

Severity = Literal["critical", "warning"]
Outcome = Literal["passed", "failed", "not_judged"]
SHOWN_FAILURES = 5
OUTCOMES: tuple[Outcome, ...] = ("passed", "failed", "not_judged")


@dataclass(frozen=True)
class CheckResult:
    """One expectation: `observed` and `bound` as text, aggregates only, never a person's value.

    `not_judged` had too little to judge by, and `reason_en` and `reason_zh` say what it needs: it is not
    passed, and refuses nothing. `since` (date), `why` and `cure` (what to do when it fails) come with the
    bound; `error` says why the check itself could not run, which is a failure.
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
    """What the bounds in force demand: the severity of every check by suite and check id, and the bounds'
    hash.
    """

    bounds_hash: str
    severities: Mapping[tuple[str, str], Severity]


@dataclass(frozen=True)
class GateResult:
    """All checks of one content. Passed when no critical check failed; at least one must have been judged."""

    checks: tuple[CheckResult, ...]
    content_hash: str = ""
    bounds_hash: str = ""

    @property
    def is_passed(self) -> bool:
        """Whether this content may be published."""
        return any(check.outcome != "not_judged" for check in self.checks) and not self.failed("critical")

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


def said(summary: Mapping[str, Any]) -> str:
    """The counts of `GateResult.summary` in words: `172 checks: 121 passed, 50 not judged, 1 warning`."""
    counts = [
        (
            summary.get("passed", summary["checks"] - summary["failed_critical"] - summary["failed_warning"]),
            "passed",
        ),
        (summary.get("not_judged", 0), "not judged"),
        (summary["failed_critical"], "critical"),
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
    path = result_path(state, result.content_hash)
    write_atomically(
        path, json.dumps({**asdict(result), "passed": result.is_passed}, ensure_ascii=False, indent=1)
    )
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


def require_passed(state: StateFolder, content_hash: str, plan: GatePlan) -> GateResult:
    """The passed result of exactly this content by exactly the bounds in force.

    Raises PublicationRefused when it is missing, was made by other bounds, lacks a planned check or has
    another, or did not pass. Whether it passed is judged from its checks and the severities of the plan:
    nothing else that the file says of itself counts.
    """
    result = read_result(state, content_hash)
    path = result_path(state, content_hash)
    if result is None:
        raise PublicationRefused(
            path=path,
            problem="this content has no calibration result",
            remedy="The last publication stays. Run meritline nightly, which checks what it publishes",
        )
    _require_planned(path, result, plan)
    if not result.is_passed:
        failed = result.failed("critical")
        raise PublicationRefused(
            path=path,
            problem=_failures(failed) if failed else "no check could be judged",
            remedy="The last publication stays. "
            + ("Correct the cause, or move the bound and say why" if failed else "Load exports with rows"),
        )
    return result


def _failures(failed: Sequence[CheckResult]) -> str:
    """What refused, each with what was seen, the bound and the way out; a cure that several share is said
    once, behind the last of them.
    """
    shown = failed[:SHOWN_FAILURES]
    parts = []
    for position, check in enumerate(shown):
        is_said_later = any(other.cure == check.cure for other in shown[position + 1 :])
        parts.append(
            f"{check.name} on {check.relation} ({check.label_en or check.why}): "
            f"observed {check.error or check.observed}, bound {check.bound}"
            + ("" if is_said_later or not check.cure else f". {check.cure}")
        )
    more = f"; and {len(failed) - len(shown)} more" if len(failed) > len(shown) else ""
    listed = " ".join(part if part.endswith((".", "?")) else f"{part};" for part in parts).rstrip(".;")
    return f"{len(failed)} critical expectation(s) failed: {listed}{more}"


def _require_planned(path: Path, result: GateResult, plan: GatePlan) -> None:
    if result.bounds_hash != plan.bounds_hash:
        raise PublicationRefused(
            path=path,
            problem="the bounds have changed since this content was checked",
            remedy="The last publication stays. Run meritline nightly again, which checks by those in force",
        )
    found = [((check.suite, check.check_id), check.severity) for check in result.checks]
    odd = sorted({*found} ^ {*plan.severities.items()}) or sorted(
        {one for one in found if found.count(one) > 1}
    )
    if odd:
        (suite, check_id), severity = odd[0]
        more = f" (and {len(odd) - 1} more)" if len(odd) > 1 else ""
        raise PublicationRefused(
            path=path,
            problem=f"the result is not of the planned checks: {suite}.{check_id} ({severity}){more} is not "
            "exactly once in both",
            remedy="The last publication stays. Run meritline nightly again",
        )
