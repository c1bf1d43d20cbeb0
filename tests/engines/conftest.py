"""The state whose raw files the other engines build from, and whose warehouse they are compared with."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from orchestration.state.folder import StateFolder

NAMED = "MERITLINE_ENGINES_STATE"
"""Variable that names a built state to compare with, as of a larger centre. It is only read."""


@pytest.fixture(scope="session")
def demo_state(request: pytest.FixtureRequest) -> StateFolder:
    """The demo centre as DuckDB has built it, or the state that was named."""
    if NAMED in os.environ:
        return StateFolder(Path(os.environ[NAMED]).resolve())
    return StateFolder(request.getfixturevalue("published_demo"))
