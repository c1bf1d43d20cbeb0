"""verify without memory: it says so where every file is as published, and has a finding where one is not."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import NamedTuple, NoReturn

import duckdb
import pytest

from orchestration.audit import relations
from orchestration.audit.pack import rows
from orchestration.audit.pack.verify import verify_pack
from orchestration.audit.pack.write import write_pack
from orchestration.audit.publications import read_manifest
from orchestration.audit.relations import AuditFile
from orchestration.audit.verify import cells, copies, data, frozen_rows, payroll, settlements, views
from orchestration.audit.verify.copies import check_copies
from orchestration.audit.verify.data import ParquetData, RelationUnreadable
from orchestration.audit.verify.findings import Report
from orchestration.audit.verify.memory import require_memory
from orchestration.errors import MemoryRanOut
from orchestration.publish import databases
from orchestration.settlement import frozen
from orchestration.state.folder import StateFolder
from tests.conftest import copy_state
from tests.tampering import link_copy, replace_bytes, settle_first_month

TINY: dict[str, str | bool | int | float | list[str]] = {
    "memory_limit": "100KB",
    "temp_directory": "",
    "threads": 1,
}
"""Enough for DuckDB to begin, too little for anything that a publication holds."""


class Trial(NamedTuple):
    """A look at a publication, and the module whose connection it takes; returns what is said to be wrong."""

    module: ModuleType
    look: Callable[[StateFolder, Path, Report], object]

    def said(self, state: StateFolder) -> list[str]:
        """What is found, or was not looked at because it does not read."""
        report = Report()
        try:
            found = self.look(state, state.current.resolve(), report)
        except RelationUnreadable as error:
            return [str(error)]
        return [*map(str, found or ()), *map(str, report.findings), *report.not_checked]


def _frozen(state: StateFolder, folder: Path, report: Report) -> object:
    [settlement] = frozen.settlements(state).values()
    return list(frozen_rows.source_findings(state, settlement))


def _read_back(state: StateFolder, folder: Path, report: Report) -> object:
    return list(frozen_rows.read_back_findings(state, list(frozen.settlements(state).values()), folder))


def _settled(state: StateFolder, folder: Path, report: Report) -> object:
    return settlements.check_settlements(state, {}, folder, {}, report) and ()


TRIALS = {
    "a DuckDB file": Trial(cells, lambda state, folder, _: list(cells.located(folder, "bi.duckdb"))),
    "Parquet": Trial(
        cells, lambda state, folder, _: list(cells.located(folder, "auditor/score.score/all.parquet"))
    ),
    "copies": Trial(
        copies, lambda _, folder, report: check_copies(ParquetData(folder), read_manifest(folder), report)
    ),
    "payroll": Trial(payroll, lambda state, folder, report: payroll.check_payroll(folder, report)),
    "views": Trial(views, lambda state, folder, report: views.check_views(folder, report)),
    "views made again": Trial(databases, lambda state, folder, report: views.check_views(folder, report)),
    "relations": Trial(data, lambda state, folder, _: ParquetData(folder).rows("score.score") and ()),
    "frozen rows": Trial(frozen_rows, _frozen),
    "frozen rows as published": Trial(frozen_rows, _read_back),
    "registers": Trial(settlements, _settled),
}


@pytest.fixture(scope="module")
def settled(published_demo: Path, tmp_path_factory: pytest.TempPathFactory) -> StateFolder:
    """A publication of which a month was settled. Read it only."""
    state = copy_state(published_demo, tmp_path_factory.mktemp("memory") / "state")
    settle_first_month(state)
    return state


@pytest.fixture(scope="module")
def damaged(settled: StateFolder, tmp_path_factory: pytest.TempPathFactory) -> StateFolder:
    """The same with one byte changed of a file that nothing looks at here."""
    state = StateFolder(link_copy(settled.root, tmp_path_factory.mktemp("damaged") / "state"))
    path = state.current / "board" / "index.html"
    replace_bytes(path, path.read_bytes()[:-1] + b" ")
    return state


@pytest.fixture(params=TRIALS)
def trial(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Trial:
    """A look at a publication without memory."""
    found = TRIALS[request.param]
    monkeypatch.setattr(found.module, "connect", lambda: duckdb.connect(config=TINY))
    return found


def test_a_sound_publication_without_memory_has_no_finding(trial: Trial, settled: StateFolder) -> None:
    with pytest.raises(MemoryRanOut):
        trial.said(settled)


def test_memory_that_a_changed_file_may_have_asked_for_is_a_finding(
    trial: Trial, damaged: StateFolder
) -> None:
    """A forged Parquet header claims what it likes."""
    assert any("Out of Memory" in one for one in trial.said(damaged))


@pytest.mark.parametrize("name", ["settled", "damaged"])
def test_a_relation_that_does_not_compare_for_want_of_memory(
    name: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = request.getfixturevalue(name).current.resolve()

    def same_rows(*_: object) -> NoReturn:
        raise duckdb.OutOfMemoryException("Out of Memory Error: failed to allocate data")

    monkeypatch.setattr(cells, "same_rows", same_rows)
    with cells.opened(folder / "bi.duckdb") as database:
        differing = cells.differing_relations(database, folder)
        if name == "settled":
            with pytest.raises(MemoryRanOut):
                next(differing)
        else:
            assert next(differing) in cells.relations_of(database)


@pytest.mark.parametrize("manifest", ["[]", "{}", "", None])
def test_what_has_no_manifest_may_be_another_publication(tmp_path: Path, manifest: str | None) -> None:
    if manifest is not None:
        (tmp_path / "manifest.json").write_text(manifest, encoding="utf-8")
    require_memory(duckdb.OutOfMemoryException("Out of Memory Error: failed to allocate data"), tmp_path)


def test_a_cell_that_says_that_memory_ran_out_is_a_finding(settled: StateFolder) -> None:
    with duckdb.connect() as database, pytest.raises(duckdb.Error, match="Out of Memory") as failed:
        database.execute("select cast('Out of Memory Error' as decimal(18, 2))")
    require_memory(failed.value, settled.current.resolve())


def test_a_changed_frozen_file_may_have_asked_for_memory(
    settled: StateFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It lies outside the publication, whose manifest does not hold it."""
    state = StateFolder(link_copy(settled.root, tmp_path / "state"))
    [path] = (state.raw / "settlement" / "score").glob("2*.parquet")
    replace_bytes(path, path.read_bytes()[:-1] + b"2")
    trial = TRIALS["frozen rows as published"]
    monkeypatch.setattr(trial.module, "connect", lambda: duckdb.connect(config=TINY))
    assert any("Out of Memory" in one for one in trial.said(state))


def test_an_audit_file_that_does_not_open_for_want_of_memory(
    settled: StateFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It told to run verify, which would name what was changed."""
    monkeypatch.setattr(relations, "connect", lambda: duckdb.connect(config=TINY))
    with pytest.raises(MemoryRanOut):
        AuditFile(settled.current.resolve())


def test_a_pack_without_memory_has_no_finding(
    settled: StateFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "pack.zip"
    write_pack(settled.current.resolve(), agent_id="A0007", period_id="2026-10", out=path)
    assert verify_pack(path).is_sound
    for limit in ("100KB", "8MB"):
        config = {**TINY, "memory_limit": limit}
        monkeypatch.setattr(rows, "connect", partial(duckdb.connect, config=config))
        with pytest.raises(MemoryRanOut):
            verify_pack(path)
