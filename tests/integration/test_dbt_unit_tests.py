"""The unit tests of the models, run by dbt against a throw-away copy of a built warehouse."""

from __future__ import annotations

from orchestration.state.folder import StateFolder
from orchestration.warehouse.dbt import DbtOutcome, parse_project, stream_dbt


def test_every_unit_test_of_a_model_passes(demo_copy: StateFolder) -> None:
    parse_project(demo_copy)
    outcome = DbtOutcome()
    events = stream_dbt(demo_copy, ["test", "--select", "test_type:unit"], outcome=outcome)
    ran = [event for event in events if event["info"]["name"] == "LogTestResult"]
    assert outcome.failed_tests == {}
    assert outcome.is_success, outcome.exception
    assert len(ran) > 0
