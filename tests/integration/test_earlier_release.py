"""A state folder of a release before: its publications have a file per relation, and once `audit.duckdb`."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest

from orchestration.audit.verify.run import verify_state
from orchestration.cli import run
from orchestration.hashing import file_hash
from orchestration.publish.publication import MANIFEST
from orchestration.settlement.frozen import record_path
from orchestration.state.folder import StateFolder
from tests.published_rows import put_rows
from tests.tampering import _reseal, _reseal_settlement, publish_again, replace_text, settle_first_month


@pytest.fixture
def earlier(demo_copy: StateFolder) -> StateFolder:
    """The demo, its first month settled, as a release before would have left it."""
    return _left_by_an_earlier_release(demo_copy, "audit")


def _left_by_an_earlier_release(demo_copy: StateFolder, auditor: str) -> StateFolder:
    month = settle_first_month(demo_copy)
    folder = demo_copy.current.resolve()
    for relation in [path for path in (folder / "auditor").iterdir() if path.is_dir()]:
        put_rows(folder, relation.name, "from {rows}")
        (relation / "all.parquet").rename(folder / "auditor" / f"{relation.name}.parquet")
        relation.rmdir()
    (folder / "auditor").rename(folder / auditor)
    (folder / "auditor.duckdb").rename(folder / f"{auditor}.duckdb")
    _reseal(demo_copy, folder)
    record = record_path(demo_copy, month)
    _reseal_settlement(record, manifest_sha256=file_hash(folder / MANIFEST))
    [path] = demo_copy.runs.glob("000002.json")
    said = json.loads(path.read_text(encoding="utf-8"))
    said["stages"][0]["figures"]["settlement_sha256"] = file_hash(record)
    replace_text(path, json.dumps(said))
    return demo_copy


def _run(state: StateFolder, *words: str) -> int:
    return run(["--state", str(state.root), *words])


@pytest.mark.parametrize("words", [["settle", "2026-10", "--by", "Li Na"], ["verify"]])
def test_what_rests_on_todays_form_says_to_run_the_night(
    earlier: StateFolder, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run(earlier, *words) == 2
    [said] = capsys.readouterr().err.splitlines()
    assert "an earlier release published it" in said and "Run meritline nightly once" in said


def test_a_file_per_relation_is_of_an_earlier_release_too(
    demo_copy: StateFolder, demo_landing: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = _left_by_an_earlier_release(demo_copy, "auditor")
    assert _run(state, "verify") == 2
    assert "today each relation is a folder of auditor/" in capsys.readouterr().err
    assert _run(state, "status") == 0
    publish_again(state, 1)
    report = verify_state(state, landing=demo_landing, progress=lambda _: None)
    assert report.is_sound, report.findings


def test_what_only_reads_rows_reads_them(earlier: StateFolder, capsys: pytest.CaptureFixture[str]) -> None:
    with duckdb.connect(str(earlier.current / "audit.duckdb"), read_only=True) as database:
        [agent] = database.execute("select min(agent_id) from bonus.bonus_line").fetchone() or ("",)
    assert _run(earlier, "trace", agent, "2026-10") == 0
    assert _run(earlier, "diff", "current", "current") == 0
    assert _run(earlier, "status") == 0
    assert "0 lines changed" in capsys.readouterr().out


def test_what_it_lacks_is_said_with_its_release(
    earlier: StateFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    with duckdb.connect() as database:
        database.execute(f"attach '{earlier.current}/audit.duckdb' as publication")
        database.execute("drop table publication.audit.bonus_trace")
        database.execute("drop table publication.bonus.bonus_line")
    assert _run(earlier, "trace", "A0001", "2026-10", "--publication", "current") == 1
    assert "published by an earlier release (audit.duckdb, today auditor.duckdb)" in capsys.readouterr().err
    assert _run(earlier, "diff", "current", "current") == 1
    assert "run meritline nightly once" in capsys.readouterr().err


def test_after_one_night_all_of_it_verifies(earlier: StateFolder, demo_landing: Path) -> None:
    publish_again(earlier, 1)
    report = verify_state(earlier, landing=demo_landing, progress=lambda _: None)
    assert report.is_sound, report.findings
    newest = earlier.current.resolve().name
    assert _run(earlier, "diff", "000001-2026-10-31", newest) == 0


def test_the_auditors_file_opened_alone_has_every_relation_by_its_name(published_demo: Path) -> None:
    path = published_demo / "published" / "current" / "auditor.duckdb"
    with duckdb.connect(str(path), read_only=True) as database:
        for name in ("rejected_row", "load_file", "reconciliation", "bonus_trace", "source_row"):
            database.execute(f"select * from audit.{name} limit 1")
