-- Grain: one line of an agent's bonus, as payroll reads it.

select
    line.period_kind,
    line.period_id,
    line.agent_id,
    agent.agent_name,
    line.scheme_id,
    line.line_no,
    line.bonus_line_id,
    line.bonus_id,
    line.component_id,
    line.mechanism,
    line.pay_kind,
    line.line_label,
    line.line_label_zh,
    line.quantity,
    line.quantity_unit,
    line.rate,
    line.day_count,
    line.period_day_count,
    line.amount_cny,
    line.clause_id,
    line.value_origin,
    line.adjusts_bonus_line_id,
    bonus.amount_cny as bonus_amount_cny,
    bonus.maturity
from {{ ref('bonus_line') }} as line
inner join {{ ref('bonus') }} as bonus
    on line.bonus_id = bonus.bonus_id
left join {{ ref('dim_agent') }} as agent
    on line.agent_id = agent.agent_id
