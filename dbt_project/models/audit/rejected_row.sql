-- Grain: one row of an export that did not load, per column at fault.

select
    load_id,
    file,
    row_number,
    table_name,
    coalesce(column_name, '') as column_name,
    kind,
    reason,
    raw_text
from {{ source('run', 'rejected_row') }}
