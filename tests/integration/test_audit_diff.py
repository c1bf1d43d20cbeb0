"""What changed between two publications: every change attributed to what brought it, or an error.

The later publication is the demo's own with rows changed by hand, as a night that took such rows would leave
them; a night with late rows is compared in test_settlement.py.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.audit.diff import Difference, compare_publications
from orchestration.audit.relations import key_text
from orchestration.cli import run
from orchestration.publish.publication import MANIFEST
from orchestration.state.folder import StateFolder
from tests.published_rows import keep_rows
from tests.tampering import link_copy

LATER = "000002-2026-10-31"
MONTH = "2026-10"

GRADED = f"""
    select line.bonus_line_id, line.agent_id, grade.cohort_id, score_line.kpi_id
    from bonus.bonus_line as line
    inner join grade.grade on grade.agent_id = line.agent_id and grade.period_id = line.period_id
    inner join score.score_line
        on score_line.agent_id = line.agent_id and score_line.period_id = line.period_id
    inner join kpi.kpi_evidence as evidence
        on evidence.agent_id = line.agent_id and evidence.kpi_id = score_line.kpi_id
        and evidence.month_id = line.period_id and evidence.is_counted
    where line.period_id = '{MONTH}' and line.input_model = 'grade' and grade.method = 'forced'
        and line.amount_cny > 0
    order by all limit 1
"""
"""A graded line of October, its agent, cohort and a KPI that the agent's score takes and has evidence of."""


class Later:
    """A later publication: the demo's with rows of its audit file and fields of its manifest changed."""

    def __init__(self, state: StateFolder) -> None:
        self.state = state
        self.before = state.current.resolve()
        self.folder = self.before.with_name(LATER)
        self.folder.mkdir()
        shutil.copyfile(self.before / "auditor.duckdb", self.folder / "auditor.duckdb")
        keep_rows(self.folder / "auditor.duckdb")
        self.manifest(run_id=LATER)

    def manifest(self, **fields: Any) -> None:
        path = self.folder / MANIFEST
        source = path if path.exists() else self.before / MANIFEST
        manifest = json.loads(source.read_text(encoding="utf-8"))
        path.write_text(json.dumps({**manifest, **fields}), encoding="utf-8")

    def run(self, *statements: str) -> None:
        with duckdb.connect() as database:
            database.execute(f"attach '{self.before}/auditor.duckdb' as before (read_only)")
            database.execute(f"attach '{self.folder}/auditor.duckdb' as publication")
            database.execute("use publication")
            for statement in statements:
                database.execute(statement)
                for relation in re.findall(r"(?:update|from) (\w+\.\w+)", statement):
                    _restate(database, relation)

    def row(self, query: str) -> tuple[str, ...]:
        with duckdb.connect() as database:
            database.execute(f"attach '{self.folder}/auditor.duckdb' as publication (read_only)")
            database.execute("use publication")
            found = database.execute(query).fetchone()
        assert found is not None
        return tuple(str(one) for one in found)

    def pay_more(self, bonus_line_id: str) -> None:
        self.run(
            "update bonus.bonus_line set amount_cny = amount_cny + 10 "
            f"where bonus_line_id = '{bonus_line_id}'"
        )

    def difference(self, agent_id: str | None = None) -> Difference:
        return compare_publications(self.before, self.folder, agent_id=agent_id)

    def causes(self) -> set[str]:
        """Kinds of causes of the one line that changed."""
        [line] = self.difference().lines
        assert line.difference == 10
        return {cause.kind for cause in line.causes}


def _restate(database: duckdb.DuckDBPyConnection, relation: str) -> None:
    """Let the calculation say what the changed cells of a relation say, as a night would; the number of a row
    that is gone is no number any more.
    """
    model = relation.split(".")[1]
    names = database.execute(
        "select column_name from audit.relation_key where relation = ? order by position", [relation]
    ).fetchall()
    key = key_text([name for (name,) in names])
    columns = database.execute(
        "select distinct input_column from audit.calculation_node where input_model = ?", [model]
    ).fetchall()
    for (column,) in columns:
        sides = [
            f"select {key} as input_key, {column} as cell from {side}.{relation}"
            for side in ("before", "publication")
        ]
        [is_text] = database.execute(
            f"select typeof(cell) = 'VARCHAR' from ({sides[0]}) limit 1"
        ).fetchone() or ("",)
        database.execute(
            f"""
            create or replace temp table changed_cell as
            select input_key, now.cell, now.input_key is null as is_gone
            from ({sides[0]}) as before left join ({sides[1]}) as now using (input_key)
            where before.cell is distinct from now.cell
            """
        )
        named = f"input_model = '{model}' and input_column = '{column}'"
        gone = (
            "select node_key from audit.calculation_node "
            f"semi join (from changed_cell where is_gone) using (input_key) where {named}"
        )
        database.execute(
            f"update audit.calculation_node set {'text_value' if is_text else 'value'} = changed_cell.cell "
            "from changed_cell where calculation_node.input_key = changed_cell.input_key "
            f"and not is_gone and {named}"
        )
        database.execute(
            f"delete from audit.calculation_operand where parent_key in ({gone}) or node_key in ({gone})"
        )
        database.execute(f"delete from audit.calculation_node where node_key in ({gone})")


@pytest.fixture
def later(published_demo: Path, tmp_path: Path) -> Later:
    return Later(StateFolder(link_copy(published_demo, tmp_path / "state")))


def test_the_same_publication_has_no_difference(later: Later) -> None:
    found = later.difference()
    assert not found.lines and not found.unexplained


def test_a_change_without_a_cause_is_an_error(later: Later, capsys: pytest.CaptureFixture[str]) -> None:
    line_id, agent, *_ = later.row(GRADED)
    later.pay_more(line_id)
    assert [line.bonus_line_id for line in later.difference().unexplained] == [line_id]
    words = ["--state", str(later.state.root), "diff", later.before.name, LATER]
    assert run(words) == 1
    shown = capsys.readouterr()
    assert "UNEXPLAINED" in shown.out and agent in shown.out and "1 changes have no cause" in shown.err
    assert run([*words, "--agent", agent]) == 1
    other, *_ = later.row(f"select agent_id from facts.dim_agent where agent_id <> '{agent}' order by all")
    assert run([*words, "--agent", other]) == 0
    assert run([*words, "--agent", "A9999"]) == 2
    assert run(["--state", str(later.state.root), "diff", later.before.name, "000007"]) == 2


def test_late_rows(later: Later) -> None:
    line_id, agent, _, kpi = later.row(GRADED)
    later.run(
        f"""
        insert into kpi.kpi_evidence by name
        select * replace ('LATE-1' as evidence_key) from kpi.kpi_evidence
        where agent_id = '{agent}' and month_id = '{MONTH}' and kpi_id = '{kpi}' and is_counted limit 1
        """,
        """
        insert into audit.source_row
        select evidence_model, 'LATE-1', 'ticket/late.csv', 2, 'hash', 'late'
        from kpi.kpi_evidence where evidence_key = 'LATE-1'
        """,
    )
    later.pay_more(line_id)
    assert later.causes() == {"late rows"}
    [line] = later.difference().lines
    assert "ticket/late.csv row 2" in str(line.causes[0])


def test_rulings(later: Later) -> None:
    line_id, agent, _, kpi = later.row(GRADED)
    later.run(
        f"""
        update kpi.kpi_evidence set is_counted = false, exclusion_reason = 'ruling', ruling_id = 'U1'
        where rowid = (
            select min(rowid) from kpi.kpi_evidence
            where agent_id = '{agent}' and month_id = '{MONTH}' and kpi_id = '{kpi}' and is_counted
        )
        """
    )
    later.pay_more(line_id)
    assert later.causes() == {"rulings"}


def test_policy(later: Later) -> None:
    line_id, component = later.row(
        f"select bonus_line_id, component_id from bonus.bonus_line "
        f"where period_id = '{MONTH}' and mechanism = 'fixed' order by all limit 1"
    )
    later.run(
        "update policy.policy_component_rate set amount_cny = amount_cny + 10 "
        f"where component_id = '{component}' and period_id = '{MONTH}'"
    )
    later.manifest(policy_hash="other")
    later.pay_more(line_id)
    assert later.causes() == {"policy"}
    assert any(component in note for note in later.difference().notes)


def test_a_component_that_went_is_the_cause_whatever_moved_below_its_lines(later: Later) -> None:
    """And what came or went within a line that did is no number that moved."""
    component, *_ = later.row(
        f"select component_id from bonus.bonus_line where period_id = '{MONTH}' and input_model = 'grade' "
        "order by all limit 1"
    )
    its = f"period_id = '{MONTH}' and component_id = '{component}'"
    lines = later.row(f"select count(*) from bonus.bonus_line where {its}")[0]
    later.run(
        f"update policy.policy_component_rate set rate = rate + 1 where {its}",
        f"delete from policy.policy_component where {its}",
        f"delete from bonus.bonus_line where {its}",
    )
    found = later.difference().lines
    assert len(found) == int(lines) > 0
    for line in found:
        assert line.after is None and all("–" not in (one.before, one.after) for one in line.deepest)
        assert [cause.kind for cause in line.causes] == ["policy"]
        assert line.causes[0].examples[0].startswith(f"component of {MONTH}, component_id {component}: gone")


def test_definitions(later: Later) -> None:
    line_id, agent, _, kpi = later.row(GRADED)
    later.run(
        "update policy.policy_kpi_period set window_days = 99 "
        f"where kpi_id = '{kpi}' and period_id = '{MONTH}'"
    )
    # Rows of evidence that counted otherwise under it come after the definition itself.
    later.run(
        "update kpi.kpi_evidence set is_counted = not is_counted "
        f"where kpi_id = '{kpi}' and month_id = '{MONTH}' and agent_id = '{agent}'"
    )
    later.pay_more(line_id)
    assert later.causes() == {"definitions"}
    [cause] = later.difference().lines[0].causes
    assert cause.count > 3 and cause.examples[0].startswith(f"kpi period of {MONTH}, kpi_id {kpi}: ")


def test_code(later: Later) -> None:
    line_id, *_ = later.row(GRADED)
    later.manifest(code_hash="other")
    later.pay_more(line_id)
    assert later.causes() == {"code"}
    assert any(note.startswith("code differs") for note in later.difference().notes)


def test_the_business_date(later: Later) -> None:
    line_id, agent, _, kpi = later.row(GRADED)
    later.manifest(as_of="2026-11-02")
    later.run(
        f"""
        update kpi.kpi_evidence set is_counted = false, exclusion_reason = 'pending'
        where rowid = (
            select min(rowid) from kpi.kpi_evidence
            where agent_id = '{agent}' and month_id = '{MONTH}' and kpi_id = '{kpi}' and is_counted
        )
        """
    )
    later.pay_more(line_id)
    assert later.causes() == {"business date"}


def test_a_rank_that_others_moved(later: Later) -> None:
    """Nothing of the agent's own changed: someone else's row did, and with it their score."""
    line_id, agent, cohort, kpi = later.row(GRADED)
    other, *_ = later.row(
        f"""
        select grade.agent_id from grade.grade
        inner join kpi.kpi_evidence as evidence
            on evidence.agent_id = grade.agent_id and evidence.kpi_id = '{kpi}'
            and evidence.month_id = '{MONTH}' and evidence.is_counted
        where grade.cohort_id = '{cohort}' and grade.agent_id <> '{agent}' order by all
        """
    )
    later.run(
        f"update score.score set total_score = total_score + 1 "
        f"where agent_id = '{other}' and period_id = '{MONTH}'",
        f"""
        update kpi.kpi_evidence set is_counted = false, exclusion_reason = 'ruling', ruling_id = 'U1'
        where rowid = (
            select min(rowid) from kpi.kpi_evidence
            where agent_id = '{other}' and month_id = '{MONTH}' and kpi_id = '{kpi}' and is_counted
        )
        """,
    )
    later.pay_more(line_id)
    assert later.causes() == {"ranking", "rulings"}


@pytest.mark.parametrize(("settled_on", "is_explained"), [("before", False), ("another", True)])
def test_a_settlement_explains_only_what_was_settled_elsewhere(
    later: Later, settled_on: str, is_explained: bool
) -> None:
    line_id, *_ = later.row(GRADED)
    run_id = later.before.name if settled_on == "before" else "000009-2026-10-31"
    columns = later.row("select string_agg(column_name, ',') from (describe facts.dim_settled_period)")
    values: Sequence[str] = [
        {"period_id": f"'{MONTH}'", "run_id": f"'{run_id}'"}.get(name, "null")
        for name in columns[0].split(",")
    ]
    later.run(f"insert into facts.dim_settled_period values ({', '.join(values)})")
    later.pay_more(line_id)
    assert bool(later.difference().unexplained) is not is_explained


def test_removed_data_is_said(later: Later, capsys: pytest.CaptureFixture[str]) -> None:
    (later.folder / "auditor.duckdb").unlink()
    assert run(["--state", str(later.state.root), "diff", later.before.name, LATER]) == 1
    assert "has no data any more" in capsys.readouterr().err


def test_the_same_code_explains_nothing(later: Later) -> None:
    """A fact that differs though files, date and code are the same was changed by hand: no cause."""
    line_id, agent, *_ = later.row(GRADED)
    later.run(
        f"update facts.fct_rating set score = score + 1 where agent_id = '{agent}' and period_id = '{MONTH}'",
        "update bonus.bonus_event set quantity = quantity + 1",
    )
    later.pay_more(line_id)
    assert [line.bonus_line_id for line in later.difference().unexplained] == [line_id]
    later.manifest(code_hash="other")
    assert not later.difference().unexplained


def test_a_line_that_changed_but_for_its_amount_is_listed(later: Later) -> None:
    changes = {
        "rate": "rate + 1",
        "quantity": "quantity + 1",
        "clause_id": "'CG-99'",
        "line_label": "line_label || '!'",
        "value_origin": "value_origin || '?'",
    }
    expected = set()
    for number, (column, value) in enumerate(changes.items()):
        line_id, *_ = later.row(
            f"select bonus_line_id from bonus.bonus_line where period_id = '{MONTH}' and mechanism = 'fixed' "
            f"order by all limit 1 offset {number}"
        )
        later.run(f"update bonus.bonus_line set {column} = {value} where bonus_line_id = '{line_id}'")
        expected.add((line_id, column.replace("_", " ")))
    found = later.difference()
    names = {name for _, name in expected}
    said = {
        (line.bonus_line_id, name)
        for line in found.lines
        for name in names
        if any(one.startswith(name) for one in line.what)
    }
    assert said == expected
    assert len(found.unexplained) == len(changes) and all(line.difference == 0 for line in found.lines)


CHAINS = """
    create or replace temp table chain as
    with recursive place as materialized (
        select * from audit.bonus_trace
        where not is_shared and node_id <> bonus_id and (operand <> 'row' or is_chosen)
    ),
    below as (
        select node_key as line_key, node_id from place where depth = 1 and kind = 'line'
        union
        select below.line_key, place.node_id
        from below inner join place on below.node_id = place.parent_node_id
    ),
    leaf as (
        select input_model || '.' || input_column as cell, min((line_key, node_id)) as found
        from below inner join place using (node_id)
        where operation is null and depth > 1 and operand not in ('row', 'numerator', 'denominator')
            and node_id not in (select parent_node_id from place)
        group by all having cell is not null
    ),
    above as (
        select cell, found[1] as line_key, found[2] as node_id from leaf
        union
        select above.cell, above.line_key, place.parent_node_id from above inner join place using (node_id)
    )
    select
        cell, substr(line_key, strpos(line_key, ':') + 1) as bonus_line_id, place.node_key, label,
        node_id in (select found[2] from leaf) as is_leaf
    from above inner join place using (node_id)
"""
"""Of every kind of cell that a line is read from, one with all that it is part of up to the line."""


def test_the_deepest_number_that_moved_is_named_whatever_it_is_read_from(later: Later) -> None:
    with duckdb.connect() as database:
        database.execute(f"attach '{later.folder}/auditor.duckdb' as publication")
        database.execute("use publication")
        database.execute(CHAINS)
        database.execute(
            """
            update audit.calculation_node set
                value = value + 1,
                text_value = case when value is null then text_value || '!' else text_value end
            where node_key in (select node_key from chain)
            """
        )
        database.execute(
            "update bonus.bonus_line set amount_cny = amount_cny + 1 "
            "where bonus_line_id in (select bonus_line_id from chain)"
        )
        chosen = database.execute("select cell, bonus_line_id, label from chain where is_leaf").fetchall()
    assert len({cell for cell, _, _ in chosen}) >= 20
    lines = {line.bonus_line_id: line for line in later.difference().lines}
    for cell, line_id, label in chosen:
        said = [change for change in lines[line_id].deepest if change.label == label]
        assert said and all(change.before != change.after for change in said), (cell, lines[line_id].deepest)


def test_the_place_of_a_line_is_no_change(later: Later) -> None:
    later.run("update bonus.bonus_line set line_no = line_no + 1")
    assert not later.difference().lines


def test_a_rank_that_another_who_came_moved(later: Later) -> None:
    """A late transfer: someone else came to the cohort, nobody's score changed."""
    line_id, _, cohort, _ = later.row(GRADED)
    other, *_ = later.row(
        "select agent_id from grade.grade "
        f"where cohort_id <> '{cohort}' and period_id = '{MONTH}' order by all limit 1"
    )
    later.run(
        f"update grade.grade set cohort_id = '{cohort}' where agent_id = '{other}' and period_id = '{MONTH}'",
        f"update audit.calculation_operand set parent_key = 'cohort:{cohort}' "
        f"where operand = 'member' and node_key = 'score:{other}:{MONTH}'",
    )
    later.pay_more(line_id)
    assert later.causes() == {"ranking"}
    [line] = later.difference().lines
    assert f"{other} came" in str(line.causes[0])


@pytest.mark.parametrize("leaves", [True, False])
def test_an_award_that_others_in_the_running_moved(later: Later, leaves: bool) -> None:
    line_id, agent, component, scope = later.row(
        f"""
        select line.bonus_line_id, line.agent_id, line.component_id, ranking.scope_id
        from bonus.bonus_line as line
        inner join bonus.bonus_ranking as ranking
            on ranking.subject_id = line.agent_id and ranking.component_id = line.component_id
            and ranking.period_id = line.period_id
        where line.period_id = '{MONTH}' and line.mechanism = 'top_n' order by all limit 1
        """
    )
    running = (
        "select 'candidate:' || period_id || ':' || component_id || ':' || subject_id "
        f"from bonus.bonus_ranking where period_id = '{MONTH}' and component_id = '{component}' "
        f"and subject_id <> '{agent}'"
    )
    compared = (
        "update audit.calculation_node set value = value + 1 where node_key in (select node_key "
        "from audit.calculation_operand where operand = 'by' and parent_key in ({candidates}))"
    )
    later.run(compared.format(candidates=f"{running} and scope_id <> '{scope}'"))
    later.pay_more(line_id)
    assert later.causes() == set()
    other, *_ = later.row(f"{running} and scope_id = '{scope}' order by all")
    later.run(
        f"delete from audit.calculation_operand where operand = 'member' and node_key = '{other}'"
        if leaves
        else compared.format(candidates=f"'{other}'")
    )
    assert later.causes() == {"ranking"}
    [line] = later.difference().lines
    assert str(line.causes[0]) == f"ranking (1): {other.split(':')[-1]} {'left' if leaves else 'moved'}"


def test_a_changed_grade_is_said_even_where_no_line_changed(
    later: Later, capsys: pytest.CaptureFixture[str]
) -> None:
    _, agent, *_ = later.row(GRADED)
    later.run(
        "update grade.grade set grade = 'Z', rank = rank + 1 "
        f"where agent_id = '{agent}' and period_id = '{MONTH}'"
    )
    [outcome] = later.difference().outcomes
    assert (outcome.agent_id, outcome.period_id) == (agent, MONTH)
    assert any(said.endswith("→ Z") for said in outcome.what)
    assert any(said.startswith("rank ") for said in outcome.what)
    run(["--state", str(later.state.root), "diff", later.before.name, LATER])
    assert "1 scores and grades changed" in capsys.readouterr().out


def test_policy_rows_are_said_by_their_columns(later: Later) -> None:
    later.run(
        "update policy.policy_component_rate set rate = 1.25 "
        f"where period_id = '{MONTH}' and component_id = 'cg_floating' and rate_key = 'A'",
        f"delete from policy.policy_grade_band where period_id = '{MONTH}' and scheme_id = 'centre_grade' "
        "and method = 'forced' and grade = 'C'",
    )
    notes = later.difference().notes
    key = f"component rate of {MONTH}, component_id cg_floating, rate_key A, lower_bound 0"
    assert f"policy: {key}: rate 1.2 → 1.25" in notes
    [gone] = [note for note in notes if "grade band" in note]
    assert "scheme_id centre_grade, method forced, band_no 4: gone (grade C, share " in gone
    assert not any("('" in note for note in notes)
