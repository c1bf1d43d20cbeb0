-- Grain: one agent, one exam, one day.

select
    agent_id,
    exam,
    taken_on,
    score,
    load_id,
    source_row_number,
    source_row_hash
from {{ ref('stg_workforce__exam') }}
