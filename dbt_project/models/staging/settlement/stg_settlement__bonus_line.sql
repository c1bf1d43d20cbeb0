-- Grain: one bonus_line_id of a settled register.

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
from {{ source('settlement', 'bonus_line') }}
