-- Grain: one period, one component paid by rank (mechanisms top_n and improvement): how its winners are found.

with

parameter as (
    select
        period_id,
        component_id,
        max(case when parameter = 'award_kind' then text_value end) as award_kind,
        max(case when parameter = 'subject' then text_value end) as subject,
        max(case when parameter = 'scope' then text_value end) as scope,
        max(case when parameter = 'gain' then text_value end) as gain,
        max(case when parameter = 'tie_break_1' then text_value end) as tie_break_1,
        max(case when parameter = 'tie_break_2' then text_value end) as tie_break_2,
        cast(max(case when parameter = 'min_sample' then value end) as bigint) as min_sample,
        cast(max(case when parameter = 'max_service_months' then value end) as bigint) as max_service_months
    from {{ ref('policy_component_parameter') }}
    group by period_id, component_id
)

select
    component.period_id,
    component.period_kind,
    component.component_id,
    component.scheme_id,
    component.mechanism,
    component.basis,
    coalesce(parameter.award_kind, component.component_id) as award_kind,
    coalesce(parameter.subject, 'agent') as subject,
    coalesce(parameter.scope, 'scheme') as scope,
    case when component.mechanism = 'improvement' then coalesce(parameter.gain, 'relative') end as gain,
    parameter.tie_break_1,
    parameter.tie_break_2,
    coalesce(parameter.min_sample, 0) as min_sample,
    parameter.max_service_months
from {{ ref('policy_component') }} as component
left join parameter
    on
        component.component_id = parameter.component_id
        and component.period_id = parameter.period_id
where component.mechanism in ('top_n', 'improvement')
