"""Group roles, and the mapping of logins to agents and teams that outlives every load."""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from orchestration.errors import ConfigurationError
from orchestration.serve.database import Session, composed
from orchestration.serve.rights import AGENT, LEAD, READERS, Names
from orchestration.sql import query

FIELDS = ("login", "audience", "agent_id", "team_id")


@dataclass(frozen=True)
class Reader:
    """A line of the file of readers: a login and one kind of reader that it is."""

    login: str
    audience: str
    agent_id: str
    team_id: str


def read_readers(path: Path) -> tuple[Reader, ...]:
    """The readers of a CSV file with the columns login, audience, agent_id and, if need be, team_id.

    Raises ConfigurationError naming file and row.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            path=path, problem="this file of readers cannot be read", remedy="Name a CSV file in UTF-8"
        ) from error
    rows = csv.DictReader(text.splitlines())
    if not {*FIELDS[:3]} <= set(rows.fieldnames or ()) <= {*FIELDS}:
        raise ConfigurationError(
            path=path,
            row=1,
            problem=f"the columns are {', '.join(rows.fieldnames or ()) or 'none'}",
            remedy=f"Write {','.join(FIELDS)} as the first line",
        )
    readers: dict[tuple[str, str], Reader] = {}
    for number, row in enumerate(rows, start=2):
        one = Reader(**{name: (row.get(name) or "").strip() for name in FIELDS})
        fault = _fault(one) or (
            f"{one.login} is {one.audience} twice" if (one.login, one.audience) in readers else ""
        )
        if fault:
            raise ConfigurationError(path=path, row=number, problem=fault, remedy="Correct the line")
        readers[one.login, one.audience] = one
    return tuple(readers.values())


def _fault(one: Reader) -> str:
    if not one.login:
        return "the login is empty"
    if one.audience not in READERS:
        return f"{one.audience!r} is no kind of reader: {', '.join(READERS)}"
    if one.audience == AGENT and (not one.agent_id or one.team_id):
        return "an agent has an agent_id and no team_id"
    if one.audience == LEAD and not (one.agent_id or one.team_id):
        return "a lead has an agent_id (whose teams the publication names), a team_id, or both"
    if one.audience not in (AGENT, LEAD) and (one.agent_id or one.team_id):
        return f"agent_id and team_id of a {one.audience} stay empty"
    return ""


def require_roles(session: Session, names: Names) -> list[str]:
    """Make the group roles that there are not yet; returns a note of those.

    Raises ConfigurationError with the SQL to run by hand where this role may not, and naming a group role
    whose members would see more than its rows.
    """
    roles = [names.role(reader) for reader in READERS]
    there = {
        str(name): (is_wide, is_owner)
        for name, is_wide, is_owner in session.rows(
            "select rolname, rolsuper or rolbypassrls, pg_has_role(oid, current_user, 'member')"
            " from pg_roles where rolname = any(%(roles)s)",
            {"roles": roles},
        )
    }
    for name, (is_wide, is_owner) in there.items():
        if is_wide or is_owner:
            what = "may bypass row-level security" if is_wide else "is a member of the role that loads"
            raise ConfigurationError(
                path="PostgreSQL",
                problem=f"the group role {name} {what}: whoever is in it could read every row",
                remedy=f"Take it away (alter role {name} nosuperuser nobypassrls; revoke … from {name}), or "
                "name another schema and with it other roles (postgres_schema). Nothing was loaded",
            )
    missing = [name for name in roles if name not in there]
    if not missing:
        return []
    if not session.value("select rolsuper or rolcreaterole from pg_roles where rolname = current_user"):
        statements = " ".join(f"create role {name} nologin;" for name in missing)
        raise ConfigurationError(
            path="PostgreSQL",
            problem=f"the group roles {', '.join(missing)} are not there and this role may not make them",
            remedy=f"Have this run once by who may: {statements}",
        )
    for name in missing:
        session.run("create role {name} nologin", name=name)
    return [f"group roles made: {', '.join(missing)}"]


def prepare(session: Session, names: Names) -> None:
    """Make what says who may read, or bring it to this release's form."""
    session.run(
        query(__file__, "access"),
        access=names.access,
        schema=names.schema,
        roles=[names.role(reader) for reader in READERS],
    )


def write_readers(session: Session, names: Names, readers: Sequence[Reader]) -> list[str]:
    """Have the mapping be exactly these readers, each in its group role where this role may see to that.
    Returns notes with the SQL that is left to do by hand.
    """
    session.run("delete from {access}.reader", access=names.access)
    cursor = session.connection.cursor()
    cursor.executemany(
        composed(
            "insert into {access}.reader (login, audience, agent_id, team_id)"
            " values (%s, %s, nullif(%s, ''), nullif(%s, ''))",
            access=names.access,
        ),
        [(one.login, one.audience, one.agent_id, one.team_id) for one in readers],
    )
    return [note for one in readers for note in _joined(session, names, one)]


def _joined(session: Session, names: Names, one: Reader) -> Iterator[str]:
    role = names.role(one.audience)
    quoted = '"' + one.login.replace('"', '""') + '"'
    member = session.value(
        "select exists (select from pg_auth_members as m where m.roleid = %(role)s::regrole"
        " and m.member = r.oid) from pg_roles as r where r.rolname = %(login)s",
        {"role": role, "login": one.login},
    )
    if member is None:
        yield f"no login {one.login} yet: create role {quoted} login; grant {role} to {quoted};"
    elif not member:
        may = session.value(
            "select rolsuper or case when current_setting('server_version_num')::int < 160000"
            " then rolcreaterole else pg_has_role(%(role)s, 'member with admin option') end"
            " from pg_roles where rolname = current_user",
            {"role": role},
        )
        if may:
            session.run("grant {role} to {login}", role=role, login=one.login)
        else:
            yield f"{one.login} is not in its group: grant {role} to {quoted};"


def mapping_notes(
    session: Session, names: Names, *, agents: Collection[str], teams: Collection[str]
) -> list[str]:
    """What is odd about the mapping, without refusing anything: whom the publication does not know (`agents`
    and `teams` are whom it does), logins that see everything whatever the mapping says.
    """
    notes = []
    for login, agent, team in session.rows(
        "select login, agent_id, team_id from {access}.reader order by login, audience", access=names.access
    ):
        if agent is not None and agent not in agents:
            notes.append(
                f"reader {login}: the publication has no agent {agent}, the login sees nobody's rows"
            )
        if team is not None and team not in teams:
            notes.append(f"reader {login}: the publication has no team {team}")
    for (login,) in session.rows(
        "select distinct r.login from {access}.reader as r"
        " inner join pg_roles as p on p.rolname = r.login"
        " where p.rolsuper or p.rolbypassrls or pg_has_role(p.oid, current_user, 'member') order by 1",
        access=names.access,
    ):
        notes.append(f"login {login} may bypass row-level security: it sees every row, mapped or not")
    return notes
