"""A table that is made of one group of agents after another has the rows that it has made at once."""

from __future__ import annotations

import duckdb

from orchestration.state.folder import StateFolder
from orchestration.warehouse.dbt import BUILD, DbtOutcome, log_path, stream_dbt, take_parsed
from tests.compiled import contents

TRACE = "model.meritline.bonus_trace"


def test_trees_are_the_same_grown_of_a_few_agents_at_a_time(demo_copy: StateFolder) -> None:
    at_once = contents(demo_copy.warehouse)
    assert _agents_by_place(demo_copy, 7) == ["first among last"]
    parsed = take_parsed(demo_copy)
    parsed.nodes[TRACE].config.meta["in_groups"]["most"] = 7
    outcome = DbtOutcome()
    arguments = (*BUILD, "--select", "bonus_trace")
    for _ in stream_dbt(demo_copy, arguments, outcome=outcome, manifest=parsed, is_quick=True):
        pass
    outcome.raise_if_failed(log_path(demo_copy))
    assert _agents_by_place(demo_copy, 7) == ["first before last"]
    assert contents(demo_copy.warehouse) == at_once


def _agents_by_place(state: StateFolder, most: int) -> list[str]:
    """How the rows of the first agents lie to those of the last ones."""
    with duckdb.connect(str(state.warehouse), read_only=True) as warehouse:
        rows = warehouse.execute(
            """
            with agent as (
                select agent_id, row_number() over (order by agent_id) as place, count(*) over () as n
                from (select distinct agent_id from bonus.bonus)
            ),
            lies as (
                select max(trace.rowid) filter (where place <= $most) as last_of_first,
                    min(trace.rowid) filter (where place > n - $most) as first_of_last
                from audit.bonus_trace as trace inner join bonus.bonus using (bonus_id)
                inner join agent using (agent_id)
            )
            select 'first ' || if(last_of_first < first_of_last, 'before', 'among') || ' last' from lies
            """,
            {"most": most},
        ).fetchall()
    return [str(row[0]) for row in rows]
