-- Grain: one line of an agent's bonus as this run's data and policy make it, whether or not the period is settled.

with

absorbed as (
    {{ with_amounts(ref('bonus_line_stated')) }}
)

select
    absorbed.bonus_line_id,
    absorbed.period_id || ':' || absorbed.agent_id as bonus_id,
    absorbed.period_kind,
    absorbed.period_id,
    absorbed.agent_id,
    absorbed.scheme_id,
    absorbed.component_id,
    component.mechanism,
    component.pay_kind,
    cast(row_number() over (
        partition by absorbed.agent_id, absorbed.period_id
        order by
            component.line_no asc nulls last,
            absorbed.component_id asc nulls last,
            absorbed.segment_no asc nulls last,
            absorbed.item asc nulls last
    ) as bigint) as line_no,
    absorbed.segment_no,
    absorbed.line_label,
    component.label_zh as line_label_zh,
    cast(absorbed.quantity as decimal(18, 6)) as quantity,
    absorbed.quantity_unit,
    absorbed.rate,
    absorbed.day_count,
    absorbed.period_day_count,
    absorbed.amount_cny,
    absorbed.clause_id,
    absorbed.value_origin,
    absorbed.input_model,
    absorbed.input_key
from absorbed
inner join {{ ref('policy_component') }} as component
    on
        absorbed.component_id = component.component_id
        and absorbed.period_id = component.period_id
