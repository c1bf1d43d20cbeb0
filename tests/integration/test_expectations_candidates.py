"""Calibration of real candidates: clean centres pass, and each expectation is tripped by its bad fixture.

The good candidates come from whole nights over generated centres, the bad ones from
`fixtures/bad_candidates.yml`: one change to a copy of the good audit file per expectation. A share is of what
its bound says: rows without a value stay in the denominator, or the bound says that they do not.
"""

from __future__ import annotations

import json
import re
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from expectations.checks import Check, read_checks
from expectations.gate import validate
from orchestration.gate.page import render_page
from orchestration.gate.result import CheckResult, read_result
from orchestration.publish.publication import Publication, current_publication
from orchestration.settings import BOUNDS_DIR
from orchestration.state.folder import StateFolder
from tests.bench.clean_seeds import SeedReport, run_seed

SEEDS = (1, 2)
"""`tests/bench/clean_seeds.py` runs twenty."""
GOOD = SEEDS[0]
FIXTURES = Path(__file__).parent.parent / "fixtures" / "bad_candidates.yml"
BAD: Mapping[str, str] = {
    f"{suite}.{check_id}": sql
    for suite, checks in yaml.safe_load(FIXTURES.read_text(encoding="utf-8")).items()
    for check_id, sql in checks.items()
}
UNJUDGED = frozenset({"bonus.adjustments_have_a_base"})
"""What the good candidate has nothing of: no settled period, so no adjustment."""
FAULTY = frozenset({"facts.rulings_do_something", "grade.cut_offs_stand_apart"})
"""What the generated centre has by design: a ruling on a row that no export holds, people nearly alike."""
PLANNED: Mapping[str, Check] = {f"{one.suite}.{one.check_id}": one for one in read_checks(BOUNDS_DIR)}

SHARES_FIXTURE = FIXTURES.parent / "shares.yml"
SHARES: Mapping[str, Mapping[str, str]] = yaml.safe_load(SHARES_FIXTURE.read_text(encoding="utf-8"))
"""By measured column: what is taken away, and the share a second time as plain SQL."""
OF_MONEY = frozenset({"budget_share", "performance_share", "award_share", "adjusted_share"})
"""Parts of a sum: no row is counted."""
OF_ROWS = {name: one for name, one in PLANNED.items() if one.bound.limits.mostly is not None}

HONEST: Mapping[str, Mapping[str, Any]] = yaml.safe_load(
    (FIXTURES.parent / "honest_candidates.yml").read_text(encoding="utf-8")
)
"""What a sound centre may look like: SQL on the good candidate, and the suites or checks that must hold."""


@pytest.fixture(scope="session")
def centres(tmp_path_factory: pytest.TempPathFactory) -> Mapping[int, tuple[SeedReport, StateFolder]]:
    """The night of each seed: what was checked, and the state folder. Read it only."""
    found = {}
    for seed in SEEDS:
        folder = tmp_path_factory.mktemp(f"seed_{seed}")
        found[seed] = (run_seed(seed, folder), StateFolder(folder / "state"))
    return found


@pytest.fixture(scope="session")
def good(centres: Mapping[int, tuple[SeedReport, StateFolder]]) -> Path:
    """The audit file of a good candidate. Read it only."""
    return centres[GOOD][1].candidate / "auditor.duckdb"


@pytest.fixture(scope="session")
def judged(good: Path) -> Mapping[str, CheckResult]:
    """What every expectation says of the good candidate, by its name."""
    return dict(zip(PLANNED, validate(good, list(PLANNED.values())), strict=True))


@pytest.fixture(scope="session")
def publication(centres: Mapping[int, tuple[SeedReport, StateFolder]]) -> Publication:
    found = current_publication(centres[GOOD][1])
    assert found is not None
    return found


@pytest.fixture(scope="session")
def people(good: Path) -> frozenset[str]:
    """Ids and names of everybody in the good candidate, customers too."""
    with opened(good) as database:
        rows = database.execute(
            "select agent_id from facts.dim_agent union select agent_name from facts.dim_agent "
            "union select customer_id from facts.fct_ticket"
        ).fetchall()
    return frozenset(str(row[0]) for row in rows if row[0])


@contextmanager
def opened(path: Path, mode: str = "read_only") -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB file whose schemas are named as in the contract, whatever the file is called."""
    with duckdb.connect() as database:
        database.execute(f"attach '{path}' as one ({mode})")
        database.execute("use one")
        yield database


def spoiled(good: Path, sql: str, folder: Path) -> Path:
    """A copy of the good candidate with `sql` done to it."""
    path = folder / "bad.duckdb"
    shutil.copyfile(good, path)
    with opened(path, "read_write") as database:
        database.execute(sql)
    return path


@pytest.mark.parametrize("seed", SEEDS)
def test_a_clean_centre_trips_no_critical_expectation(
    centres: Mapping[int, tuple[SeedReport, StateFolder]], seed: int
) -> None:
    report, state = centres[seed]
    assert report.failed("critical") == []
    assert len(report.checks) == len(PLANNED)
    assert current_publication(state) is not None


def test_there_are_at_least_sixty_expectations_and_each_has_its_bad_fixture() -> None:
    assert sorted(BAD) == sorted(PLANNED)
    assert len(BAD) >= 60


@pytest.mark.parametrize("name", sorted(BAD))
def test_the_bad_fixture_trips_its_expectation(
    good: Path, judged: Mapping[str, CheckResult], people: frozenset[str], tmp_path: Path, name: str
) -> None:
    planned, before = PLANNED[name], judged[name]
    expected = "not_judged" if name in UNJUDGED else "failed" if name in FAULTY else "passed"
    assert before.outcome == expected, before.error or before.observed
    (after,) = validate(spoiled(good, BAD[name], tmp_path), [planned])
    assert after.outcome == "failed"
    assert after.error is None, "it ran, and what it saw is out of bounds"
    assert after.observed != before.observed
    assert_nobody_is_named(after, people)


def test_cut_offs_stand_apart_where_a_row_is_worth_little(good: Path, tmp_path: Path) -> None:
    little = "update marts.mart_grade_margin set row_points_up = 0.0001, row_points_down = 0.0001"
    (check,) = validate(spoiled(good, little, tmp_path), [PLANNED["grade.cut_offs_stand_apart"]])
    assert check.outcome == "passed", check.error or check.observed


@pytest.mark.parametrize("name", sorted(HONEST))
def test_an_honest_candidate_trips_no_critical_expectation(good: Path, tmp_path: Path, name: str) -> None:
    case = HONEST[name]
    planned = [one for key, one in PLANNED.items() if key in case["holds"] or one.suite in case["holds"]]
    checks = validate(spoiled(good, case["sql"], tmp_path), planned)
    failed = [check for check in checks if check.outcome == "failed" and check.severity == "critical"]
    assert [(check.name, check.error or check.observed) for check in failed] == []


def assert_nobody_is_named(check: CheckResult, people: frozenset[str]) -> None:
    assert not people.intersection(re.findall(r"[^\s,()]+", check.observed))


def test_all_suites_together_take_a_few_seconds(good: Path) -> None:
    validate(good, list(PLANNED.values())[:1])
    began = time.process_time()
    checks = validate(good, list(PLANNED.values()))
    assert time.process_time() - began < 10
    assert [check.check_id for check in checks] == [one.check_id for one in PLANNED.values()]


def emptied(good: Path, folder: Path) -> Path:
    """A copy of the good candidate whose relations are all there and have no row, but for the run's own."""
    with opened(good) as database:
        names = database.execute(
            "select schema_name || '.' || table_name from duckdb_tables() where database_name = 'one'"
        ).fetchall()
    kept = {"facts.dim_run_context"}
    return spoiled(good, "; ".join(f"delete from {name}" for (name,) in names if name not in kept), folder)


def test_without_a_row_nothing_passes_and_each_check_says_what_it_needs(good: Path, tmp_path: Path) -> None:
    checks = validate(emptied(good, tmp_path), list(PLANNED.values()))
    failed = {check.name for check in checks if check.outcome == "failed"}
    assert failed == {"raw.loads_exist", "kpi.observations_exist", "kpi.evidence_exists"}
    others = [check for check in checks if check.name not in failed]
    assert {check.outcome for check in others} == {"not_judged"}
    assert all(check.reason_en and check.reason_zh and check.error is None for check in others)


def test_every_share_that_a_bound_holds_is_tried() -> None:
    columns = {str(one.bound.column) for one in PLANNED.values() if one.measure}
    columns = {column for column in columns if column.endswith("_share")}
    assert columns - OF_MONEY == set(SHARES)


@pytest.mark.parametrize("column", sorted(SHARES))
def test_a_measured_share_is_what_its_label_says_where_values_are_missing(
    good: Path, tmp_path: Path, column: str
) -> None:
    case = SHARES[column]
    sql = next(one.measure.sql for one in PLANNED.values() if one.measure and one.bound.column == column)
    with opened(spoiled(good, case["spoil"], tmp_path)) as database:
        [expected] = database.execute(case["share"]).fetchone() or [None]
        measured = database.execute(
            f"select {column} from ({sql}) where subject = $subject", {"subject": case["subject"]}
        ).fetchone()
    assert measured is not None and measured[0] is not None, "judged"
    assert float(measured[0]) == pytest.approx(float(expected), abs=1e-9)
    assert 0 < float(expected) < 1


@pytest.mark.parametrize("name", sorted(OF_ROWS))
def test_a_share_of_rows_names_the_columns_that_a_row_must_have(
    good: Path, judged: Mapping[str, CheckResult], tmp_path: Path, name: str
) -> None:
    one, before = OF_ROWS[name], judged[name]
    column, relation = one.bound.looked_at()[0], one.bound.relation
    emptied = spoiled(
        good,
        f"insert into {relation} select * replace (null as {column}) from {relation} using sample 50%",
        tmp_path,
    )
    (after,) = validate(emptied, [one])
    assert after.observed == before.observed, "rows without a value are not among those looked at"
    for part in (after.bound, after.observed):
        assert all(other in part for other in one.bound.looked_at()), (
            "which the bound and the observation say"
        )


def test_three_true_one_false_and_one_empty_are_three_of_four_rows_with_a_value(tmp_path: Path) -> None:
    path = tmp_path / "five.duckdb"
    with duckdb.connect(str(path)) as database:
        database.execute(
            "create schema bonus; create table bonus.bonus as "
            "select * from (values (1.0), (1.0), (1.0), (-1.0), (null)) as five (amount_cny)"
        )
    (check,) = validate(path, [PLANNED["bonus.totals_not_negative"]])
    assert check.observed == "1 of 4 rows with amount_cny (25.00%)"
    assert check.bound == "≥ 0 for at least 99.0% of the rows with amount_cny"


def test_a_relation_that_is_gone_fails_its_checks_and_only_those(good: Path, tmp_path: Path) -> None:
    names = ["kpi.observations_exist", "kpi.coverage_fell", "kpi.idle_agents"]
    path = spoiled(good, "drop table kpi.kpi_observation", tmp_path)
    table, measure, other = validate(path, [PLANNED[name] for name in names])
    assert (table.is_passed, table.error) == (False, "the relation is not in the candidate")
    assert not measure.is_passed
    assert "kpi_observation does not exist" in str(measure.error)
    assert (other.is_passed, other.error) == (True, None)


def test_a_column_that_is_gone_fails_the_check_that_reads_it(good: Path, tmp_path: Path) -> None:
    path = spoiled(good, "alter table score.score_line drop column points", tmp_path)
    names = ["score.points_within_curve", "score.weights_within_0_and_1"]
    points, weights = validate(path, [PLANNED[name] for name in names])
    assert (points.is_passed, points.error) == (False, 'The column "points" in BatchData does not exist')
    assert weights.is_passed


def test_why_a_check_could_not_run_quotes_no_value_of_a_row(good: Path, tmp_path: Path) -> None:
    path = spoiled(
        good,
        """
        alter table kpi.kpi_observation alter column value type varchar;
        update kpi.kpi_observation set value = 'li.wei@example.com'
        """,
        tmp_path,
    )
    (check,) = validate(path, [PLANNED["kpi.median_shift"]])
    assert not check.is_passed
    assert check.error == "Conversion Error; the rest is withheld, it may quote a value"


def test_the_same_candidate_can_be_checked_again_and_written_afterwards(good: Path, tmp_path: Path) -> None:
    path = spoiled(good, "select 1", tmp_path)
    names = ["kpi.observations_exist", "grade.order_is_kept"]
    first = validate(path, [PLANNED[name] for name in names])
    assert validate(path, [PLANNED[name] for name in names]) == first
    with opened(path, "read_write") as database:
        database.execute("delete from kpi.kpi_observation")
    assert not validate(path, [PLANNED[names[0]]])[0].is_passed


def test_the_mart_shows_every_expectation_in_audit_and_bi(
    publication: Publication, centres: Mapping[int, tuple[SeedReport, StateFolder]]
) -> None:
    result = read_result(centres[GOOD][1], publication.manifest["content_hash"])
    assert result is not None
    names = [
        "suite",
        "check_id",
        "relation",
        "severity",
        "outcome",
        "is_passed",
        "observed",
        "bound",
        "since",
        "why",
        "cure",
        "reason_en",
        "reason_zh",
    ]
    expected = sorted(tuple(getattr(check, name) for name in names) for check in result.checks)
    columns = ", ".join(names).replace("since", "since::varchar")
    for audience in ("auditor", "bi"):
        with opened(publication.folder / f"{audience}.duckdb") as database:
            rows = database.execute(f"select {columns} from marts.mart_calibration").fetchall()
        assert sorted(rows) == expected
    for name in ("auditor/marts.mart_calibration/all.parquet", "bi/mart_calibration.parquet"):
        rows = duckdb.sql(f"select {columns} from '{publication.folder / name}'").fetchall()
        assert rows == expected, "in the order of suite and check"
        assert publication.manifest["files"][name]
    assert publication.manifest["rows"]["marts.mart_calibration"] == len(PLANNED)
    assert not (publication.folder / "payroll" / "mart_calibration.parquet").exists()


def test_the_candidate_stays_as_it_was_checked(
    publication: Publication, centres: Mapping[int, tuple[SeedReport, StateFolder]]
) -> None:
    candidate = centres[GOOD][1].candidate
    with opened(candidate / "auditor.duckdb") as database:
        tables = database.execute("select table_name from duckdb_tables()").fetchall()
    assert ("mart_calibration",) not in tables
    assert not (candidate / "auditor" / "marts.mart_calibration" / "all.parquet").exists()


def test_results_name_nobody(
    publication: Publication,
    people: frozenset[str],
    centres: Mapping[int, tuple[SeedReport, StateFolder]],
) -> None:
    for check in centres[GOOD][0].checks:
        assert_nobody_is_named(check, people)
    with opened(publication.folder / "auditor.duckdb") as database:
        rows = database.execute(
            "select amount_cny from bonus.bonus union select amount_cny from bonus.bonus_line"
        )
        amounts = {str(row[0]) for row in rows.fetchall()}
    shown = {check.observed for check in centres[GOOD][0].checks if check.suite == "bonus"}
    assert not {word for text in shown for word in text.split()} & (amounts - {"0.00"})


def test_the_page_needs_nothing_from_outside_and_shows_everything(
    publication: Publication, centres: Mapping[int, tuple[SeedReport, StateFolder]]
) -> None:
    page = (publication.folder / "calibration.html").read_text(encoding="utf-8")
    assert not re.search(r"https?:|//|<script|<link|<img|url\(|@import", page.removeprefix("<!doctype html>"))
    for check in centres[GOOD][0].checks:
        assert f"{check.suite}.{check.check_id}" in page
        assert check.label_zh in page


def test_a_failed_check_comes_first_on_the_page(
    good: Path, tmp_path: Path, centres: Mapping[int, tuple[SeedReport, StateFolder]]
) -> None:
    state = centres[GOOD][1]
    stored: Any = read_result(
        state, json.loads((state.candidate / "candidate.json").read_text())["content_hash"]
    )
    name = "grade.order_is_kept"
    (bad,) = validate(spoiled(good, BAD[name], tmp_path), [PLANNED[name]])
    checks = tuple(bad if check.check_id == bad.check_id else check for check in stored.checks)
    page = render_page(replace(stored, checks=checks), run_id="000001-2026-10-31", as_of="2026-10-31")
    assert "refused" in page
    assert page.index("需要关注") < page.index(name) < page.index('id="raw"')
