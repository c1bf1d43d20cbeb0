"""Nobody's pay is in what BI and the group can read: each value of it is held against each amount (PR-03)."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from orchestration.publish.publication import Publication, current_publication
from orchestration.state.folder import GROUP_DIR, GROUP_FILE, OWNER_DIR, OWNER_FILE, StateFolder
from tests.publication_files import SUMS_OF_EVIDENCE

SMALLEST_GROUP = 5
NUMERIC = re.compile(r"DECIMAL|DOUBLE|FLOAT|U?(BIG|SMALL|TINY|HUGE)?INT")
NUMBER = re.compile(r"-?\d[\d,]*\.?\d*")
GROUPS = {"mart_pay_spread": ("period_id", "scheme_id")}
"""Relations of BI with money, and what they sum it by."""


@pytest.fixture(scope="module")
def publication(published_demo: Path) -> Publication:
    found = current_publication(StateFolder(published_demo))
    assert found is not None
    return found


@contextmanager
def audience(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database of a publication, read-only, its tables named `one.schema.table`."""
    with duckdb.connect() as database:
        database.execute(f"attach '{path}' as one (read_only)")
        yield database


def columns_of(database: duckdb.DuckDBPyConnection) -> list[tuple[str, str, str]]:
    """Relation, column and type of everything in a database."""
    return database.execute(
        "select schema_name || '.' || table_name, column_name, data_type from duckdb_columns() "
        "where database_name = 'one' order by 1, column_index"
    ).fetchall()


@pytest.fixture(scope="module")
def secrets(publication: Publication) -> frozenset[Decimal]:
    """Amounts of one person: each line, each bonus, each month's sum by component, base salaries.

    Only those with cents: a round one, such as 1000, is also a number of seconds or a policy's own.
    """
    with audience(publication.folder / "auditor.duckdb") as database:
        rows = database.execute(
            """
            select amount_cny from one.bonus.bonus_line
            union select amount_cny from one.bonus.bonus
            union select sum(amount_cny) from one.bonus.bonus_line group by agent_id, period_id, mechanism
            union select sum(amount_cny) from one.bonus.bonus group by agent_id, left(period_id, 4)
            """
        ).fetchall()
    return frozenset(abs(amount) for (amount,) in rows if amount and amount % 1 and abs(amount) > 100)


def told(text: str, secrets: frozenset[Decimal]) -> list[str]:
    """Numbers in a text that are somebody's amount."""
    found = (number.replace(",", "").rstrip(".") for number in NUMBER.findall(text))
    return [number for number in found if abs(Decimal(number)) in secrets]


def _is_sum_of_evidence(relation: str, column: str) -> bool:
    return (relation.rsplit(".", maxsplit=1)[-1], column) == SUMS_OF_EVIDENCE


def leaks(path: Path, secrets: frozenset[Decimal]) -> list[str]:
    """Columns of a database in which somebody's amount stands, as a number or inside a text."""
    found = []
    with audience(path) as database:
        for relation, column, kind in columns_of(database):
            if kind in ("DATE", "TIMESTAMP", "BOOLEAN") or _is_sum_of_evidence(relation, column):
                continue
            values = database.execute(
                f'select distinct cast("{column}" as varchar) from one.{relation} where {column} is not null'
            ).fetchall()
            seen = {number for (value,) in values for number in told(value, secrets)}
            found += [f"{relation}.{column}: {number}" for number in sorted(seen)]
    return found


def test_there_are_amounts_to_look_for(secrets: frozenset[Decimal], publication: Publication) -> None:
    assert len(secrets) > 30
    assert leaks(publication.folder / "payroll.duckdb", secrets), "the search finds them where they belong"


def test_no_value_of_the_bi_file_is_an_amount_of_a_person(
    publication: Publication, secrets: frozenset[Decimal]
) -> None:
    assert leaks(publication.folder / "bi.duckdb", secrets) == []


def test_sums_of_evidence_are_nothing_else(publication: Publication) -> None:
    with audience(publication.folder / "auditor.duckdb") as database:
        [(rows, others)] = database.execute(
            """
            with summed as (
                select agent_id as group_id, event_on as day_on, kpi_id, sum(numerator) as numerator
                from one.kpi.kpi_daily where is_counted and is_counted_for_centre and agent_id is not null
                group by all
            )
            select count(*), count(*) filter (where daily.numerator is distinct from summed.numerator)
            from one.marts.mart_kpi_daily as daily
            left join summed using (group_id, day_on, kpi_id)
            where group_kind = 'agent'
            """
        ).fetchall()
    assert rows > 0
    assert others == 0


def test_one_planted_amount_is_found(secrets: frozenset[Decimal], tmp_path: Path) -> None:
    amount = min(secrets)
    path = tmp_path / "bi.duckdb"
    with duckdb.connect(str(path)) as database:
        database.execute("create schema marts")
        database.execute(f"create table marts.mart_x as select 'paid {amount:,} in October' as note, 1 as n")
    assert leaks(path, secrets) == [f"marts.mart_x.note: {amount}"]


COUNTED = re.compile(r"_(count|per_day|no|size)$|^rank$")
"""Columns of numbers that count something: a count of 23 days is nobody's 23.00."""
SECRETS_OF_AGENTS = """
    create temp table secret as
    select distinct agent_id, cast(abs(amount) as decimal(24, 6)) as amount from (
        select agent_id, amount_cny as amount from whole.bonus.bonus_line
        union all select agent_id, amount_cny from whole.bonus.bonus
        union all select agent_id, sum(amount_cny) from whole.bonus.bonus_line
            group by agent_id, period_id, mechanism
        union all select agent_id, sum(amount_cny) from whole.bonus.bonus
            group by agent_id, left(period_id, 4)
        union all select agent_id, base_salary_cny from whole.facts.dim_agent_period
        union all
        select agent.agent_id, agent.base_salary_cny * condition.threshold_value
        from whole.facts.dim_agent_period as agent
        inner join whole.policy.policy_career_condition as condition using (period_id, scheme_id)
        where condition.comparison = 'grants'
    )
    where amount <> 0
"""
EXPLAINED = {
    "mart_agent_scorecard": [
        ("kpi.kpi_observation", ("agent_id", "period_id", "kpi_id"), ("numerator", "denominator", "value")),
        (
            "score.score_line",
            ("agent_id", "period_id", "kpi_id"),
            (
                *("numerator", "denominator", "value", "floor_value", "target_value", "stretch_value"),
                *("points", "weighted_points"),
            ),
        ),
    ],
    "mart_career_signal": [("bonus.bonus_review_measure", ("agent_id", "period_id"), ("actual_value",))],
}
"""Where a number of an agent that happens to equal an amount of theirs comes from: an NPS of 300 and a bonus
of 300. It counts as explained when that relation says the same number of the same agent, period and KPI.
"""
OF_MEASURES = {"actual_value": "value"}


def told_of_agents(folder: Path) -> list[str]:
    """Numbers beside an agent's id in BI that are an amount of this agent, also round ones, and come from
    nowhere else.
    """
    found = []
    with audience(folder / "bi.duckdb") as database:
        database.execute(f"attach '{folder / 'auditor.duckdb'}' as whole (read_only)")
        database.execute(SECRETS_OF_AGENTS)
        columns = columns_of(database)
        of_agents = {relation for relation, column, _ in columns if column == "agent_id"}
        assert of_agents, "BI has relations about agents"
        for relation, column, kind in columns:
            if relation not in of_agents or not NUMERIC.match(kind) or COUNTED.search(column):
                continue
            explained = " ".join(
                f"""and not exists (select 1 from whole.{source} as source
                    where {" and ".join(f"source.{key} = told.{key}" for key in keys)}
                    and source."{OF_MEASURES.get(column, column)}" = told."{column}")"""
                for source, keys, explains in EXPLAINED.get(relation.split(".")[1], ())
                if column in explains
            )
            rows = database.execute(
                f"""
                select told.agent_id, told."{column}" from one.{relation} as told
                inner join secret
                    on told.agent_id = secret.agent_id
                    and cast(abs(told."{column}") as decimal(24, 6)) = secret.amount
                where true {explained}
                order by all
                """
            ).fetchall()
            found += [f"{relation}.{column} of {agent}: {value}" for agent, value in rows]
    return found


def test_no_number_beside_an_agent_in_bi_is_an_amount_of_this_agent(publication: Publication) -> None:
    assert told_of_agents(publication.folder) == []


def test_a_raise_beside_its_agent_would_be_found(publication: Publication, tmp_path: Path) -> None:
    for name in ("auditor", "bi"):
        shutil.copyfile(publication.folder / f"{name}.duckdb", tmp_path / f"{name}.duckdb")
    with duckdb.connect() as database:
        database.execute(f"attach '{tmp_path / 'bi.duckdb'}' as one")
        database.execute(f"attach '{tmp_path / 'auditor.duckdb'}' as whole (read_only)")
        row = database.execute(
            """
            select signal.signal_id, condition_no, cast(agent.base_salary_cny * threshold_value as varchar)
            from one.marts.mart_career_signal as signal
            inner join whole.facts.dim_agent_period as agent using (agent_id, period_id)
            where signal.condition = 'Raise of the base salary' and agent.base_salary_cny > 0
            order by all limit 1
            """
        ).fetchone()
        assert row is not None, "the centre has somebody who is reviewed for a raise"
        database.execute(
            "update one.marts.mart_career_signal set actual_value = $3 "
            "where signal_id = $1 and condition_no = $2",
            list(row),
        )
    assert len(told_of_agents(tmp_path)) == 1


def test_no_difference_of_two_sums_is_the_pay_of_a_few(publication: Publication) -> None:
    with audience(publication.folder / "bi.duckdb") as database:
        database.execute(f"attach '{publication.folder / 'auditor.duckdb'}' as whole (read_only)")
        rows = database.execute(
            """
            with person as (
                select period_id, scheme_id, agent_id, sum(amount_cny) as amount from whole.bonus.bonus_line
                where pay_kind <> 'performance' and adjusts_bonus_line_id is null group by all
            ),
            behind as (
                select period_id, scheme_id, count(*) filter (where amount <> 0) as people
                from person group by all
            )
            select coalesce(people, 0), spread.total_cny is not null and spread.performance_cny is not null
            from one.marts.mart_pay_spread as spread left join behind using (period_id, scheme_id)
            """
        ).fetchall()
    assert [people for people, has_both in rows if has_both and 0 < people < SMALLEST_GROUP] == []
    assert any(has_both for _, has_both in rows)


@pytest.mark.parametrize("name", ["calibration.html", "manifest.json", "board/bi/index.html"])
def test_no_page_that_the_group_can_read_tells_an_amount(
    publication: Publication, secrets: frozenset[Decimal], name: str
) -> None:
    assert told((publication.folder / name).read_text(encoding="utf-8"), secrets) == []


def test_bi_has_the_parquet_of_its_database_and_nothing_more(publication: Publication) -> None:
    with audience(publication.folder / "bi.duckdb") as database:
        tables = {relation.split(".")[1] for relation, _, _ in columns_of(database)} - {"about"}
    assert {path.stem for path in (publication.folder / "bi").iterdir()} == tables
    assert not {"mart_bonus_register", "mart_award", "mart_correction"} & tables


def test_money_of_groups_smaller_than_five_is_suppressed(publication: Publication) -> None:
    with audience(publication.folder / "bi.duckdb") as database:
        money = {}
        for relation, column, _ in columns_of(database):
            if column.endswith("_cny"):
                money.setdefault(relation.split(".")[1], []).append(column)
        assert money.keys() == GROUPS.keys(), "say here by what a new relation with money sums it"
        database.execute(f"attach '{publication.folder / 'auditor.duckdb'}' as whole (read_only)")
        shown = hidden = 0
        for table, columns in money.items():
            keys = ", ".join(GROUPS[table])
            for column in columns:
                kind = "pay_kind = 'performance'" if column.startswith("performance") else "true"
                rows = database.execute(
                    f"""
                    with person as (
                        select {keys}, agent_id, sum(amount_cny) as amount from whole.bonus.bonus_line
                        where {kind} and adjusts_bonus_line_id is null group by all
                    ),
                    behind as (
                        select {keys}, count(*) filter (where amount <> 0) as people from person group by all
                    )
                    select {column} is not null, coalesce(people, 0)
                    from one.marts.{table} left join behind using ({keys})
                    """
                ).fetchall()
                assert [people for is_shown, people in rows if is_shown and people < SMALLEST_GROUP] == []
                shown += sum(is_shown for is_shown, _ in rows)
                hidden += sum(not is_shown for is_shown, _ in rows)
        assert shown and hidden, "the centre has large groups and small ones"


def test_the_group_reads_what_bi_may_have_and_nothing_else(publication: Publication) -> None:
    modes = {
        path.relative_to(publication.folder).as_posix(): path.stat().st_mode & 0o777
        for path in publication.folder.rglob("*")
    }
    for name, mode in modes.items():
        if name.startswith("board/"):
            continue  # test_board_pages looks into it
        if name.startswith("bi/") or name in ("bi.duckdb", "manifest.json", "calibration.html"):
            assert mode == GROUP_FILE, name
        elif name in ("bi", "board"):
            assert mode == GROUP_DIR
        elif name in ("auditor", "payroll"):
            assert mode == OWNER_DIR, name
        elif name.startswith("payroll/statements"):
            assert mode == (OWNER_FILE if name.endswith((".html", ".zip")) else OWNER_DIR), name
        elif "/" not in name or name.endswith(".xlsx"):
            assert mode == OWNER_FILE, name
    assert publication.folder.stat().st_mode & 0o777 == GROUP_DIR
