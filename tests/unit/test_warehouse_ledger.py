"""The warehouse's ledger: what it says of raw files, when a warehouse is kept, what a candidate takes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.errors import ConfigurationError
from orchestration.state.folder import StateFolder
from orchestration.warehouse.ledger import (
    RELATIONS,
    Span,
    all_built,
    changes_since,
    keep_warehouse,
    note_candidate,
    touched_months,
)

STAGED = {
    "unique_id": "model.m.stg_ticket",
    "name": "stg_ticket",
    "resource_type": "model",
    "schema": "staging",
    "alias": "stg_ticket",
}
MANIFEST: dict[str, Any] = {
    "sources": {
        f"source.m.{source}.{name}": {
            "unique_id": f"source.m.{source}.{name}",
            "resource_type": "source",
            "source_name": source,
            "name": name,
            "config": {},
        }
        for source, name in (("ticket", "ticket"), ("run", "context"))
    },
    "nodes": {
        "model.m.stg_ticket": STAGED
        | {
            "depends_on": {"nodes": ["source.m.ticket.ticket"]},
            "config": {"materialized": "table", "meta": {"changes": ["created_on", {"value": "cut_at"}]}},
        },
        "model.m.kpi_view": {
            "unique_id": "model.m.kpi_view",
            "name": "kpi_view",
            "schema": "kpi",
            "alias": "kpi_view",
            "resource_type": "model",
            "depends_on": {"nodes": ["model.m.stg_ticket"]},
            "config": {"materialized": "view", "meta": {}},
        },
        "model.m.kpi_daily": {
            "unique_id": "model.m.kpi_daily",
            "name": "kpi_daily",
            "schema": "kpi",
            "alias": "kpi_daily",
            "resource_type": "model",
            "depends_on": {"nodes": ["model.m.kpi_view"]},
            "config": {"materialized": "table", "meta": {}},
        },
    },
}


@pytest.fixture
def state(tmp_path: Path) -> StateFolder:
    folder = StateFolder(tmp_path / "state")
    folder.prepare()
    for table in ("ticket/ticket", "run/context"):
        (folder.raw / table).mkdir(parents=True)
        (folder.raw / table / "_schema.parquet").write_bytes(b"columns")
    _raw(folder, "ticket/ticket/a.parquet", b"a")
    _raw(folder, "run/context/context.parquet", b"2026-10-30")
    return folder


def _raw(state: StateFolder, name: str, content: bytes) -> None:
    (state.raw / name).write_bytes(content)


def _changes(state: StateFolder) -> set[tuple[str, ...]]:
    """What the last look at the raw files found."""
    with duckdb.connect(str(state.warehouse)) as warehouse:
        newest = "(select max(seq) from build.change)"
        rows = warehouse.execute(
            f"select model, column_name, from_value from build.change where seq = {newest}"
        ).fetchall()
        warehouse.execute("delete from build.change where seq < (select max(seq) from build.change)")
    return {tuple(map(str, row)) for row in rows}


def test_files_that_come_go_and_change_are_told_apart(state: StateFolder) -> None:
    assert not keep_warehouse(state, MANIFEST), "the first warehouse is a new one"
    first = "ticket/ticket/a.parquet"
    assert ("ticket.ticket", "file", first) in _changes(state)
    _raw(state, "ticket/ticket/b.parquet", b"b")
    assert keep_warehouse(state, MANIFEST)
    assert _changes(state) == {("ticket.ticket", "file", "ticket/ticket/b.parquet")}
    (state.raw / first).unlink()
    keep_warehouse(state, MANIFEST)
    assert _changes(state) == {("ticket.ticket", "", "")}, "rows that went: nobody knows of which months"
    _raw(state, "ticket/ticket/b.parquet", b"other")
    keep_warehouse(state, MANIFEST)
    assert _changes(state) == {("ticket.ticket", "", "")}
    _raw(state, "run/context/context.parquet", b"2026-10-31")
    keep_warehouse(state, MANIFEST)
    assert _changes(state) == {("run.context", "", "")}, "a file that is written each night"


def test_columns_written_again_as_they_were_are_no_change(state: StateFolder) -> None:
    keep_warehouse(state, MANIFEST)
    before = _changes(state)
    schema = state.raw / "ticket/ticket/_schema.parquet"
    os.utime(schema, ns=(1, 1))
    keep_warehouse(state, MANIFEST)
    assert _changes(state) == before, "nothing was added"
    schema.write_bytes(b"other columns")
    keep_warehouse(state, MANIFEST)
    assert _changes(state) == {("ticket.ticket", "", "new")}, "columns may have other types"


@pytest.mark.parametrize("spoil", ["garbage", "earlier release", "another code", "another engine"])
def test_a_warehouse_that_is_not_of_this_ledger_is_not_gone_on_from(state: StateFolder, spoil: str) -> None:
    keep_warehouse(state, MANIFEST)
    with duckdb.connect(str(state.warehouse)) as warehouse:
        warehouse.execute("create table main.kept as select 1 as one")
        if spoil == "earlier release":
            warehouse.execute("drop schema build cascade")
        elif spoil == "another code":
            warehouse.execute("update build.kept_by set code = '0'")
        elif spoil == "another engine":
            warehouse.execute("update build.kept_by set engine = '0.1.0'")
    if spoil == "garbage":
        state.warehouse.write_bytes(b"no database" * 1000)
    assert not keep_warehouse(state, MANIFEST)
    with duckdb.connect(str(state.warehouse)) as warehouse:
        assert (
            warehouse.execute("from duckdb_tables() select table_name where schema_name = 'main'").fetchall()
            == []
        )
    assert keep_warehouse(state, MANIFEST)


def test_a_build_of_some_models_does_not_empty_a_warehouse(state: StateFolder) -> None:
    keep_warehouse(state, MANIFEST)
    with duckdb.connect(str(state.warehouse)) as warehouse:
        warehouse.execute("update build.kept_by set code = '0'")
    with pytest.raises(ConfigurationError, match="of another release"):
        keep_warehouse(state, MANIFEST, is_whole=False)
    assert state.warehouse.exists()


def test_a_locked_warehouse_is_waited_for_and_not_removed(state: StateFolder) -> None:
    keep_warehouse(state, MANIFEST)
    holder = (
        f"import duckdb, sys; c = duckdb.connect({str(state.warehouse)!r}); print('held', flush=True); "
        "sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", holder], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None and process.stdout.readline() == "held\n"
        with pytest.raises(duckdb.Error, match="lock"):
            keep_warehouse(state, MANIFEST)
        assert process.stdin is not None
        process.stdin.close()
    assert keep_warehouse(state, MANIFEST)


def test_what_has_no_model_any_more_goes(state: StateFolder) -> None:
    keep_warehouse(state, MANIFEST)
    with duckdb.connect(str(state.warehouse)) as warehouse:
        warehouse.execute("create schema staging; create schema kpi")
        warehouse.execute("create table staging.stg_ticket as select 1 as one")
        warehouse.execute("create table kpi.kpi_gone as select 1 as one")
        warehouse.execute("create view kpi.kpi_gone_too as select 1 as one")
        warehouse.execute("insert into build.built values (1, 'kpi_gone', 'c', 'whole')")
    all_built(state, MANIFEST)
    with duckdb.connect(str(state.warehouse)) as warehouse:
        left = warehouse.execute(RELATIONS).fetchall()
        assert warehouse.execute("from build.built").fetchall() == []
    assert left == [("table", "staging", "stg_ticket")]


def test_views_are_what_they_read(state: StateFolder) -> None:
    keep_warehouse(state, MANIFEST)
    with duckdb.connect(str(state.warehouse)) as warehouse:
        rows = warehouse.execute(
            "select read from build.reads where model = 'kpi_daily' order by read"
        ).fetchall()
    assert rows == [("kpi_view",), ("stg_ticket",)]


def test_a_rule_that_cannot_hold_ends_the_night_before_it_builds(state: StateFolder) -> None:
    meta = {"month": "created_on", "touched_by": {"ticket.ticket": "created_on"}}
    wrong = STAGED | {
        "depends_on": {"nodes": ["source.m.ticket.ticket"]},
        "config": {"materialized": "table", "meta": meta},
    }
    with pytest.raises(ConfigurationError, match="by which no change is told"):
        keep_warehouse(state, {**MANIFEST, "nodes": {"model.m.stg_ticket": wrong}})


def _build(state: StateFolder, seq: int, *changes: tuple[str, str, str]) -> None:
    with duckdb.connect(str(state.warehouse)) as warehouse:
        for model, column, value in changes:
            warehouse.execute(
                "insert into build.change values ($1, $2, $3, $4, $4, 3)", [seq, model, column, value]
            )
        warehouse.execute("insert into build.built values ($1, 'stg_ticket', 'c', 'whole')", [seq])


def test_what_changed_is_told_since_the_last_candidate_of_that_content(state: StateFolder) -> None:
    keep_warehouse(state, MANIFEST)
    _build(state, 10, ("stg_ticket", "", ""))
    all_built(state, MANIFEST)
    assert changes_since(state, "content") is None, "no candidate was ever taken"
    note_candidate(state, "content")
    assert changes_since(state, "content") == {}
    assert changes_since(state, "other") is None, "of a candidate that is not the last one nothing is known"
    _build(
        state, 12, ("stg_ticket", "created_on", "2026-09-04"), ("stg_ticket", "cut_at", "2026-10-30 16:00")
    )
    expected = {
        "stg_ticket": [
            Span("created_on", "2026-09", "2026-09"),
            Span("cut_at", "2026-10", "2026-10"),
        ]
    }
    assert changes_since(state, "content") == expected
    [touched] = touched_months(state, MANIFEST)
    assert (touched.month, touched.cause, touched.row_count) == ("2026-09", "stg_ticket", 3)
    # A build of a part of the models has taken nothing up for the others.
    note_candidate(state, "next")
    with duckdb.connect(str(state.warehouse)) as warehouse:
        assert len(warehouse.execute("from build.change where seq = 12").fetchall()) == 2
    all_built(state, MANIFEST)
    note_candidate(state, "next")
    with duckdb.connect(str(state.warehouse)) as warehouse:
        assert warehouse.execute("from build.change where seq = 12").fetchall() == []


def test_a_warehouse_that_nobody_keeps_says_nothing(state: StateFolder) -> None:
    with duckdb.connect(str(state.warehouse)) as warehouse:
        warehouse.execute("create table main.one as select 1 as one")
    assert changes_since(state, "content") is None
