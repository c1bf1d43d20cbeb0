"""Which rows a ruling can name, and which KPIs look at what came next, is said alike everywhere."""

from __future__ import annotations

import re

import yaml

from orchestration.audit.sensitivity.run import INPUTS, RULED
from orchestration.settings import DBT_PROJECT_DIR

MODELS = DBT_PROJECT_DIR / "models"
SOURCES = MODELS / "staging" / "governance" / "_governance__sources.yml"


def test_a_row_is_valued_where_a_ruling_can_name_it() -> None:
    [source] = yaml.safe_load(SOURCES.read_text(encoding="utf-8"))["sources"]
    [ruling] = [table for table in source["tables"] if table["name"] == "ruling"]
    [entity] = [column for column in ruling["columns"] if column["name"] == "entity"]
    assert sorted(INPUTS["ruled"]) == sorted(entity["config"]["meta"]["values"])
    extreme = (MODELS / "kpi" / "kpi_row_extreme.sql").read_text(encoding="utf-8")
    assert sorted(re.findall(r"'(fct_\w+)'", extreme)) == sorted(RULED)


def test_kpis_whose_rulings_take_a_next_event_out_are_known() -> None:
    """But for orders of repurchases, whose rows are tickets: a ruling on one of these names no order."""
    sql = (MODELS / "intermediate" / "int_ticket__next_event.sql").read_text(encoding="utf-8")
    asked = set(re.findall(r"ruled\.kpi_scope = '(\w+)'", sql))
    assert asked - {"repurchase_rate"} == set(INPUTS["follow_up"])
