-- Grain: one agent, one period, one metric.

select
    agent_id,
    period_id,
    metric,
    value as target_value,
    load_id,
    source_row_number,
    source_row_hash
from {{ ref('stg_workforce__target') }}
