"""Load the current publication: one transaction, from the lock to the switch of schemas.

Whoever reads sees the publication before it or this one, whole: the new schema is nobody's until the
transaction commits, and the switch waits for the transactions that read the old one. Whatever happens before
leaves everything as it was; there is nothing to clear away.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from orchestration.audit.publications import MANIFEST, current_folder, read_manifest
from orchestration.errors import ConfigurationError, MeritlineError
from orchestration.progress import Stage
from orchestration.serve.access import mapping_notes, prepare, read_readers, require_roles, write_readers
from orchestration.serve.catalogue import BI, Source, by_name, opened
from orchestration.serve.database import LoadedMeanwhile, Session, Target, session
from orchestration.serve.facts import note, require_as_meant, require_untouched
from orchestration.serve.load import load
from orchestration.serve.rights import Names
from orchestration.serve.switch import switch
from orchestration.sql import query
from orchestration.state.folder import StateFolder

MEETING = "select pg_advisory_xact_lock(hashtextextended('meritline ' || %(schema)s::text, 0))"
MONEY = "_cny"
"""How columns of money end."""


@dataclass(frozen=True)
class Loaded:
    """What a load came to: the publication, relations, rows, and the one that it took the place of."""

    run_id: str
    schema: str
    relations: int
    rows: int
    replaced: str | None

    def __str__(self) -> str:
        """What a person is told of it."""
        instead = "" if self.replaced in (None, self.run_id) else f", in the place of {self.replaced}"
        rows = f"{self.rows:,} rows in {self.relations} relations"
        return f"{self.run_id} in schema {self.schema}, {rows}{instead}"


def publish_to_postgres(
    state: StateFolder, target: Target, current: Stage, *, takes_over: bool = False
) -> Loaded:
    """Load the state's current publication into the target's schema and put it in the place of the last.

    `current` is told of steps and notes. Raises ConfigurationError for what the operator has to decide,
    LoadedMeanwhile where another load or readers are in the way for longer than the target's patience, and
    MeritlineError for everything else; readers then have what they had.
    """
    names = Names.of(target.schema)
    readers = None if target.readers is None else read_readers(target.readers)
    with session(target) as server:
        _wait_for_other_loads(server, target)
        # Read once nobody else loads: a night may have published meanwhile.
        folder = current_folder(state)
        with opened(folder) as source:
            _require_fit_for_readers(source)
            live = _live(server, names)
            major = server.connection.info.server_version // 10_000
            require_untouched(server, names, major)
            if live is not None and not takes_over:
                _require_of_this_state(state, live, names)
            for said in require_roles(server, names):
                current.note(said)
            prepare(server, names)
            if readers is not None:
                for said in write_readers(server, names, readers):
                    current.note(said)
            relations = tuple(by_name(source.relations).values())
            # A draft can only be there by hand: a load that ended leaves none.
            server.run("drop schema if exists {draft} cascade", draft=names.draft)
            made = load(server, source, relations, names, current.step)
            owner = str(server.value("select current_user::text"))
            require_as_meant(server, names, made.facts(names, owner))
            odd = mapping_notes(
                server,
                names,
                agents=source.values("agent_id", "dim_agent"),
                teams=source.values("team_id", "dim_team"),
            )
            for said in (*_resting(server, names), *odd):
                current.note(said)
            current.step("waiting for readers of the publication before")
            switch(server, names, target.patience)
            note(
                server,
                names,
                {
                    "run_id": source.run_id,
                    "content_hash": source.manifest["content_hash"],
                    "major": major,
                },
            )
    return Loaded(
        run_id=folder.name,
        schema=target.schema,
        relations=len(made.relations),
        rows=made.rows,
        replaced=None if live is None else live[0],
    )


def _wait_for_other_loads(server: Session, target: Target) -> None:
    server.run(f"set local lock_timeout = {_milliseconds(target.patience)}")
    try:
        server.rows(MEETING, {"schema": target.schema})
    except psycopg.errors.LockNotAvailable:
        raise LoadedMeanwhile(
            path="PostgreSQL",
            problem=f"another load into the schema {target.schema} has worked for {target.patience:g} s",
            remedy="Wait until it is done, then run meritline publish postgres",
        ) from None
    server.run("set local lock_timeout = 0")


def _live(server: Session, names: Names) -> tuple[str, str] | None:
    """Run id and content hash of the publication that readers have; None before the first load."""
    if server.value("select to_regclass(%(name)s)", {"name": f"{names.access}.loaded"}) is None:
        return None
    found = server.rows("select run_id, content_hash from {a}.loaded", a=names.access)
    return (str(found[0][0]), str(found[0][1])) if found else None


def _require_of_this_state(state: StateFolder, live: tuple[str, str], names: Names) -> None:
    """A night of another state (a trial, a copy) does not take the place of the site's own by chance."""
    run_id, content_hash = live
    folder = state.published / Path(run_id).name
    known: Any = read_manifest(folder) if (folder / MANIFEST).is_file() else {}
    if known.get("content_hash") != content_hash:
        raise ConfigurationError(
            path="PostgreSQL",
            problem=f"the schema {names.schema} holds publication {run_id}, which {state.root} never made",
            remedy="Is this the state whose publications belong there (restored, or a new one), take it over "
            "once: meritline publish postgres --take-over. Else name another schema (postgres_schema). "
            "Nothing was loaded",
        )


OF_ALL_PAID = frozenset({"total_cny"})
"""Amounts of everyone who is paid: a group of their own, which may be large enough where that of a part, by
which a row is called suppressed, is not (mart_pay_spread).
"""


def _require_fit_for_readers(source: Source) -> None:
    """BI has no individual's pay and no aggregate that its mart suppressed, whatever made the files."""
    for relation in source.relations:
        if BI not in relation.audiences:
            continue
        money = [column.name for column in relation.columns if column.name.endswith(MONEY)]
        if money and relation.has("agent_id"):
            raise _not_for_bi(source, f"{relation.place} has {', '.join(money)} beside agent_id")
        if money and relation.has("is_suppressed"):
            kept = [name for name in money if name not in OF_ALL_PAID]
            shown = " or ".join(f'"{name}" is not null' for name in kept) or "false"
            told = source.value(
                f"select count(*) from {relation.file}.{relation.place} where is_suppressed and ({shown})"
            )
            if told:
                raise _not_for_bi(source, f"{told} suppressed row(s) of {relation.place} show an amount")


def _not_for_bi(source: Source, problem: str) -> MeritlineError:
    return MeritlineError(
        path=source.folder,
        problem=f"what is published for BI would show pay: {problem}",
        remedy="Nothing was loaded, readers have what they had. Correct the mart, run nightly",
    )


def _resting(server: Session, names: Names) -> list[str]:
    """Views of others on the old tables go with them: left, they would show that publication for ever."""
    found = server.rows(query(__file__, "resting"), {"schema": names.schema})
    return [
        f"{name} rests on tables that are replaced and is dropped: make it again, or ask without a view"
        for (name,) in found
    ]


def _milliseconds(seconds: float) -> int:
    return max(1, int(seconds * 1000))
