-- An adjustment corrects a line of a settled period: one that was paid, or one that should have been (PR-04).

with

settled_period_line as (
    select bonus_line_id from {{ ref('fct_settled_line') }}
    union
    select computed.bonus_line_id
    from {{ ref('bonus_line_computed') }} as computed
    inner join {{ ref('dim_settled_period') }} as settled
        on computed.period_id = settled.period_id
    union
    select bonus_line_id from {{ ref('bonus_correction') }}
)

select
    line.bonus_line_id,
    line.adjusts_bonus_line_id
from {{ ref('bonus_line') }} as line
left join settled_period_line
    on line.adjusts_bonus_line_id = settled_period_line.bonus_line_id
where line.adjusts_bonus_line_id is not null and settled_period_line.bonus_line_id is null
