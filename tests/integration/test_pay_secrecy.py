"""Nobody's pay is in what BI and the group can read: each value of it is held against each amount (PR-03)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from orchestration.publish.publication import Publication, current_publication
from orchestration.state import GROUP_DIR, GROUP_FILE, OWNER_DIR, OWNER_FILE, StateFolder

SMALLEST_GROUP = 5
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
    with audience(publication.folder / "audit.duckdb") as database:
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


def leaks(path: Path, secrets: frozenset[Decimal]) -> list[str]:
    """Columns of a database in which somebody's amount stands, as a number or inside a text."""
    found = []
    with audience(path) as database:
        for relation, column, kind in columns_of(database):
            if kind in ("DATE", "TIMESTAMP", "BOOLEAN"):
                continue
            values = database.execute(
                f'select distinct cast("{column}" as varchar) as value from one.{relation} '
                "where value is not null"
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


def test_one_planted_amount_is_found(secrets: frozenset[Decimal], tmp_path: Path) -> None:
    amount = min(secrets)
    path = tmp_path / "bi.duckdb"
    with duckdb.connect(str(path)) as database:
        database.execute("create schema marts")
        database.execute(f"create table marts.mart_x as select 'paid {amount:,} in October' as note, 1 as n")
    assert leaks(path, secrets) == [f"marts.mart_x.note: {amount}"]


@pytest.mark.parametrize("name", ["calibration.html", "manifest.json"])
def test_no_page_that_the_group_can_read_tells_an_amount(
    publication: Publication, secrets: frozenset[Decimal], name: str
) -> None:
    assert told((publication.folder / name).read_text(encoding="utf-8"), secrets) == []


def test_bi_has_the_parquet_of_its_database_and_nothing_more(publication: Publication) -> None:
    with audience(publication.folder / "bi.duckdb") as database:
        tables = {relation.split(".")[1] for relation, _, _ in columns_of(database)}
    assert {path.stem for path in (publication.folder / "bi").iterdir()} == tables
    assert not {"mart_bonus_register", "mart_award", "mart_correction"} & tables


def test_money_of_groups_smaller_than_five_is_suppressed(publication: Publication) -> None:
    with audience(publication.folder / "bi.duckdb") as database:
        money = {}
        for relation, column, _ in columns_of(database):
            if column.endswith("_cny"):
                money.setdefault(relation.split(".")[1], []).append(column)
        assert money.keys() == GROUPS.keys(), "say here by what a new relation with money sums it"
        database.execute(f"attach '{publication.folder / 'audit.duckdb'}' as whole (read_only)")
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
        if name.startswith("bi/") or name in ("bi.duckdb", "manifest.json", "calibration.html"):
            assert mode == GROUP_FILE, name
        elif name == "bi":
            assert mode == GROUP_DIR
        elif name in ("audit", "payroll"):
            assert mode == OWNER_DIR, name
        elif "/" not in name or name.endswith(".xlsx"):
            assert mode == OWNER_FILE, name
    assert publication.folder.stat().st_mode & 0o777 == GROUP_DIR
