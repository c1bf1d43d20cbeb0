-- Grain: one rating_id: the newest version of each exported row.

with

newest as (
    {{ newest_rows('workforce', 'rating', ['rating_id']) }}
)

select
    rating_id,
    agent_id,
    period_id,
    dimension,
    rater_id,
    score,
    {{ source_columns() }}
from newest
