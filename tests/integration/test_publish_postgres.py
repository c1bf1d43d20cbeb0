"""A publication loaded into a real PostgreSQL by a role that is no superuser.

Every value, key and description arrives, nothing is put in the place of what somebody changed by hand, and a
load that fails leaves what was.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import duckdb
import psycopg
import pytest

from orchestration.cli import run
from orchestration.errors import ConfigurationError, MeritlineError
from orchestration.progress import Stage
from orchestration.serve.catalogue import opened
from orchestration.serve.database import LoadedMeanwhile, ServerAway, Target
from orchestration.serve.publish import Loaded, publish_to_postgres
from orchestration.settings import PROJECT_ROOT
from orchestration.state.folder import StateFolder
from orchestration.state.record import read_records
from tests.conftest import AS_OF, settings_of
from tests.postgres import OWNER, PASSWORD, Server, running_server
from tests.small_publication import publish_by_hand

AUDITOR_LOGIN = "ada"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running_server() as one:
        one.login(AUDITOR_LOGIN)
        yield one


@pytest.fixture(scope="module")
def whole(server: Server, published_demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    """The demo centre, loaded once."""
    readers = tmp_path_factory.mktemp("readers") / "readers.csv"
    readers.write_text(f"login,audience,agent_id,team_id\n{AUDITOR_LOGIN},auditor,,\n", encoding="utf-8")
    target = Target(server.dsn(), schema="whole", readers=readers)
    return publish_to_postgres(StateFolder(published_demo), target, Stage("postgres"))


@pytest.fixture
def small(server: Server, tmp_path: Path) -> Iterator[tuple[StateFolder, Target]]:
    """A state with one small publication, and a target of its own, empty."""
    state = StateFolder(tmp_path / "state")
    publish_by_hand(state, 1)
    yield state, Target(server.dsn(), schema="small", patience=20)
    server.run("drop schema if exists small cascade", "drop schema if exists small_access cascade")


def load(state: StateFolder, target: Target, *, takes_over: bool = False) -> tuple[Loaded, list[str]]:
    """Load, and the notes that were said."""
    stage = Notes("postgres")
    return publish_to_postgres(state, target, stage, takes_over=takes_over), stage.said


class Notes(Stage):
    """A stage that keeps its notes."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.said: list[str] = []

    def note(self, message: str) -> None:
        self.said.append(message)


def mark(server: Server, relation: str = "about") -> object:
    """Which publication a relation of the small schema is of, as the superuser sees it."""
    with server.connect() as database:
        row = database.execute(f"select min(mark) from small.{relation}".encode()).fetchone()
    return None if row is None else row[0]


# What arrives


def test_every_row_of_every_relation_arrives_as_published(
    server: Server, whole: Loaded, published_demo: Path
) -> None:
    folder = StateFolder(published_demo).current.resolve()
    compared = 0
    with opened(folder) as source, server.connect(AUDITOR_LOGIN) as reader:
        assert whole.relations == len(source.relations) > 50
        for relation in source.relations:
            names = ", ".join(f'"{column.name}"' for column in relation.columns)
            there = reader.execute(f'select {names} from whole."{relation.name}"'.encode()).fetchall()
            with duckdb.connect(str(folder / f"{relation.file}.duckdb"), read_only=True) as published:
                here = published.execute(f"select {names} from {relation.place}").fetchall()
            assert Counter(there) == Counter(here), relation.name
            compared += len(here)
    assert compared == whole.rows > 50_000


def test_decimals_keep_their_scale_and_keys_are_constraints(server: Server, whole: Loaded) -> None:
    with server.connect() as database:
        kind = database.execute(
            b"select format_type(atttypid, atttypmod) from pg_attribute"
            b" where attrelid = 'whole.mart_bonus_register'::regclass and attname = 'amount_cny'"
        ).fetchone()
        keyless = database.execute(
            b"select relname from pg_class where relnamespace = 'whole'::regnamespace and relkind = 'r'"
            b" and not exists (select from pg_index where indrelid = pg_class.oid and indisunique)"
            b" order by relname"
        ).fetchall()
    assert kind == ("numeric(18,2)",)
    assert keyless == [("about",), ("mart_calibration",)]


def test_every_table_view_and_column_says_what_it_means(server: Server, whole: Loaded) -> None:
    with server.connect() as database:
        silent = database.execute(
            b"select c.oid::regclass, a.attname from pg_class as c"
            b" left join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped"
            b" where c.relnamespace in ('whole'::regnamespace, 'whole_access'::regnamespace)"
            b" and c.relkind in ('r', 'v') and (obj_description(c.oid, 'pg_class') is null"
            b" or col_description(c.oid, a.attnum) is null)"
        ).fetchall()
        said = database.execute(
            b"select obj_description('whole.mart_bonus_register'::regclass, 'pg_class')"
        ).fetchone()
    assert silent == []
    assert said is not None and said[0].startswith("Grain: one line of an agent's bonus")


def test_empty_and_unknown_odd_characters_and_partial_keys_arrive(
    server: Server, small: tuple[StateFolder, Target]
) -> None:
    state, target = small
    odd = ["", "a\tb", "a\nb\r\n", "\\N", "\\", "'\"{0}%s", "汉字 😀", None]
    values = ", ".join("(null)" if one is None else f"('{one.replace(chr(39), chr(39) * 2)}')" for one in odd)
    publish_by_hand(
        state,
        2,
        bi={"mart_odd": f"select text, 1.10::decimal(18, 6) as number from (values {values}) as v (text)"},
        keys={"mart_odd": ["text"]},
    )
    load(state, target)
    with server.connect() as database:
        found = database.execute(b"select text from small.mart_odd").fetchall()
        number = database.execute(b"select distinct number::text from small.mart_odd").fetchall()
        said = database.execute(b"select obj_description('small.mart_odd'::regclass)").fetchone()
    assert Counter(found) == Counter((one,) for one in odd)
    assert number == [("1.100000",)]
    assert said == ("Grain: one mart_odd, it's {said}.",)


# What is refused


def test_a_file_that_is_not_as_published_is_not_loaded(small: tuple[StateFolder, Target]) -> None:
    state, target = small
    path = state.current.resolve() / "payroll.duckdb"
    with duckdb.connect(str(path)) as database:
        database.execute("update marts.mart_bonus_register set amount_cny = 1")
    with pytest.raises(MeritlineError, match="is not as it was published"):
        load(state, target)


@pytest.mark.parametrize(
    ("mart", "query"),
    [
        ("mart_leak", "select 'A1' as agent_id, 5.00::decimal(18, 2) as amount_cny"),
        (
            "mart_pay_spread",
            "select '2026-10' as period_id, 'p' as scheme_id, 5.00::decimal(18, 2) as performance_cny,"
            " true as is_suppressed, 2 as mark",
        ),
    ],
)
def test_pay_of_one_person_or_of_a_suppressed_group_never_reaches_bi(
    server: Server, small: tuple[StateFolder, Target], mart: str, query: str
) -> None:
    state, target = small
    load(state, target)
    publish_by_hand(state, 2, bi={mart: query})
    with pytest.raises(MeritlineError, match="published for BI would show pay"):
        load(state, target)
    assert mark(server) == 1


@pytest.mark.parametrize(
    ("by_hand", "named", "back"),
    [
        (
            "create policy open on small.mart_bonus_register using (true)",
            r"small.mart_bonus_register has what no load made: policy open, permissive, for all to public",
            "drop policy open on small.mart_bonus_register",
        ),
        (
            "alter policy meritline_right on small.mart_bonus_register using (true)",
            "small.mart_bonus_register has what no load made: expression of policy meritline_right",
            None,
        ),
        (
            "drop policy meritline_right on small.mart_bonus_register",
            "small.mart_bonus_register lacks: .*policy meritline_right",
            None,
        ),
        (
            "alter table small.mart_bonus_register disable row level security",
            "no row security",
            "alter table small.mart_bonus_register enable row level security",
        ),
        (
            "alter table small.mart_bonus_register no force row level security",
            "row security not forced",
            "alter table small.mart_bonus_register force row level security",
        ),
        (
            "grant select on small.mart_bonus_register to public",
            "grant of select to public",
            "revoke select on small.mart_bonus_register from public",
        ),
        (
            "grant select (agent_id) on small.mart_bonus_register to small_bi",
            r"grant \(agent_id\) of select to small_bi",
            "revoke select (agent_id) on small.mart_bonus_register from small_bi",
        ),
        (
            "create view small.peek as select * from small.mart_bonus_register",
            "small.peek has what no load made: view of postgres, not security_invoker",
            "drop view small.peek",
        ),
        (
            "alter view small.bonus_total set (security_invoker = false)",
            "small.bonus_total has what no load made: .*not security_invoker",
            "alter view small.bonus_total set (security_invoker = true)",
        ),
        (
            "grant select on small_access.reader to small_bi",
            "small_access.reader has what no load made: grant of select to small_bi",
            "revoke select on small_access.reader from small_bi",
        ),
        (
            "create table small.mine (a int)",
            "small.mine has what no load made: table of postgres, no row security",
            "drop table small.mine",
        ),
    ],
)
def test_what_was_changed_by_hand_is_named_and_nothing_is_loaded_until_it_is_taken_back(
    server: Server, small: tuple[StateFolder, Target], by_hand: str, named: str, back: str | None
) -> None:
    state, target = small
    load(state, target)
    publish_by_hand(state, 2)
    server.run(by_hand)
    with pytest.raises(MeritlineError, match=named) as refused:
        load(state, target)
    assert "Nothing was loaded" in str(refused.value)
    assert mark(server) == 1
    server.run(back or "drop schema small cascade")
    load(state, target)
    assert mark(server) == 2


@pytest.mark.parametrize(
    ("by_default", "named"),
    [
        ("grant select on tables to public", "grant of select to public"),
        ("grant usage on schemas to public", "small_new has what no load made: grant of usage to public"),
    ],
)
def test_a_right_that_the_server_adds_by_itself_is_found_before_anybody_has_it(
    server: Server, small: tuple[StateFolder, Target], by_default: str, named: str
) -> None:
    state, target = small
    load(state, target)
    publish_by_hand(state, 2)
    server.run(f"alter default privileges for role {OWNER} {by_default}")
    try:
        with pytest.raises(MeritlineError, match=named):
            load(state, target)
    finally:
        back = by_default.replace("grant", "revoke").replace(" to ", " from ")
        server.run(f"alter default privileges for role {OWNER} {back}")
    assert mark(server) == 1


def test_a_table_without_its_policies_is_refused_before_readers_get_it(
    server: Server, small: tuple[StateFolder, Target], monkeypatch: pytest.MonkeyPatch
) -> None:
    state, target = small
    load(state, target)
    publish_by_hand(state, 2)
    protect = vars(sys.modules["orchestration.serve.load"])["_protect"]

    def forgetful(session: object, relation: object, right: object, names: object) -> None:
        if getattr(relation, "name", "") != "mart_bonus_register":
            protect(session, relation, right, names)

    monkeypatch.setattr("orchestration.serve.load._protect", forgetful)
    with pytest.raises(
        MeritlineError, match=r"small_new.mart_bonus_register has what no load made: .*no row sec"
    ):
        load(state, target)
    assert mark(server) == 1


def test_a_schema_of_somebody_else_is_left_alone(server: Server, small: tuple[StateFolder, Target]) -> None:
    state, target = small
    server.run("create schema small", "create table small.theirs (a int)")
    with pytest.raises(MeritlineError, match="there is a schema small that no load made"):
        load(state, target)
    server.run("select from small.theirs")


def test_another_state_takes_over_only_when_told(
    server: Server, small: tuple[StateFolder, Target], tmp_path: Path
) -> None:
    state, target = small
    load(state, target)
    other = StateFolder(tmp_path / "other")
    publish_by_hand(other, 7)
    with pytest.raises(ConfigurationError, match=r"holds publication 000001-2026-10-31, which .* never made"):
        load(other, target)
    assert mark(server) == 1
    loaded, _ = load(other, target, takes_over=True)
    assert loaded.replaced == "000001-2026-10-31"
    assert mark(server) == 7


def test_group_roles_that_may_not_be_made_are_named_with_their_sql(
    server: Server, small: tuple[StateFolder, Target]
) -> None:
    state, target = small
    server.run("create role plain login", "grant create on database centre to plain")
    target = replace(target, dsn=server.dsn("plain"), schema="plainly")
    with pytest.raises(ConfigurationError, match="may not make them") as refused:
        load(state, target)
    statements = str(refused.value).split("by who may: ")[1]
    assert statements.startswith("create role plainly_bi nologin; create role plainly_payroll nologin;")
    server.run(statements)
    load(state, target)


def test_a_group_role_that_bypasses_security_is_refused(
    server: Server, small: tuple[StateFolder, Target]
) -> None:
    state, target = small
    load(state, target)
    server.run("alter role small_bi bypassrls")
    try:
        with pytest.raises(ConfigurationError, match="the group role small_bi may bypass"):
            load(state, target)
    finally:
        server.run("alter role small_bi nobypassrls")
    server.run("create role mixed_agent", f"grant {OWNER} to mixed_agent")
    with pytest.raises(ConfigurationError, match="the group role mixed_agent is a member of the role"):
        load(state, replace(target, schema="mixed"))


# Where nothing answers, and what is never said


def test_neither_dsn_nor_password_is_said_where_the_server_refuses(
    server: Server, small: tuple[StateFolder, Target], capsys: pytest.CaptureFixture[str]
) -> None:
    state, _ = small
    for dsn in (
        f"postgresql://{OWNER}:wr0ng-secret@127.0.0.1:{server.port}/centre",
        f"host=127.0.0.1 port={server.port} dbname=nowhere-db user={OWNER} password={PASSWORD}",
        f"host=127.0.0.1 port=1 dbname=centre user={OWNER} password=wr0ng-secret",
        "wr0ng-secret of no form",
        "service=n0t-there password=wr0ng-secret",
    ):
        for debug in ([], ["--debug"]):
            status = run([*debug, "publish", "postgres", "--dsn", dsn, "--state", str(state.root)])
            said = "".join(capsys.readouterr())
            assert status in (1, 2)
            for secret in ("wr0ng-secret", PASSWORD, "nowhere-db", str(server.port), "n0t-there"):
                assert secret not in said, said
    assert run(["publish", "postgres", "--state", str(state.root)]) == 2
    assert "no database is named" in capsys.readouterr().err


def test_a_password_in_the_dsn_is_used(server: Server, small: tuple[StateFolder, Target]) -> None:
    state, target = small
    dsn = f"postgresql://{OWNER}:{PASSWORD}@127.0.0.1:{server.port}/centre"
    target = replace(target, dsn=dsn)
    assert load(state, target)[0].run_id == "000001-2026-10-31"
    assert PASSWORD not in repr(target)


def test_a_value_of_a_row_is_never_said(server: Server, small: tuple[StateFolder, Target]) -> None:
    state, target = small
    publish_by_hand(
        state,
        2,
        bi={"mart_twice": "select 'secret' as name from range(2)"},
        keys={"mart_twice": ["name"]},
    )
    with pytest.raises(MeritlineError, match="UniqueViolation 23505") as refused:
        load(state, target)
    assert "secret" not in str(refused.value)
    assert refused.value.__suppress_context__


# Readers and loads at once


def test_a_transaction_reads_one_publication_and_the_switch_waits_for_it(
    server: Server, small: tuple[StateFolder, Target]
) -> None:
    state, target = small
    load(state, target)
    publish_by_hand(state, 2)
    with server.connect(autocommit=False) as reader:
        assert reader.execute(b"select min(mark) from small.mart_agent_scorecard").fetchone() == (1,)
        loading = threading.Thread(target=load, args=(state, target))
        loading.start()
        wait_until(
            server, "select count(*) > 0 from pg_stat_activity where query ~ 'lock table|drop view|savepoint'"
        )
        assert reader.execute(b"select min(mark) from small.mart_pay_spread").fetchone() == (1,)
        assert loading.is_alive()
    loading.join(30)
    assert mark(server) == 2


def test_a_reader_who_never_lets_go_keeps_what_was_and_is_named(
    server: Server, small: tuple[StateFolder, Target]
) -> None:
    state, target = small
    load(state, target)
    publish_by_hand(state, 2)
    with server.connect(autocommit=False) as reader:
        reader.execute(b"select from small.mart_agent_scorecard")
        with pytest.raises(
            LoadedMeanwhile, match=rf"process {reader.info.backend_pid} \(postgres\)"
        ) as refused:
            load(state, replace(target, patience=0.5))
        assert refused.value.exit_status == 5
        assert reader.execute(b"select min(mark) from small.mart_pay_spread").fetchone() == (1,)
    load(state, target)
    assert mark(server) == 2


def test_two_loads_into_one_schema_follow_each_other(
    server: Server, small: tuple[StateFolder, Target]
) -> None:
    state, target = small
    with server.connect(autocommit=False) as other:
        other.execute(b"select pg_advisory_xact_lock(hashtextextended('meritline small', 0))")
        with pytest.raises(LoadedMeanwhile, match="another load into the schema small"):
            load(state, replace(target, patience=0.2))
        load(state, replace(target, schema="apart"))
    load(state, target)


def test_a_load_that_is_killed_leaves_nothing(server: Server, small: tuple[StateFolder, Target]) -> None:
    state, target = small
    load(state, target)
    publish_by_hand(state, 2)
    command = [sys.executable, "-m", "orchestration", "publish", "postgres", "--schema", "small"]
    with server.connect(autocommit=False) as reader:
        reader.execute(b"select from small.mart_agent_scorecard")
        process = subprocess.Popen(
            [*command, "--dsn", target.dsn, "--state", str(state.root)],
            cwd=PROJECT_ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        # All is loaded, and it waits for the reader.
        wait_until(
            server, "select count(*) > 0 from pg_stat_activity where query ~ 'lock table|drop view|savepoint'"
        )
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    wait_until(server, "select count(*) = 0 from pg_stat_activity where application_name = 'meritline'")
    with server.connect() as database:
        schemas = database.execute(b"select nspname from pg_namespace where nspname ~ '^small'").fetchall()
    assert sorted(schemas) == [("small",), ("small_access",)]
    assert mark(server) == 1
    load(state, target)
    assert mark(server) == 2


def test_a_view_of_somebody_else_on_old_tables_goes_and_is_named(
    server: Server, small: tuple[StateFolder, Target]
) -> None:
    state, target = small
    load(state, target)
    server.run("create view public.theirs as select * from small.about")
    _, said = load(state, target)
    assert [one for one in said if one.startswith("public.theirs rests on tables that are replaced")]
    with server.connect() as database, pytest.raises(psycopg.errors.UndefinedTable):
        database.execute(b"select from public.theirs")


# The night


def test_a_night_loads_what_it_published_and_one_that_cannot_takes_nothing_back(
    server: Server, demo_copy: StateFolder
) -> None:
    from dagster import AssetKey

    from orchestration.nightly.execute import JobRequest, execute
    from orchestration.nightly.run import NightlyRun
    from orchestration.nightly.serving import NotLoaded

    settings = replace(
        settings_of(demo_copy.root, demo_copy.root / "landing"),
        postgres_dsn=server.dsn(port="1"),
        postgres_schema="nightly",
        retries=0,
    )
    run_id = demo_copy.current.resolve().name

    def night() -> None:
        night_run = NightlyRun.of(settings).model_copy(update={"as_of": AS_OF})
        steps = [AssetKey("publication"), AssetKey("postgres")]
        execute(settings, JobRequest(run=night_run, command="nightly", selection=steps))

    with pytest.raises(
        NotLoaded, match=f"{run_id} is published, but not loaded into PostgreSQL: .*no connec"
    ):
        night()
    record = read_records(demo_copy)[-1]
    assert (record.outcome, record.exit_status) == ("published", 1)
    assert record.error is not None and "not loaded" in record.error
    assert server.socket not in record.error
    assert demo_copy.current.resolve().name == run_id
    settings = replace(settings, postgres_dsn=server.dsn())
    night()
    record = read_records(demo_copy)[-1]
    assert (record.outcome, record.error, record.stages[-1].name) == ("published", None, "postgres")
    with server.connect() as database:
        assert database.execute(b"select run_id from nightly.about").fetchall() == [(run_id,)]


def test_a_server_that_is_away_is_tried_again_and_one_that_turns_away_is_not(server: Server) -> None:
    from orchestration.transient import is_transient

    for dsn, passes in ((server.dsn(port="1"), True), (server.dsn("nobody-there"), False)):
        with pytest.raises(MeritlineError) as refused:
            publish_to_postgres(StateFolder(Path("nowhere")), Target(dsn), Stage("postgres"))
        assert is_transient(refused.value) is passes
        assert isinstance(refused.value, ServerAway) is passes


def wait_until(server: Server, question: str) -> None:
    """Until a question to the server is answered with yes; at most half a minute."""
    with server.connect() as database:
        for _ in range(300):
            if database.execute(question.encode()).fetchone() == (True,):
                return
            time.sleep(0.1)
    raise AssertionError(question)
