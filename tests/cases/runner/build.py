"""Batches of cases, each built once with the real ingestion and the real models."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from pathlib import Path

import duckdb

from orchestration.errors import MeritlineError
from orchestration.ingest import Contract, ingest, load_contract
from orchestration.policy.folder import install_policy
from orchestration.settings import CONTRACT_DIR, POLICY_DIR
from orchestration.settlement.frozen import ensure_register
from orchestration.state.folder import StateFolder
from tests.cases.runner.case import Case
from tests.cases.runner.landing import write_landing
from tests.cases.runner.policy import write_policy
from tests.compiled import COMPILE, Project, build_compiled, compiled_project, failing_tests

WHOLE_BUILD = ("build", "--exclude-resource-type", "unit_test")
"""What a night builds, with the tests of what can never be. Smaller batches are built and tested by the
compiled SQL alone.
"""

WHOLE_FROM = 20
"""Cases that make a batch large enough for dbt itself to build it."""


@dataclass
class Batch:
    """Cases that can share a build: one business date, the same exports, and the centre's NPS of a year in
    one case only.
    """

    as_of: str
    absent_exports: frozenset[str] = frozenset()
    cases: list[Case] = field(default_factory=list)

    def takes(self, case: Case) -> bool:
        """Whether the case may join: no case of a year sees another one's NPS."""
        if (case.as_of, case.absent_exports) != (self.as_of, self.absent_exports):
            return False
        years = nps_years(case)
        return not any(
            (nps_years(other) & (years | years_of(case))) | (years & years_of(other)) for other in self.cases
        )


def nps_years(case: Case) -> set[str]:
    """Years in which the case gives NPS responses."""
    rows = case.given.get("ticket.survey", ())
    return {str(row.get("responded_at", case.period))[:4] for row in rows if row.get("kind") == "nps"}


def years_of(case: Case) -> set[str]:
    """The year that the case expects a score of, if any."""
    return {case.period} if "-" not in case.period else set()


def batches(cases: Iterable[Case]) -> list[Batch]:
    """Cases in as few builds as they allow."""
    found: list[Batch] = []
    for case in cases:
        batch = next((one for one in found if one.takes(case)), None)
        if batch is None:
            batch = Batch(case.as_of, case.absent_exports)
            found.append(batch)
        batch.cases.append(case)
    return found


class Builder:
    """Builds batches in one state folder, one after the other, and keeps their warehouses."""

    def __init__(self, work: Path) -> None:
        self._work = work
        self._state = StateFolder(work / "state")
        self._built: dict[int, Path | Exception] = {}
        self._project: Project | None = None

    def warehouse(self, number: int, batch: Batch) -> Path:
        """The warehouse of a batch, built when first asked for; a failure is kept for all its cases."""
        if number not in self._built:
            try:
                self._built[number] = self._build(number, batch.cases, batch.as_of)
            except (MeritlineError, duckdb.Error, AssertionError) as error:
                self._built[number] = error
        built = self._built[number]
        if isinstance(built, Exception):
            raise built
        return built

    def _build(self, number: int, cases: Sequence[Case], as_of: str) -> Path:
        self._take(number, cases, as_of)
        kept = self._work / f"built{number}"
        if len(cases) < WHOLE_FROM:
            return self._run_compiled(kept)
        self._project = compiled_project(self._state, WHOLE_BUILD)
        # Views name their catalogue, which is the file's name: it stays.
        kept.mkdir()
        return Path(shutil.copy(self._state.warehouse, kept))

    def _take(self, number: int, cases: Sequence[Case], as_of: str) -> None:
        """The exports and the policy of the cases as the state's."""
        landing, policy = self._work / f"landing{number}", self._work / f"policy{number}"
        write_landing(landing, cases, _contract())
        write_policy(POLICY_DIR, policy, cases)
        shutil.rmtree(self._state.raw, ignore_errors=True)
        self._state.warehouse.unlink(missing_ok=True)
        self._state.prepare()
        ensure_register(self._state)
        install_policy(self._state, policy)
        business_date = dt.date.fromisoformat(as_of)
        ingest(
            landing=landing,
            state=self._state.root,
            profiles=[],
            contract_dir=CONTRACT_DIR,
            as_of=business_date,
            today=business_date,
            allow_rejects=Decimal(0),
        )

    def _run_compiled(self, kept: Path) -> Path:
        if self._project is None:
            self._project = compiled_project(self._state, COMPILE)
        kept.mkdir()
        warehouse = kept / self._state.warehouse.name
        build_compiled(self._state, self._project, warehouse)
        failing = failing_tests(self._project, warehouse)
        assert not failing, f"rows that can never be: {failing}"
        return warehouse


def connect(warehouse: Path) -> duckdb.DuckDBPyConnection:
    """The built warehouse, read-only."""
    return duckdb.connect(str(warehouse), read_only=True)


@cache
def _contract() -> Contract:
    return load_contract(CONTRACT_DIR)
