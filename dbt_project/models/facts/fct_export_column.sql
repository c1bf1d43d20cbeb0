-- Grain: one column of a table of the export contract: did an export ever carry it, did a row ever fill it.

select
    table_name,
    column_name,
    is_required,
    is_delivered,
    has_values
from {{ source('run', 'export_column') }}
