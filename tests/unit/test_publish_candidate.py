"""The candidate on a small hand-made warehouse: order, bytes, audiences, what it refuses."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb
import pytest

from orchestration.errors import ConfigurationError, PublicationRefused
from orchestration.publish.candidate import Candidate, build_candidate, content_hash, read_candidate
from orchestration.publish.previous import Previous
from orchestration.state.folder import StateFolder, auditor_folder, auditor_parquet
from orchestration.warehouse.manifest import Relation
from tests import paying

REGISTER = """
    select '2026-10' as period_id, 'A' || i as agent_id, 'L' || i as bonus_line_id,
        '=cmd|calc' as agent_name, cast(i + 0.25 as decimal(18, 2)) as amount_cny
    from range(3) as t(i)
"""


def relation(name: str, *, key: Sequence[str], audiences: Sequence[str] = (), part_by: str = "") -> Relation:
    schema, table = name.split(".")
    return Relation(
        schema, table, tuple(key), frozenset(audiences), f"model.meritline.{table}", part_by=part_by
    )


def make_state(folder: Path, tables: dict[str, str]) -> StateFolder:
    state = StateFolder(folder)
    state.prepare()
    for name in ("context", "load_file"):
        (state.raw / "run" / name).mkdir(parents=True)
    duckdb.execute(
        f"copy (select date '2026-10-31' as as_of_on) to '{state.raw}/run/context/context.parquet'"
    )
    duckdb.execute(
        "copy (select 'ticket/ticket.csv' as file, 'ab' as sha256, 12::bigint as byte_count, "
        f"'loaded' as status) to '{state.raw}/run/load_file/load_file.parquet'"
    )
    with duckdb.connect(str(state.warehouse)) as warehouse:
        for name, query in tables.items():
            warehouse.execute(f"create schema if not exists {name.split('.')[0]}")
            warehouse.execute(f"create table {name} as {query}")
    return state


def build(state: StateFolder, relations: Sequence[Relation], number: int = 1) -> Candidate:
    return build_candidate(
        state, relations, number=number, code_hash="c", policy_hash="p", progress=lambda _: None
    )


def test_rows_come_in_the_order_of_the_key_whatever_the_order_they_were_built_in(tmp_path: Path) -> None:
    rows = "select i as id, i * 2 as twice from range(1000) as t(i) order by"
    forth = make_state(tmp_path / "forth", {"facts.fct_a": f"{rows} hash(i)"})
    back = make_state(tmp_path / "back", {"facts.fct_a": f"{rows} i desc"})
    one = relation("facts.fct_a", key=["id"])
    assert build(forth, [one]).content_hash == build(back, [one], number=7).content_hash
    name = "auditor/facts.fct_a/all.parquet"
    assert (forth.candidate / name).read_bytes() == (back.candidate / name).read_bytes()
    ids = duckdb.execute(f"select id from '{forth.candidate / name}'").fetchall()
    assert ids == [(number,) for number in range(1000)]


def test_the_same_rows_over_many_row_groups_give_the_same_bytes(tmp_path: Path) -> None:
    query = "select (i * 7919) % 300007 as id, md5(i::varchar) as text from range(300007) as t(i)"
    state = make_state(tmp_path, {"kpi.kpi_evidence": query})
    one = relation("kpi.kpi_evidence", key=["id"])
    assert len({build(state, [one]).content_hash for _ in range(3)}) == 1


def test_one_changed_cell_changes_the_content_hash(tmp_path: Path) -> None:
    query = "select i as id, {} as value from range(10) as t(i)"
    one = relation("facts.fct_a", key=["id"])
    before = build(make_state(tmp_path / "a", {"facts.fct_a": query.format("i")}), [one])
    changed = build(
        make_state(tmp_path / "b", {"facts.fct_a": query.format("case i when 3 then 4 else i end")}), [one]
    )
    assert before.content_hash != changed.content_hash


def test_each_audience_gets_its_relations_and_no_others(tmp_path: Path) -> None:
    state = make_state(
        tmp_path,
        {
            "facts.fct_a": "select 1 as id",
            "marts.mart_team_kpi": "select 't' as team_id",
            "marts.mart_bonus_register": REGISTER,
        },
    )
    build(
        state,
        [
            relation("facts.fct_a", key=["id"]),
            relation("marts.mart_team_kpi", key=["team_id"], audiences=["bi"]),
            relation("marts.mart_bonus_register", key=["bonus_line_id"], audiences=["payroll"]),
        ],
    )
    found = {}
    for audience in ("bi", "payroll", "auditor"):
        with duckdb.connect(str(state.candidate / f"{audience}.duckdb"), read_only=True) as database:
            tables = database.execute(
                "select table_schema || '.' || table_name from information_schema.tables order by 1"
            ).fetchall()
        found[audience] = [table for (table,) in tables]
    assert found == {
        "bi": ["marts.mart_team_kpi"],
        "payroll": ["marts.mart_bonus_register"],
        "auditor": ["facts.fct_a", "marts.mart_bonus_register", "marts.mart_team_kpi"],
    }
    assert [path.name for path in (state.candidate / "bi").iterdir()] == ["mart_team_kpi.parquet"]


DATED = """
    select i as id, case when i % 7 > 0 then date '2026-08-30' + cast(i as integer) end as happened_on
    from range(70) as t(i)
"""


def parts_of(state: StateFolder, name: str) -> dict[str, int]:
    """Rows of a relation's files by their name, in the order in which DuckDB reads them."""
    return dict(
        duckdb.sql(
            "select parse_filename(filename), count(*) "
            f"from '{auditor_parquet(state.candidate, name)}' group by all order by all"
        ).fetchall()
    )


def test_a_large_relation_is_a_file_per_month_of_its_rows_and_loses_none(tmp_path: Path) -> None:
    state = make_state(tmp_path, {"facts.fct_a": DATED})
    done = build(state, [relation("facts.fct_a", key=["id"], part_by="happened_on")])
    assert done.rows == {"facts.fct_a": 70}
    assert parts_of(state, "facts.fct_a") == {
        "2026-08.parquet": 1,
        "2026-09.parquet": 26,
        "2026-10.parquet": 27,
        "2026-11.parquet": 6,
        "undated.parquet": 10,
    }
    with duckdb.connect(str(state.candidate / "auditor.duckdb"), read_only=True) as database:
        assert database.sql(f"from ({DATED}) except all from facts.fct_a").fetchall() == []
        assert database.sql("select count(*) from facts.fct_a").fetchall() == [(70,)]


def test_a_period_is_a_part_as_it_is_called(tmp_path: Path) -> None:
    rows = "select unnest(['2026', '2026-10', '2026-Q4']) as period_id"
    state = make_state(tmp_path, {"kpi.kpi_a": rows})
    build(state, [relation("kpi.kpi_a", key=["period_id"], part_by="period_id")])
    assert list(parts_of(state, "kpi.kpi_a")) == ["2026-10.parquet", "2026-Q4.parquet", "2026.parquet"]


@pytest.mark.parametrize(
    "rows",
    [
        "select 1 as id, date '2026-10-01' as happened_on where false",
        "select i as id, make_date(1000 + cast(i as integer), 1, 1) as happened_on from range(241) as t(i)",
    ],
    ids=["no_rows", "dates_of_nonsense"],
)
def test_without_rows_or_with_dates_of_nonsense_a_relation_is_one_file(rows: str, tmp_path: Path) -> None:
    state = make_state(tmp_path, {"facts.fct_a": rows})
    build(state, [relation("facts.fct_a", key=["id"], part_by="happened_on")])
    assert [path.name for path in auditor_folder(state.candidate, "facts.fct_a").iterdir()] == ["all.parquet"]


def test_a_part_by_that_is_no_column_is_refused(tmp_path: Path) -> None:
    state = make_state(tmp_path, {"facts.fct_a": "select 1 as id"})
    with pytest.raises(ConfigurationError, match="its part_by names happened_on"):
        build(state, [relation("facts.fct_a", key=["id"], part_by="happened_on")])


def test_only_the_group_of_bi_can_read_beyond_the_owner(tmp_path: Path) -> None:
    state = make_state(
        tmp_path,
        {
            "marts.mart_team_kpi": "select 't' as team_id",
            **paying.tables([paying.line("A1", "5")], [paying.person("A1", "5")]),
        },
    )
    build(
        state,
        [
            relation("marts.mart_team_kpi", key=["team_id"], audiences=["bi"]),
            *paying.relations(),
        ],
    )
    modes = {
        path.relative_to(state.candidate).as_posix(): path.stat().st_mode & 0o777
        for path in state.candidate.rglob("*")
    }
    assert {name for name, mode in modes.items() if mode & 0o007} == set()
    assert {name for name, mode in modes.items() if mode & 0o070 and not name.startswith("auditor/")} == {
        "bi",
        "bi.duckdb",
        "bi/mart_team_kpi.parquet",
    }
    assert modes["auditor"] == 0o700
    assert modes["payroll/register_2026-10.xlsx"] == 0o600
    assert modes["payroll/statements"] == modes["payroll/statements/2026-10"] == 0o700
    assert modes["payroll/statements/2026-10/A1.html"] == 0o600


def test_a_key_that_does_not_tell_rows_apart_is_refused(tmp_path: Path) -> None:
    state = make_state(tmp_path, {"facts.fct_a": "select i % 2 as id from range(4) as t(i)"})
    with pytest.raises(PublicationRefused, match=r"facts\.fct_a: 2 rows share the key id="):
        build(state, [relation("facts.fct_a", key=["id"])])
    assert not state.candidate.exists()


def test_a_key_column_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    state = make_state(tmp_path, {"facts.fct_a": "select 1 as id"})
    with pytest.raises(ConfigurationError, match="its key names nope"):
        build(state, [relation("facts.fct_a", key=["id", "nope"])])


def test_a_sum_that_parquet_would_turn_into_a_float_is_refused(tmp_path: Path) -> None:
    state = make_state(tmp_path, {"facts.fct_a": "select 1 as id, sum(i) as total from range(3) as t(i)"})
    with pytest.raises(PublicationRefused, match=r"total \(HUGEINT\)"):
        build(state, [relation("facts.fct_a", key=["id"])])


@pytest.mark.parametrize("column", ["amount_cny", "base_salary", "bonus_total", "pay", "net_pay", "amount"])
def test_a_mart_for_bi_with_an_agents_money_is_refused(tmp_path: Path, column: str) -> None:
    state = make_state(tmp_path, {"marts.mart_x": f"select 'A1' as agent_id, 1.00 as {column}"})
    with pytest.raises(ConfigurationError, match="PR-03"):
        build(state, [relation("marts.mart_x", key=["agent_id"], audiences=["bi"])])


def test_a_part_that_came_out_the_same_is_the_file_of_the_candidate_before(tmp_path: Path) -> None:
    dated = relation("facts.fct_a", key=["id"], part_by="happened_on")
    rows = "select i as id, date '2026-09-15' + cast(i as integer) as happened_on from range(30) as t(i)"
    state = make_state(tmp_path, {"facts.fct_a": rows})
    files = build(state, [dated]).files
    previous = Previous(state.candidate, files)
    part = "2026-09.parquet"
    before = auditor_folder(state.candidate, dated.full_name) / part
    written = tmp_path / "written.parquet"
    written.write_bytes(before.read_bytes())
    assert previous.same_file(dated, part, written) == before
    assert previous.same_file(dated, "2026-10.parquet", written) is None, "another month"
    assert previous.same_file(dated, "2026-11.parquet", written) is None, "a month that it has not"
    before.write_bytes(b"another's")
    assert Previous(state.candidate, files).same_file(dated, part, before) is None, "not as it was written"


def test_the_candidate_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    state = make_state(tmp_path, {"facts.fct_a": "select 1 as id"})
    built = build(state, [relation("facts.fct_a", key=["id"])], number=12)
    read = read_candidate(state)
    assert read == built
    assert read.run_id == "000012-2026-10-31"
    assert read.rows == {"facts.fct_a": 1}
    assert read.inputs == [{"file": "ticket/ticket.csv", "sha256": "ab", "byte_count": 12}]
    assert content_hash(state.candidate) == read.content_hash


def test_without_a_candidate_there_is_nothing_to_publish(tmp_path: Path) -> None:
    state = StateFolder(tmp_path)
    with pytest.raises(PublicationRefused, match="no candidate"):
        read_candidate(state)
