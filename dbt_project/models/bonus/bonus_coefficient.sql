-- Grain: one agent, one period of a points plan held: deductions and the coefficient they leave (PT-05, PT-06).

{# The component banded by deduction_points holds the coefficient table, keyed by customer group. A coefficient of
   0 means a period without performance pay; none, that the deductions are unknown (S-EXPORT). #}

with

deducted as (
    select
        agent_id,
        period_id,
        scheme_id,
        cast(sum(deduction_points) as decimal(18, 6)) as known_points,
        count(case when deduction_points is null then 1 end) > 0 as is_unknown,
        count(case when value_origin = 'site' and deduction_points <> 0 then 1 end) > 0 as has_site_value
    from {{ ref('bonus_deduction') }}
    group by agent_id, period_id, scheme_id
),

banded as (
    select
        due.agent_id,
        due.period_kind,
        due.period_id,
        due.scheme_id,
        due.component_id,
        due.component_clause_id,
        coalesce(due.rate_key, default_key.text_value) as rate_key,
        case
            when not coalesce(deducted.is_unknown, false)
                then coalesce(deducted.known_points, cast(0 as decimal(18, 6)))
        end as deduction_points,
        coalesce(deducted.has_site_value, false) as has_site_value
    from {{ ref('bonus_due') }} as due
    inner join {{ ref('policy_component') }} as component
        on
            due.component_id = component.component_id
            and due.period_id = component.period_id
            and component.band_attribute = 'deduction_points'
    left join {{ ref('policy_component_parameter') }} as default_key
        on
            due.component_id = default_key.component_id
            and due.period_id = default_key.period_id
            and default_key.parameter = 'default_rate_key'
    left join deducted
        on
            due.agent_id = deducted.agent_id
            and due.period_id = deducted.period_id
            and due.scheme_id = deducted.scheme_id
)

select
    banded.agent_id,
    banded.period_kind,
    banded.period_id,
    banded.scheme_id,
    banded.component_id,
    banded.rate_key as customer_group,
    banded.deduction_points,
    rate.rate as coefficient,
    rate.rate > 0 as has_performance_pay,
    rate.lower_bound,
    coalesce(rate.clause_id, banded.component_clause_id) as clause_id,
    case when banded.has_site_value then 'site' else coalesce(rate.value_origin, 'stated') end as value_origin,
    case when banded.deduction_points is null then 'no_export' else 'known' end as status
from banded
left join {{ ref('policy_component_rate') }} as rate
    on
        banded.component_id = rate.component_id
        and banded.period_id = rate.period_id
        and banded.rate_key = rate.rate_key
        and {{ in_band('banded.deduction_points', 'rate') }}
where rate.rate is not null or banded.deduction_points is null
