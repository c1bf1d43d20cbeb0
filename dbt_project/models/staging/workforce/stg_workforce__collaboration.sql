-- Grain: one collaboration_id: the newest version of each exported row.

with

newest as (
    {{ newest_rows('workforce', 'collaboration', ['collaboration_id']) }}
)

select
    collaboration_id,
    agent_id,
    occurred_at,
    {{ local_date('occurred_at') }} as occurred_on,
    supported_team_id,
    rater_id,
    rating,
    {{ source_columns() }}
from newest
