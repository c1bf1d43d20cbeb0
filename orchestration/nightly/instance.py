"""The Dagster instance of a state folder, with an event log that keeps its connections.

Dagster's SQLite event log opens, commits with an fsync and closes a database two or three times per event; a
night has hundreds of events, which cost more than the whole build. This process is the only writer of its
run, so it keeps one connection per database and lets the write-ahead log be flushed at checkpoints. Files and
tables are Dagster's own: the web UI reads them with the stock class. A killed run may lack its last events
there; nothing published depends on them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import sqlalchemy
from dagster import DagsterInstance
from dagster._core.instance.ref import InstanceRef
from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._core.storage.noop_compute_log_manager import NoOpComputeLogManager
from dagster._serdes import ConfigurableClassData
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.pool import StaticPool

from orchestration.state.folder import StateFolder

BUSY_SECONDS = 30


class KeptEventLog(SqliteEventLogStorage):
    """Dagster's SQLite event log, one kept connection per database file."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._kept: dict[str, Engine] = {}
        self._tables: set[str] = set()
        self._indexes: set[str] = set()
        self._columns: set[str] = set()
        super().__init__(base_dir, inst_data)

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> KeptEventLog:
        """From the instance's configuration."""
        return cls(inst_data=inst_data, **config_value)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        with self._db_lock:
            engine = self._kept.get(shard)
            if engine is None:
                engine = self._kept[shard] = _kept_engine(self.conn_string_for_shard(shard))
            if shard not in self._initialized_dbs:
                self._initdb(engine)
                self._initialized_dbs.add(shard)
            with engine.connect() as connection, connection.begin():
                yield connection

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
        """Close the kept connections."""
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
