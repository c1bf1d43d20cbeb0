"""Who sees what in PostgreSQL: every kind of reader tries every relation and view, with queries made up at
random and with what a reader could try to get round the policies.

What each may see is written here a second time, over the published files and by a person's words, and not
taken from the policies.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pytest

from orchestration.progress import Stage
from orchestration.serve.database import Target
from orchestration.serve.publish import publish_to_postgres
from orchestration.state.folder import StateFolder
from tests.postgres import OWNER, Server, running_server
from tests.rights_of_readers import ALL, KINDS, Centre, Who, allowed, queries

QUERIES = 6
"""Of each reader on each relation: about 370 of each reader. `tests.bench.postgres` makes 200 of each."""
PAY = ("amount_cny", "bonus_amount_cny", "total_cny", "base_salary_cny")


@dataclass(frozen=True)
class Loaded:
    """The demo centre in a server, what it has, and who reads."""

    server: Server
    centre: Centre
    people: tuple[Who, ...]


@pytest.fixture(scope="module")
def loaded(published_demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loaded]:
    state = StateFolder(published_demo)
    centre = Centre.of(state.current.resolve())
    people = centre.people()
    readers = tmp_path_factory.mktemp("readers") / "readers.csv"
    lines = [
        f"{who.login},{kind},{who.agent_id if kind in ('lead', 'agent') else ''},"
        for who in people
        for kind in who.kinds
    ]
    lines.append(f"deputy,lead,,{centre.some_team}")
    readers.write_text("\n".join(["login,audience,agent_id,team_id", *lines]) + "\n", encoding="utf-8")
    with running_server() as server:
        for who in (*people, Who("deputy", ("lead",), "", (centre.some_team,))):
            server.login(who.login)
        publish_to_postgres(state, Target(server.dsn(), readers=readers), Stage("postgres"))
        deputy = Who("deputy", ("lead",), "", (centre.some_team,))
        # Whoever is in every group and mapped to nobody; and whoever is in none.
        server.login("fresh", *(f"meritline_{kind}" for kind in KINDS))
        server.login("stranger")
        yield Loaded(server, centre, (*people, deputy, Who("fresh", (), ""), Who("stranger", (), "")))


def relations(server: Server) -> list[str]:
    with server.connect() as database:
        found = database.execute(
            b"select relname from pg_class where relnamespace = 'meritline'::regnamespace"
            b" and relkind in ('r', 'v') order by relname"
        ).fetchall()
    return [str(name) for (name,) in found]


def test_each_reader_sees_exactly_the_own_rows_of_every_relation(loaded: Loaded) -> None:
    seen: Counter[str] = Counter()
    for who in loaded.people:
        with loaded.server.connect(who.login) as reader:
            for name in relations(loaded.server):
                rows = asked(reader, f'select t.* from meritline."{name}" as t')
                if name == "me":
                    assert {row[1] for row in rows} == set(who.kinds), who
                    continue
                expected = allowed(loaded.centre, who, name)
                assert Counter(rows) == expected, f"{who.login}: {name}"
                seen[who.login] += len(rows)
    assert seen["fresh"] == seen["stranger"] == 0
    assert 0 < seen["agent"] < seen["lead"] < seen["bi"] < seen["auditor"]
    assert seen["payroll"] > 0 and seen["deputy"] > 0


def test_no_query_made_up_at_random_shows_a_row_beyond_its_right(loaded: Loaded) -> None:
    tried, beyond = attempts(loaded, QUERIES)
    assert min(tried.values()) >= 200
    assert beyond == []


def attempts(loaded: Loaded, count: int) -> tuple[Counter[str], list[str]]:
    """Queries of each reader, and those that showed a row beyond its right."""
    dice, names = random.Random(20261031), relations(loaded.server)
    tried: Counter[str] = Counter()
    beyond: list[str] = []
    columns = columns_of(loaded.server)
    for who in loaded.people:
        with loaded.server.connect(who.login) as reader:
            for name in names:
                own = set(allowed(loaded.centre, who, name)) if name != "me" else None
                for query in queries(dice, name, columns, count):
                    tried[who.login] += 1
                    found = set(asked(reader, query))
                    if own is not None and not found <= own:
                        beyond.append(f"{who.login}: {query}")
    return tried, beyond


def columns_of(server: Server) -> Mapping[str, list[tuple[str, str]]]:
    with server.connect() as database:
        found = database.execute(
            b"select c.relname, a.attname, format_type(a.atttypid, null) from pg_class as c"
            b" inner join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0"
            b" where c.relnamespace = 'meritline'::regnamespace and c.relkind in ('r', 'v')"
            b" order by c.relname, a.attnum"
        ).fetchall()
    columns: dict[str, list[tuple[str, str]]] = {}
    for name, column, kind in found:
        columns.setdefault(name, []).append((column, kind))
    return columns


def asked(reader: psycopg.Connection, query: str) -> list[tuple[Any, ...]]:
    """What a query shows; nothing where it is denied."""
    try:
        return reader.execute(query.encode()).fetchall()
    except psycopg.errors.InsufficientPrivilege:
        return []


def test_the_search_for_rows_beyond_a_right_finds_them(loaded: Loaded) -> None:
    loaded.server.run("alter table meritline.mart_bonus_register disable row level security")
    try:
        assert any("agent: " in one and "mart_bonus_register" in one for one in attempts(loaded, 2)[1])
    finally:
        loaded.server.run("alter table meritline.mart_bonus_register enable row level security")


def test_a_permissive_policy_added_by_hand_opens_nothing(loaded: Loaded) -> None:
    loaded.server.run(
        "create policy open on meritline.mart_bonus_register for select to public using (true)",
        "grant select on meritline.mart_bonus_register to public",
    )
    try:
        for who in loaded.people:
            with loaded.server.connect(who.login) as reader:
                rows = asked(reader, "select t.* from meritline.mart_bonus_register as t")
            assert Counter(rows) == allowed(loaded.centre, who, "mart_bonus_register"), who.login
    finally:
        loaded.server.run(
            "drop policy open on meritline.mart_bonus_register",
            "revoke select on meritline.mart_bonus_register from public",
        )


def test_nobody_gets_round_the_policies(loaded: Loaded) -> None:
    agent = next(who for who in loaded.people if who.login == "agent")
    with loaded.server.connect("agent") as reader:
        for attempt in (
            "select * from meritline_access.reader",
            "insert into meritline_access.reader values ('agent', 'auditor')",
            f"set role {OWNER}",
            "set role meritline_auditor",
            "set session authorization auditor",
            "alter table meritline.mart_bonus_register disable row level security",
            "create policy mine on meritline.mart_bonus_register using (true)",
            "update meritline.mart_bonus_register set amount_cny = 1",
            "delete from meritline.mart_bonus_register",
            "create function meritline.f() returns int language sql as 'select 1'",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                reader.execute(attempt.encode())
        reader.execute(b"set app.login = 'auditor'")
        reader.execute(b"set role meritline_agent")
        own = allowed(loaded.centre, agent, "mart_bonus_register")
        assert Counter(asked(reader, "select t.* from meritline.mart_bonus_register as t")) == own
        reader.execute(b"reset role")
        # A cheap function of the reader's own is asked before the policy, if anything lets it.
        reader.execute(
            b"create function pg_temp.leak(text) returns boolean language plpgsql cost 0.0000001 as"
            b" $$ begin raise notice '%', $1; return true; end $$"
        )
        told: list[str] = []
        reader.add_notice_handler(lambda notice: told.append(str(notice.message_primary)))
        reader.execute(b"select from meritline.mart_bonus_register where pg_temp.leak(agent_id)")
        assert set(told) == {agent.agent_id}
        reader.execute(b"set row_security = off")
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="row-level security"):
            reader.execute(b"select from meritline.mart_bonus_register")
        reader.execute(b"reset row_security")
        hints = reader.execute(b"select count(*) from pg_stats where schemaname = 'meritline'").fetchone()
        assert hints == (0,)


def test_the_owner_who_loads_sees_no_row_either(loaded: Loaded) -> None:
    with loaded.server.connect(OWNER) as owner:
        assert owner.execute(b"select count(*) from meritline.mart_bonus_register").fetchone() == (0,)


def test_bi_and_leads_reach_no_pay_and_suppressed_groups_stay_suppressed(loaded: Loaded) -> None:
    for who in loaded.people:
        if not set(who.kinds) & {"bi", "lead"} or set(who.kinds) & {"payroll", "auditor", "agent"}:
            continue
        shown = [
            (name, column)
            for name, columns in columns_of(loaded.server).items()
            for column, _ in columns
            if column.endswith("_cny")
            and can_ask(loaded.server, who.login, f'select "{column}" from meritline."{name}" limit 0')
        ]
        assert {name for name, _ in shown} <= ({"mart_pay_spread"} if "bi" in who.kinds else set())
    with loaded.server.connect("bi") as reader:
        small = reader.execute(
            b"select agent_count, is_suppressed, total_cny, performance_cny from meritline.mart_pay_spread"
            b" where agent_count < 5"
        ).fetchall()
    assert small and {row[1:] for row in small} == {(True, None, None)}


def can_ask(server: Server, login: str, query: str) -> bool:
    with server.connect(login) as reader:
        try:
            reader.execute(query.encode())
        except psycopg.errors.InsufficientPrivilege:
            return False
    return True


def test_what_is_compared_is_not_empty(loaded: Loaded) -> None:
    lead = next(who for who in loaded.people if who.login == "lead")
    assert allowed(loaded.centre, lead, "mart_agent_scorecard")
    assert allowed(loaded.centre, lead, "mart_team_kpi")
    assert not allowed(loaded.centre, lead, "mart_bonus_register")
    assert duckdb.__version__ and ALL
