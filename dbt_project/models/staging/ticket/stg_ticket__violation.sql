-- Grain: one violation_id: the newest version of each exported row.

with

newest as (
    {{ newest_rows('ticket', 'violation', ['violation_id']) }}
)

select
    violation_id,
    agent_id,
    occurred_at,
    {{ local_date('occurred_at') }} as occurred_on,
    kind,
    severity,
    {{ source_columns() }}
from newest
