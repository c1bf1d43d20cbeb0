"""Rules on touched months: what models say of them can hold, and evidence misses no day."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from orchestration.warehouse.touched import wrong_rules
from tests.project.conftest import ROOT, CompiledProject
from tests.project.touched_rules import untold_days, windows_of_their_own


def test_every_rule_on_touched_months_can_hold(project: CompiledProject) -> None:
    assert wrong_rules(project.manifest) == []


def test_evidence_is_told_every_day_that_a_row_of_its_facts_may_be_dated_by(project: CompiledProject) -> None:
    assert untold_days(project.manifest) == []


def test_windows_are_those_of_the_definitions() -> None:
    models = ROOT / "dbt_project" / "models"
    assert windows_of_their_own({path.stem: path.read_text("utf-8") for path in models.rglob("*.sql")}) == []


def _unread(meta: dict[str, Any]) -> None:
    meta["touched_by"]["fct_exam"] = "taken_on"


def _untold(meta: dict[str, Any]) -> None:
    meta["touched_by"]["policy_kpi"] = "effective_from_on"


def _untold_window(meta: dict[str, Any]) -> None:
    meta["touched_by"]["dim_run_context"] = {"window": "cut_at"}


def _no_month(meta: dict[str, Any]) -> None:
    del meta["month"]


def _other_month(meta: dict[str, Any]) -> None:
    meta["month"] = "event_on"


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (_unread, "kpi_daily is touched by fct_exam, which it does not read"),
        (_untold, "kpi_daily is touched by policy_kpi.effective_from_on, by which no change is told"),
        (_untold_window, "kpi_daily is touched by dim_run_context.cut_at, by which no change is told"),
        (_no_month, "kpi_daily is touched by fct_ticket, and is built by no month"),
        (_other_month, "kpi_daily is built by months of event_on, which is none of its changes"),
    ],
)
def test_a_rule_that_cannot_hold_is_found(
    project: CompiledProject, spoil: Callable[[dict[str, Any]], None], said: str
) -> None:
    manifest = copy.deepcopy(dict(project.manifest))
    spoil(manifest["nodes"]["model.meritline.kpi_daily"]["config"]["meta"])
    assert said in wrong_rules(manifest)


def test_a_day_that_evidence_is_not_told_is_found(project: CompiledProject) -> None:
    manifest = copy.deepcopy(dict(project.manifest))
    manifest["nodes"]["model.meritline.fct_ticket"]["config"]["meta"]["changes"].remove("due_on")
    manifest["nodes"]["model.meritline.bonus_evidence"]["config"]["meta"]["touched_by"]["fct_contact"] = "x"
    assert untold_days(manifest) == [
        "bonus_evidence is touched by some days of fct_contact, not by all",
        "fct_ticket tells no changes by due_on",
    ]


def test_a_window_of_its_own_is_found() -> None:
    planted = "not {{ has_elapsed('a.solved_at', '14', 'run_context.cut_at') }} as is_pending"
    assert windows_of_their_own({"kpi_x": planted}) == ["kpi_x: 'a.solved_at', '14', 'run_context.cut_at'"]
