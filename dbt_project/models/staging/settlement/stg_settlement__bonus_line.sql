-- Grain: one bonus_line_id of a settled register.

select
    {{ bonus_line_columns() }},
    adjusts_bonus_line_id
from {{ source('settlement', 'bonus_line') }}
