"""Bonus lines of two publications compared: what changed of each, by which numbers, and why."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from orchestration.audit.diff.causes import EXAMPLES, Cause, find_causes, gather_changes
from orchestration.audit.diff.numbers import NumberChange, changes, join_numbers
from orchestration.audit.diff.outcomes import OutcomeChange, changed_outcomes, method_change
from orchestration.audit.diff.pair import Pair, Row, Stated, query, said
from orchestration.audit.diff.policy import PolicyChange, policy_changes
from orchestration.audit.diff.ranking import Ranking
from orchestration.audit.publications import other_release, read_manifest
from orchestration.audit.relations import AuditFileUnreadable
from orchestration.errors import ConfigurationError, expected_error
from orchestration.sql import literal
from orchestration.state.folder import auditor_database
from orchestration.state.memory import connect

COMPONENT = "policy_component"
GENERATED = ("bonus_line_id", "line_no")
"""Columns of a line that are no statement of their own: its key, and its place among the agent's lines, which
another line of theirs moves."""
OF_ALL = "__of_all"
"""How the name of a whole relation ends in a warehouse whose views read it of some agents alone."""


@dataclass(frozen=True)
class LineChange:
    """One line that changed; an amount is None where the publication has no such line. `what` names the
    columns that changed beside it, `deepest` the numbers that moved it.
    """

    agent_id: str
    period_id: str
    bonus_line_id: str
    label: str
    before: Decimal | None
    after: Decimal | None
    what: tuple[str, ...]
    deepest: tuple[NumberChange, ...]
    causes: tuple[Cause, ...]

    @property
    def difference(self) -> Decimal:
        """after − before, a missing line counting as 0."""
        return (self.after or Decimal(0)) - (self.before or Decimal(0))

    @property
    def is_explained(self) -> bool:
        """Whether a cause was found."""
        return bool(self.causes)


@dataclass(frozen=True)
class Difference:
    """Two publications compared. `notes` say what differs between them as a whole."""

    before: str
    after: str
    notes: tuple[str, ...]
    lines: tuple[LineChange, ...]
    outcomes: tuple[OutcomeChange, ...] = ()

    @property
    def unexplained(self) -> tuple[LineChange, ...]:
        """Lines without a cause."""
        return tuple(line for line in self.lines if not line.is_explained)


@dataclass(frozen=True)
class Side:
    """One of two that are compared: its name, its DuckDB file, what its manifest says, and what to do where
    the file lacks something. Views of a warehouse name their tables with its `catalog`.
    """

    name: str
    database: Path
    manifest: Row
    remedy: str
    catalog: str = ""

    @classmethod
    def of(cls, folder: Path) -> Side:
        """A publication. Raises AuditFileUnreadable when it has no data any more."""
        if not auditor_database(folder).exists():
            raise AuditFileUnreadable(
                path=folder,
                problem="the publication has no data any more",
                remedy="Retention has removed it; compare newer ones, or let the site keep more",
            )
        return cls(folder.name, auditor_database(folder), read_manifest(folder), other_release(folder))


def compare_publications(before: Path, after: Path, *, agent_id: str | None = None) -> Difference:
    """Compare the bonus lines of two publication folders, of one agent or of everyone.

    Raises AuditFileUnreadable when one of them has no data any more, ConfigurationError for an agent that
    neither knows.
    """
    sides = Side.of(before), Side.of(after)
    with attached(*sides) as pair, comparing(*sides):
        _known(pair, agent_id)
        return compare_pair(pair, (before.name, after.name), Chosen(agent_id=agent_id))


@contextmanager
def attached(
    before: Side, after: Side, *, same: Collection[str] = (), only: Stated | None = None
) -> Iterator[Pair]:
    """Both files, attached as `a` and `b`. Raises what `comparing` does for a file that cannot be."""
    with connect() as database:
        with comparing(before, after):
            for name, side in (("a", before), ("b", after)):
                attach(database, side, name)
        yield Pair(database, before.manifest, after.manifest, same=same, only=only)


@contextmanager
def comparing(before: Side, after: Side) -> Iterator[None]:
    """Raises AuditFileUnreadable for what one of them lacks, the error that it is for a full disk or memory
    that ran out.
    """
    try:
        yield
    except duckdb.Error as error:
        if (known := expected_error(error)) is not None:
            raise known from error
        raise AuditFileUnreadable(
            path=after.name,
            problem=f"the two publications do not compare ({str(error).splitlines()[0]})",
            remedy=" ".join(dict.fromkeys(side.remedy for side in (before, after))),
        ) from error


def attach(database: duckdb.DuckDBPyConnection, side: Side, name: str) -> None:
    """Attach a side's file under a name: of views, every relation of its catalog under the name as well, the
    whole of each.
    """
    database.execute(f"attach {literal(side.database)} as {side.catalog or name} (read_only)")
    if not side.catalog:
        return
    database.execute(f"attach ':memory:' as {name}")
    relations = database.execute(
        "select distinct schema_name, table_name from duckdb_columns() where database_name = $1 "
        "and not internal order by all",
        [side.catalog],
    ).fetchall()
    for schema, table in relations:
        if not table.endswith(OF_ALL):
            whole = f"{table}{OF_ALL}" if (schema, f"{table}{OF_ALL}") in relations else table
            database.execute(f'create schema if not exists {name}."{schema}"')
            database.execute(
                f'create view {name}."{schema}"."{table}" as from {side.catalog}."{schema}"."{whole}"'
            )


@dataclass(frozen=True)
class Chosen:
    """Which lines are compared: of one agent, of some periods; of all where nothing is said."""

    agent_id: str | None = None
    periods: frozenset[str] | None = None

    def has(self, row: Row) -> bool:
        """Whether a line is one of them."""
        return self.agent_id in (None, _of(row, "agent_id")) and (
            self.periods is None or _of(row, "period_id") in self.periods
        )


def compare_pair(pair: Pair, names: tuple[str, str], chosen: Chosen) -> Difference:
    """The chosen lines that differ with their causes, and the scores and grades that do."""
    policy = list(policy_changes(pair))
    notes, lines = tuple(_notes(pair, policy)), tuple(_lines(pair, policy, chosen))
    return Difference(*names, notes, lines, tuple(changed_outcomes(pair, chosen.agent_id)))


def _known(pair: Pair, agent_id: str | None) -> None:
    agents = "select agent_id from a.facts.dim_agent union select agent_id from b.facts.dim_agent"
    if agent_id is not None and not pair.rows(f"from ({agents}) where agent_id = $agent", agent=agent_id):
        problem = f"no agent {agent_id!r} in either publication"
        raise ConfigurationError(problem=problem, remedy="meritline trace suggests near names")


def _notes(pair: Pair, policy: Sequence[PolicyChange]) -> Iterator[str]:
    if pair.has_moved_on:
        yield f"business date {pair.before['as_of']} → {pair.after['as_of']}"
    for name in ("code", "policy"):
        if pair.before[f"{name}_hash"] != pair.after[f"{name}_hash"]:
            yield f"{name} differs ({name}_hash of the manifests)"
    if pair.site_changes:
        yield f"the site's folder differs: {', '.join(f'{name} {how}' for name, how in pair.site_changes)}"
    sides = (pair.before["inputs"], pair.after["inputs"])
    one, other = ({(file["file"], file["sha256"]) for file in inputs} for inputs in sides)
    for files, word in ((other - one, "new input files"), (one - other, "input files less")):
        if files:
            yield f"{len(files)} {word}: {', '.join(file for file, _ in sorted(files)[:EXAMPLES])}"
    yield from (f"policy: {change}" for change in policy)


def _lines(pair: Pair, policy: Sequence[PolicyChange], chosen: Chosen) -> Iterator[LineChange]:
    """Every line of which anything but its place changed, with the numbers that moved it and its causes."""
    # Without the relation its query says what the file lacks, and of which release it is.
    columns = [name for name in pair.columns.get("bonus.bonus_line", ()) if name not in GENERATED]
    rows = {
        row["bonus_line_id"]: row
        for row in pair.changed(query("lines"), ["bonus_line_id"], columns)
        if chosen.has(row)
    }
    if not rows:
        return
    join_numbers(pair)
    gather_changes(pair, policy)
    components = _components(policy)
    came_or_went = {
        line_id: change
        for line_id, row in rows.items()
        if _is_one_sided(row) and (change := components.get(_component(row)))
    }
    searched = [line_id for line_id in rows if line_id not in came_or_went]
    own = find_causes(pair, query("line_numbers"), lines=searched)
    one_sided = [line_id for line_id, row in rows.items() if _is_one_sided(row)]
    numbers, ranking = changes(pair, one_sided), Ranking(pair)
    shown = [name for name in (*columns, "grade", "method", "total_score") if name != "amount_cny"]
    for line_id, row in sorted(rows.items(), key=_place):
        found = [*own.get(line_id, ()), *ranking.causes(line_id, _of(row, "agent_id"))]
        if (change := came_or_went.get(line_id)) is not None:
            found = [Cause("policy", 1, (str(change),))]
        yield LineChange(
            agent_id=_of(row, "agent_id"),
            period_id=_of(row, "period_id"),
            bonus_line_id=line_id,
            label=_of(row, "line_label"),
            before=row["amount_cny_a"],
            after=row["amount_cny_b"],
            what=() if _is_one_sided(row) else tuple(said(row, shown)),
            deepest=tuple(numbers.get(line_id, ())),
            causes=tuple(_together([*found, *_of_the_line(pair, row, is_explained=bool(found))])),
        )


def _place(item: tuple[str, Row]) -> tuple[str, str, str]:
    return _of(item[1], "agent_id"), _of(item[1], "period_id"), item[0]


def _of(row: Row, name: str) -> Any:
    return row[f"{name}_a"] if row[f"{name}_b"] is None else row[f"{name}_b"]


def _is_one_sided(row: Row) -> bool:
    return not (row["is_in_a"] and row["is_in_b"])


def _component(row: Row) -> tuple[str, str]:
    """The component of a line and the period that it pays; a correction is of the one that it corrects. An
    earlier release may say no component of it.
    """
    component = row.get("component_id_b") or row.get("component_id_a")
    return str(component or ""), _paid_period(row)


def _paid_period(row: Row) -> str:
    return str(_of(row, "adjusts_bonus_line_id") or _of(row, "period_id")).split(":", 1)[0]


def _components(policy: Sequence[PolicyChange]) -> dict[tuple[str, str], PolicyChange]:
    """Components that came or went, by id and period: lines that did so with them have no other cause."""
    return {
        (one.key.get("component_id", ""), one.period_id): one
        for one in policy
        if one.model == COMPONENT and one.is_one_sided
    }


def _of_the_line(pair: Pair, row: Row, *, is_explained: bool) -> Iterator[Cause]:
    """What is so of the whole line, beside what was found below it."""
    adjusted, period_id = _of(row, "adjusts_bonus_line_id"), _of(row, "period_id")
    if adjusted:
        yield Cause("settlement", 1, (f"corrects settled line {adjusted}",))
        period_id = _paid_period(row)
    elif (run_id := pair.settled_between.get(period_id)) is not None:
        yield Cause("settlement", 1, (f"{period_id} was settled on {run_id} in between",))
        is_explained = True
    if period_id in pair.new_periods:
        yield Cause("business date", 1, (f"{period_id} is new",))
    elif pair.has_other_code and not (is_explained or adjusted):
        yield Cause("code", 1, ("same evidence and policy, other code",))
    # Said, but no cause of its own: what moved the group is.
    if (
        is_explained
        and "grade" in (row["input_model_a"], row["input_model_b"])
        and (method := method_change(row))
    ):
        yield Cause("method", 1, (method,))


def _together(causes: Sequence[Cause]) -> Iterator[Cause]:
    """One cause of each kind."""
    for kind in dict.fromkeys(cause.kind for cause in causes):
        same = [cause for cause in causes if cause.kind == kind]
        examples = dict.fromkeys(example for cause in same for example in cause.examples)
        yield Cause(kind, sum(cause.count for cause in same), tuple(examples)[:EXAMPLES])
