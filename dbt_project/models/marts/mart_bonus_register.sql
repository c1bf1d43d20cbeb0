-- Grain: one line of an agent's bonus, as payroll reads it.

select
    line.period_kind,
    line.period_id,
    line.agent_id,
    agent.agent_name,
    line.scheme_id,
    scheme.name_en as scheme_en,
    scheme.name_zh as scheme_zh,
    line.line_no,
    line.bonus_line_id,
    line.bonus_id,
    line.component_id,
    coalesce(component.label_en, line.line_label) as component_en,
    coalesce(component.label_zh, line.line_label_zh) as component_zh,
    line.mechanism,
    line.pay_kind,
    line.line_label,
    line.line_label_zh,
    line.quantity,
    line.quantity_unit,
    kind.label_en as counted_en,
    kind.label_zh as counted_zh,
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
left join {{ ref('policy_component') }} as component
    on
        line.component_id = component.component_id
        and line.period_id = component.period_id
left join {{ ref('policy_scheme') }} as scheme
    on
        line.scheme_id = scheme.scheme_id
        and line.period_id = scheme.period_id
left join {{ ref('policy_event_kind') }} as kind
    on
        line.quantity_unit = kind.event_kind
        and line.period_id = kind.period_id
