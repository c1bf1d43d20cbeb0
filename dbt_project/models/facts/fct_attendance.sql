-- Grain: one agent, one day.

select
    agent_id,
    work_date as worked_on,
    status,
    shift,
    load_id,
    source_row_number,
    source_row_hash
from {{ ref('stg_workforce__attendance') }}
