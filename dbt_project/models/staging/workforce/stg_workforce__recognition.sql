-- Grain: one recognition_id: the newest version of each exported row.

with

newest as (
    {{ newest_rows('workforce', 'recognition', ['recognition_id']) }}
)

select
    recognition_id,
    agent_id,
    kind,
    occurred_on,
    points,
    status,
    {{ source_columns() }}
from newest
