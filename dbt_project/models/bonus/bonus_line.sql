-- Grain: one line of an agent's bonus: computed for open periods, frozen for settled ones, or adjusting a settled line.

with

open_line as (
    select line.*
    from {{ ref('bonus_line_computed') }} as line
    left join {{ ref('dim_settled_period') }} as settled
        on line.period_id = settled.period_id
    where settled.period_id is null
)

select
    {{ bonus_line_columns() }},
    cast(null as string) as adjusts_bonus_line_id
from open_line
union all
select
    {{ bonus_line_columns() }},
    adjusts_bonus_line_id
from {{ ref('fct_settled_line') }}
union all
select
    {{ bonus_line_columns() }},
    adjusts_bonus_line_id
from {{ ref('bonus_line__adjustment') }}
