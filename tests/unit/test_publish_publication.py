"""Publishing: the gate inside it, the switch, the chain of manifests, retention, file sharing."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from orchestration.errors import MeritlineError, PublicationRefused
from orchestration.gate.result import CheckResult, GateResult, Outcome, Severity, result_path, store_result
from orchestration.publish.candidate import Candidate
from orchestration.publish.publication import Publication, current_publication, publish
from orchestration.state.folder import StateFolder
from tests import paying
from tests.faults.small import SMALL_BOUNDS, STARTED_AT, passed_result
from tests.unit.test_publish_candidate import build, make_state, relation

ONE = [relation("facts.fct_a", key=["id"]), relation("facts.fct_b", key=["id"], audiences=["bi"])]


def check(outcome: Outcome, severity: Severity = "critical") -> CheckResult:
    return CheckResult(
        suite="kpi",
        check_id="rate_is_a_share" if severity == "critical" else "rates_drift",
        relation="kpi.kpi_observation",
        expectation="ExpectColumnValuesToBeBetween",
        severity=severity,
        outcome=outcome,
        observed="3 of 10 rows",
        bound="max_value 1",
        since="2026-11-01",
        why="A share cannot leave 0 to 1",
    )


def pass_gate(state: StateFolder, candidate: Candidate, *checks: CheckResult) -> None:
    store_result(state, passed_result(candidate.content_hash, *checks))


def candidate_of(state: StateFolder, number: int, value: int = 1) -> Candidate:
    with duckdb.connect(str(state.warehouse)) as warehouse:
        warehouse.execute(f"create or replace table facts.fct_a as select {value} as id")
    return build(state, ONE, number=number)


def publish_next(state: StateFolder, number: int, value: int = 1, keep: int = 9) -> Publication:
    pass_gate(state, candidate_of(state, number, value))
    return publish(state, keep=keep, started_at=STARTED_AT, bounds=SMALL_BOUNDS)


def publish_now(state: StateFolder) -> Publication:
    return publish(state, keep=9, started_at=STARTED_AT, bounds=SMALL_BOUNDS)


@pytest.fixture
def state(tmp_path: Path) -> StateFolder:
    return make_state(tmp_path, {"facts.fct_a": "select 1 as id", "facts.fct_b": "select 2 as id"})


def test_a_content_that_was_never_checked_is_refused(state: StateFolder) -> None:
    candidate_of(state, 1)
    with pytest.raises(PublicationRefused, match="no calibration result"):
        publish_now(state)
    assert current_publication(state) is None


def test_a_failed_critical_check_is_refused_and_the_last_publication_stays(state: StateFolder) -> None:
    before = publish_next(state, 1)
    pass_gate(state, candidate_of(state, 2, value=5), check("failed"))
    with pytest.raises(PublicationRefused, match=r"kpi\.rate_is_a_share .* observed 3 of 10 rows") as refused:
        publish_now(state)
    assert refused.value.exit_status == 3
    after = current_publication(state)
    assert after is not None
    assert after.run_id == before.run_id


def test_a_failed_warning_is_published_with_the_result(state: StateFolder) -> None:
    pass_gate(state, candidate_of(state, 1), check("failed", severity="warning"))
    assert publish_now(state).manifest["checks"]["failed_warning"] == 1


def test_a_result_without_any_check_is_refused(state: StateFolder) -> None:
    candidate = candidate_of(state, 1)
    store_result(state, replace(passed_result(candidate.content_hash), checks=()))
    with pytest.raises(PublicationRefused, match="not of the planned checks"):
        publish_now(state)


def without_the_warning(result: GateResult) -> GateResult:
    return replace(result, checks=tuple(one for one in result.checks if one.severity == "critical"))


def with_a_critical_check_made_a_warning(result: GateResult) -> GateResult:
    failed = replace(result.checks[0], outcome="failed", severity="warning")
    return replace(result, checks=(failed, *result.checks[1:]))


def with_a_check_twice(result: GateResult) -> GateResult:
    return replace(result, checks=(*result.checks, result.checks[0]))


def with_a_check_of_its_own(result: GateResult) -> GateResult:
    return replace(result, checks=(*result.checks, replace(result.checks[0], check_id="other")))


@pytest.mark.parametrize(
    "forge",
    [
        without_the_warning,
        with_a_critical_check_made_a_warning,
        with_a_check_twice,
        with_a_check_of_its_own,
    ],
)
def test_a_result_that_is_not_of_the_planned_checks_is_refused(
    state: StateFolder, forge: Callable[[GateResult], GateResult]
) -> None:
    candidate = candidate_of(state, 1)
    store_result(state, forge(passed_result(candidate.content_hash)))
    with pytest.raises(PublicationRefused, match="not of the planned checks: kpi") as refused:
        publish_now(state)
    assert refused.value.exit_status == 3


def test_a_result_by_other_bounds_is_refused(state: StateFolder) -> None:
    candidate = candidate_of(state, 1)
    store_result(state, replace(passed_result(candidate.content_hash), bounds_hash="0" * 64))
    with pytest.raises(PublicationRefused, match="bounds have changed since this content was checked"):
        publish_now(state)


def test_what_a_stored_result_says_of_itself_does_not_count(state: StateFolder) -> None:
    candidate = candidate_of(state, 1)
    pass_gate(state, candidate, check("failed"))
    path = result_path(state, candidate.content_hash)
    path.write_text(json.dumps({**json.loads(path.read_text()), "passed": True}))
    with pytest.raises(PublicationRefused, match=r"1 critical expectation\(s\) failed"):
        publish_now(state)


def test_the_result_of_another_content_does_not_count(state: StateFolder) -> None:
    old, new = candidate_of(state, 1), candidate_of(state, 2, value=5)
    pass_gate(state, old)
    stored = json.loads(result_path(state, old.content_hash).read_text())
    with pytest.raises(PublicationRefused, match="no calibration result"):
        publish_now(state)
    # Nor does a copy of it under the new content's name.
    result_path(state, new.content_hash).write_text(json.dumps(stored))
    with pytest.raises(PublicationRefused, match="no calibration result"):
        publish_now(state)


def test_a_candidate_changed_after_its_check_is_refused(state: StateFolder) -> None:
    pass_gate(state, candidate_of(state, 1))
    parquet = state.candidate / "auditor" / "facts.fct_a" / "all.parquet"
    parquet.unlink()
    duckdb.execute(f"copy (select 2 as id) to '{parquet}'")
    with pytest.raises(PublicationRefused, match="not those that the build wrote"):
        publish_now(state)


@pytest.mark.parametrize(
    "name", ["payroll.duckdb", "bi.duckdb", "bi/fct_b.parquet", "payroll/register.xlsx", "auditor.duckdb"]
)
def test_any_file_changed_after_the_check_is_refused_by_name(state: StateFolder, name: str) -> None:
    pass_gate(state, candidate_of(state, 1))
    path = state.candidate / name
    content = path.read_bytes() if path.exists() else b""
    path.unlink(missing_ok=True)
    path.write_bytes(content + b"x")
    with pytest.raises(PublicationRefused, match="not those that the build wrote") as refused:
        publish_now(state)
    assert refused.value.path == path
    assert current_publication(state) is None


def test_a_relation_removed_from_the_candidate_is_refused(state: StateFolder) -> None:
    pass_gate(state, candidate_of(state, 1))
    (state.candidate / "auditor" / "facts.fct_b" / "all.parquet").unlink()
    with pytest.raises(PublicationRefused, match="not those that the build wrote"):
        publish_now(state)


def test_publishing_the_same_candidate_again_changes_nothing(state: StateFolder) -> None:
    first = publish_next(state, 1)
    manifest = (first.folder / "manifest.json").read_bytes()
    assert publish_now(state).run_id == first.run_id
    assert (first.folder / "manifest.json").read_bytes() == manifest


def strip(publication: Publication) -> dict[str, bytes]:
    """Remove all but the manifest, as retention does; returns what there was."""
    found = {
        path.relative_to(publication.folder).as_posix(): path.read_bytes()
        for path in publication.folder.rglob("*")
        if path.is_file()
    }
    for path in publication.folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name != "manifest.json":
            path.unlink()
    return found


def test_a_publication_whose_data_is_gone_is_laid_out_again_as_it_was(state: StateFolder) -> None:
    publish_next(state, 1)
    second = publish_next(state, 2, value=5)
    before = strip(second)
    again = publish_now(state)
    assert again.run_id == second.run_id
    after = {
        path.relative_to(again.folder).as_posix(): path.read_bytes()
        for path in again.folder.rglob("*")
        if path.is_file()
    }
    assert after == before


def test_a_publication_that_cannot_be_laid_out_as_it_was_is_refused(state: StateFolder) -> None:
    done = publish_next(state, 1)
    strip(done)
    manifest = json.loads((done.folder / "manifest.json").read_text())
    manifest["files"]["auditor/facts.fct_b/all.parquet"] = "0" * 64
    (done.folder / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(PublicationRefused, match="cannot be laid out again as it was") as refused:
        publish_now(state)
    assert refused.value.path == done.folder / "auditor" / "facts.fct_b" / "all.parquet"


def test_a_link_that_points_nowhere_is_said_and_the_next_publication_follows_the_newest(
    state: StateFolder,
) -> None:
    first, second = publish_next(state, 1), publish_next(state, 2, value=5)
    shutil.rmtree(second.folder)
    with pytest.raises(MeritlineError, match="which is not there"):
        current_publication(state)
    third = publish_next(state, 3, value=7)
    assert third.manifest["previous"]["run_id"] == first.run_id
    assert current_publication(state) is not None


def test_the_same_run_id_with_other_content_is_refused(state: StateFolder) -> None:
    publish_next(state, 1)
    pass_gate(state, candidate_of(state, 1, value=5))
    with pytest.raises(PublicationRefused, match="other content"):
        publish_now(state)


def test_each_manifest_names_the_hash_of_the_one_before(state: StateFolder) -> None:
    first, second = publish_next(state, 1), publish_next(state, 2, value=5)
    manifest = (first.folder / "manifest.json").read_bytes()
    assert first.manifest["previous"] is None
    assert second.manifest["previous"] == {
        "run_id": first.run_id,
        "manifest_sha256": hashlib.sha256(manifest).hexdigest(),
    }


def test_the_manifest_lists_every_file_with_its_hash(state: StateFolder) -> None:
    done = publish_next(state, 1)
    on_disk = {
        path.relative_to(done.folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in done.folder.rglob("*")
        if path.is_file() and path.name != "manifest.json"
    }
    assert done.manifest["files"] == on_disk
    assert done.manifest["rows"] == {"facts.fct_a": 1, "facts.fct_b": 1, "marts.mart_calibration": 2}
    assert [one["file"] for one in done.manifest["inputs"]] == ["ticket/ticket.csv"]


def test_current_follows_the_newest_and_an_open_reader_keeps_the_old(state: StateFolder) -> None:
    publish_next(state, 1)
    with duckdb.connect(str(state.current / "auditor.duckdb"), read_only=True) as reader:
        second = publish_next(state, 2, value=5)
        assert reader.execute("select id from facts.fct_a").fetchall() == [(1,)]
    assert state.current.resolve() == second.folder
    with duckdb.connect(str(second.folder / "auditor.duckdb"), read_only=True) as reader:
        assert reader.execute("select id from facts.fct_a").fetchall() == [(5,)]


def test_an_unchanged_relation_is_shared_with_the_publication_before(state: StateFolder) -> None:
    first, second = publish_next(state, 1), publish_next(state, 2, value=5)
    inodes = [
        {
            name: (one.folder / "auditor" / f"facts.{name}" / "all.parquet").stat().st_ino
            for name in ("fct_a", "fct_b")
        }
        for one in (first, second)
    ]
    assert inodes[0]["fct_b"] == inodes[1]["fct_b"]
    assert inodes[0]["fct_a"] != inodes[1]["fct_a"]


def test_an_unchanged_month_of_a_changed_relation_is_shared(tmp_path: Path) -> None:
    dated = [relation("facts.fct_a", key=["id"], part_by="happened_on")]
    rows = "select i as id, date '2026-09-15' + cast(i as integer) as happened_on from range({days}) as t(i)"
    state = make_state(tmp_path, {"facts.fct_a": rows.format(days=30)})
    inodes = []
    for number, days in enumerate((30, 31), start=1):
        with duckdb.connect(str(state.warehouse)) as warehouse:
            warehouse.execute(f"create or replace table facts.fct_a as {rows.format(days=days)}")
        pass_gate(state, build(state, dated, number=number))
        folder = publish_now(state).folder / "auditor" / "facts.fct_a"
        inodes.append({path.name: path.stat().st_ino for path in folder.iterdir()})
    first, second = inodes
    assert second["2026-09.parquet"] == first["2026-09.parquet"]
    assert second["2026-10.parquet"] != first["2026-10.parquet"]


def test_what_payroll_has_of_an_unchanged_month_is_shared_not_copied(tmp_path: Path) -> None:
    inodes = []
    for number, latest in enumerate(("10", "20"), start=1):
        state = StateFolder(tmp_path)
        state.warehouse.unlink(missing_ok=True)
        paid = [("A1", "5", "2026-09"), ("A1", latest, "2026-10"), ("A2", "7", "2026-10")]
        tables = paying.tables([paying.line(*one) for one in paid], [paying.person(*one) for one in paid])
        if number == 1:
            make_state(tmp_path, tables)
        else:
            with duckdb.connect(str(state.warehouse)) as warehouse:
                for name, query in tables.items():
                    warehouse.execute(f"create schema if not exists {name.split('.')[0]}")
                    warehouse.execute(f"create table {name} as {query}")
        pass_gate(state, build(state, paying.relations(), number=number))
        folder = publish_now(state).folder / "payroll"
        inodes.append({str(path.relative_to(folder)): path.stat().st_ino for path in folder.rglob("*.*")})
    first, second = inodes
    kept = {name for name in second if second[name] == first[name]}
    # What a colleague is paid is not on the statement of A2.
    assert kept >= {
        "register_2026-09.xlsx",
        "statements/2026-09/A1.html",
        "statements/2026-10/A2.html",
    }
    assert not kept & {"register_2026-10.xlsx", "statements/2026-10/A1.html"}


@pytest.mark.parametrize("target", [None, "000007-2026-10-31"])
def test_a_publication_without_the_link_follows_the_newest_there_is(
    state: StateFolder, target: str | None
) -> None:
    """Without a predecessor it would begin a second chain, which verify would hold against it."""
    publish_next(state, 1)
    second = publish_next(state, 2, 5)
    state.current.unlink()
    if target is not None:
        state.current.symlink_to(target)
    third = publish_next(state, 3, 7)
    assert third.manifest["previous"]["run_id"] == second.run_id
    assert state.current.resolve() == third.folder


def test_a_new_candidate_leaves_the_published_files_alone(state: StateFolder) -> None:
    done = publish_next(state, 1)
    before = (done.folder / "auditor" / "facts.fct_a" / "all.parquet").read_bytes()
    candidate_of(state, 2, value=5)
    assert (done.folder / "auditor" / "facts.fct_a" / "all.parquet").read_bytes() == before


def test_retention_removes_data_but_no_manifest_and_spares_what_is_pinned(state: StateFolder) -> None:
    done = [publish_next(state, number, value=number) for number in range(1, 5)]
    pass_gate(state, candidate_of(state, 5, value=5))
    newest = publish(state, keep=2, started_at="", pinned={done[1].run_id}, bounds=SMALL_BOUNDS)
    kept = {path.name: sorted(one.name for one in path.iterdir()) for path in state.published.glob("0*")}
    whole = [run_id for run_id, names in kept.items() if "auditor.duckdb" in names]
    assert sorted(whole) == [done[1].run_id, done[3].run_id, newest.run_id]
    assert kept[done[0].run_id] == kept[done[2].run_id] == ["manifest.json"]


def test_leftovers_of_a_killed_publication_are_removed(state: StateFolder) -> None:
    leftover = state.published / ".000009-2026-10-31.draft"
    leftover.mkdir()
    publish_next(state, 1)
    assert not leftover.exists()


def test_a_refused_publication_removes_what_a_killed_one_left(state: StateFolder) -> None:
    leftover = state.published / ".000009-2026-10-31.draft"
    leftover.mkdir()
    candidate_of(state, 1)
    with pytest.raises(PublicationRefused):
        publish_now(state)
    assert not leftover.exists()


def test_until_it_is_whole_a_publication_is_its_owners_alone(state: StateFolder) -> None:
    """Whatever the umask: the folder lets nobody in while its files take their modes."""
    seen: list[int] = []

    def look(event: str, arguments: tuple[object, ...]) -> None:
        if watching and event in ("open", "os.rename", "os.chmod", "os.link"):
            seen.extend(path.stat().st_mode & 0o777 for path in state.published.glob(".*.draft"))

    watching = False
    sys.addaudithook(look)
    pass_gate(state, candidate_of(state, 1))
    umask = os.umask(0)
    try:
        watching = True
        published = publish_now(state)
    finally:
        watching = False
        os.umask(umask)
    # Only the last step, the rename, sees it open to the group.
    assert len(seen) > 10
    assert seen[:-1] == [0o700] * (len(seen) - 1)
    assert seen[-1] == 0o750
    assert published.folder.stat().st_mode & 0o777 == 0o750


def test_the_page_of_the_publication_needs_nothing_from_anywhere(state: StateFolder) -> None:
    odd = replace(check("failed", severity="warning"), observed="<script>alert(1)</script>")
    pass_gate(state, candidate_of(state, 1), odd)
    page = (publish_now(state).folder / "calibration.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert "http" not in page
    assert "&lt;script&gt;" in page
    assert "A share cannot leave 0 to 1" in page
    assert "校准报告" in page
