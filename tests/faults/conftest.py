"""The centre that faults are done to, and the count of faults at the end.

`MERITLINE_FAULTS=all` (`make faults`) does all of them, anything else a sample; `MERITLINE_FAULTS_SEED`
chooses other random moments.
"""

from __future__ import annotations

import os
from collections import Counter
from random import Random
from typing import Any

import pytest
from _pytest.terminal import TerminalReporter

from orchestration.generate import generate
from orchestration.publish.publication import current_publication
from orchestration.state.folder import StateFolder
from tests.conftest import AS_OF, LAST_MONTH, copy_state, run_night
from tests.faults import harness
from tests.faults.harness import Centre

IS_ALL = os.environ.get("MERITLINE_FAULTS") == "all"
SEED = int(os.environ.get("MERITLINE_FAULTS_SEED", "7"))
AGENTS, MONTHS, TICKETS = 15, 1, 400
EVE = "2026-10-30"
USUAL_PROCESSOR_SECONDS = 30.0
"""Of a night, where none has been measured: a moment later than its end is done again."""

needs_all = pytest.mark.skipif(not IS_ALL, reason="one of the faults that only `make faults` does")

survived: Counter[str] = Counter()
"""Faults survived, by kind."""


class Faults:
    """How many faults of a kind to do, where at random, and the count of those survived."""

    def __init__(self, kind: str) -> None:
        self.random = Random(f"{SEED} {kind}")
        self._kind = kind

    def survived(self, detail: str = "") -> None:
        """Count one fault; with a detail say so: a long run shows how far it is."""
        survived[self._kind] += 1
        if IS_ALL and detail:
            print(f"  {self._kind} {survived[self._kind]}: {detail}", flush=True)


@pytest.fixture
def faults(request: pytest.FixtureRequest) -> Faults:
    """The faults of the requesting module, named after it."""
    return Faults(request.module.KIND)


@pytest.fixture(scope="session")
def centre(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Centre:
    """For a sample the centre that the other tests share, its night to be repeated; for all faults a tiny
    one, published as of the eve of the night to disturb.
    """
    if not IS_ALL:
        base, landing = request.getfixturevalue("published_demo"), request.getfixturevalue("demo_landing")
        found = current_publication(StateFolder(base))
        assert found is not None
        return Centre(base, landing, AS_OF, found.manifest["content_hash"], USUAL_PROCESSOR_SECONDS)
    folder = tmp_path_factory.mktemp("tiny")
    landing, base = folder / "landing", folder / "base"
    generate(out=landing, agents=AGENTS, months=MONTHS, tickets=TICKETS, seed=SEED, last_month=LAST_MONTH)
    run_night(base, landing, as_of=EVE)
    undisturbed = copy_state(base, folder / "undisturbed")
    night = harness.run_night(undisturbed, Centre(base, landing, AS_OF, "", 0))
    assert night.status == 0, night.output
    publication = harness.require_whole(undisturbed)
    expected = publication.manifest["content_hash"]
    eve = current_publication(StateFolder(base))
    assert eve is not None and eve.manifest["content_hash"] != expected
    return Centre(base, landing, AS_OF, expected, night.processor_seconds)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand the counts of a worker of pytest-xdist to the process that prints."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["faults_survived"] = dict(survived)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Add what a worker of pytest-xdist has counted."""
    survived.update(getattr(node, "workeroutput", {}).get("faults_survived", {}))


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    """Print the count of survived faults."""
    if survived:
        listed = ", ".join(f"{count} {kind}" for kind, count in sorted(survived.items()))
        terminalreporter.write_line(f"faults survived: {sum(survived.values())} ({listed})")
