"""The event log of nights against Dagster's own: the same rows in the same tables, whoever wrote them."""

import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from dagster import (
    AssetCheckResult,
    AssetCheckSpec,
    AssetExecutionContext,
    AssetKey,
    AssetObservation,
    AssetSpec,
    DagsterInstance,
    EventLogEntry,
    MaterializeResult,
    asset,
    materialize,
    multi_asset,
)
from dagster._core.instance.ref import InstanceRef
from dagster._core.storage.event_log import SqliteEventLogStorage

from orchestration.nightly.instance import TOGETHER, KeptEventLog, open_instance
from orchestration.state.folder import StateFolder

WRITTEN_AT = ("create_timestamp", "migration_completed")
COUNT = TOGETHER + 10
KEYS = [AssetKey(["mart", f"relation_{number}"]) for number in range(COUNT)]


@multi_asset(
    specs=[AssetSpec(key, skippable=True) for key in KEYS],
    check_specs=[AssetCheckSpec(f"holds_{number}", asset=key) for number, key in enumerate(KEYS)],
)
def relations(context: AssetExecutionContext) -> Iterator[Any]:
    for number, key in enumerate(KEYS):
        yield MaterializeResult(asset_key=key, metadata={"rows": number}, tags={"part": str(number)})
        yield AssetCheckResult(
            asset_key=key, check_name=f"holds_{number}", passed=number % 3 > 0, metadata={"seen": number}
        )
        context.log_event(AssetObservation(key, metadata={"dagster/row_count": number}))
    # Read in the middle of a run: what waits is there.
    assert context.instance.get_latest_materialization_event(KEYS[-1]) is not None


@asset(deps=KEYS)
def published() -> None:
    """Of all of them."""


@asset(deps=[published])
def broken() -> None:
    raise RuntimeError("on purpose")


def _events(folder: Path) -> Sequence[EventLogEntry]:
    """Those of a good and of a failed run in a night's own instance."""
    with open_instance(StateFolder(folder)) as instance:
        assert materialize([relations, published], instance=instance).success
        assert not materialize(
            [relations, published, broken],
            instance=instance,
            selection=[broken],
            raise_on_error=False,
        ).success
        runs = sorted(instance.get_run_records(), key=lambda record: record.storage_id)
        return [event for run in runs for event in instance.all_logs(run.dagster_run.run_id)]


def _store(kind: type[SqliteEventLogStorage], folder: Path, events: Sequence[EventLogEntry]) -> None:
    folder.mkdir()
    with DagsterInstance.from_ref(InstanceRef.from_dir(str(folder))) as instance:
        log = kind(str(folder / "log"))
        log.register_instance(instance)
        for event in events:
            log.store_event(event)
        log.dispose()


def _tables(folder: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table of every file, but for when this process wrote it."""
    found = {}
    for path in sorted(folder.glob("*.db")):
        with sqlite3.connect(path) as database:
            names = [
                row[0] for row in database.execute("select name from sqlite_master where type = 'table'")
            ]
            for name in sorted(names):
                columns = [row[1] for row in database.execute(f"pragma table_info({name})")]
                listed = ", ".join(f'"{column}"' for column in columns if column not in WRITTEN_AT)
                found[f"{path.name} {name}"] = database.execute(
                    f"select {listed} from {name} order by 1"
                ).fetchall()
        database.close()
    return found


@pytest.fixture(scope="module")
def events(tmp_path_factory: pytest.TempPathFactory) -> Sequence[EventLogEntry]:
    folder = tmp_path_factory.mktemp("state")
    StateFolder(folder).prepare()
    return _events(folder)


def test_events_written_together_are_the_rows_that_dagster_writes_one_by_one(
    events: Sequence[EventLogEntry], tmp_path: Path
) -> None:
    kinds = {event.dagster_event_type.value for event in events if event.dagster_event_type is not None}
    assert {"ASSET_MATERIALIZATION", "ASSET_CHECK_EVALUATION", "ASSET_OBSERVATION", "STEP_OUTPUT"} <= kinds
    assert {"ASSET_MATERIALIZATION_PLANNED", "ASSET_CHECK_EVALUATION_PLANNED", "PIPELINE_FAILURE"} <= kinds
    _store(SqliteEventLogStorage, tmp_path / "dagster", events)
    _store(KeptEventLog, tmp_path / "night", events)
    theirs, ours = _tables(tmp_path / "dagster" / "log"), _tables(tmp_path / "night" / "log")
    assert ours.keys() == theirs.keys()
    for name, rows in theirs.items():
        assert ours[name] == rows, name
    assert len(theirs["index.db asset_check_executions"]) == COUNT


def test_what_waits_is_written_before_anything_is_read(
    events: Sequence[EventLogEntry], tmp_path: Path
) -> None:
    run_id = events[0].run_id
    with DagsterInstance.from_ref(InstanceRef.from_dir(str(tmp_path))) as instance:
        log = KeptEventLog(str(tmp_path / "log"))
        log.register_instance(instance)
        for count, event in enumerate([one for one in events if one.run_id == run_id], start=1):
            log.store_event(event)
            if count % 70 == 0:
                assert len(log.get_logs_for_run(run_id)) == count
        log.dispose()
