"""What differs between engines lies in macros alone: nothing else asks which engine it is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.engines.macros import VARIABLES, macros_of
from tests.project.conftest import ROOT

DBT = ROOT / "dbt_project"
ASKS = re.compile(
    r"\btarget\s*(?:\.|\[\s*['\"])\s*(?:type|name)\b|\badapter\s*\.\s*type\b|\badapter\s*\.\s*dispatch\b"
)


def asked(text: str) -> list[str]:
    """Lines that ask which engine, or which target, they are built on."""
    return [
        f"line {number}: {line.strip()}"
        for number, line in enumerate(text.splitlines(), 1)
        if ASKS.search(line)
    ]


def files() -> list[Path]:
    """All that is no macro: models and their YAML, seeds' YAML, data tests, the project's own file."""
    found = [
        path
        for folder in (DBT / "models", ROOT / "seeds", ROOT / "tests" / "dbt")
        for path in folder.rglob("*")
        if path.suffix in (".sql", ".yml", ".md")
    ]
    return sorted([*found, DBT / "dbt_project.yml"])


def test_only_macros_know_which_engine_it_is() -> None:
    assert len(files()) > 200
    found = [
        f"{path.relative_to(ROOT)}: {fault}" for path in files() for fault in asked(path.read_text("utf-8"))
    ]
    assert not found, "\n" + "\n".join(found)


@pytest.mark.parametrize(
    "planted",
    [
        "{% if target.type == 'spark' %} select 1 {% endif %}",
        "{%- if target['type'] == 'duckdb' -%}",
        "+enabled: \"{{ target.name == 'duckdb' }}\"",
        "select {{ 'a' if adapter.type() == 'spark' else 'b' }}",
        "select {{ adapter.dispatch('days')('a') }}",
    ],
)
def test_a_planted_question_is_found(planted: str) -> None:
    assert asked(f"-- Grain: one row.\n{planted}") == [f"line 2: {planted}"]


@pytest.mark.parametrize(
    "meant", ["target.target_value", "target.metric", "policy.target_type", "adapter.quote(a)"]
)
def test_columns_of_a_target_are_no_question(meant: str) -> None:
    assert asked(f"select {meant} from a") == []


def test_the_nodes_of_a_line_have_the_same_fields_on_both_engines() -> None:
    """DuckDB makes a struct of one with other fields, and leaves them empty; Spark refuses."""
    here, of_spark = VARIABLES["node_list_type"], macros_of("spark", "default")
    there = of_spark["types_on_spark"]()[here]
    fields = {
        name: kind.replace("string", "varchar")
        for name, kind in re.findall(r"(\w+): (\w+(?:\([^)]*\))?)", there)
    }
    told = dict(re.findall(r"(\w+) (\w+(?:\([^)]*\))?)", here.removeprefix("STRUCT(")))
    assert {name: kind.lower().replace(" ", "") for name, kind in told.items()} == {
        name: kind.replace(" ", "") for name, kind in fields.items()
    }
    stated = re.findall(r"'(\w+)', cast\(", of_spark["node_struct"]({}))
    assert list(fields) == stated
