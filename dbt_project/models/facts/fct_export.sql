-- Grain: one table of the export contract: was any export of it ever taken in (S-EXPORT).

select
    table_name,
    is_delivered,
    row_count > 0 as has_rows,
    load_count,
    row_count,
    first_load_seq,
    last_load_seq
from {{ source('run', 'export') }}
