-- Grain: one agent_id, one exam, one taken_on: the newest version of each exported row.

with

newest as (
    {{ newest_rows('workforce', 'exam', ['agent_id', 'exam', 'taken_on']) }}
)

select
    agent_id,
    exam,
    taken_on,
    score,
    {{ source_columns() }}
from newest
