"""The Dagster instance of a state folder, with an event log that keeps its connections and writes events
together.

Dagster's SQLite event log opens, commits with an fsync and closes a database two or three times per event; a
night has two thousand events, which cost more than the whole build. This process is the only writer of its
run, so it keeps one connection per database and lets the write-ahead log be flushed at checkpoints. Events of
which there are hundreds wait until some have come together, a step or the run goes on, or anything is read
here. Files and tables are Dagster's own: the web UI reads them with the stock class, and shows the progress
of a step some events late. A killed run may lack its last events there; nothing published depends on them.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import groupby
from typing import Any

import sqlalchemy
from dagster import DagsterEventType, DagsterInstance, EventLogEntry
from dagster._core.events import ASSET_CHECK_EVENTS, ASSET_EVENTS
from dagster._core.instance.ref import InstanceRef
from dagster._core.storage.event_log import SqlEventLogStorageTable, SqliteEventLogStorage
from dagster._core.storage.event_log.sqlite.sqlite_event_log import INDEX_SHARD_NAME
from dagster._core.storage.noop_compute_log_manager import NoOpComputeLogManager
from dagster._serdes import ConfigurableClassData
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.pool import StaticPool

from orchestration.state.folder import StateFolder

BUSY_SECONDS = 30
WAITING = frozenset(
    {
        DagsterEventType.ASSET_MATERIALIZATION_PLANNED,
        DagsterEventType.ASSET_CHECK_EVALUATION_PLANNED,
        DagsterEventType.ASSET_MATERIALIZATION,
        DagsterEventType.ASSET_CHECK_EVALUATION,
        DagsterEventType.ASSET_OBSERVATION,
        DagsterEventType.STEP_OUTPUT,
    }
)
"""Events of an asset or check, of which a night has hundreds; those of a step or run are written at once."""
TOGETHER = 50
"""So many wait for one another."""


class KeptEventLog(SqliteEventLogStorage):
    """Dagster's SQLite event log, one kept connection per database file, one transaction for many events."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._kept: dict[str, Engine] = {}
        self._begun: dict[str, Connection] = {}
        self._waiting: list[EventLogEntry] = []
        self._tables: set[str] = set()
        self._indexes: set[str] = set()
        self._columns: set[str] = set()
        super().__init__(base_dir, inst_data)
        # Dagster's own functions ask for the connection whose transaction they are called in.
        self._db_lock = threading.RLock()  # type: ignore[assignment]

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> KeptEventLog:
        """From the instance's configuration."""
        return cls(inst_data=inst_data, **config_value)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        with self._db_lock:
            if shard in self._begun:
                yield self._begun[shard]
                return
            self._write_waiting()
            engine = self._kept.get(shard)
            if engine is None:
                engine = self._kept[shard] = _kept_engine(self.conn_string_for_shard(shard))
            if shard not in self._initialized_dbs:
                self._initdb(engine)
                self._initialized_dbs.add(shard)
            with engine.connect() as connection, connection.begin():
                yield connection

    def store_event(self, event: EventLogEntry) -> None:
        """Write an event down, or have it wait for others."""
        with self._db_lock:
            if not event.is_dagster_event or event.dagster_event_type not in WAITING:
                self._write_waiting()
                super().store_event(event)
                return
            self._waiting.append(event)
            if len(self._waiting) >= TOGETHER:
                self._write_waiting()

    def _write_waiting(self) -> None:
        events, self._waiting = self._waiting, []
        for run_id, of_run in groupby(events, lambda event: event.run_id):
            with self._connect(run_id) as run, self._connect(INDEX_SHARD_NAME) as index:
                self._begun = {run_id: run, INDEX_SHARD_NAME: index}
                try:
                    self._write(list(of_run), run, index)
                finally:
                    self._begun = {}

    def _write(self, events: Sequence[EventLogEntry], run: Connection, index: Connection) -> None:
        """As `store_event` does one by one: in the run's database, and in that of all runs with what the
        assets and checks came to.
        """
        insert = SqlEventLogStorageTable.insert()
        rows = [self._event_to_row(event) for event in events]
        run.execute(insert, rows)
        for event, row in zip(events, rows, strict=True):
            if event.dagster_event_type not in ASSET_EVENTS | ASSET_CHECK_EVENTS:
                continue
            key = index.execute(insert, row).inserted_primary_key
            event_id = int(key[0])  # type: ignore[index]
            if event.dagster_event_type in ASSET_CHECK_EVENTS:
                self.store_asset_check_event(event, event_id)
            else:
                self._store_asset_event_tags(index, [event], [event_id])
                self._store_asset_event(index, event, event_id)

    def has_table(self, table_name: str) -> bool:
        """Whether the index database has the table; one that is there stays, so it is looked up once."""
        if table_name not in self._tables and super().has_table(table_name):
            self._tables.add(table_name)
        return table_name in self._tables

    def has_secondary_index(self, name: str) -> bool:
        """Whether a summary has been built; Dagster asks three times per asset, one that is there stays."""
        if name not in self._indexes and super().has_secondary_index(name):
            self._indexes.add(name)
        return name in self._indexes

    def _has_asset_key_col_on_connection(self, conn: Connection, column_name: str) -> bool:
        if column_name not in self._columns and super()._has_asset_key_col_on_connection(conn, column_name):
            self._columns.add(column_name)
        return column_name in self._columns

    def dispose(self) -> None:
        """Write down what waits and close the kept connections."""
        self._write_waiting()
        for engine in self._kept.values():
            engine.dispose()
        self._kept.clear()
        super().dispose()


def _kept_engine(url: str) -> Engine:
    engine = sqlalchemy.create_engine(
        url, poolclass=StaticPool, connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False}
    )

    @sqlalchemy.event.listens_for(engine, "connect")
    def _relax(connection: Any, _record: Any) -> None:
        connection.execute("pragma synchronous = normal")

    return engine


def open_instance(state: StateFolder) -> DagsterInstance:
    """The state's instance for a run in this process; close it with `dispose` or a `with` block."""
    event_log = {
        "module": KeptEventLog.__module__,
        "class": KeptEventLog.__qualname__,
        "config": {"base_dir": str(state.dagster / "history" / "runs")},
    }
    # The stock manager redirects this process's own standard output, which is the operator's terminal.
    compute_logs = {"module": NoOpComputeLogManager.__module__, "class": NoOpComputeLogManager.__qualname__}
    overrides = {"event_log_storage": event_log, "compute_logs": compute_logs}
    reference = InstanceRef.from_dir(str(state.dagster), overrides=overrides)
    return DagsterInstance.from_ref(reference)
