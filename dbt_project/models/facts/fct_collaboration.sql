-- Grain: one cross-team support.

select
    collaboration_id,
    agent_id,
    occurred_at,
    occurred_on,
    supported_team_id,
    rater_id,
    rating,
    load_id,
    source_row_number,
    source_row_hash
from {{ ref('stg_workforce__collaboration') }}
