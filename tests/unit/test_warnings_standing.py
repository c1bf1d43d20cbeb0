"""Which warnings are new, and since when the others stand: by the chain of publications alone."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from orchestration.cli import run
from orchestration.gate.result import read_result, store_result
from orchestration.nightly.notices import notices_of
from orchestration.publish.publication import Publication
from orchestration.publish.warnings import said_of_warnings, standing_warnings
from orchestration.state.folder import StateFolder
from orchestration.state.record import RunRecord
from tests.faults.small import passed_result, publish_placed, small_candidate, small_state

DRIFT = "kpi.rates_drift"


def written(state: StateFolder, nights: Sequence[Mapping[str, bool | None]]) -> Mapping[str, Any]:
    """A chain of manifests, one a night, each with how its warnings ended; returns the newest."""
    previous: Mapping[str, Any] | None = None
    for number, ends in enumerate(nights, start=1):
        run_id = f"{number:06d}-2026-08-{number:02d}"
        results = [
            {"suite": "kpi", "check_id": name, "severity": "warning", "is_passed": is_passed}
            for name, is_passed in ends.items()
        ]
        manifest = {
            "run_id": run_id,
            "as_of": f"2026-08-{number:02d}",
            "previous": None if previous is None else {"run_id": previous["run_id"]},
            "checks": {"results": results},
        }
        folder = state.published / run_id
        folder.mkdir(parents=True)
        (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
        previous = manifest
    assert previous is not None
    return previous


@pytest.mark.parametrize(
    ("nights", "said", "since"),
    [
        ([{"a": True}], "", {}),
        ([{"a": False}], "1 new", {"kpi.a": "2026-08-01"}),
        ([{"a": False}, {"a": False}], "1 known (oldest since 2026-08-01)", {"kpi.a": "2026-08-01"}),
        ([{"a": False}, {"a": True}, {"a": False}], "1 new", {"kpi.a": "2026-08-03"}),
        ([{"a": False}, {"a": None}, {"a": False}], "1 new", {"kpi.a": "2026-08-03"}),
        ([{"a": False}, {}, {"a": False}], "1 new", {"kpi.a": "2026-08-03"}),
        (
            [{"a": False, "b": True}, {"a": False, "b": False}, {"a": False, "b": False, "c": False}],
            "1 new, 2 known (oldest since 2026-08-01)",
            {"kpi.a": "2026-08-01", "kpi.b": "2026-08-02", "kpi.c": "2026-08-03"},
        ),
    ],
)
def test_a_warning_is_dated_by_the_publication_that_began_it(
    tmp_path: Path, nights: list[dict[str, bool | None]], said: str, since: dict[str, str]
) -> None:
    state = StateFolder(tmp_path)
    found = standing_warnings(state, written(state, nights))
    assert said_of_warnings(found) == said
    assert {one.name: one.as_of for one in found} == since


def test_where_the_chain_does_not_read_it_ends(tmp_path: Path) -> None:
    state = StateFolder(tmp_path)
    newest = written(state, [{"a": False}, {"a": False}, {"a": False}])
    (state.published / "000001-2026-08-01" / "manifest.json").write_text("{", encoding="utf-8")
    [one] = standing_warnings(state, newest)
    assert (one.as_of, one.is_new) == ("2026-08-02", False)


def warned(state: StateFolder, number: int) -> Publication:
    """A publication with a failed warning."""
    stored = read_result(state, small_candidate(state, number).content_hash)
    assert stored is not None
    from dataclasses import replace

    checks = [replace(one, outcome="failed") for one in stored.checks if one.severity == "warning"]
    store_result(state, passed_result(stored.content_hash, *checks))
    return publish_placed(state)


def published_run(publication: Publication) -> RunRecord:
    return RunRecord(
        number=int(publication.run_id[:6]),
        command="nightly",
        started_at="2026-11-01T00:00:00+00:00",
        outcome="published",
        run_id=publication.run_id,
    )


def test_a_new_warning_is_told_once_and_status_says_since_when(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = small_state(tmp_path / "state")
    small_candidate(state, 1)
    assert notices_of(state, published_run(publish_placed(state)), []) == []
    [notice] = notices_of(state, published_run(warned(state, 2)), [])
    assert (notice.event, notice.checks, notice.run) == ("warnings", (DRIFT,), 2)
    assert "1 new. New: kpi.rates_drift" in notice.text
    assert run(["status", "--state", str(state.root)]) == 0
    assert f"warnings     1 new\n             {DRIFT}: new" in capsys.readouterr().out
    third = warned(state, 3)
    assert notices_of(state, published_run(third), []) == []
    assert run(["status", "--state", str(state.root)]) == 0
    shown = capsys.readouterr().out
    assert "warnings     1 known (oldest since 2026-10-31)" in shown
    assert f"{DRIFT}: since 2026-10-31 (000002-2026-10-31)" in shown
    refused = RunRecord(number=9, command="nightly", started_at="", outcome="published", run_id="000009-x")
    assert notices_of(state, refused, []) == [], "of another publication nothing is told"
