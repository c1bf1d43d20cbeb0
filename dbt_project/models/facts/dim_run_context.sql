-- Grain: one row: the run.

select
    as_of_on,
    cut_at,
    business_timezone
from {{ ref('stg_run__context') }}
