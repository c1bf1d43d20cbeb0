"""verify on a published centre: sound as it is, and every tampering found and named."""

from __future__ import annotations

import hashlib
import json
import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from orchestration.audit.verify.arithmetic import check_arithmetic
from orchestration.audit.verify.catalogue import rows_of
from orchestration.audit.verify.data import ParquetData
from orchestration.audit.verify.findings import Finding, Report
from orchestration.audit.verify.integrity import check_anchors
from orchestration.audit.verify.run import check_integrity, verify_state
from orchestration.audit.verify.views import check_views
from orchestration.cli import run
from orchestration.hashing import file_hash, sealed
from orchestration.state.folder import StateFolder, auditor_parquet
from orchestration.state.record import Recorder
from tests import tampering
from tests.conftest import copy_state
from tests.published_rows import keep_parquet, put_rows
from tests.tampering import FORGERIES, WAYS, Way, change_cell, is_named, link_copy, make_chain, verified

RARE = ("accepted checks", "settled with", "correction =", "export that never came")
"""What only a centre has that corrected settled months, lacks an export, or let a failed check pass."""

SEEDS = range(12)
"""Draws of the everyday run; tests/bench/tampering.py draws a thousand."""


@pytest.fixture(scope="module")
def chain(published_demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three publications in a chain and a settled month. Read it only; `victim` may be written."""
    state = copy_state(published_demo, tmp_path_factory.mktemp("chain") / "state")
    make_chain(state)
    return state.root


@pytest.fixture
def victim(chain: Path, demo_landing: Path, tmp_path: Path) -> tuple[StateFolder, Path]:
    """A copy of the chain and of its landing folder."""
    return StateFolder(link_copy(chain, tmp_path / "state")), link_copy(demo_landing, tmp_path / "landing")


def findings(state: StateFolder, landing: Path) -> list[str]:
    """What the first half of verify finds: everything but arithmetic."""
    report = Report()
    check_integrity(state, landing=landing, report=report, progress=lambda _: None)
    assert report.is_sound == (not report.findings)
    return [str(finding) for finding in report.findings]


def test_what_is_published_is_what_evidence_and_policy_give(
    chain: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also where the state is named through a link."""
    (tmp_path / "link").symlink_to(chain)
    assert run(["--state", str(tmp_path / "link"), "verify"]) == 0
    shown = capsys.readouterr().out
    assert "Everything checked is sound" in shown
    assert "does not read" not in shown, "a check was left out"
    newest = (chain / "published" / "current").resolve()
    assert f"newest manifest: {newest.name} {file_hash(newest / 'manifest.json')}" in shown
    assert "observation = sum of evidence" in shown and "every number follows from its" in shown
    for line in shown.splitlines():
        if line.startswith("ok ") and not any(rare in line for rare in RARE):
            assert ": 0 " not in line, f"checked nothing: {line}"


@pytest.mark.parametrize("way", [way for way, _ in WAYS], ids=lambda way: str(way.__name__))
def test_every_way_of_tampering_is_found_and_named(way: Way, victim: tuple[StateFolder, Path]) -> None:
    state, landing = victim
    done = way(state, landing, random.Random(way.__name__))
    report = verified(done, state, landing)
    assert is_named(done, report), (done, report.findings[:5])


@pytest.mark.parametrize("way", FORGERIES, ids=lambda way: str(way.__name__))
def test_what_fits_every_hash_is_found_and_named(way: Way, victim: tuple[StateFolder, Path]) -> None:
    state, landing = victim
    done = way(state, landing, random.Random(way.__name__))
    report = verified(done, state, landing)
    assert is_named(done, report), (done, [str(finding) for finding in report.findings[:8]])


def test_a_later_night_with_another_policy_leaves_unchecked_what_it_must(
    victim: tuple[StateFolder, Path],
) -> None:
    """A night that failed has put its policy into the state: that is said, the publication's own checked."""
    state, landing = victim
    Recorder(state, "nightly").finish("failed")
    path = state.seeds / "policy" / "component_parameter.csv"
    tampering.replace_text(path, path.read_text(encoding="utf-8") + "\n")
    report = Report()
    check_integrity(state, landing=landing, report=report, progress=lambda _: None)
    assert report.is_sound
    assert any("component_parameter.csv" in text for text in report.not_checked)
    assert any(check.name == "policy hash of the publication" for check in report.checks)


def test_a_settlement_from_before_the_chain_is_named_as_such(victim: tuple[StateFolder, Path]) -> None:
    state, landing = victim
    [path] = (state.root / "settled").glob("*.json")
    record = json.loads(path.read_text(encoding="utf-8"))
    for name in ("number", "previous_settlement_sha256", "run_number", "seal"):
        del record[name]
    text = json.dumps(record, ensure_ascii=False, indent=1)
    seal = hashlib.sha256(text.encode()).hexdigest()
    tampering.replace_text(path, json.dumps({**record, "seal": seal}, ensure_ascii=False, indent=1))
    texts = findings(state, landing)
    assert any(f"settled/{path.name}" in text and "earlier version of meritline" in text for text in texts)


def test_a_tail_cut_off_is_told_by_a_hash_noted_elsewhere(
    victim: tuple[StateFolder, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    state, landing = victim
    words = ["--state", str(state.root), "verify", "--landing", str(landing)]
    newest = state.current.resolve()
    noted = file_hash(newest / "manifest.json")
    [settlement] = (state.root / "settled").glob("*.json")
    also = file_hash(settlement)
    assert run([*words, "--anchor", noted, "--anchor", also]) == 0
    assert f"newest settlement: {settlement.stem} {also}" in capsys.readouterr().out
    settlement.unlink()
    for path in [*(state.raw / "settlement").rglob("2*.parquet"), *state.runs.glob("00000[34].json")]:
        path.unlink()
    shutil.rmtree(newest)
    state.current.unlink()
    state.current.symlink_to(sorted(state.published.glob("0*"))[-1].name)
    assert findings(state, landing) == [], "nothing in the state tells that there was more"
    report = Report()
    check_anchors(state, [noted, file_hash(state.current / "manifest.json"), also], report)
    said = [str(finding) for finding in report.findings]
    assert [noted in said[0], also in said[1], len(said)] == [True, True, 2]


@pytest.mark.parametrize("seed", SEEDS)
def test_tamperings_by_chance_are_found_and_named(seed: int, victim: tuple[StateFolder, Path]) -> None:
    state, landing = victim
    chance = random.Random(seed)
    done = tampering.draw(chance)(state, landing, chance)
    report = verified(done, state, landing)
    assert is_named(done, report), (done, report.findings[:5])


def test_a_finding_ends_with_status_1_and_a_list(
    victim: tuple[StateFolder, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    state, _ = victim
    change_cell(state.current.resolve(), random.Random(3), relation="bonus.bonus_line", column="amount_cny")
    assert run(["--state", str(state.root), "verify"]) == 1
    shown = capsys.readouterr().out
    assert "BAD files of" in shown
    assert "bonus.bonus_line/all.parquet" in shown and "bonus_line_id=" in shown and "amount_cny" in shown


LINKS: list[tuple[str, str, str]] = [
    ("facts.fct_quality_review", "score", "kpi.kpi_observation"),
    ("facts.fct_ticket", "is_reopened", "kpi.kpi_observation"),
    ("kpi.kpi_daily", "numerator", "kpi.kpi_daily"),
    ("kpi.kpi_observation", "numerator", "kpi.kpi_observation"),
    ("kpi.kpi_observation", "value", "kpi.kpi_observation"),
    ("kpi.kpi_group_observation", "value", "kpi.kpi_group_observation"),
    ("score.score_line", "points", "score.score_line"),
    ("score.score_line", "effective_weight", "score.score_line"),
    ("score.score", "total_score", "score.score"),
    ("grade.grade", "grade", "grade.grade"),
    ("grade.grade", "rank", "grade.grade"),
    ("bonus.bonus_line_computed", "quantity", "bonus.bonus_line_computed"),
    ("bonus.bonus_line_computed", "rate", "bonus.bonus_line_computed"),
    ("bonus.bonus_line", "amount_cny", "bonus.bonus_line"),
    ("bonus.bonus", "amount_cny", "bonus.bonus"),
    ("marts.mart_bonus_register", "amount_cny", "marts.mart_bonus_register"),
    ("policy.policy_grade_band", "min_score", "policy.policy_grade_band"),
]
"""A number changed, and the relation in which arithmetic alone must notice it."""


@pytest.mark.parametrize(("relation", "column", "noticed_in"), LINKS)
def test_arithmetic_alone_notices_every_number_of_the_chain(
    victim: tuple[StateFolder, Path], relation: str, column: str, noticed_in: str
) -> None:
    """Even where every hash has been forged to fit."""
    folder = victim[0].current.resolve()
    _change_all(folder, relation, column)
    report = Report()
    check_arithmetic(ParquetData(folder), report)
    assert any(noticed_in in finding.place for finding in report.findings), report.findings[:5]


def _change_all(folder: Path, relation: str, column: str, new: str = "") -> None:
    """Change a column in every row, so that the change is sure to matter."""
    path = auditor_parquet(folder, relation)
    with duckdb.connect() as database:
        kind = next(
            str(kind)
            for name, kind, *_ in database.execute(f"describe from read_parquet('{path}')").fetchall()
            if name == column
        )
        new = new or {"BOOLEAN": f"not {column}", "VARCHAR": f"{column} || 'x'"}.get(kind, f"{column} + 1")
    put_rows(folder, relation, f"select * replace (cast({new} as {kind}) as {column}) from {{rows}}")


def test_a_forged_manifest_breaks_the_chain(victim: tuple[StateFolder, Path]) -> None:
    """A manifest sealed anew is still not the one that the next publication followed."""
    state, landing = victim
    folder = sorted(path for path in state.published.glob("0*") if path.is_dir())[0]
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    del manifest["seal"]
    manifest["as_of"] = "2026-10-30"
    tampering.replace_text(folder / "manifest.json", sealed(manifest))
    texts = findings(state, landing)
    assert any(folder.name in text and "is not the manifest that" in text for text in texts)


def test_a_chain_with_a_second_beginning_is_named(victim: tuple[StateFolder, Path]) -> None:
    state, landing = victim
    folder = sorted(path for path in state.published.glob("0*") if path.is_dir())[1]
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    del manifest["seal"]
    manifest["previous"] = None
    tampering.replace_text(folder / "manifest.json", sealed(manifest))
    assert any("no predecessor" in text for text in findings(state, landing))


def test_what_cannot_be_checked_is_said(victim: tuple[StateFolder, Path]) -> None:
    state, landing = victim
    (landing / "crm" / "lead.csv").unlink()
    report = verify_state(state, landing=landing, progress=lambda _: None)
    assert report.is_sound
    assert any("crm/lead.csv" in text for text in report.not_checked)
    gone = verify_state(state, landing=landing / "nowhere", progress=lambda _: None)
    assert any("input files" in text and "not there" in text for text in gone.not_checked)


def test_retention_is_no_tampering_but_a_gap_is(victim: tuple[StateFolder, Path]) -> None:
    state, landing = victim
    folders = sorted(path for path in state.published.glob("0*") if path.is_dir())
    _empty(folders[0])
    report = verify_state(state, landing=landing, progress=lambda _: None)
    assert report.is_sound and any("retention" in text for text in report.not_checked)


def test_data_gone_after_a_publication_that_has_its_own_is_named(victim: tuple[StateFolder, Path]) -> None:
    state, landing = victim
    folders = sorted(path for path in state.published.glob("0*") if path.is_dir())
    _empty(folders[1])
    assert any(folders[1].name in text and "is missing" in text for text in findings(state, landing))


def _empty(folder: Path) -> None:
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir():
            path.rmdir()
        elif path.name != "manifest.json":
            path.unlink()


def test_a_file_that_does_not_read_is_named_and_stops_nothing(victim: tuple[StateFolder, Path]) -> None:
    state, landing = victim
    path = state.current.resolve() / "auditor" / "score.score" / "all.parquet"
    tampering.replace_bytes(path, b"PAR1 this is no parquet PAR1")
    texts = findings(state, landing)
    assert any("score.score/all.parquet" in text and "was changed" in text for text in texts)
    report = verify_state(state, landing=landing, progress=lambda _: None)
    assert any(check.name.startswith("observation") and check.wrong == 0 for check in report.checks)
    assert any("score.score" in text for text in report.not_checked)


@pytest.mark.parametrize("column", ["relation", "model", "position", "column_name"])
def test_a_key_without_a_name_or_place_is_a_finding_and_no_crash(
    column: str, victim: tuple[StateFolder, Path]
) -> None:
    """The keys are what checks are made of."""
    state, landing = victim
    folder = state.current.resolve() / "auditor" / "audit.relation_key"
    with duckdb.connect() as database:
        tampering.rewrite(
            database,
            folder / "all.parquet",
            f"select * replace (case when file_row_number % 7 > 0 then {column} end as {column}) "
            "from {source} order by file_row_number",
        )
    texts = findings(state, landing)
    assert any("audit.relation_key" in text for text in texts)
    report = Report()
    check_arithmetic(ParquetData(folder.parent.parent), report)
    assert not report.is_sound


def test_many_findings_are_counted_not_all_listed() -> None:
    report = Report()
    report.add("rows", 100, "rows", [Finding("file", f"row {number}") for number in range(100)])
    assert report.checks[0].wrong == 100
    assert len(report.findings) == 21 and "80 more" in str(report.findings[-1])


@pytest.fixture
def changed_evidence(victim: tuple[StateFolder, Path]) -> Callable[[str], list[str]]:
    """Findings after an update of the published evidence."""
    folder = victim[0].current.resolve()
    keep_parquet(folder)

    def change(update: str) -> list[str]:
        path = auditor_parquet(folder, "kpi.kpi_evidence")
        with duckdb.connect() as database:
            database.execute(f"create table evidence as from read_parquet('{path}')")
            database.execute(f"update evidence set {update}")
            database.execute(f"copy (from evidence order by rowid) to '{path.with_name('all.parquet')}'")
        report = Report()
        check_arithmetic(ParquetData(folder), report)
        return [str(finding) for finding in report.findings]

    return change


@pytest.mark.parametrize(
    ("update", "said"),
    [
        (
            "exclusion_reason = null where rowid = (select min(rowid) from evidence where not is_counted)",
            "contradict",
        ),
        ("evidence_key = 'nowhere' where rowid = 17", "leads to no export line"),
        ("month_id = '1999-01' where rowid = 17", "stands in month 1999-01"),
        (
            "is_counted = false, exclusion_reason = 'ruling', ruling_id = null where rowid = 17",
            "ruling that it does not name",
        ),
        ("ruling_id = 'nobody decided' where rowid = 17", "ruling that is not there"),
        ("team_id = 'elsewhere' where rowid = 17", "credited otherwise than the job history"),
    ],
)
def test_evidence_that_contradicts_itself_is_named(
    changed_evidence: Callable[[str], list[str]], update: str, said: str
) -> None:
    assert any(said in text and "kpi.kpi_evidence" in text for text in changed_evidence(update))


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        (
            "create or replace view audit.source_row as select * from facts.fct_load limit 0",
            "has another view",
        ),
        ("drop view audit.source_row", "lacks the view of auditor/audit.source_row.sql"),
        ("create view audit.more as select 1 as one", "has another view"),
    ],
)
def test_a_view_that_is_not_of_the_sql_beside_it_is_named(
    victim: tuple[StateFolder, Path], statement: str, said: str
) -> None:
    folder = victim[0].current.resolve()
    path = folder / "auditor.duckdb"
    tampering.replace_bytes(path, path.read_bytes())
    with duckdb.connect(str(path)) as database:
        database.execute(statement)
    report = Report()
    check_views(folder, report)
    [finding] = report.findings
    assert said in finding.problem and finding.row.startswith("audit.")


def _no_auditors_files(folder: Path) -> None:
    shutil.rmtree(folder / "auditor")


def _a_file_beside_the_folders(folder: Path) -> None:
    (folder / "auditor" / "x.parquet").write_bytes(b"")


def _a_view_that_is_no_text(folder: Path) -> None:
    path = folder / "auditor" / "kpi.kpi_evidence.sql"
    tampering.replace_bytes(path, path.read_bytes() + b"\xff")


def _a_register_line_of_no_period(folder: Path) -> None:
    put_rows(folder, "marts.mart_bonus_register", "select * replace (null::varchar as period_id) from {rows}")


def _a_part_of_another_form(folder: Path) -> None:
    [*_, path] = sorted((folder / "auditor" / "facts.fct_ticket").iterdir())
    with duckdb.connect() as database:
        rows = f"select * replace (cast(handle_seconds as decimal(18, 1)) as handle_seconds) from '{path}'"
        database.execute(f"create table part as {rows}")
        path.unlink()
        database.execute(f"copy part to '{path}' (format parquet)")


@pytest.mark.parametrize(
    ("damage", "place", "problem"),
    [
        (_no_auditors_files, "auditor/bonus.bonus/all.parquet", "is missing"),
        (_a_file_beside_the_folders, "auditor/x.parquet", "is not in the manifest"),
        (_a_view_that_is_no_text, "auditor/kpi.kpi_evidence.sql", "is not one SELECT"),
        (_a_register_line_of_no_period, "payroll/register_None.xlsx", "is missing"),
        (_a_part_of_another_form, "auditor/facts.fct_ticket/", "has other columns or types"),
    ],
)
def test_whatever_lies_there_is_a_finding_and_no_crash(
    damage: Callable[[Path], None], place: str, problem: str, victim: tuple[StateFolder, Path]
) -> None:
    state, landing = victim
    damage(state.current.resolve())
    texts = findings(state, landing)
    assert any(place in text and problem in text for text in texts), texts[:10]


@pytest.mark.parametrize(
    "more",
    ["; copy (select 1) to '{target}'", ") as one; copy (select 1) to '{target}'; select * from (select 1"],
    ids=["a_second_statement", "out_of_its_brackets"],
)
def test_a_view_with_a_statement_more_is_named_and_not_run(
    more: str, victim: tuple[StateFolder, Path], tmp_path: Path
) -> None:
    state, landing = victim
    folder, target = state.current.resolve(), tmp_path / "written"
    path = folder / "auditor" / "kpi.kpi_evidence.sql"
    tampering.replace_text(path, path.read_text(encoding="utf-8").rstrip() + more.format(target=target))
    tampering._reseal(state, folder)
    texts = findings(state, landing)
    assert any("auditor/kpi.kpi_evidence.sql" in text and "is not one SELECT" in text for text in texts)
    assert not target.exists()


def test_verify_recomputes_nothing() -> None:
    """What it checks a number by is stated in the publication, not written a second time in Python."""
    code = "import sys, orchestration.audit.verify.run; print([m for m in sys.modules if 'recompute' in m])"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"


def test_sums_beyond_machine_integers_stay_exact(tmp_path: Path) -> None:
    """Eleven numerators of eighteen digits are more than 64 bits hold."""
    folder = tmp_path / "auditor"
    folder.mkdir()
    relations = {
        "audit.relation_key": "select 'kpi.kpi_observation' as relation, 'kpi_observation' as model, "
        "unnest([1, 2, 3]) as position, unnest(['agent_id', 'period_id', 'kpi_id']) as column_name",
        "kpi.kpi_evidence": "select 'A' as agent_id, '2026-10' as month_id, 'big' as kpi_id, "
        "cast(999999999999.999999 as decimal(18, 6)) as numerator, 1 as denominator, true as is_counted, "
        "cast(null as varchar) as exclusion_reason from range(11)",
        "facts.dim_period_month": "select '2026-10' as month_id, '2026-10' as period_id",
        "facts.dim_agent_period": "select 'A' as agent_id, '2026-10' as period_id",
        "facts.dim_period": "select '2026-10' as period_id, true as has_ended",
        "policy.policy_kpi_period": "select '2026-10' as period_id, 'big' as kpi_id, 'ratio' as aggregation",
        "policy.policy_absent_export": "select '' as period_id, '' as subject_kind, '' as subject_id",
        "kpi.kpi_observation": "select 'A' as agent_id, '2026-10' as period_id, 'big' as kpi_id, "
        "cast(10999999999999.999989 as decimal(24, 6)) as numerator, 11 as denominator, "
        "cast(999999999999.999999 as decimal(24, 6)) as value, 0 as set_aside_count, 0 as pending_count, "
        "'final' as maturity",
    }
    for name, rows in relations.items():
        put_rows(tmp_path, name, rows)
    [observation] = [rows for rows in rows_of("rows") if rows.relation == "kpi.kpi_observation"]
    assert observation.check(ParquetData(tmp_path)) == (1, "rows", [])
    _change_all(tmp_path, "kpi.kpi_observation", "numerator", "numerator + 0.000001")
    [finding] = observation.check(ParquetData(tmp_path))[2]
    assert finding.problem == "published 10999999999999.999990, what it rests on gives 10999999999999.999989"
