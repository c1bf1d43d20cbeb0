"""No clock, dice, policy number or SQL of one engine in a model; each rule is shown a fault to find."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
import yaml

from tests.project.conftest import ROOT, CompiledProject
from tests.project.sql_rules import (
    clocks_and_dice,
    compile_time_clocks,
    foreign_tables,
    layout_faults,
    overlong_lines,
    policy_numbers,
    shouted_keywords,
    undispatched,
    unparsable_on_spark,
    unportable_structure,
    unportable_writing,
    unstated_null_orders,
    used_numbers,
)
from tests.project.written_sql import read_macros, read_written

DBT = ROOT / "dbt_project"
MODELS = sorted((DBT / "models").rglob("*.sql"))
MACROS = sorted((DBT / "macros").rglob("*.sql"))
SINGULAR = sorted((ROOT / "tests" / "dbt").rglob("*.sql"))

CONVERSIONS: dict[str, tuple[set[str], str]] = {
    "macros/exact.sql": (
        {"2", "6", "9", "10", "100", "0.01", "1000000", "100000000", "100000000000000", "72201776446800"},
        "halves for rounding, cents, millionths and hundred-millionths in which exact integers are counted, "
        "nine times six digits of a quotient, the least multiple of all numbers of days of a month",
    ),
    "macros/time.sql": (
        {"-1", "5", "7", "12", "1000000", "86400000000"},
        "the first day of 2026-10 and its characters, the four openings of a day, months of a year, "
        "microseconds of a second and of a day",
    ),
    "macros/calculation.sql": ({"64"}, "levels of a tree beyond which something rests on itself"),
    "macros/pay.sql": ({"0.01", "1000000"}, "one hundredth of a score, millionths"),
    "macros/statistics.sql": (
        {"0.001", "0.000000001", "2", "3", "6", "1000000", "1000000000"},
        "thousandths, millionths, billionths, a million times a mean, constants of Bernstein's inequality",
    ),
    "models/audit/calculation__ranking.sql": ({"2", "3"}, "places of the second and third number ranked by"),
    "models/facts/dim_period.sql": ({"3", "12"}, "months of a quarter and of a year"),
    "models/intermediate/int_calendar__business_day.sql": ({"5"}, "the four openings that a day may have"),
    "models/intermediate/int_number.sql": ({"10", "100", "1000"}, "place values of decimal digits"),
}
"""Numbers that are no policy, by file, with what they are."""

ENVIRONMENT = {"business_timezone": {"env_var"}, "site_kpi_models": {"env_var"}}
"""Macros that may read the environment: the zone is a setting of the site, and so is which KPIs it adds."""

MEANT = {
    "business_timezone": ("division", "the slash in the name of a zone"),
    "square_root": ("DOUBLE", "a first guess only: integers decide"),
    "quotient_digits": ("%", "what is divided is a remainder, never negative"),
}
"""Findings in macros that are meant: how they begin, and why."""


def name(path: Path) -> str:
    return path.relative_to(DBT).as_posix() if path.is_relative_to(DBT) else path.name


def listed(findings: list[str]) -> str:
    return "\n" + "\n".join(findings)


# The tree


def test_no_model_reads_a_clock_or_throws_dice(project: CompiledProject) -> None:
    found = [f"{node}: {fault}" for node, sql in project.duckdb.items() for fault in clocks_and_dice(sql)]
    assert not found, listed(found)


def test_no_template_brings_in_time_or_environment() -> None:
    found = [
        f"{name(path)}: {fault}"
        for path in MODELS
        for fault in compile_time_clocks(read_written(path.read_text()))
    ]
    for path in MACROS:
        for macro, written in read_macros(path.read_text()).items():
            meant = ENVIRONMENT.get(macro, set())
            written.names = [(line, used) for line, used in written.names if used not in meant]
            found += [f"{name(path)}: {macro}: {fault}" for fault in compile_time_clocks(written)]
    assert not found, listed(found)


def test_no_policy_number_in_sql() -> None:
    found = []
    for path in [*MODELS, *MACROS]:
        allowed, _ = CONVERSIONS.get(name(path), (set(), ""))
        found += [
            f"{name(path)}: {fault}" for fault in policy_numbers(read_written(path.read_text()), allowed)
        ]
    assert not found, listed(found)


def test_every_named_conversion_is_used() -> None:
    for file, (numbers, _) in CONVERSIONS.items():
        used = used_numbers(read_written((DBT / file).read_text()))
        assert {Decimal(number) for number in numbers} <= used, file


def test_models_are_written_for_both_engines() -> None:
    found = [
        f"{name(path)}: {fault}"
        for path in MODELS
        for fault in unportable_writing(read_written(path.read_text()))
    ]
    for path in MACROS:
        for macro, written in read_macros(path.read_text()).items():
            if not macro.startswith(("default__", "spark__")):
                meant, _ = MEANT.get(macro, ("nothing", ""))
                faults = [
                    fault
                    for fault in unportable_writing(written)
                    if not re.match(rf"line \d+: {meant}", fault)
                ]
                found += [f"{name(path)}: {macro}: {fault}" for fault in faults]
    assert not found, listed(found)


def test_every_dispatched_macro_has_both_versions() -> None:
    macros = {macro: "" for path in MACROS for macro in read_macros(path.read_text())}
    assert any(macro.startswith("spark__") for macro in macros)
    assert not undispatched(macros), listed(undispatched(macros))


def test_no_macro_takes_the_place_of_ref_or_source() -> None:
    macros = {macro for path in MACROS for macro in read_macros(path.read_text())}
    assert macros and not macros & {"ref", "source", "builtins"}


def test_no_policy_number_in_the_settings_of_the_project() -> None:
    variables = yaml.safe_load((DBT / "dbt_project.yml").read_text()).get("vars", {})
    types = {name for name in variables if name.endswith("_type")}
    assert not [
        name for name, value in variables.items() if re.search(r"\d", str(value)) and name not in types
    ]


def test_every_order_says_where_nulls_go(project: CompiledProject) -> None:
    found = [
        f"{node}: {fault}" for node, sql in project.duckdb.items() for fault in unstated_null_orders(sql)
    ]
    assert not found, listed(found)


def test_compiled_models_parse_and_keep_to_the_common_structure(project: CompiledProject) -> None:
    found = [
        f"{node}: {fault}" for node, sql in project.duckdb.items() for fault in unportable_structure(sql)
    ]
    assert not found, listed(found)


def test_models_rendered_for_spark_are_spark_sql(project: CompiledProject) -> None:
    rendered = "\n".join(project.spark.values())
    assert "unix_micros(" in rendered and "epoch_us(" not in rendered, (
        "the Spark versions of macros were not rendered"
    )
    found = [f"{node}: {fault}" for node, sql in project.spark.items() for fault in unparsable_on_spark(sql)]
    assert not found, listed(found)


def test_models_read_only_what_the_graph_knows(project: CompiledProject) -> None:
    nodes = {**project.manifest["nodes"], **project.manifest["sources"]}
    found = []
    for unique_id, sql in project.duckdb.items():
        parents = [nodes[parent] for parent in nodes[unique_id]["depends_on"]["nodes"]]
        known = [f"{parent['schema']}.{parent.get('alias') or parent['identifier']}" for parent in parents]
        has_source = any(parent["resource_type"] == "source" for parent in parents)
        found += [f"{unique_id}: {fault}" for fault in foreign_tables(sql, known, may_read_files=has_source)]
    assert not found, listed(found)


def test_models_are_laid_out_as_the_house_has_it() -> None:
    found = []
    for path in MODELS:
        source = path.read_text()
        found += [
            f"{name(path)}: {fault}"
            for fault in layout_faults(source) + shouted_keywords(read_written(source))
        ]
    for path in [*MACROS, *SINGULAR]:
        found += [f"{name(path)}: {fault}" for fault in overlong_lines(path.read_text().splitlines())]
    assert not found, listed(found)


# The rules, on planted faults


def written(rule: Callable[..., list[str]]) -> Callable[[str], list[str]]:
    return lambda source: rule(read_written(source))


GOOD_MODEL = """-- Grain: one agent, one period.

with

line as (
    select
        agent_id,
        cast(sum(points) as decimal(18, 4)) as points,
        row_number() over (partition by agent_id order by period_id asc nulls last) as period_no
    from {{ ref('score_line') }}
    where is_scored and weight > 0
    group by agent_id, period_id
)

select
    line.*,
    {{ ratio('line.points', 'line.period_no', scale=4) }} as mean_points
from line
"""


@pytest.mark.parametrize(
    "rule",
    [
        written(policy_numbers),
        written(unportable_writing),
        written(compile_time_clocks),
        written(shouted_keywords),
        layout_faults,
    ],
)
def test_a_model_in_order_has_no_findings(rule: Callable[[str], list[str]]) -> None:
    assert rule(GOOD_MODEL) == []


@pytest.mark.parametrize(
    "planted",
    [
        "select now()",
        "select current_date as day",
        "select a from t where d < CURRENT_TIMESTAMP",
        "select today() - 1",
        "select random() as r",
        "select a, uuid() as id from t",
        "select any_value(a) as a from t",
        "select string_agg(a, ',') as a from t",
        "select row_number() over (partition by a) as n from t",
        "select a from t limit 3",
        "select a from t tablesample 10",
    ],
)
def test_a_planted_clock_or_die_is_found(planted: str) -> None:
    assert clocks_and_dice(planted)


def test_columns_named_like_clocks_are_no_clocks() -> None:
    assert (
        clocks_and_dice("select t.now, t.last, first, 'current_date' as today from t order by a limit 1")
        == []
    )


@pytest.mark.parametrize(
    "planted",
    [
        "select '{{ run_started_at }}' as d",
        "{% set d = modules.datetime.date.today() %} select 1",
        "select {{ dbt.current_timestamp() }} as d",
        "select '{{ env_var(\"DAY\") }}' as d",
        "select {{ var('day') }} as d",
    ],
)
def test_a_planted_compile_time_clock_is_found(planted: str) -> None:
    assert compile_time_clocks(read_written(planted))


@pytest.mark.parametrize(
    "planted",
    [
        "select amount * 0.8 as a from t",
        "select case when attainment >= 1.2 then 1 else 0 end as a from t",
        "select cast('0.015' as decimal(9, 6)) as rate",
        "select cast('80 %' as string) as rate",
        "select {{ ratio('points * 30', 'n') }} as a from t",
        "select {{ add_days('hired_on', 90) }} as d from t",
        "{% set bonus = 1500 %} select {{ bonus }} as a from t",
        "{% for n in [20, 30] %} select {{ n }} {% endfor %}",
        "{% macro base(amount=500) %} select {{ amount }} {% endmacro %}",
        "select a from t where created_on >= date '2026-01-01'",
        "select a from t where period_id >= '2026-10'",
        "select a from t where created_at > started_at + interval 7 days",
        "select a from t where created_at > started_at + interval '7 days'",
        "select sum(a) over (order by b asc nulls last rows between 2 preceding and current row) as s from t",
        "select -2 as a from t",
        "select 1e2 as a from t",
    ],
)
def test_a_planted_policy_number_is_found(planted: str) -> None:
    assert policy_numbers(read_written(planted))


def test_types_flags_and_labels_are_no_policy_numbers() -> None:
    text = (
        "select cast(a as decimal(18, 6)) as a, 0 as z, 1 as o, 'tier 2 of 3' as l, '9999-12-31' as e from t"
    )
    assert policy_numbers(read_written(text)) == []


def test_an_exempt_number_is_exempt_by_value_only_where_named() -> None:
    model = read_written("select {{ add_months('day', 3) }} as a, 12.0 as b")
    assert policy_numbers(model, {"3", "12"}) == []
    assert len(policy_numbers(model, {"12"})) == 1


@pytest.mark.parametrize(
    "planted",
    [
        "select a from t qualify row_number() over (order by a asc nulls last) = 1",
        "select a from t asof join u on t.a >= u.a",
        "select arg_max(a, b) as a from t",
        # Over no condition that holds or fails it is nothing on one engine, and 0 on the other.
        "select count_if(a) as a from t",
        "select unnest(a) as a from t",
        "select * exclude (a) from t",
        "select hash(a) as h from t",
        "select a / b as c from t",
        "select {{ points('a / b') }} as c from t",
        "select a // b as c from t",
        "select avg(a) as a from t",
        "select [a, b] as c from t",
        "select {'a': 1} as c from t",
        'select "a" from t',
        "select cast(a as timestamptz) as a from t",
        "select a at time zone 'UTC' as a from t",
        "select timezone('UTC', a) as a from t",
        "select cast(a as varchar) as a from t",
        "select cast(a as double) as a from t",
        "select cast(a as hugeint) as a from t",
        "select cast(a as decimal) as a from t",
        "select a::string as a from t",
        "select string_split(a, ',') as a from t",
        "select round(a, 2) as a from t",
        "select date_diff('day', a, b) as n from t",
        "select percent_rank() over (order by a asc nulls last) as p from t",
    ],
)
def test_planted_writing_of_one_engine_is_found(planted: str) -> None:
    assert unportable_writing(read_written(planted))


def test_columns_may_be_called_what_types_are_called() -> None:
    assert (
        unportable_writing(read_written("select t.text, a as real from t where lower(t.text) like 'x%'"))
        == []
    )


@pytest.mark.parametrize(
    "planted",
    [
        "select a from t order by a",
        "select a from t order by a asc nulls last, b desc",
        "select sum(a) over (partition by b order by c rows between unbounded preceding and current row)",
        "select (select a from t order by a) as a, b from u",
    ],
)
def test_a_planted_order_without_nulls_is_found(planted: str) -> None:
    assert len(unstated_null_orders(planted)) == 1


@pytest.mark.parametrize(
    "planted",
    [
        "select a from",
        "select * from t inner join u on t.a = u.a",
        "from t",
        "select a, count(*) as n from t group by all",
        "select distinct on (a) a, b from t",
        "select list_transform(a, x -> x + 1) as a from t",
        "select a from t union all by name select a from u",
    ],
)
def test_planted_structure_of_one_engine_is_found(planted: str) -> None:
    assert unportable_structure(planted)


def test_what_spark_cannot_parse_is_found() -> None:
    assert unparsable_on_spark("select a from (select") and unparsable_on_spark("drop table t")
    assert unparsable_on_spark("select a div b as c from t") == []


def test_a_planted_table_outside_the_graph_is_found() -> None:
    sql = (
        "with c as (select a from facts.dim_agent) select a from c inner join staging.stg_x as o on c.a = o.a"
    )
    assert foreign_tables(sql, ["facts.dim_agent"]) == ["staging.stg_x is read without ref() or source()"]
    assert foreign_tables("select a from read_parquet('x.parquet')", [])
    assert foreign_tables("select a from read_parquet('x.parquet')", [], may_read_files=True) == []


@pytest.mark.parametrize(
    "planted",
    [
        "select 1\n",
        "-- Grain: one agent\n",
        "-- Grain: one agent.\nselect " + "a" * 120 + "\n",
        "-- Grain: one agent.\n\tselect 1\n",
    ],
)
def test_a_planted_layout_fault_is_found(planted: str) -> None:
    assert layout_faults(planted)


def test_shouted_sql_is_found() -> None:
    assert shouted_keywords(read_written("SELECT a from t")) and shouted_keywords(
        read_written("select a FROM t group by a")
    )
    assert shouted_keywords(read_written("select 'A' as a from t -- SELECT\n group by a")) == []


def test_a_macro_for_one_engine_only_is_found() -> None:
    assert undispatched({"a": "", "default__a": ""}) and undispatched({"a": "", "spark__a": ""})
    assert undispatched({"default__a": "", "spark__a": ""})
    assert undispatched({"a": "", "default__a": "", "spark__a": "", "b": ""}) == []
