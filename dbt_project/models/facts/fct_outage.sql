-- Grain: one system outage.

select
    outage_id,
    starts_at,
    ends_at,
    channel,
    note,
    coalesce(ends_at <= starts_at, false) as has_end_before_start,
    load_id,
    source_row_number,
    source_row_hash
from {{ ref('stg_governance__outage') }}
