"""Expressions of a profile: one value a row, or refused by name before anything is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration.errors import ConfigurationError
from orchestration.ingest import load_contract
from orchestration.ingest.expression import examined
from orchestration.ingest.profile import load_profiles
from tests.ingest_support import CONTRACT_DIR

PROFILE = """
profile: book
files:
  - match: "book*.csv"
    table: workforce.attendance
    {where}
    columns:
      agent_id: {{from: Code}}
      work_date: {{{date}}}
      status: {{from: Status, {status}}}
"""


def refused(
    tmp_path: Path, *, date: str = "from: Day", status: str = "map: {P: present}", where: str = ""
) -> str:
    path = tmp_path / "book.yml"
    path.write_text(PROFILE.format(date=date, status=status, where=where), encoding="utf-8")
    with pytest.raises(ConfigurationError) as raised:
        load_profiles([path], contract=load_contract(CONTRACT_DIR), business_timezone="Asia/Shanghai")
    text = str(raised.value)
    assert text.startswith(f"{path}: ")
    assert "files entry 1 (book*.csv into workforce.attendance)" in text
    return text


@pytest.mark.parametrize(
    ("expression", "named"),
    [
        ("unnest(['2026-10-01', '2026-10-02'])", "makes rows (unnest)"),
        ("unnest(['2026-10-01'])", "one value a row. Turn columns into rows with unpivot: {"),
        ("generate_series(1, 3)", "makes rows (generate_series)"),
        ("upper(unnest([Day]))", "makes rows (unnest)"),
        ("row_number() OVER ()", "row_number is a window function"),
        ("lag(Day) OVER (ORDER BY Day)", "lag is a window function"),
        ("max(Day)", "max is an aggregate"),
        ("string_agg(Day, ',')", "string_agg is an aggregate"),
        ("(SELECT max(Day) FROM source)", "has a subquery"),
        ("Day IN (SELECT 'x')", "has a subquery"),
        ("COLUMNS(*)", "stands for several columns"),
        ("random()", "gives another value each time (random)"),
        ("CAST(now() AS DATE)", "gives another value each time (now)"),
        ("getvariable('pseudonym_key')", "reads a setting of the run (getvariable)"),
        ("[Day, Code]", "gives a VARCHAR[]"),
        ("Day + 1", "cannot be computed over text columns"),
        ("nothing_of_that_name(Day)", "cannot be computed over text columns"),
        ("Day, Code", "gives a STRUCT"),
        ("Day) FROM source WHERE (Code = 'x'", "is not a DuckDB expression"),
        ("Day), (Code", "is more than one expression"),
        ("1); DROP TABLE t; SELECT (2", "is not a DuckDB expression"),
        ("strptime(Day, '%Y-%m-%d %H:%M %Z')", "reads a zone's name"),
    ],
)
def test_what_cannot_be_one_value_a_row(tmp_path: Path, expression: str, named: str) -> None:
    quoted = expression.replace('"', '\\"')
    text = refused(tmp_path, date=f'sql: "{quoted}"')
    assert "column work_date" in text
    assert named in text
    assert named in refused(tmp_path, where=f'where: "{quoted}"')


@pytest.mark.parametrize(
    "expression",
    [
        "CASE WHEN a = '1' THEN b END",
        "list_transform([a], lambda x: upper(x))[1]",
        "CAST(a AS TIMESTAMP) + to_seconds(CAST(b AS INTEGER))",
        "json_extract_string(a, '$.x')",
        "regexp_extract(a, '[0-9]+')",
        "coalesce(a, b)",
        "a IN ('x', 'y')",
        "list_sum([CAST(a AS INTEGER), 1])",
        "strptime(a, '%Y-%m-%d %z')",
    ],
)
def test_what_can(expression: str) -> None:
    found = examined(expression)
    assert (found.problem, found.sql) == ("", expression)


def test_casts_to_a_time_with_a_zone_are_replaced_and_nothing_else_is() -> None:
    found = examined("CAST(a AS TIMESTAMPTZ) + to_seconds(CAST(b AS INTEGER))")
    assert found.problem == ""
    assert found.columns == ("a", "b")
    assert "to_seconds(CAST(b AS INTEGER))" in found.sql


@pytest.mark.parametrize(
    ("date", "status", "named"),
    [
        ("value: 2026-13-01", "map: {P: present}", "column work_date: the value '2026-13-01' is not a date"),
        ("value: soon", "map: {P: present}", "the value 'soon' is not a date"),
        ("from: Day", "map: {P: presnt}", "the map of 'P' 'presnt' is not one of present, late"),
        ("from: Day", "default: away", "the default 'away' is not one of present, late"),
        ("from: Day", "map: {P: present}, otherwise: away", "the otherwise 'away' is not one of present"),
    ],
)
def test_constants_that_their_column_does_not_take(
    tmp_path: Path, date: str, status: str, named: str
) -> None:
    assert named in refused(tmp_path, date=date, status=status)


def test_a_mistyped_constant_is_answered_with_the_word_meant(tmp_path: Path) -> None:
    assert "did you mean 'present'?" in refused(tmp_path, status="map: {P: presnt}")
