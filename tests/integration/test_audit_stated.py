"""The calculation as it states itself: sound on a published centre, and alone enough to notice a forgery.

Hashes are not looked at here: whoever forged them too is found by arithmetic.
"""

from __future__ import annotations

import csv
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from orchestration.audit.calculation.evaluate import OPERATIONS
from orchestration.audit.verify import catalogue
from orchestration.audit.verify.data import ParquetData
from orchestration.audit.verify.rows import Checked, check_together
from orchestration.audit.verify.stated import NODES, OPERANDS, check_cells, check_numbers
from orchestration.settings import POLICY_DIR, PROJECT_ROOT
from orchestration.state.folder import auditor_parquet, place_of
from tests.published_rows import put_rows

KNOWS_NO_NAME = PROJECT_ROOT / "orchestration" / "audit"

ALSO_OTHER_WORDS = {"scored", "points"}
"""A status of a score that waits for nothing, and a unit; mechanisms are called so too."""


@pytest.fixture
def folder(published_demo: Path, tmp_path: Path) -> Path:
    """A copy of a publication's relations by hard links: files are replaced, never written into."""
    target = tmp_path / "publication"
    shutil.copytree(
        published_demo / "published" / "current" / "auditor", target / "auditor", copy_function=os.link
    )
    return target


def check_whole(data: ParquetData) -> Checked:
    """Everything due is there, and no number stands alone."""
    looked_at, unit, findings = check_together(data, catalogue.all_due())
    [alone] = [one for one in catalogue.all_faults() if one.what == "every number is part of another"]
    return looked_at, unit, [*findings, *alone.check(data)[2]]


def forge(folder: Path, relation: str, rows: str) -> int:
    """Put the rows of a query over the relation in its place; returns how many rows it changed or dropped."""
    path = auditor_parquet(folder, relation)
    with duckdb.connect() as database:
        database.execute(f"create table before as from read_parquet('{path}')")
        put_rows(folder, relation, rows)
        [changed] = database.execute(
            f"select count(*) from (from before except all from read_parquet('{path}'))"
        ).fetchone() or (0,)
    return int(changed)


def test_a_published_centre_is_sound(folder: Path) -> None:
    data = ParquetData(folder)
    for check in (check_numbers, check_cells, check_whole):
        looked_at, _, findings = check(data)
        assert looked_at > 1000
        assert findings == []
    rows = data.query(f"select distinct operation as one from {data.scan(NODES)}", relation=NODES)
    assert {row["one"] for row in rows} - {None} <= set(OPERATIONS)


NUMBERS = [
    ("kpi.kpi_observation", "numerator"),
    ("kpi.kpi_observation", "denominator"),
    ("kpi.kpi_observation", "value"),
    ("score.score_rating", "numerator"),
    ("score.score_line", "points"),
    ("score.score_line", "effective_weight"),
    ("score.score_line", "weighted_points"),
    ("score.score", "data_score"),
    ("score.score", "supervisor_score"),
    ("score.score", "total_score"),
    ("grade.grade", "rank"),
    ("grade.grade", "cohort_size"),
    ("grade.grade", "position"),
    ("grade.grade", "grade"),
    ("bonus.bonus_event", "quantity"),
    ("bonus.bonus_tally_line", "event_quantity"),
    ("bonus.bonus_tally_line", "quantity"),
    ("bonus.bonus_tally", "counted_quantity"),
    ("bonus.bonus_tally", "quantity"),
    ("bonus.bonus_gate", "event_quantity"),
    ("bonus.bonus_gate", "is_open"),
    ("bonus.bonus_deduction", "deduction_points"),
    ("bonus.bonus_coefficient", "deduction_points"),
    ("bonus.bonus_coefficient", "coefficient"),
    ("bonus.bonus_own_observation", "numerator"),
    ("bonus.bonus_attainment", "actual_value"),
    ("bonus.bonus_attainment", "target_value"),
    ("bonus.bonus_attainment", "attainment"),
    ("bonus.bonus_ranking", "ranked_value"),
    ("bonus.bonus_ranking", "rank"),
    ("bonus.bonus_base", "amount_cny"),
    ("bonus.bonus_line_computed", "quantity"),
    ("bonus.bonus_line_computed", "rate"),
    ("bonus.bonus_line_computed", "day_count"),
    ("bonus.bonus_line", "amount_cny"),
    ("bonus.bonus", "amount_cny"),
    ("bonus.bonus_unpaid", "reason"),
    ("bonus.bonus_unpaid", "not_paid_cny"),
    ("facts.fct_target", "target_value"),
    ("policy.policy_component_rate", "rate"),
    ("policy.policy_component_rate", "amount_cny"),
    ("policy.policy_component_rate", "lower_bound"),
    ("policy.policy_component_rate", "upper_bound"),
    ("policy.policy_component_parameter", "value"),
    ("policy.policy_component_event", "weight"),
    ("policy.policy_component_event", "threshold_value"),
    ("policy.policy_grade_band", "min_score"),
    ("policy.policy_grade_band", "cumulative_share"),
    ("policy.policy_score_kpi", "kpi_weight"),
    ("policy.policy_score_kpi", "floor_value"),
    ("policy.policy_scheme", "supervisor_share"),
    ("policy.policy_scheme", "min_group_size"),
]
"""Every kind of number that the calculation reads or makes, by the relation that publishes it."""


def test_every_number_that_is_forged_is_noticed_where_it_is(folder: Path) -> None:
    """One row of each, whatever else is forged: each cell is compared by itself."""
    for relation, column in NUMBERS:
        assert _forge_one(folder, relation, column) == 1, (relation, column)
    _, _, findings = check_cells(ParquetData(folder))
    noticed = {(finding.place, finding.column) for finding in findings}
    assert {(place_of(relation), column) for relation, column in NUMBERS} <= noticed


def _forge_one(folder: Path, relation: str, column: str) -> int:
    """Change one of the cells that the calculation names."""
    path, nodes = (auditor_parquet(folder, one) for one in (relation, NODES))
    with duckdb.connect() as database:
        [kind] = [
            str(kind)
            for name, kind, *_ in database.execute(f"describe from read_parquet('{path}')").fetchall()
            if name == column
        ]
    new = {"BOOLEAN": f"not {column}", "VARCHAR": f"{column} || 'x'"}.get(kind, f"{column} + 1")
    keys = sorted(ParquetData(folder).rows("audit.relation_key"), key=lambda row: int(row["position"]))
    key = " || ':' || ".join(
        f"coalesce(cast({one['column_name']} as varchar), '')" for one in keys if one["relation"] == relation
    )
    return forge(
        folder,
        relation,
        f"""
        with marked as (
            select *, {key} as _key, {column} is not null and {key} in (
                select input_key from read_parquet('{nodes}')
                where input_model = '{relation.split(".")[1]}' and input_column = '{column}'
            ) as _is_stated
            from {{rows}}
        ), chosen as (
            select min(_key) as _key from marked where _is_stated
        )
        select * exclude (_key, _is_stated) replace (
            cast(case when _key = (select _key from chosen) then {new} else {column} end as {kind})
            as {column}
        ) from marked
        """,
    )


def test_a_number_of_every_operation_that_is_forged_with_its_cell_is_noticed(folder: Path) -> None:
    """The forged number is what its relation says: only its operands tell."""
    changed = forge(
        folder,
        NODES,
        """
        with chosen as (
            select operation, min(node_key) as node_key from {rows}
            where operation is not null and value is not null group by operation
        )
        select * replace (
            cast(case when node_key in (select node_key from chosen) then value + 1 else value end
                as decimal(38, 12)) as value
        ) from {rows}
        """,
    )
    data = ParquetData(folder)
    stated = "select count(distinct operation) as n from {} where operation is not null and value is not null"
    [count] = data.query(stated.format(data.scan(NODES)), relation=NODES)
    assert changed == count["n"] >= 10
    _, _, findings = check_numbers(data)
    assert len(findings) == changed
    assert all("its operands give" in finding.problem for finding in findings)


DROPPED: list[tuple[Callable[[ParquetData], Checked], str, str, str]] = [
    (check_whole, "bonus.bonus_unpaid", "reason <> 'not_awarded'", "neither a line nor a reason"),
    (check_whole, OPERANDS, "operand <> 'condition'", "no condition of the due component"),
    (check_whole, OPERANDS, "not starts_with(node_key, 'tally_line:')", "no part of the count"),
    (check_whole, OPERANDS, "operand <> 'member'", "no member of the cohort"),
    (check_whole, OPERANDS, "not starts_with(parent_key, 'bonus:')", "no part of its bonus"),
    (check_whole, OPERANDS, "not starts_with(parent_key, 'weighted:')", "part of nothing"),
    (check_whole, NODES, "kind <> 'score_line'", "it has no score line"),
    (check_whole, NODES, "kind <> 'rank'", "not ranked"),
    (check_whole, NODES, "kind <> 'bonus'", "no number of the calculation"),
    (check_whole, NODES, "kind <> 'line'", "the line is no number"),
    (check_numbers, NODES, "kind <> 'rate_row'", "there is no number"),
    (check_cells, "score.score", "agent_id <> (select min(agent_id) from {rows})", "a row that is not there"),
]


@pytest.mark.parametrize(("check", "relation", "kept", "said"), DROPPED, ids=[said for *_, said in DROPPED])
def test_what_is_left_out_is_missed(
    folder: Path, check: Callable[[ParquetData], Checked], relation: str, kept: str, said: str
) -> None:
    assert forge(folder, relation, f"select * from {{rows}} where {kept}") > 0
    assert any(said in finding.problem for finding in check(ParquetData(folder))[2])


def test_a_changed_choice_of_row_changes_nothing(folder: Path) -> None:
    """`is_chosen` is for readers: what applies follows from key and band."""
    assert forge(folder, OPERANDS, "select * replace (not is_chosen as is_chosen) from {rows}") > 0
    assert check_numbers(ParquetData(folder))[2] == []


def _names(path: Path, column: str) -> set[str]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return {row[column] for row in csv.DictReader(stream)}


def test_no_mechanism_plan_or_kpi_is_known_by_name() -> None:
    names = (
        _names(POLICY_DIR / "component.csv", "mechanism")
        | _names(POLICY_DIR / "component.csv", "component_id")
        | _names(POLICY_DIR / "scheme.csv", "scheme_id")
        | _names(POLICY_DIR / "kpi.csv", "kpi_id")
        | _names(POLICY_DIR / "event_kind.csv", "event_kind")
    )
    files = [path for kind in ("*.py", "*.sql") for path in sorted(KNOWS_NO_NAME.rglob(kind))]
    assert len(files) > 80
    for path in files:
        said = set(re.findall(r"""["'](\w+)["']""", path.read_text(encoding="utf-8")))
        assert not said & names - ALSO_OTHER_WORDS, path
