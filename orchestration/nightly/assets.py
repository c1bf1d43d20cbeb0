"""The assets of the nightly job: exports to raw, dbt's relations, candidate, calibration, publication.

Each asset only wires: the work is done by the pure packages it calls, and reported as a stage with its
figures.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from dagster import (
    AssetCheckResult,
    AssetCheckSpec,
    AssetExecutionContext,
    AssetKey,
    AssetObservation,
    AssetsDefinition,
    AssetSpec,
    MaterializeResult,
    MetadataValue,
    RetryRequested,
    asset,
    multi_asset,
)
from dagster_dbt import dbt_assets
from dagster_dbt.core.dbt_cli_event import DbtCoreCliEventMessage

from expectations.bound import require_columns
from expectations.own_bounds import bounds_in_force, hash_in_force, plan_in_force
from orchestration.board.write import BOARD_FOLDER, BOARD_INDEX
from orchestration.errors import ConfigurationError, PublicationRefused
from orchestration.gate.judgement import with_acceptances
from orchestration.gate.page import render_page
from orchestration.gate.result import GateResult, page_path, result_path, said, store_result
from orchestration.hashing import FileHashes, code_hash
from orchestration.ingest.contract import load_contract
from orchestration.nightly.asset_checks import asset_check, check_name
from orchestration.nightly.on_spark import build_on_spark
from orchestration.nightly.retry import tried_again
from orchestration.nightly.run import NightlyRun
from orchestration.nightly.serving import postgres_asset
from orchestration.policy.folder import policy_hash
from orchestration.policy.site import SHIPPED, Site
from orchestration.progress import Stage, say, stage
from orchestration.publish.accept import usable_acceptances
from orchestration.publish.candidate import build_candidate, unchanged_candidate
from orchestration.publish.chain import newest_manifests
from orchestration.publish.publication import CALIBRATION_PAGE, publish
from orchestration.serve.database import Target
from orchestration.settings import BOUNDS_DIR, CONTRACT_DIR, SOURCE_DIRS
from orchestration.settlement.frozen import pinned_runs
from orchestration.state.folder import auditor_database, write_atomically
from orchestration.state.record import PREVIEWED, PUBLISHED
from orchestration.warehouse.dbt import (
    BUILD,
    DbtOutcome,
    log_path,
    manifest_path,
    stream_dbt,
    take_parsed,
)
from orchestration.warehouse.ledger import (
    all_built,
    forget_warehouse,
    forgotten_if_damaged,
    keep_warehouse,
    note_candidate,
    require_whole,
    touched_months,
)
from orchestration.warehouse.manifest import Relation, published_relations, read_manifest
from orchestration.warehouse.raw import TableLoads, loads_of_tables
from orchestration.warehouse.translator import RAW_GROUP, FolderTranslator

MONTH = re.compile(r"\d{4}-\d{2}$")
CANDIDATE, CALIBRATION, PUBLICATION = AssetKey("candidate"), AssetKey("calibration"), AssetKey("publication")


def build_assets(
    manifest: Mapping[str, Any], *, site: Site = SHIPPED, target: Target | None = None
) -> Sequence[AssetsDefinition]:
    """Every asset of the job, over a parsed dbt manifest, for a site and, where it has one, the database of
    its readers; connects to nothing.
    """
    relations = published_relations(manifest)
    keys = [AssetKey([relation.schema, relation.name]) for relation in relations]
    served = [] if target is None else [postgres_asset(PUBLICATION, target)]
    return [
        *(_raw(), _models(manifest), _candidate(keys), _calibration(relations, site), _publication()),
        *served,
    ]


def _raw() -> AssetsDefinition:
    tables = {AssetKey([RAW_GROUP, table.source, table.name]): table for table in load_contract(CONTRACT_DIR)}
    specs = [
        AssetSpec(key, group_name=RAW_GROUP, description=table.description, kinds={"parquet"})
        for key, table in tables.items()
    ]

    @multi_asset(specs=specs, name="raw")
    def raw(context: AssetExecutionContext, nightly: NightlyRun) -> Iterator[MaterializeResult[Any]]:
        """Take the landing folder's exports into raw Parquet, every row accounted for."""
        from orchestration.nightly.ingestion import take_exports

        with tried_again(context, nightly, "ingest"), stage("ingest") as current:
            take_exports(nightly, current)
        counts = loads_of_tables(nightly.state_folder)
        for key, table in tables.items():
            loads = counts.get(table.full_name, TableLoads(0, 0, 0, 0))
            yield MaterializeResult(
                asset_key=key,
                metadata={
                    "files": loads.files,
                    "rows": loads.rows,
                    "dagster/row_count": loads.accepted,
                    "rejected_rows": loads.rejected,
                    "stage_seconds": current.seconds,
                    "folder": MetadataValue.path(str(nightly.state_folder.raw / table.source / table.name)),
                },
            )

    return raw


def _models(manifest: Mapping[str, Any]) -> AssetsDefinition:
    translator = FolderTranslator()

    @dbt_assets(manifest=manifest, dagster_dbt_translator=translator, name="warehouse")
    def warehouse(context: AssetExecutionContext, nightly: NightlyRun) -> Iterator[Any]:
        """Build every relation and run every data test in one dbt invocation inside this process."""
        state, outcome, spark = nightly.state_folder, DbtOutcome(), nightly.spark
        with tried_again(context, nightly, "build"), stage("build") as current:
            arguments = [*BUILD]
            if context.is_subset and spark is not None:
                raise ConfigurationError(
                    path="engine",
                    problem="Spark builds every relation of a night, and some were asked for",
                    remedy="Run the whole job, or take duckdb",
                )
            if context.is_subset:
                names = {".".join(node["fqn"]) for node in _selected(manifest, translator, context)}
                arguments += ["--select", *sorted(names)]
            if nightly.full_refresh and not context.is_subset:
                forget_warehouse(state)
            # The project may have changed since the definitions were made: a site's KPIs come with exports.
            parsed = take_parsed(state)
            built = read_manifest(manifest_path(state))
            is_kept = spark is None and keep_warehouse(state, built, is_whole=not context.is_subset)
            events = (
                stream_dbt(state, arguments, outcome=outcome, manifest=parsed, is_kept=True, is_quick=True)
                if spark is None
                else build_on_spark(state, spark, parsed, built, outcome)
            )
            for event in events:
                _report(event, current)
                if not _is_known(event, manifest):
                    continue
                message = DbtCoreCliEventMessage(raw_event=event, event_history_metadata={})
                yield from message.to_default_asset_events(
                    manifest, translator, context=context, target_path=state.dbt
                )
            if outcome.broken and not context.is_subset:
                # Nothing goes on from what is left. A damaged warehouse is no reason to fail.
                forget_warehouse(state)
                if is_kept and context.retry_number == 0:
                    say("build", f"{outcome.said_of_broken()}: once more, from an empty warehouse")
                    raise RetryRequested(max_retries=max(1, nightly.retries), seconds_to_wait=0)
            outcome.raise_if_failed(log_path(state))
            with forgotten_if_damaged(state):
                if not context.is_subset:
                    all_built(state, built)
                touched = {one.month for one in touched_months(state, built)}
            months = sorted(month for month in touched if MONTH.match(month))
            current.figures["touched_months"] = months
            said = ", ".join(months) or "none"
            current.message += f"; months touched: {said}" if is_kept else "; everything anew"
            current.message += "" if spark is None else f", on Spark at {spark.place}"

    return warehouse


def _selected(
    manifest: Mapping[str, Any], translator: FolderTranslator, context: AssetExecutionContext
) -> Iterator[Mapping[str, Any]]:
    for node in manifest["nodes"].values():
        is_asset = node["resource_type"] in ("model", "seed", "snapshot")
        if is_asset and translator.get_asset_key(node) in context.selected_asset_keys:
            yield node


def _is_known(event: Mapping[str, Any], manifest: Mapping[str, Any]) -> bool:
    """Whether the definitions have the node that an event is of, or it is of none."""
    unique_id = (event["data"].get("node_info") or {}).get("unique_id")
    return not unique_id or unique_id in manifest["nodes"] or unique_id in manifest["sources"]


def _report(event: Mapping[str, Any], current: Stage) -> None:
    node = event["data"].get("node_info") or {}
    kinds = {"LogModelResult": "models", "LogSeedResult": "seeds", "LogTestResult": "tests"}
    kind = kinds.get(event["info"]["name"])
    if kind is None:
        return
    current.figures[kind] = int(str(current.figures.get(kind, 0))) + 1
    current.message = ", ".join(f"{count} {name}" for name, count in current.figures.items())
    current.step(f"{node.get('node_name', '?')}: {node.get('node_status', '?')}")


def _candidate(relations: Sequence[AssetKey]) -> AssetsDefinition:
    @asset(key=CANDIDATE, deps=relations, group_name="publish", kinds={"parquet", "duckdb"})
    def candidate(context: AssetExecutionContext, nightly: NightlyRun) -> MaterializeResult[Any]:
        """Every published relation as ordered Parquet, and a DuckDB file per audience."""
        state = nightly.state_folder
        with (
            tried_again(context, nightly, "candidate"),
            stage("candidate") as current,
            forgotten_if_damaged(state),
        ):
            require_whole(state)
            manifest = read_manifest(manifest_path(state))
            built = build_candidate(
                state,
                published_relations(manifest),
                number=nightly.recorder.number,
                code_hash=code_hash(SOURCE_DIRS),
                policy_hash=policy_hash(state),
                touched=[asdict(touched) for touched in touched_months(state, manifest)],
                statement_months=nightly.statement_months,
                progress=current.step,
            )
            note_candidate(state, built.content_hash)
            current.figures.update(relations=len(built.rows), rows=sum(built.rows.values()))
            current.message = f"{len(built.rows)} relations, {sum(built.rows.values()):,} rows"
        # dbt does not say how many rows it made; beside each relation, where a person looks for it.
        for name, rows in built.rows.items():
            context.log_event(
                AssetObservation(AssetKey(name.split(".")), metadata={"dagster/row_count": rows})
            )
        return MaterializeResult(
            metadata={
                "run_id": built.run_id,
                "content_hash": built.content_hash,
                "rows": MetadataValue.json(dict(built.rows)),
                "dagster/row_count": sum(built.rows.values()),
                "stage_seconds": current.seconds,
                "folder": MetadataValue.path(str(state.candidate)),
                "build_log": MetadataValue.path(str(log_path(state))),
            }
        )

    return candidate


def _calibration(relations: Sequence[Relation], site: Site) -> AssetsDefinition:
    planned, bounds = hash_in_force(BOUNDS_DIR, site.bounds), bounds_in_force(BOUNDS_DIR, site.bounds)
    require_columns(bounds, {one.full_name: tuple(one.columns) for one in relations}, BOUNDS_DIR)
    specs = [
        AssetCheckSpec(
            check_name(suite.suite, check_id),
            asset=CALIBRATION,
            description=suite[check_id].why,
            metadata={"relation": suite[check_id].relation, "severity": suite[check_id].severity},
        )
        for suite in bounds.values()
        for check_id in suite
    ]

    @asset(
        key=CALIBRATION, deps=[CANDIDATE], check_specs=specs, group_name="gate", kinds={"greatexpectations"}
    )
    def calibration(
        context: AssetExecutionContext, nightly: NightlyRun
    ) -> Iterator[MaterializeResult[Any] | AssetCheckResult]:
        """Great Expectations on the candidate; the result is stored under the hash of its content."""
        with tried_again(context, nightly, "calibrate"), stage("calibrate") as current:
            result = _check(nightly, current, planned)
        yield MaterializeResult(
            metadata={
                **result.summary(),
                "content_hash": result.content_hash,
                "stage_seconds": current.seconds,
                "result": MetadataValue.path(str(result_path(nightly.state_folder, result.content_hash))),
                "page": MetadataValue.path(str(page_path(nightly.state_folder, result.content_hash))),
            }
        )
        yield from (
            asset_check(result, check, bounds[check.suite][check.check_id]) for check in result.checks
        )

    return calibration


def _check(nightly: NightlyRun, current: Stage, planned: str) -> GateResult:
    """Check the candidate by the bounds that the run began with, whose hash is `planned`: each of them is an
    asset check that Dagster knows of.
    """
    from expectations.gate import run_gate

    state, own = nightly.state_folder, nightly.site_folder.bounds
    _require_bounds(planned, hash_in_force(BOUNDS_DIR, own))
    found = run_gate(auditor_database(state.candidate), BOUNDS_DIR, own)
    _require_bounds(planned, found.bounds_hash)
    # After the checks: the result is filed under the content that lies there once they are done.
    candidate = unchanged_candidate(state, FileHashes())
    result = replace(found, content_hash=candidate.content_hash)
    store_result(state, result)
    result = with_acceptances(
        result, plan_in_force(BOUNDS_DIR, own), usable_acceptances(state, candidate.content_hash)
    )
    before = next(newest_manifests(state), None)
    page = render_page(result, run_id=candidate.run_id, as_of=candidate.as_of, previous=before)
    write_atomically(page_path(state, candidate.content_hash), page)
    current.figures.update(result.summary())
    current.message = said(result.summary(), result.accepted)
    return result


def _require_bounds(planned: str, found: str) -> None:
    if found != planned:
        raise PublicationRefused(
            path=BOUNDS_DIR,
            problem="the bounds changed while the night ran",
            remedy="The last publication stays. Run meritline nightly again",
        )


def _publication() -> AssetsDefinition:
    @asset(key=PUBLICATION, deps=[CALIBRATION], group_name="publish", kinds={"duckdb"})
    def publication(context: AssetExecutionContext, nightly: NightlyRun) -> MaterializeResult[Any]:
        """Publish the candidate, if exactly its content has passed calibration, and switch `current` to
        it.
        """
        with tried_again(context, nightly, "publish"), stage("publish") as current:
            done = publish(
                nightly.state_folder,
                keep=nightly.keep_publications,
                started_at=nightly.recorder.started_at,
                pinned=pinned_runs(nightly.state_folder),
                landing=nightly.landing,
                bounds=BOUNDS_DIR,
                site=nightly.site_folder,
                boards=nightly.boards,
                is_preview=nightly.is_preview,
                again=nightly.command_line,
            )
            current.message = done.run_id
        board = done.folder / BOARD_FOLDER / BOARD_INDEX
        links = {"board": MetadataValue.path(str(board))} if board.is_file() else {}
        nightly.recorder.update(run_id=done.run_id)
        nightly.recorder.finish(PREVIEWED if nightly.is_preview else PUBLISHED)
        return MaterializeResult(
            metadata={
                "run_id": done.run_id,
                "folder": MetadataValue.path(str(done.folder)),
                "calibration": MetadataValue.path(str(done.folder / CALIBRATION_PAGE)),
                "dagster/row_count": sum(done.manifest["rows"].values()),
                "stage_seconds": current.seconds,
                "content_hash": str(done.manifest["content_hash"]),
                **links,
            }
        )

    return publication
