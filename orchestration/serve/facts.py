"""What the server's catalogue says about who may do what, against what was meant.

Asked of a new schema before readers get it, and of the one they have: what somebody changed by hand is named,
and nothing is put in its place until it is taken back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from orchestration.errors import MeritlineError
from orchestration.serve.database import Session
from orchestration.serve.rights import Names
from orchestration.sql import query

Fact = tuple[str, str]
"""Relation ('' for the schema itself) and what is so."""
EXPRESSION = "expression "


def facts_of(session: Session, schema: str) -> set[Fact]:
    """Every fact about a schema; none where there is no such schema."""
    found = session.connection.execute(query(__file__, "facts").encode(), {"schema": schema}).fetchall()
    return {(str(relation), str(fact)) for relation, fact in found}


def structure(facts: Iterable[Fact]) -> set[Fact]:
    """The facts that read the same on every version of the server."""
    return {one for one in facts if not one[1].startswith(EXPRESSION)}


def require_as_meant(session: Session, names: Names, meant: set[Fact]) -> None:
    """Raises MeritlineError naming what is odd about the new schema: a table without policy or row security,
    a policy, grant or view that no load makes, whatever default privileges or triggers of the server added.
    """
    _refuse_odd(
        names.draft,
        structure(facts_of(session, names.draft)),
        meant,
        "The new schema was given up, what was loaded before stays. Look at default privileges (\\ddp) and "
        "event triggers of the database",
    )


def require_untouched(session: Session, names: Names, major: int) -> None:
    """Raises MeritlineError naming what was changed by hand in the schema that readers ask, or in the one
    that says who they are. `major` is the server's version: of another one only the structure is compared.
    """
    noted = session.value("select to_regclass(%(name)s)::text", {"name": f"{names.access}.fact"})
    before = _noted(session, names) if noted else {}
    same = bool(noted) and session.value("select server_major from {a}.loaded", a=names.access) == major
    for schema in (names.schema, names.access):
        found = facts_of(session, schema)
        if not found:
            continue
        if schema not in before:
            raise MeritlineError(
                path="PostgreSQL",
                problem=f"there is a schema {schema} that no load made",
                remedy="Name another one (postgres_schema), or drop it if it is nobody's. Nothing was loaded",
            )
        meant = before[schema]
        _refuse_odd(
            schema,
            found if same else structure(found),
            meant if same else structure(meant),
            "Nothing was loaded, readers have what they had. Take it back (drop policy … on …; revoke … on … "
            "from …), or drop the whole schema to have it made anew, then run meritline publish postgres",
        )


def note(session: Session, names: Names, publication: Mapping[str, object]) -> None:
    """Keep the facts of both schemas for the next load, and which publication it is."""
    session.run("delete from {a}.fact", a=names.access)
    session.run("delete from {a}.loaded", a=names.access)
    session.run(
        "insert into {a}.loaded (run_id, content_hash, server_major)"
        " values (%(run_id)s, %(content_hash)s, %(major)s)",
        dict(publication),
        a=names.access,
    )
    for schema in (names.schema, names.access):
        for relation, fact in sorted(facts_of(session, schema)):
            session.run(
                "insert into {a}.fact values (%(schema)s, %(relation)s, %(fact)s)",
                {"schema": schema, "relation": relation, "fact": fact},
                a=names.access,
            )


def _noted(session: Session, names: Names) -> dict[str, set[Fact]]:
    noted: dict[str, set[Fact]] = {}
    for schema, relation, fact in session.rows(
        "select schema_name, relation, fact from {a}.fact", a=names.access
    ):
        noted.setdefault(str(schema), set()).add((str(relation), str(fact)))
    return noted


def _refuse_odd(schema: str, found: set[Fact], meant: set[Fact], remedy: str) -> None:
    odd = [f"{_place(schema, one)} has what no load made: {one[1]}" for one in sorted(found - meant)]
    odd += [f"{_place(schema, one)} lacks: {one[1]}" for one in sorted(meant - found)]
    if odd:
        more = f" and {len(odd) - SHOWN} more" if len(odd) > SHOWN else ""
        raise MeritlineError(path="PostgreSQL", problem="; ".join(odd[:SHOWN]) + more, remedy=remedy)


SHOWN = 5
"""Faults that an error names."""


def _place(schema: str, fact: Fact) -> str:
    return f"{schema}.{fact[0]}" if fact[0] else schema
