-- Grain: one period, one reviewer who signed it off (BS-05).

select
    period_id,
    reviewer_id,
    signed_at,
    load_id,
    source_row_number,
    source_row_hash
from {{ ref('stg_governance__sign_off') }}
