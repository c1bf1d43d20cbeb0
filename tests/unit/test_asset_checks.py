"""What Dagster's plots get of a check: numbers, for each kind of bound."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from dagster import AssetCheckSeverity, FloatMetadataValue, TextMetadataValue

from expectations.bound import KINDS, Bound, Limits
from expectations.observed import Span, number_of_rows
from orchestration.gate.acceptance import Acceptance
from orchestration.gate.result import CheckResult, GateResult
from orchestration.nightly.asset_checks import asset_check

CHECK = CheckResult(
    suite="kpi",
    check_id="rates",
    relation="kpi.kpi_observation",
    expectation="UnexpectedRowsExpectation",
    severity="critical",
    outcome="failed",
    observed="csat 0.9",
    bound="0 … 0.5",
    since="2026-11-01",
    why="A share cannot leave 0 to 1",
    observed_number=0.9,
)
LIMITS = {
    "measured": {"min_value": 0, "max_value": 0.5},
    "ranged": {"min_value": 0, "max_value": 5, "mostly": 0.99},
    "listed": {"value_set": [1]},
    "ordered": {"mostly": 0.9},
    "filled": {},
    "counted": {"min_value": 1},
}
EXPECTED = {
    "measured": (0.0, 0.5),
    "ranged": (None, 0.01),
    "listed": (None, 0.0),
    "ordered": (None, 0.1),
    "filled": (None, 0.0),
    "counted": (1.0, None),
}


def bound(kind: str) -> Bound:
    fields = {"measure": "m", "column": "c", "columns": ("c", "d")}
    return Bound.model_validate(
        {
            "label_en": "Rates",
            "label_zh": "比率比率",
            "relation": "kpi.kpi_observation",
            "kind": kind,
            "severity": "critical",
            "since": "2026-11-01",
            "why": "A share cannot leave 0 to 1",
            "cure": "Have the export made again.",
            "limits": LIMITS[kind],
            **{name: fields[name] for name in KINDS[kind].fields},
        }
    )


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_observation_and_bound_are_numbers(kind: str) -> None:
    found = asset_check(GateResult((CHECK,)), CHECK, bound(kind)).metadata
    low, high = EXPECTED[kind]
    assert found["observed"] == FloatMetadataValue(0.9)
    assert found.get("bound_min") == (None if low is None else FloatMetadataValue(low))
    value = found.get("bound_max")
    assert (value is None) == (high is None)
    assert value is None or (isinstance(value, FloatMetadataValue) and value.value == pytest.approx(high))
    assert found["seen"] == TextMetadataValue("csat 0.9")


def test_what_was_not_judged_has_no_number() -> None:
    unjudged = replace(CHECK, outcome="not_judged", observed_number=None, reason_en="needs rows")
    result = asset_check(GateResult((unjudged,)), unjudged, bound("measured"))
    assert "observed" not in result.metadata and not result.passed
    assert result.severity == AssetCheckSeverity.WARN


def test_what_was_accepted_is_no_green_tick_and_no_error() -> None:
    accepted = Acceptance("c0ffee", "kpi", "rates", "csat 0.9", "0 … 0.5", "Li Na", "first load", "now")
    refused = asset_check(GateResult((CHECK,), "c0ffee"), CHECK, bound("measured"))
    let_out = asset_check(GateResult((CHECK,), "c0ffee", accepted=(accepted,)), CHECK, bound("measured"))
    assert (refused.passed, refused.severity) == (False, AssetCheckSeverity.ERROR)
    assert (let_out.passed, let_out.severity) == (False, AssetCheckSeverity.WARN)
    assert let_out.description == "accepted by Li Na: first load"


@pytest.mark.parametrize(
    ("span", "limits", "worst"),
    [
        (Span(0.1, 0.9, 2, 2), {"max_value": 0.5}, 0.9),
        (Span(0.1, 0.9, 2, 2), {"min_value": 0.5}, 0.1),
        (Span(-3.0, 0.9, 2, 2), {"min_value": 0, "max_value": 0.5}, -3.0),
        (Span(0.1, 0.2, 2, 2), {"min_value": 0, "max_value": 0.5}, 0.1),
        (Span(None, None, 2, 0), {"max_value": 0.5}, None),
        (Span(0.1, float("inf"), 2, 2), {"max_value": 0.5}, None),
    ],
)
def test_of_a_span_the_end_that_matters_is_drawn(
    span: Span, limits: dict[str, float], worst: float | None
) -> None:
    assert span.worst(Limits.model_validate(limits)) == worst


@pytest.mark.parametrize(
    ("result", "number"),
    [
        ({"observed_value": 12}, 12.0),
        ({"observed_value": Decimal("1.5")}, 1.5),
        ({"observed_value": True}, None),
        ({"observed_value": "a"}, None),
        ({"unexpected_count": 1, "element_count": 5, "missing_count": 1}, 0.25),
        ({"unexpected_count": 0, "element_count": 0}, 0.0),
        ({}, None),
    ],
)
def test_of_rows_a_count_or_the_share_out_of_bounds(result: dict[str, object], number: float | None) -> None:
    assert number_of_rows(result) == number
