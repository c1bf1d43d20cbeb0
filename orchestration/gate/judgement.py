"""Whether a content may be published, and what a refusal says: the checks, and every way out."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from orchestration.errors import PublicationRefused
from orchestration.gate.acceptance import Acceptance
from orchestration.gate.result import CheckResult, GatePlan, GateResult, read_result, result_path
from orchestration.state.folder import StateFolder

SHOWN_FAILURES = 5
STAYS = "The last publication stays."


@dataclass(frozen=True)
class Night:
    """The night that is refused: the command that runs it `again`, whether failures may be accepted, which
    a preview's may not, and the folder of its site.
    """

    again: str = "meritline nightly"
    may_be_accepted: bool = True
    site: Path | None = None


def require_passed(
    state: StateFolder,
    content_hash: str,
    plan: GatePlan,
    *,
    accepted: Sequence[Acceptance] = (),
    night: Night | None = None,
) -> GateResult:
    """The passed result of exactly this content by exactly the bounds in force, with those of `accepted` that
    it needed.

    Raises PublicationRefused when it is missing, was made by other bounds, lacks a planned check or has
    another, or did not pass. Whether it passed is judged from its checks, the severities of the plan and the
    acceptances of checks that the plan lets a person accept: nothing else that the file says of itself
    counts.
    """
    result = read_result(state, content_hash)
    path = result_path(state, content_hash)
    if result is None:
        raise PublicationRefused(
            path=path,
            problem="this content has no calibration result",
            remedy=f"{STAYS} Run meritline nightly, which checks what it publishes",
        )
    _require_planned(path, result, plan)
    result = with_acceptances(result, plan, accepted)
    if not result.is_passed:
        refusing = result.refusing()
        way_out = _way_out(state, refusing, plan, night or Night()) if refusing else "Load exports with rows"
        raise PublicationRefused(
            path=path,
            problem=_failures(refusing) if refusing else "no check could be judged",
            remedy=f"{STAYS} {way_out}",
        )
    return result


def with_acceptances(result: GateResult, plan: GatePlan, accepted: Sequence[Acceptance]) -> GateResult:
    """The result with those acceptances that are of its critical failures, as far as the plan allows any."""
    given = replace(result, accepted=tuple(accepted))
    of_failures = [
        given.acceptance(check) for check in result.failed("critical") if plan.may_be_accepted(check)
    ]
    return replace(result, accepted=tuple(one for one in of_failures if one is not None))


def _way_out(state: StateFolder, refusing: Sequence[CheckResult], plan: GatePlan, night: Night) -> str:
    """What may be done, the very commands included where a person may let it pass."""
    mend = "Correct the cause, or move the bound and say why"
    if not night.may_be_accepted:
        return mend
    never = [check.name for check in refusing if not plan.may_be_accepted(check)]
    if never:
        return (
            f"{mend}. {', '.join(never[:SHOWN_FAILURES])} cannot be accepted: what it says can never be, so "
            "that the numbers behind it are wrong"
        )
    accept = accept_command(state, refusing, night.site)
    return (
        f"{mend}. Is it right as it is, let exactly this content pass, once: `{accept}`, then `{night.again}`"
    )


def accept_command(state: StateFolder, refusing: Sequence[CheckResult], site: Path | None = None) -> str:
    """The command that accepts these failures, with NAME and TEXT to be filled in; the bounds that they are
    judged by are those of the site.
    """
    words = [check.name for check in refusing] + ["--by", "NAME", "--why", "TEXT"]
    words += ["--site", str(site)] if site else []
    return shlex.join(["meritline", "accept", *words, "--state", str(state.root)])


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
            remedy=f"{STAYS} Run meritline nightly again, which checks by those in force",
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
            remedy=f"{STAYS} Run meritline nightly again",
        )
