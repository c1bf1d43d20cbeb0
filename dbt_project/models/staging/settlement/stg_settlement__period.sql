-- Grain: one period_id of a settled register.

select
    period_kind,
    period_id,
    settled_by,
    run_id,
    register_hash
from {{ source('settlement', 'period') }}
