"""Relations built on Apache Spark, over its Thrift server: what is asked of the server before a night, and
the Parquet files that it has written, as a warehouse of DuckDB shows them.

Everything is built anew each night, in a folder of its own: what touched which months is the ledger's of
DuckDB. The folder of the warehouse and the state's `raw/` must be at the same path for the server, its
workers and this process.
"""

from __future__ import annotations

import re
import shutil
import socket
import stat
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import duckdb

from orchestration.errors import ConfigurationError, MeritlineError
from orchestration.sql import literal
from orchestration.state.folder import OWNER_DIR, StateFolder
from orchestration.warehouse.engine import Engine

ADAPTER, CLIENT = "dbt.adapters.spark", "pyhive"
ANSWER_SECONDS = 10
INSTANT = "TIMESTAMP WITH TIME ZONE"
"""What Spark's instants are in its files: those of DuckDB, in UTC, with the zone said beside them."""
TABLE_KINDS = ("table", "seed")
OWNER = "state.txt"
"""Which state's the warehouse is: the path of its folder."""
BUILD = re.compile(r"build-(\d+)")
"""A folder of the warehouse: what one night, or one attempt of it, has built."""


class SparkLost(MeritlineError):
    """The Thrift server does not answer (any more): it may be starting again."""

    passes = True


@dataclass(frozen=True)
class Spark:
    """A Thrift server, whom it knows us as, and the folder that it writes to: that of all builds or, once
    there is one, that of a build, in which each schema is a folder.
    """

    host: str
    port: int
    user: str
    warehouse: Path

    @property
    def place(self) -> str:
        """`host:port`."""
        return f"{self.host}:{self.port}"

    @property
    def engine(self) -> Engine:
        """The target of the dbt profile."""
        return Engine(
            target="spark",
            variables={
                "MERITLINE_SPARK_HOST": self.host,
                "MERITLINE_SPARK_PORT": str(self.port),
                "MERITLINE_SPARK_USER": self.user,
                "MERITLINE_SPARK_WAREHOUSE": str(self.warehouse),
            },
            own_folder="spark",
        )


def require_client() -> None:
    """Raise ConfigurationError where the extra is not installed that speaks to the server."""
    try:
        is_there = all(find_spec(name) for name in (ADAPTER, CLIENT))
    except ModuleNotFoundError:
        is_there = False
    if not is_there:
        raise ConfigurationError(
            path="--engine",
            problem="dbt-spark, which speaks to it, is not installed",
            remedy="Install the extra meritline[spark] from requirements-spark.lock; or take duckdb",
        )


def require_answer(spark: Spark) -> None:
    """Raise ConfigurationError where the extra is not installed, SparkLost where nobody answers."""
    require_client()
    try:
        socket.create_connection((spark.host, spark.port), ANSWER_SECONDS).close()
    except OSError as error:
        raise lost(spark, error.strerror or str(error)) from error


def lost(spark: Spark, why: str) -> SparkLost:
    """The error for a server that does not answer."""
    return SparkLost(
        path=spark.place,
        problem=f"the Thrift server of Spark does not answer ({why})",
        remedy="The last publication stays. Start the server, look at its log, then run meritline nightly "
        "again: it builds everything anew",
    )


def make_ready(state: StateFolder, spark: Spark, manifest: Mapping[str, Any]) -> Spark:
    """The Spark whose warehouse is a new folder, for one build alone: its server knows none of our schemas
    any more. A statement that still runs there for a night that was killed writes where nobody will read.

    Raises ConfigurationError for a warehouse or a schema that is another state's: then none goes. SparkLost
    where the server goes meanwhile.
    """
    built = [node for node in manifest["nodes"].values() if is_relation(node)]
    schemas = sorted({node["schema"] for node in (*built, *manifest["sources"].values())})
    _require_unshared(spark, state)
    with (
        _speaking_to(spark),
        closing(_connection(spark)) as connection,
        closing(connection.cursor()) as cursor,
    ):
        cursor.execute("show schemas")
        known = {str(row[0]) for row in cursor.fetchall()}
        earlier = [schema for schema in schemas if schema in known]
        for schema in earlier:
            cursor.execute(f"describe schema {schema}")
            said = {str(name).lower(): str(value) for name, value, *_ in cursor.fetchall()}
            _require_own(spark, schema, said.get("location", ""))
        for schema in earlier:
            cursor.execute(f"drop schema {schema} cascade")
    return replace(spark, warehouse=new_folder(spark.warehouse))


def new_folder(warehouse: Path) -> Path:
    """An empty folder of the warehouse, numbered after the last one; earlier ones go. Who may write to the
    warehouse may write to it, and nobody else has a right there: pay lies in it.
    """
    warehouse.mkdir(OWNER_DIR, parents=True, exist_ok=True)
    earlier = {path: int(said[1]) for path in warehouse.iterdir() if (said := BUILD.fullmatch(path.name))}
    folder = warehouse / f"build-{max(earlier.values(), default=0) + 1:06d}"
    folder.mkdir()
    folder.chmod(stat.S_IMODE(warehouse.stat().st_mode) & ~stat.S_IRWXO)
    for path in earlier:
        try:
            shutil.rmtree(path)
        except OSError as error:
            raise ConfigurationError(
                path=path,
                problem=f"what an earlier night built, pay among it, cannot be removed ({error.strerror})",
                remedy="Remove it as the user that Spark runs as, and have it run as the user of the nights",
            ) from error
    return folder


def _require_unshared(spark: Spark, state: StateFolder) -> None:
    """Two states would drop each other's schemas and folders in the middle of a night."""
    spark.warehouse.mkdir(OWNER_DIR, parents=True, exist_ok=True)
    own, owner = str(state.root.resolve()), spark.warehouse / OWNER
    if not owner.exists():
        owner.write_text(own, encoding="utf-8")
    elif (other := owner.read_text(encoding="utf-8")) != own:
        raise ConfigurationError(
            path=spark.warehouse,
            problem=f"is the warehouse of the state {other}",
            remedy=f"Give each state a spark_warehouse of its own; where this one was moved, remove {owner}",
        )


def shown_relations(spark: Spark, manifest: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Schema, name and query of every table that was built: over its files, where they lie.

    Raises MeritlineError for one without a file: the server writes elsewhere than this process reads.
    """
    with duckdb.connect() as database:
        for node in _tables(manifest):
            folder = spark.warehouse / node["schema"] / node["alias"]
            if not any(folder.glob("*.parquet")):
                raise MeritlineError(
                    path=folder,
                    problem="Spark says that it built this relation, and there is no file",
                    remedy="Give spark_warehouse a folder that the server, its workers and this machine have "
                    "at the same path",
                )
            files = f"read_parquet({literal(folder / '*.parquet')})"
            described = database.sql(f"describe select * from {files}").fetchall()
            columns = ", ".join(_as_here(str(name), str(kind)) for name, kind, *_ in described)
            yield node["schema"], node["alias"], f"select {columns} from {files}"


def _as_here(name: str, kind: str) -> str:
    quoted = '"' + name.replace('"', '""') + '"'
    # By the number and not by a cast, which would ask the zone of whoever reads.
    return f"make_timestamp(epoch_us({quoted})) as {quoted}" if kind == INSTANT else quoted


def is_relation(node: Mapping[str, Any]) -> bool:
    """Whether a node of dbt's manifest is built, and no test."""
    return node["resource_type"] in ("model", "seed")


def is_table(node: Mapping[str, Any]) -> bool:
    """Whether a node of dbt's manifest is rows in files, and no step of them or test."""
    return is_relation(node) and node["config"]["materialized"] in TABLE_KINDS


def _tables(manifest: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    return (node for _, node in sorted(manifest["nodes"].items()) if is_table(node))


def _require_own(spark: Spark, schema: str, location: str) -> None:
    own = spark.warehouse.resolve()
    if not Path(unquote(urlsplit(location).path)).resolve().is_relative_to(own):
        raise ConfigurationError(
            path=spark.place,
            problem=f"the schema {schema} that the server has lies at {location or 'no place'}, not in {own}",
            remedy="It is another state's, or was moved: give each state a server with a metastore of its "
            f"own, or have the server forget it (drop schema {schema} cascade)",
        )


@contextmanager
def _speaking_to(spark: Spark) -> Iterator[None]:
    """Raise SparkLost for what goes wrong on the way."""
    try:
        yield
    except MeritlineError:
        raise
    except Exception as error:  # the client raises what its transport does
        raise lost(spark, type(error).__name__) from error


def _connection(spark: Spark) -> Any:
    from pyhive import hive

    return hive.connect(host=spark.host, port=spark.port, username=spark.user)
