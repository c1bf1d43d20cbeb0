-- Grain: one line of a settled register, as it was paid (PR-04).

select
    {{ bonus_line_columns() }},
    adjusts_bonus_line_id
from {{ ref('stg_settlement__bonus_line') }}
