"""The lists beside the policy are the words that the models read: no more, no less."""

from __future__ import annotations

import pytest

from orchestration.policy.check import policy_tables
from orchestration.policy.folder import known_words
from orchestration.policy.mechanisms import catalogue
from orchestration.settings import POLICY_DIR
from tests.project.conftest import ROOT
from tests.project.word_rules import event_kinds_in_sql, parameters_in_sql, unlisted, words_in_sql

MODELS = ROOT / "dbt_project" / "models"
SQL = [
    path.read_text() for folder in ("models", "macros") for path in (MODELS.parent / folder).rglob("*.sql")
]
TABLES, _ = policy_tables(POLICY_DIR)
MECHANISMS = catalogue(TABLES["component"])
CONTRACT = known_words().contract

READ_BY_THE_CHECK = {"max_kpi_weight"}
"""Rules of plans that no model has to ask for by name: the check of the policy holds plans to PM-06."""


EVENT_KINDS = TABLES["event_kind"].rows
OF_LEVELS = {row.text("event_kind") for row in EVENT_KINDS if row.text("level")}
"""Kinds that a row gives its level; no model puts their names together."""


def test_kinds_of_events_are_those_that_the_models_count() -> None:
    counted = event_kinds_in_sql([path.read_text() for path in (MODELS / "bonus").glob("*.sql")], CONTRACT)
    found = unlisted("event kind", counted | OF_LEVELS, TABLES["event_kind"].columns["event_kind"].values)
    assert counted and not found, found


def test_kinds_that_hold_of_a_month_are_those_that_no_evidence_is_of() -> None:
    evidence = event_kinds_in_sql([(MODELS / "bonus" / "bonus_evidence.sql").read_text()], CONTRACT)
    standing = {row.text("event_kind") for row in EVENT_KINDS if row.text("is_standing") == "true"}
    assert standing == TABLES["event_kind"].columns["event_kind"].values - evidence


def test_every_level_has_a_kind_of_its_own() -> None:
    levels = [row.text("level") for row in EVENT_KINDS if row.text("level")]
    assert sorted(levels) == sorted(CONTRACT["workforce.agent.level"])


def test_no_other_writing_knows_kinds_of_events_by_the_form_of_their_name() -> None:
    python = [path.read_text() for path in (ROOT / "orchestration").rglob("*.py")]
    assert [text for text in [*SQL, *python] if "month_as_" in text] == []


def test_parameters_are_those_that_the_models_ask_for() -> None:
    listed = {name for mechanism in MECHANISMS.values() for name in mechanism.parameters}
    listed |= set(TABLES["scheme_rule"].meta["parameters"])
    listed |= TABLES["convention"].columns["parameter"].values
    found = unlisted("parameter", parameters_in_sql(SQL) | READ_BY_THE_CHECK, listed)
    assert not found, found


def test_mechanisms_are_those_that_have_a_model() -> None:
    models = {path.stem.removeprefix("bonus_line__") for path in (MODELS / "bonus").glob("bonus_line__*.sql")}
    assert set(MECHANISMS) == models - {"adjustment"}


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("component_event", "use"),
        ("component_event", "comparison"),
        ("component_event", "if_missing"),
        ("grade_consequence", "counting"),
        ("career_condition", "comparison"),
    ],
)
def test_words_that_sql_compares_with_are_listed(table: str, column: str) -> None:
    everywhere = {
        word for one in TABLES.values() if column in one.columns for word in one.columns[column].values
    }
    assert words_in_sql(column, SQL) <= everywhere
    assert TABLES[table].columns[column].values


# The rules, on planted faults


def test_a_word_missing_on_either_side_is_found() -> None:
    assert unlisted("word", {"a"}, {"a"}) == []
    assert unlisted("word", {"a", "b"}, {"a"}) == ["word b: read by SQL, in no list"]
    assert unlisted("word", {"a"}, {"a", "b"}) == ["word b: listed, read by no SQL"]


def test_words_are_found_in_sql() -> None:
    contract = {"ticket.contact.channel": {"chat", "fax"}, "workforce.recognition.kind": {"referral"}}
    sql = ["select 'a' as event_kind", "select 'contact_' || channel as event_kind", "kind as event_kind"]
    assert event_kinds_in_sql(sql, contract) == {"a", "contact_chat", "contact_fax", "referral"}
    assert parameters_in_sql(["where base_of.parameter = 'base_of'"]) == {"base_of"}
    assert words_in_sql("use", ["where use = 'gate'", "x.use in ('weight', 'gate')"]) == {"gate", "weight"}
