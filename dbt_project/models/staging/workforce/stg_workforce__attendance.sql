-- Grain: one agent_id, one work_date: the newest version of each exported row.

with

newest as (
    {{ newest_rows('workforce', 'attendance', ['agent_id', 'work_date']) }}
)

select
    agent_id,
    work_date,
    status,
    shift,
    {{ source_columns() }}
from newest
