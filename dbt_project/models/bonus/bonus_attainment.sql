-- Grain: one agent, one period, one component paid by attainment: actual against target.

with

due as (
    select
        due.*,
        observation.numerator as actual_value,
        target.target_value
    from {{ ref('bonus_due') }} as due
    left join {{ ref('kpi_observation') }} as observation
        on
            due.agent_id = observation.agent_id
            and due.period_id = observation.period_id
            and due.basis = observation.kpi_id
    left join {{ ref('fct_target') }} as target
        on
            due.agent_id = target.agent_id
            and due.period_id = target.period_id
            and due.basis = target.metric
    where due.mechanism = 'commission'
)

select
    agent_id,
    period_kind,
    period_id,
    scheme_id,
    component_id,
    basis as kpi_id,
    coalesce(actual_value, 0) as actual_value,
    target_value,
    case when target_value > 0 then {{ ratio('coalesce(actual_value, 0)', 'target_value') }} end as attainment,
    case when target_value > 0 then 'has_target' else 'no_target' end as status
from due
