"""Let the refused content pass named failed checks, once: what is recorded, and when publish may use it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import NoReturn

from expectations.own_bounds import plan_in_force
from orchestration.clock import now
from orchestration.errors import ConfigurationError, PublicationRefused
from orchestration.gate.acceptance import Acceptance, read_acceptances, store_acceptances
from orchestration.gate.judgement import STAYS, with_acceptances
from orchestration.gate.result import CheckResult, GatePlan, GateResult, read_result
from orchestration.policy.site import SHIPPED, Site
from orchestration.publish.candidate import read_candidate
from orchestration.publish.chain import newest_manifests
from orchestration.settings import BOUNDS_DIR
from orchestration.state.folder import StateFolder
from orchestration.state.signature import reason, signed_by

ACCEPTED = "accepted"
"""Field of a manifest: the acceptances that its content needed, none for most."""


@dataclass(frozen=True)
class Accepted:
    """What an acceptance came to: what is accepted now of the content, and what still refuses it."""

    content_hash: str
    accepted: tuple[Acceptance, ...]
    refusing: tuple[CheckResult, ...]


def accept(
    state: StateFolder,
    names: Sequence[str],
    *,
    by: str,
    why: str,
    bounds: Path = BOUNDS_DIR,
    site: Site = SHIPPED,
) -> Accepted:
    """Record that the refused content of `state` may pass the failed checks `names` (`suite.check_id`). The
    caller holds the state.

    A check that was accepted before of this content is accepted anew: the last word stands. Raises
    ConfigurationError (exit 2), and records nothing, where no content is refused, a name is no check, a check
    did not fail or may never be accepted, and for a name or reason that says nothing.
    """
    by, why = signed_by(by, deed="accepts it"), reason(why)
    plan = plan_in_force(bounds, site.bounds)
    result = refused_result(state, plan)
    checks = {check.name: check for check in result.checks}
    wanted = [_acceptable(name, checks, plan) for name in dict.fromkeys(names)]
    accepted_at = now().isoformat()
    given = [
        Acceptance(
            content_hash=result.content_hash,
            suite=check.suite,
            check_id=check.check_id,
            observed=check.seen,
            bound=check.bound,
            accepted_by=by,
            why=why,
            accepted_at=accepted_at,
        )
        for check in wanted
    ]
    usable = usable_acceptances(state, result.content_hash)
    judged = with_acceptances(result, plan, [*usable, *given])
    kept = read_acceptances(state, result.content_hash)
    store_acceptances(state, result.content_hash, [*kept, *given])
    return Accepted(result.content_hash, judged.accepted, judged.refusing())


def require_refused(state: StateFolder, bounds: Path = BOUNDS_DIR, site: Site = SHIPPED) -> None:
    """Raise ConfigurationError (exit 2) where no content of the state is refused; writes nothing."""
    refused_result(state, plan_in_force(bounds, site.bounds))


def refused_result(state: StateFolder, plan: GatePlan) -> GateResult:
    """The result of the content that calibration refused last. Raises ConfigurationError where there is none
    that could be accepted now.
    """
    try:
        candidate = read_candidate(state)
    except PublicationRefused as error:
        _nothing(state, "no night has come as far as its checks", error)
    result = read_result(state, candidate.content_hash)
    if result is None:
        _nothing(state, f"the content of the last night ({candidate.run_id}) was never checked")
    if result.bounds_hash != plan.bounds_hash:
        _nothing(
            state,
            f"the bounds have changed since the content of {candidate.run_id} was checked, or --site is not "
            "the one of that night",
        )
    if not result.failed("critical"):
        _nothing(state, f"the content of the last night ({candidate.run_id}) failed no critical check")
    newest = next(newest_manifests(state), {})
    usable = usable_acceptances(state, candidate.content_hash)
    if (
        newest.get("content_hash") == candidate.content_hash
        and not with_acceptances(result, plan, usable).refusing()
    ):
        _nothing(state, f"the content of the last night is published ({newest.get('run_id')})")
    return result


def usable_acceptances(state: StateFolder, content_hash: str) -> tuple[Acceptance, ...]:
    """What is accepted of a content and not used up.

    An acceptance lets its content out once: after another content has been published, this one is refused
    again. A night that publishes the same content once more, or one that was killed on the way, meets it as
    the first did.
    """
    found = read_acceptances(state, content_hash)
    if not found:
        return ()
    chain = newest_manifests(state)
    newest = next(chain, None)
    if newest is None or newest.get("content_hash") == content_hash:
        return found
    used = [one for manifest in chain for one in manifest.get(ACCEPTED, ())]
    return tuple(one for one in found if asdict(one) not in used)


def _acceptable(name: str, checks: Mapping[str, CheckResult], plan: GatePlan) -> CheckResult:
    check = checks.get(name)
    failed = [one.name for one in checks.values() if one.outcome == "failed" and one.severity == "critical"]
    if check is None:
        near = get_close_matches(name, failed, n=1) or get_close_matches(name, checks, n=1)
        raise ConfigurationError(
            path=name,
            problem="is no check",
            remedy=f"Did you mean {near[0]!r}?" if near else f"Failed are: {', '.join(failed)}",
        )
    if check not in [checks[one] for one in failed]:
        said = {
            "passed": "passed",
            "not_judged": "was not judged",
            "failed": "is a warning, which is published with its result",
        }
        raise ConfigurationError(
            path=name,
            problem=f"{said[check.outcome]}: there is nothing to accept",
            remedy=f"Failed are: {', '.join(failed)}",
        )
    if not plan.may_be_accepted(check):
        why = (
            "it could not be checked, so nobody has seen what it would say"
            if check.error is not None
            else "what it says can never be, so that the numbers behind it are wrong"
        )
        raise ConfigurationError(
            path=name,
            problem=f"cannot be accepted: {why}",
            remedy=check.cure or "Correct the cause and run again",
        )
    return check


def _nothing(state: StateFolder, problem: str, cause: Exception | None = None) -> NoReturn:
    raise ConfigurationError(
        path=state.root,
        problem=f"no refused content awaits a decision: {problem}",
        remedy=f"{STAYS} Run meritline nightly; what it refuses by its checks can be accepted after it",
    ) from cause
