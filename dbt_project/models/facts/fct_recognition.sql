-- Grain: one recognition.

select
    recognition_id,
    agent_id,
    kind,
    occurred_on,
    points,
    status,
    load_id,
    source_row_number,
    source_row_hash
from {{ ref('stg_workforce__recognition') }}
