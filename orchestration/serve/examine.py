"""What `meritline doctor` asks of the database that a site loads into; nothing in it changes."""

from __future__ import annotations

from orchestration.serve.database import Target, session
from orchestration.serve.facts import require_untouched
from orchestration.serve.rights import Names


def examine(target: Target) -> str:
    """Server, publication and readers in a sentence.

    Raises MeritlineError where the server cannot be used, or somebody changed rights by hand.
    """
    names = Names.of(target.schema)
    with session(target) as server:
        major = server.connection.info.server_version // 10_000
        require_untouched(server, names, major)
        if server.value("select to_regclass(%(name)s)", {"name": f"{names.access}.loaded"}) is None:
            return f"PostgreSQL {major}, nothing is loaded yet"
        run_id = server.value("select run_id from {a}.loaded", a=names.access)
        readers = server.value("select count(distinct login) from {a}.reader", a=names.access)
    return f"PostgreSQL {major}, schema {names.schema} holds {run_id} for {readers} login(s)"
