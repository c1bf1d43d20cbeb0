"""What a bound must say: each fault is told with its file, the bound and the remedy."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from expectations.bound import KINDS, load_bounds, require_columns, require_numbers
from expectations.measure import FOLDER, Measure, measured_columns
from orchestration.errors import ConfigurationError
from orchestration.settings import BOUNDS_DIR, PROJECT_ROOT

Change = Callable[[dict[str, Any]], object]
"""What is done to the fields of a bound, or to a whole suite."""

OF_KIND = {
    "measured": ("raw", "week_volume_collapsed"),
    "counted": ("raw", "loads_exist"),
    "ranged": ("facts", "handle_times_plausible"),
    "listed": ("facts", "survey_scales_known"),
    "ordered": ("facts", "tickets_solved_after_creation"),
    "filled": ("bonus", "lines_have_an_amount"),
}
"""A bound in force of each kind: its suite and its id."""


def told(folder: Path, suite: str, change: Change, bound: str | None = None) -> str:
    """What loading says of the bounds of `suite` once `change` was done to it, or to that bound of it."""
    document = yaml.safe_load((BOUNDS_DIR / f"{suite}.yml").read_text(encoding="utf-8"))
    change(document if bound is None else document["bounds"][bound])
    path = folder / f"{suite}.yml"
    path.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    with pytest.raises(ConfigurationError) as refused:
        require_numbers(load_bounds(folder), folder)
    assert refused.value.path == path
    assert refused.value.remedy
    return f"{refused.value.problem} | {refused.value.remedy}"


def test_the_bounds_in_force_load_and_every_kind_is_tried_here() -> None:
    bounds = load_bounds(BOUNDS_DIR)
    require_numbers(bounds, BOUNDS_DIR)
    assert {kind: bounds[suite][name].kind for kind, (suite, name) in OF_KIND.items()} == {
        kind: kind for kind in KINDS
    }


def test_contributing_says_what_every_kind_takes() -> None:
    lines = (PROJECT_ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").splitlines()
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines if line.startswith("| `")]
    said = {row[0].strip("`"): (row[2], row[3]) for row in rows if len(row) == 4}
    assert said.keys() == KINDS.keys()
    for kind, (fields, limits) in said.items():
        assert tuple(re.findall(r"`(\w+)", fields)) == KINDS[kind].fields
        assert tuple(re.findall(r"`(\w+)`", limits)) == (*KINDS[kind].needed, *KINDS[kind].optional)


@pytest.mark.parametrize("field", ["label_en", "label_zh", "relation", "kind", "severity", "since", "why"])
@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_missing_field_is_named(tmp_path: Path, kind: str, field: str) -> None:
    suite, name = OF_KIND[kind]
    text = told(tmp_path, suite, lambda bound: bound.pop(field), name)
    assert text == f"bound {name}: {field}: Field required | Give {field}"


@pytest.mark.parametrize(
    ("kind", "field"), [(kind, field) for kind, one in KINDS.items() for field in one.fields]
)
def test_what_its_kind_looks_at_must_be_said(tmp_path: Path, kind: str, field: str) -> None:
    suite, name = OF_KIND[kind]
    text = told(tmp_path, suite, lambda bound: bound.pop(field), name)
    assert f"bound {name}: kind {kind} needs `{field}`" in text


@pytest.mark.parametrize(
    ("kind", "field"),
    [
        (kind, field)
        for kind, one in KINDS.items()
        for field in ("measure", "column", "columns")
        if field not in one.fields
    ],
)
def test_what_its_kind_does_not_look_at_must_not_be_said(tmp_path: Path, kind: str, field: str) -> None:
    suite, name = OF_KIND[kind]
    value = ["a", "b"] if field == "columns" else "a"
    text = told(tmp_path, suite, lambda bound: bound.update({field: value}), name)
    assert f"bound {name}: kind {kind} has no `{field}`" in text


def test_every_reason_is_said_in_both_languages() -> None:
    for suite in load_bounds(BOUNDS_DIR).values():
        for check_id in suite:
            assert in_chinese(suite[check_id].why_zh), f"{suite.suite}.{check_id} lacks why_zh"
            assert in_chinese(suite[check_id].label_zh), f"{suite.suite}.{check_id} lacks label_zh"


def in_chinese(text: str) -> bool:
    """Whether a third of a text and more are Chinese characters."""
    return len(re.findall(r"[\u4e00-\u9fff]", text)) * 3 > len(text)


@pytest.mark.parametrize("text", ["", "A rate that moves", "比率 rate moved too far this month", "…"])
def test_a_reason_that_is_not_chinese_is_found(text: str) -> None:
    assert not in_chinese(text)


LIMITS = {"min_value": 0, "max_value": 1, "mostly": 0.9, "value_set": [1]}


@pytest.mark.parametrize(
    ("kind", "limit"),
    [
        (kind, limit)
        for kind, one in KINDS.items()
        for limit in LIMITS
        if limit not in (*one.needed, *one.optional)
    ],
)
def test_a_limit_that_its_kind_does_not_know_is_named(tmp_path: Path, kind: str, limit: str) -> None:
    suite, name = OF_KIND[kind]

    def add(bound: dict[str, Any]) -> None:
        bound["limits"] = {**bound.get("limits", {}), limit: LIMITS[limit]}

    assert f"bound {name}: kind {kind} knows no limit {limit}" in told(tmp_path, suite, add, name)


@pytest.mark.parametrize("kind", [kind for kind, one in KINDS.items() if one.needed])
def test_a_kind_that_needs_limits_is_given_some(tmp_path: Path, kind: str) -> None:
    suite, name = OF_KIND[kind]
    text = told(tmp_path, suite, lambda bound: bound.update(limits={}), name)
    assert f"bound {name}: kind {kind} needs limits: {' or '.join(KINDS[kind].needed)}" in text


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda bound: bound.update(kind="measurd"), "kind measurd is none of measured, ranged"),
        (
            lambda bound: bound.update(colum="x"),
            "colum: Extra inputs are not permitted | Fields here are label_en",
        ),
        (
            lambda bound: bound["limits"].update(maximum=1),
            "limits.maximum: Extra inputs are not permitted | Fields here are min_value",
        ),
        (
            lambda bound: bound.update(limits={"min_value": 2, "max_value": 1}),
            "min_value 2 is above max_value 1",
        ),
        (lambda bound: bound.update(severity="fatal"), "severity: Input should be 'critical' or 'warning'"),
        (lambda bound: bound.update(relation="fct_ticket"), "relation: String should match"),
        (lambda bound: bound.pop("cure"), "say in `cure` what to do then"),
        (lambda bound: bound.update(cure="Again"), "cure: String should match"),
        (lambda bound: bound.update(why="Because"), "why: String should have at least 20"),
        (lambda bound: bound.update(since="lately"), "since: "),
        (
            lambda bound: bound.update(measure="raw__steam"),
            "there is no expectations/measures/raw__steam.sql",
        ),
        (
            lambda bound: bound.update(column="weekratio"),
            "measure raw__stream has no column weekratio, only future_share, hour_shift, month_ratio",
        ),
    ],
)
def test_a_fault_is_told_with_its_bound_and_what_to_do(tmp_path: Path, change: Change, expected: str) -> None:
    text = told(tmp_path, "raw", change, "week_volume_collapsed")
    assert expected in text
    assert "week_volume_collapsed" in text


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            lambda suite: suite["needs"]["week_ratio"].update(en="{min_wekes} weeks"),
            "min_wekes, not in scope",
        ),
        (lambda suite: suite["needs"].pop("week_ratio"), "does not say what week_ratio needs to be judged"),
        (
            lambda suite: suite["needs"].update(old={"en": "rows", "zh": "数据"}),
            "needs of old, which no bound",
        ),
        (
            lambda suite: suite["scope"].pop("min_weeks"),
            "scope has no min_weeks, which measures/raw__stream.sql",
        ),
        (lambda suite: suite.update(suite="rows"), "it names suite rows | Name it raw, like the file"),
        (
            lambda suite: suite.update(bound={}),
            "bound: Extra inputs are not permitted | Fields here are suite",
        ),
        (lambda suite: suite.pop("bounds"), "bounds: Field required | Give bounds"),
    ],
)
def test_a_fault_of_the_suite_is_told(tmp_path: Path, change: Change, expected: str) -> None:
    # The needs name numbers of the scope as well: those that lost theirs go with it.
    def done(suite: dict[str, Any]) -> None:
        change(suite)
        if "min_weeks" not in suite["scope"]:
            suite["needs"]["week_ratio"].update(en="weeks", zh="若干周")

    assert expected in told(tmp_path, "raw", done)


def test_a_measure_that_is_no_sql_is_named() -> None:
    with pytest.raises(ValueError, match=r"measures/odd\.sql: .*syntax error"):
        measured_columns([Measure("odd", "select 1 as subject, from where")])


def test_the_first_part_of_a_union_names_the_numbers() -> None:
    sql = "with a as (select 1 as x) select 'a' as subject, x, x + 1 as y from a union all select 'b', 3, 4"
    assert measured_columns([Measure("union", sql)]) == {"union": {"x", "y"}}


def test_bounds_that_occur_twice_and_files_that_do_not_read_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "raw.yml"
    for text, expected in (
        ("suite: raw\nbounds:\n  a: {}\n  a: {}\n", "a occurs twice"),
        ("suite: [raw\n", "do not read"),
    ):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(ConfigurationError, match=expected):
            load_bounds(tmp_path)


def test_a_relation_or_a_column_that_is_not_published_is_named(tmp_path: Path) -> None:
    bounds = load_bounds(BOUNDS_DIR)
    columns: dict[str, list[str]] = {}
    for suite in bounds.values():
        for bound in suite.bounds.values():
            columns.setdefault(bound.relation, []).extend(bound.looked_at())
    require_columns(bounds, columns, BOUNDS_DIR)
    tried = 0
    for suite in bounds.values():
        for bound in suite.bounds.values():
            gone = {relation: held for relation, held in columns.items() if relation != bound.relation}
            with pytest.raises(ConfigurationError, match=f"no relation {bound.relation} is published"):
                require_columns(bounds, gone, BOUNDS_DIR)
            for column in bound.looked_at():
                left = [one for one in columns[bound.relation] if one != column]
                with pytest.raises(ConfigurationError) as refused:
                    require_columns({"one": suite}, {**columns, bound.relation: left}, BOUNDS_DIR)
                assert f"{bound.relation} has no column {column}" in refused.value.problem
                assert refused.value.path == BOUNDS_DIR / f"{suite.suite}.yml"
                tried += 1
    assert tried > len(OF_KIND)


def test_every_measure_and_every_number_of_it_is_held_by_a_bound() -> None:
    held: dict[str, set[str]] = {}
    for suite in load_bounds(BOUNDS_DIR).values():
        for bound in suite.bounds.values():
            if bound.measure and bound.column:
                held.setdefault(bound.measure, set()).add(bound.column)
    measures = {path.stem: Measure(path.stem, filled(path)) for path in FOLDER.glob("*.sql")}
    assert measured_columns(measures.values()) == held


def filled(path: Path) -> str:
    """The SQL with something in place of every number of the scope."""

    class Anything(dict[str, str]):
        def __missing__(self, _: str) -> str:
            return "('a', 1)"

    return path.read_text(encoding="utf-8").format_map(Anything())


def test_every_critical_bound_in_force_says_its_way_out() -> None:
    bounds = [bound for suite in load_bounds(BOUNDS_DIR).values() for bound in suite.bounds.values()]
    assert all(bound.cure for bound in bounds if bound.severity == "critical")
    assert sum(bound.severity == "critical" for bound in bounds) > 50
