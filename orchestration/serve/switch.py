"""The switch from one schema to the next, which no reader sees the middle of.

A query that names several tables finds them one after another: without a wait it could find some in the old
schema and some in the new. So the old tables are taken for the loading transaction alone, that is once no
transaction reads them any more; those that come meanwhile wait, and find the new ones.
"""

from __future__ import annotations

import time

import psycopg

from orchestration.clock import elapsed
from orchestration.serve.database import LoadedMeanwhile, Session
from orchestration.serve.rights import Names
from orchestration.sql import query

SHORTEST_PAUSE, LONGEST_PAUSE, SLOWER = 0.01, 1.0, 1.05
"""Seconds between two tries to have the old tables alone, and by what the pause grows with each."""
SHORT_TRY, LONG_EVERY = 40, 6
"""Milliseconds of most tries: many readers with short questions leave such a gap. Every sixth lasts as
long as a try may, for readers with long ones.
"""


def switch(server: Session, names: Names, patience: float) -> None:
    """Drop the schema that readers have, give the draft its name.

    Raises LoadedMeanwhile where a transaction reads the old one for longer than `patience` seconds; it is the
    caller who takes everything back.
    """
    if server.value("select to_regnamespace(%(schema)s)", {"schema": names.schema}) is not None:
        _take(server, names, patience)
        server.run("drop schema {schema} cascade", schema=names.schema)
    server.run("alter schema {draft} rename to {schema}", draft=names.draft, schema=names.schema)


def _take(server: Session, names: Names, patience: float) -> None:
    """Lock every old table and view against everybody.

    No reader fails for it, nor waits for longer than half of what the server takes to look for deadlocks: a
    try ends before that and lets everything go, since a reader who holds one table may be waiting for another
    that is taken already. The table on which a try failed comes first in the next: who wants it then waits
    with empty hands.
    """
    order = [
        (str(name), bool(is_view))
        for name, is_view in server.rows(
            "select c.relname, c.relkind = 'v' from pg_class as c"
            " where c.relnamespace = to_regnamespace(%(schema)s) and c.relkind in ('r', 'v') order by 1",
            {"schema": names.schema},
        )
    ]
    limit = server.value("select setting::int / 2 from pg_settings where name = 'deadlock_timeout'")
    began, pause, tries = elapsed(), SHORTEST_PAUSE, 1
    while (failed := _tried(server, names, order, _length(tries, int(str(limit))))) is not None:
        order.insert(0, order.pop(order.index(failed)))
        tries += 1
        if elapsed() - began > patience:
            raise LoadedMeanwhile(
                path="PostgreSQL",
                problem=f"readers have not let go of the publication before for {patience:g} s: "
                f"{_holders(server, names)}",
                remedy="They keep it, nothing was loaded. Have them end their transactions "
                "(idle_in_transaction_session_timeout sees to it), then run meritline publish postgres",
            )
        time.sleep(pause)
        pause = min(pause * SLOWER, LONGEST_PAUSE)


def _length(number: int, limit: int) -> int:
    """Milliseconds that a try may last."""
    return limit if number % LONG_EVERY == 0 else min(SHORT_TRY, limit)


def _tried(
    server: Session, names: Names, order: list[tuple[str, bool]], milliseconds: int
) -> tuple[str, bool] | None:
    """Lock tables and views (name, whether it is a view) in this order within so many milliseconds; the one
    that was not to be had, with none of them locked.
    """
    began = elapsed()
    server.run("savepoint alone")
    for one in order:
        name, is_view = one
        # A view that is locked locks its tables with it, out of the order; one that is dropped does not.
        taken = (
            "drop view {schema}.{name} cascade"
            if is_view
            else "lock table {schema}.{name} in access exclusive mode"
        )
        left = max(1, milliseconds - int((elapsed() - began) * 1000))
        try:
            server.run(f"set local lock_timeout = {left}; {taken}", schema=names.schema, name=name)
        except (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected):
            server.run("rollback to savepoint alone; release savepoint alone")
            return one
    server.run("set local lock_timeout = 0")
    return None


def _holders(server: Session, names: Names) -> str:
    found = server.rows(query(__file__, "holders"), {"schema": names.schema})
    return ", ".join(f"process {pid} ({login})" for pid, login in found) or "one after another"
