"""What plans read of the exports and lack (S-EXPORT): every table, every column, from policy rows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import replace

import pytest

from orchestration.ingest import load_contract
from orchestration.ingest.deliveries import ColumnDelivery, Deliveries, TableDelivery
from orchestration.policy.check import policy_tables
from orchestration.policy.needs import (
    EITHER,
    ROSTER,
    TEAMS,
    Need,
    PlanNeed,
    column_reads,
    judged_needs,
    lack_sentences,
    plan_needs,
)
from orchestration.settings import CONTRACT_DIR, POLICY_DIR

CONTRACT = load_contract(CONTRACT_DIR)
TABLES, _ = policy_tables(POLICY_DIR)
DAY = dt.date(2026, 10, 31)
NEEDS = plan_needs(TABLES, DAY)
SCHEMES = sorted({row.text("scheme_id") for row in TABLES["scheme"].rows})
COUNTED = sorted({need.table_name for need in NEEDS if not need.column_name})
COLUMNS = sorted({(need.table_name, need.column_name) for need in NEEDS if need.column_name})


def delivered(
    *, without: Collection[str] = (), no_rows: Collection[str] = (), no_column: Collection[str] = ()
) -> Deliveries:
    """Everything was delivered and filled, but for the tables and columns named."""
    return {
        table.full_name: TableDelivery(
            table.full_name,
            load_count=0 if table.full_name in without else 1,
            row_count=0 if table.full_name in {*without, *no_rows} else 9,
            first_load_seq=1,
            last_load_seq=1,
            columns=tuple(
                ColumnDelivery(
                    column.name,
                    column.is_required,
                    is_delivered=f"{table.full_name}.{column.name}" not in no_column,
                    has_values=f"{table.full_name}.{column.name}" not in no_column,
                )
                for column in table.export_columns
            ),
        )
        for table in CONTRACT.export_tables
    }


def lacking(deliveries: Deliveries, schemes: Collection[str] = SCHEMES) -> list[PlanNeed]:
    return [one for one in judged_needs(NEEDS, deliveries, schemes) if one.is_lacking]


def test_a_plan_that_has_everything_lacks_nothing() -> None:
    assert lacking(delivered()) == []
    assert lack_sentences(judged_needs(NEEDS, delivered(), SCHEMES)) == []


@pytest.mark.parametrize("table", COUNTED)
def test_a_table_that_never_came_is_told_of_every_plan_that_reads_it(table: str) -> None:
    found = lacking(delivered(without=[table]))
    readers = {need.scheme_id for need in NEEDS if (need.table_name, need.column_name) == (table, "")}
    assert readers
    assert {one.need.scheme_id for one in found} == readers
    assert {(one.need.table_name, one.need.column_name, one.status) for one in found} == {
        (table, "", "absent")
    }
    sentences = lack_sentences(found)
    assert len(sentences) == len(readers)
    assert all(f"{table} never came" in sentence for sentence in sentences)


@pytest.mark.parametrize("table", COUNTED)
def test_a_table_without_rows_is_told_as_empty(table: str) -> None:
    assert {one.status for one in lacking(delivered(no_rows=[table]))} == {"empty"}


@pytest.mark.parametrize(("table", "column"), COLUMNS)
def test_a_column_that_is_not_there_is_told_of_every_plan_that_reads_it(table: str, column: str) -> None:
    names = column.split(EITHER)
    places = [f"{table}.{name}" for name in names]
    found = lacking(delivered(no_column=places))
    assert (table, column, "absent") in {
        (one.need.table_name, one.need.column_name, one.status) for one in found
    }
    if len(names) > 1:  # one of them will do
        others = lacking(delivered(no_column=places[:1]))
        assert (table, column) not in {(one.need.table_name, one.need.column_name) for one in others}


@pytest.mark.parametrize(
    ("scheme", "column", "reader"),
    [
        ("level_ladder", "level", "component ll_base"),
        ("platform_mix", "level", "component pm_fixed"),
        ("sales_service", "education", "component ss_base"),
        ("sales_service", "hired_on", "component ss_base"),
        ("centre_grade", "department", "component cg_service_star"),
        ("centre_grade", "base_salary", "component cg_extra"),
        ("centre_grade", "role", "rule cohort_scope"),
        ("points_2017", "level", "component pt_level"),
    ],
)
def test_columns_of_the_roster_are_known_by_the_rows_that_read_them(
    scheme: str, column: str, reader: str
) -> None:
    found = lacking(delivered(no_column=[f"{ROSTER}.{column}"]), [scheme])
    assert reader in {one.need.needed_by for one in found if one.need.column_name == column}


def test_teams_ranked_within_departments_need_their_own() -> None:
    component, table = "cg_breakthrough_response_team", TABLES["component_parameter"]
    rows = tuple(
        replace(row, values={**row.values, "text_value": "department"})
        if row.texts("component_id", "parameter") == (component, "scope")
        else row
        for row in table.rows
    )
    needs = plan_needs({**TABLES, "component_parameter": replace(table, rows=rows)}, DAY)
    read = {(one.table_name, one.column_name) for one in needs if one.needed_by == f"component {component}"}
    assert {(TEAMS, ""), (TEAMS, "department"), (ROSTER, "team_id")} <= read
    assert (ROSTER, "department") not in read


def test_plans_that_nobody_is_on_need_nothing() -> None:
    assert lacking(delivered(without=COUNTED), []) == []
    assert {one.need.scheme_id for one in lacking(delivered(without=COUNTED), ["part_time"])} == {"part_time"}


def test_a_column_of_a_table_that_never_came_is_not_told_beside_it() -> None:
    found = lacking(delivered(without=["ticket.ticket"], no_column=["ticket.ticket.customer_id"]))
    assert {one.need.column_name for one in found} == {""}


def test_rows_out_of_force_need_nothing() -> None:
    component = TABLES["component"]
    rows = tuple(
        replace(row, values={**row.values, "effective_to": dt.date(2026, 1, 1)}) for row in component.rows
    )
    closed = {**TABLES, "component": replace(component, rows=rows)}
    assert not any(need.needed_by.startswith("component") for need in plan_needs(closed, DAY))


@pytest.mark.parametrize(
    ("catalogue", "file", "column"),
    [("kpi", "kpi", "kpi_id"), ("event_kind", "event_kind", "event_kind")],
)
def test_what_is_read_of_a_catalogue_is_of_its_tables(catalogue: str, file: str, column: str) -> None:
    sources = {row.text(column): row.text("source_tables").split() for row in TABLES[file].rows}
    for name, places in column_reads()[catalogue].items():
        tables = {one.rpartition(".")[0] for place in places for one in place.split(EITHER)}
        assert tables <= set(sources[name]), name


def test_every_kpi_says_which_columns_decide_it() -> None:
    assert set(column_reads()["kpi"]) == {row.text("kpi_id") for row in TABLES["kpi"].rows}


def test_columns_read_are_optional_columns_of_the_contract() -> None:
    for entries in column_reads().values():
        for places in entries.values():
            for one in (one for place in places for one in place.split(EITHER)):
                table, _, column = one.rpartition(".")
                assert not CONTRACT.table(table).column(column).is_required, one


def test_a_need_names_its_place() -> None:
    assert Need("p", "crm.order", "", "kpi x", "CG-01").place == "crm.order"
    assert Need("p", "crm.order", "kind", "kpi x", "CG-01").place == "crm.order.kind"
