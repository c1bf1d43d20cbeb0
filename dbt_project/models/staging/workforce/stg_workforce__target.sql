-- Grain: one agent_id, one period_id, one metric: the newest version of each exported row.

with

newest as (
    {{ newest_rows('workforce', 'target', ['agent_id', 'period_id', 'metric']) }}
)

select
    agent_id,
    period_id,
    metric,
    value,
    {{ source_columns() }}
from newest
