"""What builds the relations: a target of the dbt profile, and where dbt works for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from orchestration.state.folder import StateFolder


@dataclass(frozen=True)
class Engine:
    """A target of the profile, the variables that it reads, and the folder below the state's `dbt/` that is
    its own ('' for DuckDB's, which is `dbt/` itself).
    """

    target: str = "duckdb"
    variables: Mapping[str, str] = field(default_factory=dict)
    own_folder: str = ""

    def folder(self, state: StateFolder) -> Path:
        """Where dbt keeps what it parsed, compiled and wrote down."""
        return state.dbt / self.own_folder


DUCKDB = Engine()
