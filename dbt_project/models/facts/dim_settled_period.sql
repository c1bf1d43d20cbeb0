-- Grain: one settled period.

select
    period_kind,
    period_id,
    settled_by,
    run_id,
    register_hash
from {{ ref('stg_settlement__period') }}
