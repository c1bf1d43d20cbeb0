"""Accepting failed checks: what may be, for which content, how often, and what is recorded of it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from expectations.bound import load_bounds
from orchestration.cli import run
from orchestration.errors import ConfigurationError, PublicationRefused
from orchestration.gate.acceptance import acceptance_path, read_acceptances
from orchestration.gate.judgement import Night
from orchestration.gate.result import CheckResult, read_result, store_result
from orchestration.publish.accept import accept, usable_acceptances
from orchestration.publish.candidate import Candidate
from orchestration.publish.publication import Publication, current_publication, publish
from orchestration.settings import BOUNDS_DIR, PROJECT_ROOT
from orchestration.state.folder import StateFolder
from orchestration.state.lock import hold
from tests.faults.small import (
    SMALL_BOUNDS,
    STARTED_AT,
    passed_result,
    place,
    prepared_candidates,
    publish_placed,
    small_candidate,
    small_state,
)

RATE, DRIFT = "kpi.rate_is_a_share", "kpi.rates_drift"
CURE = "Have the export of the rates made again."
NAMED = {"by": "Li Na", "why": "the first load of a closed quarter"}


@pytest.fixture
def state(tmp_path: Path) -> StateFolder:
    return small_state(tmp_path / "state")


def failed(state: StateFolder, candidate: Candidate, **changed: str) -> None:
    """Calibration of the candidate in which the critical check failed."""
    stored = read_result(state, candidate.content_hash)
    assert stored is not None
    checks = [
        replace(one, outcome="failed", observed="9 of 10 rows", cure=CURE, **changed)  # type: ignore[arg-type]
        if one.severity == "critical"
        else one
        for one in stored.checks
    ]
    store_result(state, passed_result(candidate.content_hash, *checks))


def refused(state: StateFolder, number: int = 1) -> Candidate:
    """A candidate that calibration refused."""
    candidate = small_candidate(state, number)
    failed(state, candidate)
    return candidate


def accepted(state: StateFolder, *names: str, **words: str) -> None:
    accept(state, names or (RATE,), **{**NAMED, **words}, bounds=SMALL_BOUNDS)


def test_what_was_accepted_is_published_and_recorded(state: StateFolder) -> None:
    candidate = refused(state)
    with pytest.raises(PublicationRefused):
        publish_placed(state)
    accepted(state)
    manifest = publish_placed(state).manifest
    [one] = manifest["accepted"]
    assert {name: one[name] for name in ("suite", "check_id", "observed", "bound", "accepted_by", "why")} == {
        "suite": "kpi",
        "check_id": "rate_is_a_share",
        "observed": "9 of 10 rows",
        "bound": "≤ 1",
        "accepted_by": "Li Na",
        "why": "the first load of a closed quarter",
    }
    assert one["content_hash"] == candidate.content_hash == manifest["content_hash"]
    assert manifest["checks"]["failed_critical"] == 1, "accepted is not passed"


def test_a_publication_without_failures_accepts_nothing(state: StateFolder) -> None:
    small_candidate(state, 1)
    assert publish_placed(state).manifest["accepted"] == []


def test_another_content_is_refused_as_before(state: StateFolder) -> None:
    refused(state)
    accepted(state)
    refused(state, 2)
    with pytest.raises(PublicationRefused, match=r"kpi\.rate_is_a_share"):
        publish_placed(state)


def test_a_copied_acceptance_is_of_no_other_content(state: StateFolder) -> None:
    first = refused(state)
    accepted(state)
    text = acceptance_path(state, first.content_hash).read_text(encoding="utf-8")
    second = refused(state, 2)
    acceptance_path(state, second.content_hash).write_text(text, encoding="utf-8")
    with pytest.raises(PublicationRefused):
        publish_placed(state)


@pytest.mark.parametrize("changed", [{"observed": "10 of 10 rows"}, {"bound": "≤ 2"}])
def test_what_is_seen_anew_is_judged_anew(state: StateFolder, changed: dict[str, str]) -> None:
    candidate = refused(state)
    accepted(state)
    stored = read_result(state, candidate.content_hash)
    assert stored is not None
    checks = [replace(one, **changed) if one.outcome == "failed" else one for one in stored.checks]  # type: ignore[arg-type]
    store_result(state, replace(stored, checks=tuple(checks)))
    with pytest.raises(PublicationRefused):
        publish_placed(state)


def edited(text: str) -> str:
    return text.replace("Li Na", "Somebody else")


def cut_off(text: str) -> str:
    return text[: len(text) // 2]


@pytest.mark.parametrize("damage", [edited, cut_off, lambda text: "[]", lambda text: ""])
def test_a_record_that_was_changed_accepts_nothing(state: StateFolder, damage: Callable[[str], str]) -> None:
    path = acceptance_path(state, refused(state).content_hash)
    accepted(state)
    path.write_text(damage(path.read_text(encoding="utf-8")), encoding="utf-8")
    with pytest.raises(PublicationRefused):
        publish_placed(state)


def test_it_counts_once_and_for_the_same_content_that_follows_itself(tmp_path: Path) -> None:
    state = small_state(tmp_path / "state")
    other, same = prepared_candidates(state, 2)
    place(state, same, 1)
    failed(state, Candidate(**json.loads((state.candidate / "candidate.json").read_text())))
    accepted(state)
    publish_placed(state)
    place(state, same, 2)  # a night without anything new
    again = publish_placed(state)
    assert again.manifest["accepted"] and again.run_id.startswith("000002")
    place(state, other, 3)
    assert publish_placed(state).manifest["accepted"] == []
    place(state, same, 4)
    with pytest.raises(PublicationRefused):
        publish_placed(state)
    accepted(state, by="Wang Fang")
    [one] = publish_placed(state).manifest["accepted"]
    assert one["accepted_by"] == "Wang Fang"
    assert [one.accepted_by for one in read_acceptances(state, one["content_hash"])] == ["Li Na", "Wang Fang"]


def test_a_night_that_was_killed_before_the_switch_leaves_it_as_good(tmp_path: Path) -> None:
    state = small_state(tmp_path / "state")
    before, same = prepared_candidates(state, 2)
    place(state, before, 1)
    first = publish_placed(state)
    place(state, same, 2)
    failed(state, Candidate(**json.loads((state.candidate / "candidate.json").read_text())))
    accepted(state)
    publish_placed(state)
    state.current.unlink()
    state.current.symlink_to(first.folder.name)
    place(state, same, 3)
    assert publish_placed(state).manifest["accepted"]


def test_the_last_word_stands_until_it_is_published(state: StateFolder) -> None:
    refused(state)
    accepted(state)
    accepted(state, by="Wang Fang", why="looked again")
    [one] = publish_placed(state).manifest["accepted"]
    assert (one["accepted_by"], one["why"]) == ("Wang Fang", "looked again")
    with pytest.raises(ConfigurationError, match="is published"):
        accepted(state)


@pytest.mark.parametrize(
    ("names", "words", "told"),
    [
        (["kpi.rate_is_a_shere"], {}, "is no check. Did you mean 'kpi.rate_is_a_share'?"),
        (["rate_is_a_share"], {}, "Did you mean 'kpi.rate_is_a_share'?"),
        (["zzz"], {}, "is no check. Failed are: kpi.rate_is_a_share"),
        ([DRIFT], {}, "passed: there is nothing to accept. Failed are: kpi.rate_is_a_share"),
        ([RATE, DRIFT], {}, "nothing to accept"),
        ([RATE], {"by": " \t"}, "is nobody's name"),
        ([RATE], {"by": "…"}, "is nobody's name"),
        ([RATE], {"why": ""}, "says nothing"),
        ([RATE], {"why": "?!"}, "says nothing"),
    ],
)
def test_wrong_usage_is_told_and_records_nothing(
    state: StateFolder, names: list[str], words: dict[str, str], told: str
) -> None:
    candidate = refused(state)
    with pytest.raises(ConfigurationError) as error:
        accepted(state, *names, **words)
    assert error.value.exit_status == 2
    assert told in str(error.value)
    assert not acceptance_path(state, candidate.content_hash).exists()


def test_a_warning_is_not_accepted(state: StateFolder) -> None:
    candidate = refused(state)
    stored = read_result(state, candidate.content_hash)
    assert stored is not None
    store_result(
        state, replace(stored, checks=tuple(replace(one, outcome="failed") for one in stored.checks))
    )
    with pytest.raises(ConfigurationError, match="is a warning, which is published with its result"):
        accepted(state, DRIFT)


def test_what_could_not_be_checked_cannot_be_accepted(state: StateFolder) -> None:
    candidate = small_candidate(state, 1)
    failed(state, candidate, error="Binder Error")
    with pytest.raises(ConfigurationError, match="could not be checked, so nobody has seen"):
        accepted(state)
    with pytest.raises(PublicationRefused, match=r"kpi\.rate_is_a_share cannot be accepted"):
        publish_placed(state)


def test_what_can_never_be_cannot_be_accepted(state: StateFolder, tmp_path: Path) -> None:
    bounds = tmp_path / "bounds"
    bounds.mkdir()
    text = (SMALL_BOUNDS / "kpi.yml").read_text(encoding="utf-8").replace("is_acceptable: true", "")
    (bounds / "kpi.yml").write_text(text, encoding="utf-8")
    candidate = refused(state)
    accepted(state)  # under bounds that allowed it
    stored = read_result(state, candidate.content_hash)
    assert stored is not None
    from expectations.own_bounds import hash_in_force

    store_result(state, replace(stored, bounds_hash=hash_in_force(bounds)))
    with pytest.raises(ConfigurationError, match=r"can never be.*Have the export of the rates made again"):
        accept(state, [RATE], **NAMED, bounds=bounds)
    with pytest.raises(PublicationRefused) as refusal:
        publish(state, keep=9, started_at=STARTED_AT, bounds=bounds)
    assert "cannot be accepted" in str(refusal.value)
    assert "meritline accept" not in str(refusal.value)


@pytest.mark.parametrize("prepare", ["nothing", "passed", "unchecked", "published", "other bounds"])
def test_without_a_refused_content_there_is_nothing_to_accept(state: StateFolder, prepare: str) -> None:
    if prepare != "nothing":
        candidate = small_candidate(state, 1)
    if prepare == "unchecked":
        (state.checks / f"{candidate.content_hash}.json").unlink()
    if prepare == "published":
        publish_placed(state)
    if prepare == "other bounds":
        failed(state, candidate)
        stored = read_result(state, candidate.content_hash)
        assert stored is not None
        store_result(state, replace(stored, bounds_hash="0" * 64))
    with pytest.raises(ConfigurationError, match="no refused content awaits a decision"):
        accepted(state)


def test_the_command_makes_no_state(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["accept", RATE, "--by", "Li Na", "--why", "why", "--state", str(tmp_path / "none")]
    assert run(words) == 2
    assert "no refused content" in capsys.readouterr().err
    assert not (tmp_path / "none").exists()
    assert run(["accept", "--by", "Li Na", "--why", "why"]) == 2
    assert run(["accept", RATE, "--why", "why"]) == 2
    assert run(["accept", RATE, "--by", "Li Na"]) == 2


def test_what_still_refuses_is_said_with_its_own_command(state: StateFolder) -> None:
    """Two fail, one is accepted: the refusal is of the other alone."""
    from orchestration.gate.judgement import require_passed
    from orchestration.gate.result import GatePlan, GateResult

    result = passed_result(refused(state).content_hash)
    one = replace(result.checks[0], outcome="failed")
    two = replace(one, check_id="other")
    store_result(state, replace(result, checks=(one, two)))
    plan = GatePlan(
        result.bounds_hash,
        {(check.suite, check.check_id): check.severity for check in (one, two)},
        frozenset({("kpi", "rate_is_a_share"), ("kpi", "other")}),
    )
    accepted_of = [_acceptance(GateResult((one,), result.content_hash), one)]
    with pytest.raises(PublicationRefused) as refusal:
        require_passed(
            state, result.content_hash, plan, accepted=accepted_of, night=Night("meritline nightly X")
        )
    text = str(refusal.value)
    assert "1 critical expectation(s) failed: kpi.other" in text
    assert re.findall(r"`([^`]+)`", text) == [
        f"meritline accept kpi.other --by NAME --why TEXT --state {state.root}",
        "meritline nightly X",
    ]
    with pytest.raises(PublicationRefused) as refusal:
        require_passed(state, result.content_hash, plan, night=Night("x", may_be_accepted=False))
    assert "meritline accept" not in str(refusal.value), "a preview's content awaits no decision"


def _acceptance(result: object, check: CheckResult) -> object:
    from orchestration.gate.acceptance import Acceptance

    return Acceptance(
        content_hash=result.content_hash,  # type: ignore[attr-defined]
        suite=check.suite,
        check_id=check.check_id,
        observed=check.seen,
        bound=check.bound,
        accepted_by="Li Na",
        why="why",
        accepted_at=STARTED_AT,
    )


def test_another_run_holds_the_state(state: StateFolder) -> None:
    refused(state)
    with hold(state, "nightly"):
        done = _accept_process(state)
        assert done.wait(timeout=120) == 5
    assert usable_acceptances(state, _content(state)) == ()


ACCEPT = """
import sys
from pathlib import Path
from orchestration import settings
settings.BOUNDS_DIR = Path(sys.argv[1])
from orchestration.cli import run
sys.exit(run(sys.argv[2:]))
"""


def _accept_process(state: StateFolder) -> subprocess.Popen[bytes]:
    words = ["accept", RATE, "--by", "Li Na", "--why", "why", "--state", str(state.root)]
    return subprocess.Popen(
        [sys.executable, "-c", ACCEPT, str(SMALL_BOUNDS), *words],
        cwd=PROJECT_ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _content(state: StateFolder) -> str:
    return str(json.loads((state.candidate / "candidate.json").read_text())["content_hash"])


INTEGRITY = {
    "bonus.bonus_is_sum_of_lines",
    "bonus.register_is_the_ledger",
    "bonus.bonuses_are_traced",
    "facts.rows_are_accounted_for",
    "facts.loaded_rows_are_facts",
    "grade.order_is_kept",
    "policy.plans_are_known",
    "policy.rulings_are_reviewed",
    "score.scores_are_sums",
    "score.weights_add_up",
}
JUDGEMENT = {
    "raw.contacts_are_fresh",
    "raw.week_volume_collapsed",
    "kpi.evidence_collapsed",
    "kpi.observations_exist",
    "facts.unknown_agents_everywhere",
    "facts.events_mostly_invalid",
    "bonus.pool_far_over_budget",
    "score.mean_score_break",
}


def test_what_no_export_causes_can_never_be_accepted() -> None:
    bounds = {
        f"{suite.suite}.{check_id}": suite[check_id]
        for suite in load_bounds(BOUNDS_DIR).values()
        for check_id in suite
    }
    acceptable = {name for name, bound in bounds.items() if bound.is_acceptable}
    calculated = {name for name, bound in bounds.items() if bound.cure.startswith("No export causes this")}
    assert calculated and not acceptable & calculated
    assert not acceptable & INTEGRITY and bounds.keys() >= INTEGRITY
    assert acceptable >= JUDGEMENT


def test_a_warning_needs_no_leave(tmp_path: Path) -> None:
    text = (SMALL_BOUNDS / "kpi.yml").read_text(encoding="utf-8")
    (tmp_path / "kpi.yml").write_text(text.rstrip() + "\n    is_acceptable: true\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="a warning refuses nothing"):
        load_bounds(tmp_path)


def test_the_page_says_who_accepted_what_and_what_was_seen_the_night_before(state: StateFolder) -> None:
    small_candidate(state, 1)
    publish_placed(state)
    refused(state, 2)
    accepted(state, by="Li <Na>")
    page = _page(publish_placed(state))
    assert "accepted, published · 经接受后发布" in page
    assert "Accepted · 已接受 (1)" in page and "<td>Li &lt;Na&gt;</td>" in page
    assert '<td class="num text">9 of 10 rows</td><td class="num text before">0 of 10 rows</td>' in page
    assert "Before · 上次 <code>000001-2026-10-31</code>" in page
    assert "file:" not in page


def test_the_first_page_has_nothing_beside(state: StateFolder) -> None:
    small_candidate(state, 1)
    page = _page(publish_placed(state))
    assert "Before · 上次" not in page and "Accepted" not in page


def _page(publication: Publication) -> str:
    return (publication.folder / "calibration.html").read_text(encoding="utf-8")


def test_a_publication_whose_data_is_gone_is_laid_out_again_with_what_was_accepted(
    state: StateFolder,
) -> None:
    small_candidate(state, 1)
    publish_placed(state)
    refused(state, 2)
    accepted(state)
    second = publish_placed(state)
    page = _page(second)
    for path in second.folder.iterdir():
        if path.is_file() and path.name != "manifest.json":
            path.unlink()
    again = publish_placed(state)
    assert again.run_id == second.run_id
    assert _page(again) == page
    assert current_publication(state) is not None
    assert asdict(read_acceptances(state, _content(state))[0]) == again.manifest["accepted"][0]


def test_the_record_of_an_acceptance_is_no_result_of_a_content_that_nobody_knows(state: StateFolder) -> None:
    """Of nights that did not publish, results may lie about; an acceptance is none, and needs one."""
    from orchestration.audit.verify.register import _orphans

    candidate = refused(state)
    accepted(state)
    manifests = {state.current: publish_placed(state).manifest}
    assert list(_orphans(state, manifests, {})) == []
    path = acceptance_path(state, candidate.content_hash)
    path.rename(path.with_name(f"{'0' * 64}.accepted.json"))
    [finding] = _orphans(state, manifests, {})
    assert "accepts failures of a content that was never checked" in str(finding)


def forged(manifest: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """By what verify says of it, what a manifest may be made to say of its acceptances."""
    [first] = manifest["accepted"]
    return {
        "did not pass, and nobody accepted it": [],
        "was accepted of another content": [{**first, "content_hash": "0" * 64}],
        "was accepted with another observation": [{**first, "observed": "1 of 10 rows"}],
        "is no critical check that failed": [first, {**first, "check_id": "rates_drift"}],
        "does not have the acceptance of": [{**first, "accepted_by": "Somebody else"}],
        "is no list of acceptances": [{**first, "why": 3}],
    }


def test_verify_finds_what_was_not_accepted_so(state: StateFolder) -> None:
    from orchestration.audit.verify.acceptances import check_acceptances
    from orchestration.audit.verify.findings import Report
    from orchestration.settlement.closing import accepted_checks

    refused(state)
    accepted(state)
    publication = publish_placed(state)
    manifest = dict(publication.manifest)

    def told(accepted_of: list[dict[str, Any]]) -> str:
        report = Report()
        check_acceptances(state, {publication.folder: {**manifest, "accepted": accepted_of}}, report)
        return " ".join(map(str, report.findings))

    assert told(manifest["accepted"]) == ""
    for words, accepted_of in forged(manifest).items():
        assert words in told(accepted_of), words
    path = acceptance_path(state, manifest["content_hash"])
    path.write_text(edited(path.read_text(encoding="utf-8")), encoding="utf-8")
    assert "was changed after it was sealed" in told(manifest["accepted"])
    path.unlink()
    assert "is missing" in told(manifest["accepted"])
    assert accepted_checks(publication) == (f"{RATE} by Li Na: the first load of a closed quarter",)
