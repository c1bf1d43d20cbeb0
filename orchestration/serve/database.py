"""The server: connecting to it, and saying what went wrong without saying where it is or what a row holds.

A DSN, a password and a row's values never reach a message: of what the server says only those sentences are
passed on that can hold names alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, NoReturn

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from orchestration.errors import ConfigurationError, MeritlineError
from orchestration.settings import Settings
from orchestration.settings_table import SCHEMA_NAME

OLDEST_MAJOR = 15
"""The first that has views with the rights of whoever asks."""
SETTINGS = {
    "connect_timeout": "10",
    "application_name": "meritline",
    "client_encoding": "utf8",
    "keepalives_idle": "30",
}
"""What a connection has unless its DSN says otherwise."""
TURNED_AWAY = re.compile(
    r"authentication failed|no pg_hba.conf entry|no password supplied|(role|database) .* does not exist"
    r"|is not permitted to log in|permission denied for database|definition of service .* not found"
)
"""What is the same the next time; a server that is starting, stopping or full is not."""
NAMES_ONLY = frozenset({"42501", "3F000", "42P07", "0A000", "2BP01", "42704", "42710", "55006"})
"""States whose message names objects of the database, and no value of a row: a right that is missing, and
things that are there or are not.
"""


class ServerAway(MeritlineError):
    """The server cannot be reached, or went away."""

    passes: ClassVar[bool] = True


class NoWay(ConfigurationError):
    """The server answers and lets this role not in."""


class LoadedMeanwhile(MeritlineError):
    """Another load into the same schema is at work, or readers never let go of what would be replaced."""

    exit_status = 5


@dataclass(frozen=True)
class Target:
    """Where a publication is loaded: `dsn` as libpq reads it (address, service or keywords; shown nowhere),
    the schema that readers ask, a file of readers, and the seconds that a load waits for another and for
    readers.
    """

    dsn: str = field(repr=False)
    schema: str = "meritline"
    readers: Path | None = None
    patience: float = 600.0


def target_of(settings: Settings) -> Target | None:
    """The target that a site's settings name; None where they name none."""
    if not settings.postgres_dsn:
        return None
    return Target(settings.postgres_dsn, schema=settings.postgres_schema, readers=settings.postgres_readers)


class Session:
    """A connection within one transaction."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self.connection = connection

    def run(self, text: str, values: Mapping[str, object] | None = None, /, **names: object) -> None:
        """Run statements. `{name}` in the text stands for a quoted name, or several of a sequence; values go
        as parameters.
        """
        self.connection.execute(composed(text, **names), values)

    def rows(
        self, text: str, values: Mapping[str, object] | None = None, /, **names: object
    ) -> list[tuple[object, ...]]:
        """The rows of a question."""
        return self.connection.execute(composed(text, **names), values).fetchall()

    def value(self, text: str, values: Mapping[str, object] | None = None, /, **names: object) -> object:
        """The only value of a question; None without a row."""
        found = self.rows(text, values, **names)
        return found[0][0] if found else None


def composed(text: str, **names: object) -> sql.Composed:
    """SQL of our own with quoted names in its braces."""
    return sql.SQL(text).format(
        **{
            key: sql.SQL(", ").join(sql.Identifier(one) for one in value)
            if isinstance(value, list | tuple)
            else value
            if isinstance(value, sql.Composable)
            else sql.Identifier(str(value))
            for key, value in names.items()
        }
    )


@contextmanager
def session(target: Target) -> Iterator[Session]:
    """A transaction on the target's server, committed when the block ends and rolled back when it raises.

    Raises ConfigurationError for what cannot be used, ServerAway where nothing answers, MeritlineError for
    what the server refuses.
    """
    if not SCHEMA_NAME.fullmatch(target.schema):
        raise ConfigurationError(
            path="postgres_schema",
            problem=f"{target.schema!r} is no name of a schema",
            remedy="Take lower-case letters, digits and _, at most 41, such as meritline",
        )
    connection = _connected(target.dsn)
    try:
        with connection:
            _require_a_server_we_know(connection)
            connection.execute("set local statement_timeout = 0")
            connection.execute("set local idle_in_transaction_session_timeout = 0")
            connection.execute("set local search_path = pg_catalog, pg_temp")
            yield Session(connection)
    except psycopg.Error as error:
        _raise(error, target)
    finally:
        connection.close()


def _connected(dsn: str) -> psycopg.Connection:
    try:
        given = conninfo_to_dict(dsn)
    except psycopg.Error:
        # What libpq says of it quotes it.
        raise ConfigurationError(
            path="the DSN",
            problem="it is none that libpq reads",
            remedy="Write an address (postgresql://…), keywords (host=… dbname=…) or service=NAME",
        ) from None
    try:
        return psycopg.connect(make_conninfo(dsn, **{k: v for k, v in SETTINGS.items() if k not in given}))
    except psycopg.Error as error:
        said = scrubbed(" ".join(str(error).split()), dsn)
        raise (NoWay if TURNED_AWAY.search(said) else ServerAway)(
            path="PostgreSQL",
            problem=f"no connection ({said})",
            remedy="What was loaded before stays. Check server, pg_hba.conf and password (.pgpass, service "
            "file or PGPASSWORD), then run meritline publish postgres",
        ) from None


def scrubbed(text: str, dsn: str) -> str:
    """A message of libpq without any value that the DSN holds."""
    for key, value in sorted(conninfo_to_dict(dsn).items(), key=lambda one: -len(str(one[1]))):
        if value:
            text = re.sub(rf"(?<!\w){re.escape(str(value))}(?!\w)", f"‹{key}›", text)
    return text


def _require_a_server_we_know(connection: psycopg.Connection) -> None:
    if connection.info.server_version < OLDEST_MAJOR * 10_000:
        raise ConfigurationError(
            path="PostgreSQL",
            problem=f"the server is version {connection.info.server_version // 10_000}",
            remedy=f"Take {OLDEST_MAJOR} or later: views of earlier ones show rows that their reader may not",
        )
    row = connection.execute("select current_setting('server_encoding')").fetchone()
    if row is not None and row[0] != "UTF8":
        raise ConfigurationError(
            path="PostgreSQL",
            problem=f"the database is encoded in {row[0]}",
            remedy="Make one with encoding UTF8 (create database … encoding 'UTF8' template template0)",
        )


def _raise(error: psycopg.Error, target: Target) -> NoReturn:
    """The readable error, without the library's own behind it: that may quote a row."""
    state = error.sqlstate or ""
    if not state or state.startswith(("08", "57P", "53")):
        said = scrubbed(error.diag.message_primary or type(error).__name__, target.dsn)
        raise ServerAway(
            path="PostgreSQL",
            problem=f"the server went away or has no room ({said})",
            remedy="What was loaded before stays whole. Have it seen to, then run meritline publish postgres",
        ) from None
    said = (error.diag.message_primary or "") if state in NAMES_ONLY else ""
    where = ", ".join(
        f"{what} {name}"
        for what, name in (("table", error.diag.table_name), ("constraint", error.diag.constraint_name))
        if name
    )
    reason = " ".join(part for part in (type(error).__name__, state, said, where and f"({where})") if part)
    remedy = "What was loaded before stays whole"
    if state == "42501":
        remedy += ". The role of the DSN wants create on the database, and must own what it loaded before"
    raise MeritlineError(
        path="PostgreSQL", problem=f"the server refused a step of the load: {reason}", remedy=remedy
    ) from None
