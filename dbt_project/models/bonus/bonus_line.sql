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
    bonus_line_id,
    bonus_id,
    period_kind,
    period_id,
    agent_id,
    scheme_id,
    component_id,
    mechanism,
    pay_kind,
    line_no,
    segment_no,
    line_label,
    line_label_zh,
    quantity,
    quantity_unit,
    rate,
    day_count,
    period_day_count,
    amount_cny,
    clause_id,
    value_origin,
    input_model,
    input_key,
    cast(null as string) as adjusts_bonus_line_id
from open_line
union all
select
    bonus_line_id,
    bonus_id,
    period_kind,
    period_id,
    agent_id,
    scheme_id,
    component_id,
    mechanism,
    pay_kind,
    line_no,
    segment_no,
    line_label,
    line_label_zh,
    quantity,
    quantity_unit,
    rate,
    day_count,
    period_day_count,
    amount_cny,
    clause_id,
    value_origin,
    input_model,
    input_key,
    adjusts_bonus_line_id
from {{ ref('fct_settled_line') }}
union all
select
    bonus_line_id,
    bonus_id,
    period_kind,
    period_id,
    agent_id,
    scheme_id,
    component_id,
    mechanism,
    pay_kind,
    line_no,
    segment_no,
    line_label,
    line_label_zh,
    quantity,
    quantity_unit,
    rate,
    day_count,
    period_day_count,
    amount_cny,
    clause_id,
    value_origin,
    input_model,
    input_key,
    adjusts_bonus_line_id
from {{ ref('bonus_line__adjustment') }}
