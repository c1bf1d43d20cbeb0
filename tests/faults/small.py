"""A publication so small that a hundred of them take seconds: two relations that carry one number each."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import duckdb

from expectations.own_bounds import plan_in_force
from orchestration.gate.result import CheckResult, GateResult, store_result
from orchestration.publish.candidate import Candidate, build_candidate
from orchestration.publish.publication import Publication, publish
from orchestration.settings import PROJECT_ROOT
from orchestration.state.folder import StateFolder, replace_folder
from orchestration.warehouse.manifest import Relation

RELATIONS = [
    Relation("facts", "fct_a", ("id",), frozenset(), "model.meritline.fct_a"),
    Relation("marts", "mart_b", ("id",), frozenset({"bi"}), "model.meritline.mart_b"),
    Relation("marts", "mart_c", ("id",), frozenset({"bi", "payroll"}), "model.meritline.mart_c"),
]
ROWS = 2000
CONTENTS = 4
"""Contents that publications take turns with: publication n has the content of the number n modulo this."""
STARTED_AT = "2026-11-01T00:00:00+00:00"
SMALL_BOUNDS = PROJECT_ROOT / "tests" / "fixtures" / "small_bounds"


def passed_result(content_hash: str, *others: CheckResult) -> GateResult:
    """A result of every check of the small bounds, all passed; `others` take the place of their own."""
    plan, given = plan_in_force(SMALL_BOUNDS), {(one.suite, one.check_id): one for one in others}
    checks = [
        given.pop((suite, check_id), None)
        or CheckResult(
            suite=suite,
            check_id=check_id,
            relation="facts.fct_a",
            expectation="ExpectColumnValuesToBeBetween",
            severity=severity,
            outcome="passed",
            observed="0 of 10 rows",
            bound="≤ 1",
            since="2026-11-01",
            why="A share cannot leave 0 to 1",
        )
        for (suite, check_id), severity in plan.severities.items()
    ]
    return GateResult((*checks, *given.values()), content_hash=content_hash, bounds_hash=plan.bounds_hash)


def small_state(folder: Path) -> StateFolder:
    """A state folder with what a candidate is built from."""
    state = StateFolder(folder)
    state.prepare()
    for name, query in (
        ("context", "select date '2026-10-31' as as_of_on"),
        ("load_file", "select 'a.csv' as file, 'ab' as sha256, 1::bigint as byte_count, 'loaded' as status"),
    ):
        target = state.raw / "run" / name
        target.mkdir(parents=True)
        duckdb.execute(f"copy ({query}) to '{target / name}.parquet'")
    return state


def small_candidate(state: StateFolder, number: int) -> Candidate:
    """A candidate, checked and passed, whose every row carries `number`."""
    state.warehouse.unlink(missing_ok=True)
    with duckdb.connect(str(state.warehouse)) as warehouse:
        for relation in RELATIONS:
            warehouse.execute(f"create schema if not exists {relation.schema}")
            warehouse.execute(
                f"create table {relation.full_name} as "
                f"select i as id, {number} as number from range({ROWS}) as t(i)"
            )
    candidate = build_candidate(
        state, RELATIONS, number=number, code_hash="c", policy_hash="p", progress=lambda _: None
    )
    store_result(state, passed_result(candidate.content_hash))
    return candidate


def prepared_candidates(state: StateFolder, count: int) -> list[Path]:
    """Copies of the candidates of the numbers 0 to `count` - 1, each checked and passed."""
    kept = []
    for number in range(count):
        small_candidate(state, number)
        kept.append(Path(shutil.copytree(state.candidate, state.root.with_name(f"candidate_{number}"))))
    return kept


def place(state: StateFolder, candidate: Path, run: int) -> None:
    """Put a prepared candidate in place as that of run `run`."""
    draft = state.root / ".candidate.new"
    shutil.rmtree(draft, ignore_errors=True)
    shutil.copytree(candidate, draft)
    note = draft / "candidate.json"
    said = json.loads(note.read_text(encoding="utf-8"))
    note.write_text(json.dumps({**said, "run_id": f"{run:06d}-{said['as_of']}"}), encoding="utf-8")
    replace_folder(draft, state.candidate)


def publish_placed(state: StateFolder, keep: int = 10) -> Publication:
    """All that a night does after its checks."""
    return publish(state, keep=keep, started_at=STARTED_AT, bounds=SMALL_BOUNDS)


def publish_prepared(state: StateFolder, candidate: Path, run: int) -> Publication:
    """Publish a prepared candidate as that of run `run`."""
    place(state, candidate, run)
    return publish_placed(state)
