-- Grain: one rating of an agent for a period.

select
    rating_id,
    agent_id,
    period_id,
    dimension,
    rater_id,
    score,
    load_id,
    source_row_number,
    source_row_hash
from {{ ref('stg_workforce__rating') }}
