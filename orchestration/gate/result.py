"""What calibration found for one content, and where it is kept."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from orchestration.errors import PublicationRefused
from orchestration.state import StateFolder, write_atomically

Severity = Literal["critical", "warning"]


@dataclass(frozen=True)
class CheckResult:
    """One expectation: `observed` and `bound` as text, aggregates only, never a person's value.

    `since` (date) and `why` come with the bound; `error` says why the check itself could not run, which
    counts as not passed.
    """

    suite: str
    check_id: str
    relation: str
    expectation: str
    severity: Severity
    is_passed: bool
    observed: str
    bound: str
    since: str
    why: str
    error: str | None = None
    label_en: str = ""
    label_zh: str = ""

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
    """All checks of one content. Passed when no critical check failed; at least one check must have run."""

    checks: tuple[CheckResult, ...]
    content_hash: str = ""
    bounds_hash: str = ""

    @property
    def is_passed(self) -> bool:
        """Whether this content may be published."""
        return bool(self.checks) and not self.failed("critical")

    def failed(self, severity: Severity) -> tuple[CheckResult, ...]:
        """Checks of that severity that did not pass."""
        return tuple(check for check in self.checks if not check.is_passed and check.severity == severity)

    def summary(self) -> Mapping[str, int]:
        """Counts for reports: checks, failed critical, failed warning."""
        return {
            "checks": len(self.checks),
            "failed_critical": len(self.failed("critical")),
            "failed_warning": len(self.failed("warning")),
        }


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
        shown = "; ".join(
            f"{check.suite}.{check.check_id} on {check.relation}: observed {check.error or check.observed}, "
            f"bound {check.bound} ({check.why})"
            for check in failed[:5]
        )
        more = f"; and {len(failed) - 5} more" if len(failed) > 5 else ""
        raise PublicationRefused(
            path=path,
            problem=f"{len(failed)} critical expectation(s) failed: {shown}{more}"
            if failed
            else "no check ran",
            remedy="The last publication stays. Correct the cause, or move the bound and say why",
        )
    return result


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
