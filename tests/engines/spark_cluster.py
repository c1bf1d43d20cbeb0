"""A cluster of Apache Spark on this machine, from the `pyspark` package alone: a master, two workers and the
Thrift server, on loopback, each a process that is ended by its own number.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HOST = "127.0.0.1"
WORKERS = 2
START_SECONDS = 120.0
STOP_SECONDS = 20.0
THRIFT_SERVER = "org.apache.spark.sql.hive.thriftserver.HiveThriftServer2"
JAVA = "-Duser.timezone=UTC -XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
"""What Java is told: these processes end before its better compiler pays."""


def why_not() -> str:
    """Why a cluster cannot be started here; '' where it can."""
    for package, what in (("pyspark", "pyspark"), ("pyhive", "dbt-spark[PyHive]")):
        if importlib.util.find_spec(package) is None:
            return f"{what} is not installed (make spark-test has an environment of its own)"
    return "" if shutil.which("java") else "there is no Java (17 or newer) on the PATH"


@dataclass
class Cluster:
    """Where the Thrift server listens; the processes by what they are: `master`, `worker 1` …, `thrift`."""

    port: int
    folder: Path
    master_port: int
    settings: Mapping[str, str] = field(default_factory=dict)
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def master(self) -> str:
        """How the others call the master."""
        return f"spark://{HOST}:{self.master_port}"

    def start_worker(self) -> str:
        """Start one more worker; its name."""
        name = f"worker {sum(known.startswith('worker') for known in self.processes) + 1}"
        options = {
            "--host": HOST,
            "--cores": "1",
            "--memory": "1g",
            "--webui-port": "0",
            "--work-dir": str(self.folder / name.replace(" ", "_")),
        }
        words = [part for pair in options.items() for part in pair]
        _start(self, name, _class("org.apache.spark.deploy.worker.Worker", *words, self.master))
        return name

    def start_thrift(self) -> None:
        """Start the Thrift server, and wait until it listens. It begins with an empty metastore."""
        _start(self, "thrift", _thrift(self))
        _wait(lambda: _listens(self.port), self, "thrift")

    def kill(self, name: str) -> None:
        """End a process and what it has started at once, as when its machine goes dark."""
        process = self.processes[name]
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(timeout=STOP_SECONDS)

    def writer(self, schema: str) -> str | None:
        """The worker for which a process writes a file of a schema's tables at this moment."""
        return next(
            (
                name
                for name, process in self.processes.items()
                if name.startswith("worker")
                and any(f"/{schema}/" in path for path in _open_files(process.pid))
            ),
            None,
        )

    def run(self, *statements: str) -> list[tuple[Any, ...]]:
        """Run statements in one session; rows of the last one."""
        from pyhive import hive

        with hive.connect(host=HOST, port=self.port, username="meritline") as session:
            cursor = session.cursor()
            cursor.execute("set spark.sql.ansi.enabled = true")
            for statement in statements:
                cursor.execute(statement)
            return list(cursor.fetchall()) if cursor.description else []


@contextmanager
def running_cluster(folder: Path, settings: Mapping[str, str] | None = None) -> Iterator[Cluster]:
    """A cluster that writes under `folder` alone (warehouse, logs, scratch), ended when the block is left."""
    folder.mkdir(parents=True, exist_ok=True)
    cluster = Cluster(_free_port(), folder, _free_port(), settings or {})
    try:
        master = {"--host": HOST, "--port": str(cluster.master_port), "--webui-port": "0"}
        words = [part for pair in master.items() for part in pair]
        _start(cluster, "master", _class("org.apache.spark.deploy.master.Master", *words))
        _wait(lambda: _listens(cluster.master_port), cluster, "master")
        for _ in range(WORKERS):
            cluster.start_worker()
        cluster.start_thrift()
        yield cluster
    finally:
        for process in reversed(cluster.processes.values()):
            _stop(process)


def spark_home() -> Path:
    """The folder of the `pyspark` package, which holds the whole of Spark."""
    found = importlib.util.find_spec("pyspark")
    assert found is not None and found.origin is not None
    return Path(found.origin).parent


def _class(*arguments: str) -> list[str]:
    return [str(spark_home() / "bin" / "spark-class"), *arguments]


def _thrift(cluster: Cluster) -> list[str]:
    said = {
        # What the models need of a session they say themselves.
        "spark.sql.ansi.enabled": "false",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": "2",
        "spark.sql.warehouse.dir": str(cluster.folder / "warehouse"),
        "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
        "spark.driver.host": HOST,
        "spark.driver.bindAddress": HOST,
        "spark.driver.extraJavaOptions": f"{JAVA} -Dderby.system.home={cluster.folder}",
        "spark.executor.extraJavaOptions": JAVA,
        "spark.executor.memory": "1g",
        "spark.hadoop.javax.jdo.option.ConnectionURL": "jdbc:derby:memory:metastore;create=true",
        "spark.hadoop.hive.server2.thrift.bind.host": HOST,
        "spark.hadoop.hive.server2.thrift.port": str(cluster.port),
        "spark.ui.enabled": "false",
        **cluster.settings,
    }
    options = [part for name, value in said.items() for part in ("--conf", f"{name}={value}")]
    return [
        str(spark_home() / "bin" / "spark-submit"),
        *("--master", cluster.master, "--class", THRIFT_SERVER),
        *options,
        "spark-internal",
    ]


def _start(cluster: Cluster, name: str, command: Sequence[str]) -> None:
    log = (cluster.folder / f"{name.replace(' ', '_')}.log").open("ab")
    surroundings = {
        **os.environ,
        "SPARK_HOME": str(spark_home()),
        "SPARK_LOCAL_IP": HOST,
        "SPARK_LOCAL_DIRS": str(cluster.folder / "scratch"),
        # What starts the Thrift server takes this for the memory of its driver.
        "SPARK_DAEMON_MEMORY": "1536m" if name == "thrift" else "256m",
        "TZ": "UTC",
    }
    with log:
        cluster.processes[name] = subprocess.Popen(
            command,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=surroundings,
            cwd=cluster.folder,
            start_new_session=True,
        )


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Its script and the Java that it has become or started: one group, which nobody else is in."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, sign)
            process.wait(timeout=STOP_SECONDS)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            continue


def _open_files(group: int) -> Iterator[str]:
    """Where the files lie that the processes of a group have open. (Linux; a process may end meanwhile.)"""
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if os.getpgid(int(process.name)) == group:
                yield from (str(one.readlink()) for one in (process / "fd").iterdir())


def _wait(is_ready: Callable[[], bool], cluster: Cluster, name: str) -> None:
    """Until it listens. Raises RuntimeError with the end of its log when it has ended, or takes too long."""
    until = time.monotonic() + START_SECONDS
    while not is_ready():
        ended = cluster.processes[name].poll() is not None
        if ended or time.monotonic() > until:
            log = (cluster.folder / f"{name}.log").read_text(encoding="utf-8", errors="replace")
            raise RuntimeError(f"{name} {'ended' if ended else 'does not listen'}:\n{log[-2000:]}")
        time.sleep(0.25)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
