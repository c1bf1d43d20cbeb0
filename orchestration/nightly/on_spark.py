"""dbt's events of a build on Spark: tables there, and what is left of a build here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from orchestration.state.folder import StateFolder
from orchestration.warehouse.dbt import BUILD, DbtOutcome, log_path, parsed_for, stream_dbt
from orchestration.warehouse.ledger import begin_elsewhere, forget_warehouse
from orchestration.warehouse.spark import Spark, make_ready, require_answer, shown_relations

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest

NO_TESTS = ("--exclude-resource-type", "test")
STEPS_AND_TESTS = ("--select", "config.materialized:view", "resource_type:test")
"""What is left where the tables are built: views over them, and the data tests, which read them here."""


def build_on_spark(
    state: StateFolder, spark: Spark, parsed: Manifest, manifest: Mapping[str, Any], outcome: DbtOutcome
) -> Iterator[dict[str, Any]]:
    """Build every seed and table on Spark, then the rest here. Yields dbt's events, of each node once;
    `outcome` is that of the second part, whose nodes are `parsed`, and as written down in `manifest`.

    Raises SparkLost where the server does not answer, ConfigurationError for one that has other schemas of
    these names, BuildFailed for a table that could not be built.
    """
    require_answer(spark)
    # What it shows is about to go, and half of a build must not be published by whoever asks for the rest.
    forget_warehouse(state)
    spark = make_ready(state, spark, manifest)
    there, engine = DbtOutcome(), spark.engine
    on_spark = parsed_for(state, engine)
    yield from stream_dbt(state, [*BUILD, *NO_TESTS], outcome=there, manifest=on_spark, engine=engine)
    if not there.is_success:
        # What failed may be the server, and not the models.
        require_answer(spark)
    there.raise_if_failed(log_path(state, engine))
    yield from build_the_rest(state, spark, parsed, manifest, outcome)


def build_the_rest(
    state: StateFolder, spark: Spark, parsed: Manifest, manifest: Mapping[str, Any], outcome: DbtOutcome
) -> Iterator[dict[str, Any]]:
    """Show what Spark has built in a warehouse of DuckDB, build the views there and run every data test."""
    begin_elsewhere(state, manifest, shown_relations(spark, manifest))
    here = [*BUILD, *STEPS_AND_TESTS]
    for event in stream_dbt(state, here, outcome=outcome, manifest=parsed, is_quick=True):
        if _is_of_test(event, manifest):
            yield event


def _is_of_test(event: Mapping[str, Any], manifest: Mapping[str, Any]) -> bool:
    """Whether an event is of a data test: the models have been told of, a view on Spark among them."""
    unique_id = (event["data"].get("node_info") or {}).get("unique_id")
    return bool(unique_id) and manifest["nodes"].get(unique_id, {}).get("resource_type") == "test"
