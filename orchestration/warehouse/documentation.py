"""dbt's own documentation of the models with the catalogue of the warehouse, as one page."""

from __future__ import annotations

from pathlib import Path

from orchestration.errors import ConfigurationError
from orchestration.state.folder import StateFolder, write_atomically
from orchestration.warehouse.dbt import DbtOutcome, log_path, stream_dbt, take_parsed

PAGE = "static_index.html"
LEFT_BEHIND = (PAGE, "index.html", "catalog.json")
"""What dbt writes into its folder, which the next night has no use for."""


def write_documentation(state: StateFolder, out: Path) -> None:
    """Write lineage, SQL, descriptions and column types of every model as one page that asks no network and
    has no rows.

    Whoever calls holds the state: the warehouse is opened. Raises ConfigurationError before the first night.
    """
    if not state.warehouse.exists():
        raise ConfigurationError(
            path=state.warehouse,
            problem="there is no warehouse yet whose catalogue could be shown",
            remedy="Run meritline nightly first",
        )
    outcome, parsed = DbtOutcome(), take_parsed(state)
    # Nothing is compiled: a publication's views are what the last build compiled.
    for _ in stream_dbt(
        state, ["docs", "generate", "--static", "--no-compile"], outcome=outcome, manifest=parsed
    ):
        pass
    outcome.raise_if_failed(log_path(state))
    write_atomically(out, (state.dbt / PAGE).read_text(encoding="utf-8"))
    for name in LEFT_BEHIND:
        (state.dbt / name).unlink(missing_ok=True)
