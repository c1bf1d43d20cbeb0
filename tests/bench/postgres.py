"""How long a publication takes into PostgreSQL, and what readers see of it.

    python -m tests.bench.postgres --agents 500 --months 12
    python -m tests.bench.postgres --state DIR --queries 200

The first makes marts of the size that a million tickets have: one agent's 2,000 tickets a year, and per agent
and month what the demo centre has of each mart. The second loads a state's current publication and has every
kind of reader try every relation with so many queries made up at random.
"""

from __future__ import annotations

import argparse
import random
import tempfile
from collections import Counter
from pathlib import Path
from time import perf_counter

import psycopg

from orchestration.progress import Stage
from orchestration.serve.database import Target
from orchestration.serve.publish import publish_to_postgres
from orchestration.state.folder import StateFolder
from tests.postgres import running_server
from tests.rights_of_readers import Centre, allowed, queries
from tests.small_publication import publish_by_hand

SCORES = """
select 'A' || agent as agent_id, 'P' || month as period_id, 'K' || kpi as kpi_id,
    'T' || agent % 40 as team_id, 'month' as period_kind, 'Agent ' || agent as agent_name,
    'plan' as scheme_id, 'role' as role,
    'department' as department, 'Key figure ' || kpi as kpi_name_en, '指标' || kpi as kpi_name_zh,
    (agent * kpi / 7)::decimal(24, 6) as numerator, kpi as denominator,
    (agent / 3)::decimal(24, 6) as value,
    0 as set_aside_count, 'final' as maturity, 90.5::decimal(18, 4) as points,
    80.25::decimal(18, 4) as total_score, agent % 30 as rank, 30 as cohort_size, 'A' as grade
from range({agents}) as a (agent)
cross join range({months} + {months} // 3 + 1) as m (month)
cross join range(25) as k (kpi)
"""
DAILY = """
select 'agent' as group_kind, 'A' || agent as group_id, date '2026-01-01' + day::integer as day_on,
    'K' || kpi as kpi_id, 'P' || day // 30 as month_id, (agent * kpi / 7)::decimal(24, 6) as numerator,
    kpi as denominator
from range({agents}) as a (agent) cross join range({months} * 30) as d (day) cross join range(10) as k (kpi)
"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--state", type=Path)
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--agents", type=int, default=500)
    parser.add_argument("--months", type=int, default=12)
    options = parser.parse_args()
    if options.state is None:
        load_large(options.agents, options.months)
    else:
        try_rights(options.state, options.queries)


def load_large(agents: int, months: int) -> None:
    """Load twice: into nothing, and in the place of the first."""
    with tempfile.TemporaryDirectory() as folder, running_server() as server:
        state = StateFolder(Path(folder))
        size = {"agents": agents, "months": months}
        publish_by_hand(
            state,
            1,
            bi={"mart_agent_scorecard": SCORES.format(**size), "mart_kpi_daily": DAILY.format(**size)},
            keys={
                "mart_agent_scorecard": ["agent_id", "period_id", "kpi_id"],
                "mart_kpi_daily": ["group_kind", "group_id", "day_on", "kpi_id"],
            },
        )
        for _ in range(2):
            began = perf_counter()
            loaded = publish_to_postgres(state, Target(server.dsn()), Stage("postgres"))
            print(f"{loaded.rows:,} rows in {perf_counter() - began:.1f} s")


def try_rights(folder: Path, count: int) -> None:
    """Every kind of reader on every relation."""
    state = StateFolder(folder)
    centre = Centre.of(state.current.resolve())
    dice = random.Random(7)
    with tempfile.TemporaryDirectory() as place, running_server() as server:
        people, readers = centre.people(), Path(place) / "readers.csv"
        lines = ["login,audience,agent_id"]
        for who in people:
            server.login(who.login)
            lines += [
                f"{who.login},{kind},{who.agent_id if kind in ('lead', 'agent') else ''}"
                for kind in who.kinds
            ]
        readers.write_text("\n".join(lines) + "\n", encoding="utf-8")
        publish_to_postgres(state, Target(server.dsn(), readers=readers), Stage("postgres"))
        with server.connect() as database:
            columns: dict[str, list[tuple[str, str]]] = {}
            for name, column in database.execute(
                b"select c.relname, a.attname from pg_class as c join pg_attribute as a on a.attrelid = c.oid"
                b" where a.attnum > 0 and c.relnamespace = 'meritline'::regnamespace"
                b" and c.relkind in ('r', 'v') order by 1, a.attnum"
            ).fetchall():
                columns.setdefault(name, []).append((column, ""))
        for who in people:
            said: Counter[str] = Counter()
            with server.connect(who.login) as reader:
                for name in columns:
                    own = set() if name == "me" else set(allowed(centre, who, name))
                    for query in queries(dice, name, columns, count):
                        said["queries"] += 1
                        try:
                            rows = reader.execute(query.encode()).fetchall()
                        except psycopg.errors.InsufficientPrivilege:
                            said["denied"] += 1
                            continue
                        said["rows"] += len(rows)
                        said["beyond"] += 0 if name == "me" else sum(row not in own for row in rows)
            print(who.login, len(columns), "relations", dict(said))


if __name__ == "__main__":
    main()
