"""Fifteen publications loaded one after another while readers ask without a pause: no error, and no answer,
nor two of one transaction, that mixes two publications.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from orchestration.progress import Stage
from orchestration.serve import publish as publishing
from orchestration.serve.database import Session, Target, session
from orchestration.serve.publish import publish_to_postgres
from orchestration.serve.rights import Names
from orchestration.state.folder import StateFolder
from tests.postgres import Server, running_server
from tests.small_publication import publish_by_hand

LOADS = 15
JOINED = """
select min(least(s.mark, p.mark, a.mark, r.mark)), max(greatest(s.mark, p.mark, a.mark, r.mark))
from meritline.mart_agent_scorecard as s
cross join meritline.mart_pay_spread as p
cross join meritline.about as a
inner join meritline.mart_bonus_register as r on r.agent_id = s.agent_id
"""
ONE_OF_TWO = "select min(mark), max(mark) from meritline.mart_agent_scorecard"
OTHER_OF_TWO = "select min(mark), max(mark) from meritline.mart_pay_spread"
LEAD = """
select min(s.mark), max(a.mark) from meritline.mart_agent_scorecard as s cross join meritline.about as a
"""
VIEWED = """
select min(a.mark), max(a.mark) from meritline.bonus_total as b cross join meritline.about as a
cross join meritline.me as m where m.run_id = a.run_id
"""


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running_server() as one:
        yield one


@pytest.fixture
def target(server: Server, tmp_path: Path) -> Target:
    readers = tmp_path / "readers.csv"
    readers.write_text("login,audience,agent_id\nada,auditor,\nlea,lead,L1\n", encoding="utf-8")
    return Target(server.dsn(), readers=readers, patience=120)


class Reader(threading.Thread):
    """Asks until it is told to stop; keeps what was odd."""

    def __init__(self, server: Server, login: str, *questions: str) -> None:
        super().__init__()
        self._server, self._login, self._questions = server, login, questions
        self.stopping = threading.Event()
        self.answers = 0
        self.seen: Counter[Any] = Counter()
        self.odd: list[str] = []

    def run(self) -> None:
        """One transaction after another; a statement asked often is prepared by the server."""
        with self._server.connect(self._login, autocommit=False) as database:
            while not self.stopping.is_set():
                try:
                    marks: set[Any] = set()
                    for question in self._questions:
                        for row in database.execute(question.encode()).fetchall():
                            marks.update(row)
                    database.commit()
                except psycopg.Error as error:
                    self.odd.append(f"{type(error).__name__}: {error}")
                    database.rollback()
                    continue
                self.answers += 1
                self.seen.update(marks)
                if len(marks) != 1 or None in marks:
                    self.odd.append(f"{self._questions}: {marks}")


def test_readers_never_see_an_error_or_a_mixture(server: Server, target: Target, tmp_path: Path) -> None:
    state = StateFolder(tmp_path / "state")
    publish_by_hand(state, 1)
    server.login("ada")
    server.login("lea")
    publish_to_postgres(state, target, Stage("postgres"))
    readers = [
        Reader(server, "ada", JOINED),
        Reader(server, "ada", ONE_OF_TWO, OTHER_OF_TWO, JOINED),
        Reader(server, "lea", LEAD),
        Reader(server, "ada", VIEWED),
    ]
    for reader in readers:
        reader.start()
    try:
        for number in range(2, LOADS + 2):
            publish_by_hand(state, number)
            publish_to_postgres(state, target, Stage("postgres"))
    finally:
        for reader in readers:
            reader.stopping.set()
        for reader in readers:
            reader.join(60)
    assert [one for reader in readers for one in reader.odd] == []
    assert all(len(reader.seen) > LOADS / 2 for reader in readers), [reader.seen for reader in readers]
    with server.connect("ada") as database:
        assert database.execute(b"select mark from meritline.about").fetchall() == [(LOADS + 1,)]


def test_a_switch_that_waits_for_nobody_mixes(
    server: Server, target: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def rename_at_once(one: Session, names: Names, *_: object) -> None:
        one.run("alter schema {schema} rename to {old}", schema=names.schema, old="old")
        one.run("alter schema {draft} rename to {schema}", draft=names.draft, schema=names.schema)

    target = replace(target, schema="mixed")
    state = StateFolder(tmp_path / "state")
    publish_by_hand(state, 1)
    publish_to_postgres(state, target, Stage("postgres"))
    publish_by_hand(state, 2)
    monkeypatch.setattr(publishing, "switch", rename_at_once)
    with server.connect(autocommit=False) as reader:
        before = reader.execute(ONE_OF_TWO.replace("meritline", "mixed").encode()).fetchone()
        publish_to_postgres(state, target, Stage("postgres"))
        after = reader.execute(OTHER_OF_TWO.replace("meritline", "mixed").encode()).fetchone()
    assert (before, after) == ((1, 1), (2, 2))


def test_a_session_is_one_transaction(server: Server, target: Target) -> None:
    with pytest.raises(RuntimeError), session(target) as one:
        one.run("create schema {schema}", schema="half")
        raise RuntimeError
    with server.connect() as database:
        assert database.execute(b"select to_regnamespace('half')").fetchone() == (None,)
