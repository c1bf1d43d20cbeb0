"""What each kind of reader may see of a publication, in a person's words: the second writing of the rights,
which no policy is taken from. And queries made up at random, each of which shows whole rows of one relation.

An agent sees the own rows of scores and pay; a lead the scores of the own teams and no pay; BI all that was
published for BI; payroll all that was published for payroll, and the labels; an auditor everything loaded.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from orchestration.serve.catalogue import opened

KINDS = ("bi", "payroll", "auditor", "lead", "agent")
ALL = {"about", "dim_period", "dim_day", "dim_scheme", "dim_kpi", "dim_grade", "dim_team"}
"""What says nothing about a person's work."""
VIEWS = ("me", "bonus_total")
Row = tuple[Any, ...]


@dataclass(frozen=True)
class Who:
    """A login: kinds of readers that it is, whom it belongs to, the teams that it leads."""

    login: str
    kinds: tuple[str, ...]
    agent_id: str
    teams: tuple[str, ...] = ()


@dataclass(frozen=True)
class Table:
    """A relation as it was published: columns, rows, whose files have it."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    audiences: frozenset[str]

    def where(self, keep: Mapping[str, Any]) -> list[Row]:
        """Rows in which every column named has one of the values."""
        places = [(self.columns.index(name), values) for name, values in keep.items()]
        return [row for row in self.rows if all(row[place] in values for place, values in places)]


@dataclass(frozen=True)
class Centre:
    """A publication's tables, by the name that they are loaded under."""

    tables: Mapping[str, Table]

    @classmethod
    def of(cls, folder: Path) -> Centre:
        """What a publication's files hold."""
        tables = {}
        with opened(folder) as source:
            for one in source.relations:
                names = tuple(column.name for column in one.columns)
                quoted = ", ".join(f'"{name}"' for name in names)
                with duckdb.connect(str(folder / f"{one.file}.duckdb"), read_only=True) as file:
                    rows = tuple(file.execute(f"select {quoted} from {one.place}").fetchall())
                tables[one.name] = Table(names, rows, one.audiences)
        register = tables["mart_bonus_register"]
        of = [register.columns.index(name) for name in TOTAL_OF]
        amount = register.columns.index("amount_cny")
        totals: dict[Row, list[Any]] = {}
        for row in register.rows:
            totals.setdefault(tuple(row[place] for place in of), []).append(row[amount])
        tables["bonus_total"] = Table(
            (*TOTAL_OF, "line_count", "amount_cny"),
            tuple((*group, len(amounts), sum(amounts)) for group, amounts in totals.items()),
            frozenset({"payroll", "auditor"}),
        )
        return cls(tables)

    def people(self) -> tuple[Who, ...]:
        """One login of each kind, and a lead who also reads the own pay."""
        teams = self.tables["dim_team"]
        lead, team = teams.columns.index("lead_agent_id"), teams.columns.index("team_id")
        agents = self.tables["dim_agent"]
        members: Counter[str] = Counter(row[agents.columns.index("team_id")] for row in agents.rows)
        leader = max((row for row in teams.rows if row[lead]), key=lambda row: members[row[team]])[lead]
        led = tuple(row[team] for row in teams.rows if row[lead] == leader)
        paid = {row[2] for row in self.tables["bonus_total"].rows}
        agent = min(row[0] for row in agents.rows if row[0] in paid and row[0] != leader)
        return (
            Who("bi", ("bi",), ""),
            Who("payroll", ("payroll",), ""),
            Who("auditor", ("auditor",), ""),
            Who("lead", ("lead",), leader, led),
            Who("agent", ("agent",), agent),
            Who("both", ("lead", "agent"), leader, led),
        )

    @property
    def some_team(self) -> str:
        """A team with members."""
        agents = self.tables["dim_agent"]
        return max(str(row[agents.columns.index("team_id")]) for row in agents.rows)


TOTAL_OF = ("period_kind", "period_id", "agent_id", "agent_name", "scheme_id")


def allowed(centre: Centre, who: Who, name: str) -> Counter[Row]:
    """The rows of a relation that a login may see."""
    table = centre.tables[name]
    if name in ALL:
        return Counter(table.rows if who.kinds else ())
    whole = {"auditor", *(table.audiences & {"bi", "payroll"})} | (
        {"payroll"} if name == "dim_agent" else set()
    )
    if whole.intersection(who.kinds) and not (name == "bonus_total" and who.kinds == ("bi",)):
        return Counter(table.rows)
    seen: set[Row] = set()
    if "agent" in who.kinds and table.audiences & {"bi", "payroll"}:
        seen |= set(of_agents(table, {who.agent_id}))
    if "lead" in who.kinds and "bi" in table.audiences:
        seen |= set(of_teams(centre, table, name, set(who.teams)))
    return Counter(row for row in table.rows if row in seen)


def of_agents(table: Table, agents: set[str]) -> list[Row]:
    """Rows about these agents."""
    if "group_kind" in table.columns:
        return table.where({"group_kind": {"agent"}, "group_id": agents})
    return table.where({"agent_id": agents}) if "agent_id" in table.columns else []


def of_teams(centre: Centre, table: Table, name: str, teams: set[str]) -> list[Row]:
    """Rows about these teams and who is on them: by the team on the row, else by today's."""
    people = centre.tables["dim_agent"]
    members = {row[people.columns.index("agent_id")] for row in people.where({"team_id": teams})}
    if "group_kind" in table.columns:
        return of_agents(table, members) + table.where({"group_kind": {"team"}, "group_id": teams})
    if "team_id" not in table.columns:
        return of_agents(table, members)
    unnamed = [row for row in of_agents(table, members) if row[table.columns.index("team_id")] is None]
    return table.where({"team_id": teams}) + unnamed


def queries(
    dice: random.Random, name: str, columns: Mapping[str, list[tuple[str, str]]], count: int
) -> Iterator[str]:
    """Queries that show whole rows of a relation: conditions, joins, subqueries, windows and functions."""
    place = f'meritline."{name}"'
    cells = ", ".join(f's."{one}"' for one, _ in columns[name])
    for _ in range(count):
        column = f't."{dice.choice(columns[name])[0]}"'
        other = dice.choice(sorted(columns))
        theirs = f'"{dice.choice(columns[other])[0]}"::text'
        other = f'meritline."{other}"'
        condition = dice.choice(
            [
                "true",
                f"{column} is not null",
                f"{column} is null or true",
                f"{column}::text >= '{dice.choice('0AZ5')}'",
                f"{column}::text <> coalesce({column}::text || 'x', '')",
                f"exists (select from {other} as o where o.{theirs} is not null) or true",
                f"length({column}::text) >= {dice.randrange(3)} or {column} is null",
                f"not ({column}::text = any(array[{dice.randrange(9)}::text]))",
            ]
        )
        some = f"select t.* from {place} as t where {condition}"
        yield dice.choice(
            [
                some,
                f"{some} order by {column} desc limit 50",
                f"with t as materialized (select * from {place}) select t.* from t where {condition}",
                f"select t.* from {place} as t left join (select {theirs} as k from {other} limit 20) as o"
                f" on o.k = {column}::text where {condition} limit 500",
                f"select t.* from (select *, row_number() over () as n from {place}) as s"
                f" cross join lateral (select {cells}) as t where {condition} limit 200",
                f"({some} limit 40) union all"
                f" (select t.* from {place} as t order by {column}::text limit 40)",
                some if name in VIEWS else some.replace(" as t ", " as t tablesample bernoulli (50) "),
                f"select distinct t.* from {place} as t, generate_series(1, 2) where {condition} limit 300",
            ]
        )
