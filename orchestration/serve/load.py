"""A publication as a schema that nobody else sees yet: tables, rows, keys, comments, policies, views.

All of it happens in the transaction of the caller, which commits or leaves nothing behind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from orchestration.errors import MeritlineError
from orchestration.serve.catalogue import Relation, Source
from orchestration.serve.database import Session, composed
from orchestration.serve.facts import Fact
from orchestration.serve.rights import READERS, Names, Right, right_to
from orchestration.serve.views import VIEWS, View
from orchestration.sql import literal

INDEXED = ("agent_id", "period_id", "team_id", "bonus_id", "group_id", "kpi_id")
"""Columns that readers, policies and joins look rows up by."""
OPENING, RIGHT = "meritline_readers", "meritline_right"
"""The two policies of a table: one lets its group roles in, and one, which no other policy can widen, says
which rows each reader sees.
"""


@dataclass(frozen=True)
class Made:
    """What a load made: relations with who reads them, views, rows."""

    relations: tuple[tuple[Relation, Right], ...]
    views: tuple[View, ...]
    rows: int

    def facts(self, names: Names, owner: str) -> set[Fact]:
        """What the server's catalogue is to say of the schema, and nothing else."""
        found = {("", f"schema of {owner}")}
        found |= {("", f"grant of usage to {names.role(reader)}") for reader in READERS}
        for relation, right in self.relations:
            roles = sorted(names.role(reader) for reader in right.readers)
            found |= {
                (relation.name, f"table of {owner}, row security forced"),
                (relation.name, f"policy {OPENING}, permissive, for select to {' '.join(roles)}"),
                (relation.name, f"policy {RIGHT}, restrictive, for all to public"),
            }
            found |= {(relation.name, f"grant of select to {role}") for role in roles}
        for view in self.views:
            found.add((view.name, f"view of {owner}, security_invoker"))
            found |= {(view.name, f"grant of select to {names.role(reader)}") for reader in view.readers}
        return found


def load(
    session: Session, source: Source, relations: Sequence[Relation], names: Names, step: Callable[[str], None]
) -> Made:
    """Make the schema `names.draft` with everything in it. Raises MeritlineError where rows got lost."""
    session.run("create schema {draft}", draft=names.draft)
    rows = 0
    for relation in relations:
        step(f"{relation.name}, {relation.rows:,} rows")
        rows += _fill(session, source, relation, names)
    rights = tuple((relation, right_to(relation, names)) for relation in relations)
    for relation, right in rights:
        _protect(session, relation, right, names)
    views = tuple(view for view in VIEWS if view.needs <= {relation.name for relation in relations})
    for view in views:
        _make_view(session, view, names)
    session.run(
        "grant usage on schema {draft} to {roles}",
        draft=names.draft,
        roles=[names.role(reader) for reader in READERS],
    )
    session.run(
        f"comment on schema {{draft}} is {literal(f'Publication {source.run_id} of meritline.')}",
        draft=names.draft,
    )
    return Made(rights, views, rows)


def _fill(session: Session, source: Source, relation: Relation, names: Names) -> int:
    place = {"draft": names.draft, "name": relation.name}
    columns = ", ".join(f"{{c{n}}} {column.kind}" for n, column in enumerate(relation.columns))
    called = {f"c{n}": column.name for n, column in enumerate(relation.columns)}
    # Nothing ever changes in it, and a worker that vacuums it would keep the next load waiting.
    session.run(
        f"create table {{draft}}.{{name}} ({columns}) with (autovacuum_enabled = false)", **place, **called
    )
    cursor = session.connection.cursor()
    # Frozen: nobody can have looked at the table before, and nothing needs to visit its rows again.
    with cursor.copy(composed("copy {draft}.{name} from stdin with (format text, freeze)", **place)) as copy:
        for block in source.lines(relation):
            copy.write(block)
    if cursor.rowcount != relation.rows:
        raise MeritlineError(
            path="PostgreSQL",
            problem=f"{relation.name} took {cursor.rowcount:,} of {relation.rows:,} rows",
            remedy="What was loaded before stays whole. Run meritline publish postgres again",
        )
    if relation.key:
        kind = "unique nulls not distinct" if relation.has_empty_keys else "primary key"
        session.run(f"alter table {{draft}}.{{name}} add {kind} ({{key}})", key=list(relation.key), **place)
    for column in _indexed(relation):
        session.run("create index on {draft}.{name} ({column})", column=column, **place)
    session.run(
        ";".join(_comments("table", relation.comment, [c.comment for c in relation.columns])),
        **place,
        **called,
    )
    session.run("analyze {draft}.{name}", **place)
    return relation.rows


def _indexed(relation: Relation) -> Iterator[str]:
    return (name for name in INDEXED if relation.has(name) and relation.key[:1] != (name,))


def _comments(kind: str, comment: str, of_columns: Sequence[str]) -> Iterator[str]:
    """Statements with the relation as {draft}.{name} and its columns as {c0}, {c1} …"""
    yield f"comment on {kind} {{draft}}.{{name}} is {_text(comment)}"
    for n, said in enumerate(of_columns):
        yield f"comment on column {{draft}}.{{name}}.{{c{n}}} is {_text(said)}"


def _text(value: str) -> str:
    return literal(" ".join(value.split())).replace("{", "{{").replace("}", "}}")


def _protect(session: Session, relation: Relation, right: Right, names: Names) -> None:
    """Row security after the rows are in: COPY knows no way through it."""
    place = {"draft": names.draft, "name": relation.name}
    roles = [names.role(reader) for reader in right.readers]
    session.run("alter table {draft}.{name} enable row level security", **place)
    session.run("alter table {draft}.{name} force row level security", **place)
    session.run(
        f"create policy {OPENING} on {{draft}}.{{name}} for select to {{roles}} using (true)",
        roles=roles,
        **place,
    )
    session.run(
        f"create policy {RIGHT} on {{draft}}.{{name}} as restrictive for all to public"
        f" using (\n    {right.condition}\n)",
        **place,
    )
    session.run("grant select on {draft}.{name} to {roles}", roles=roles, **place)


def _make_view(session: Session, view: View, names: Names) -> None:
    place = {"draft": names.draft, "name": view.name}
    session.run(
        "create view {draft}.{name} with (security_invoker = true) as " + view.text,
        access=names.access,
        **place,
    )
    called = {f"c{n}": column for n, column in enumerate(view.columns)}
    session.run(";".join(_comments("view", view.comment, list(view.columns.values()))), **place, **called)
    session.run(
        "grant select on {draft}.{name} to {roles}",
        roles=[names.role(reader) for reader in view.readers],
        **place,
    )
