-- Grain: one period, one component, one row of its rate table.

select
    in_force.period_id,
    in_force.component_id,
    coalesce(in_force.rate_key, '') as rate_key,
    in_force.lower_bound,
    in_force.upper_bound,
    in_force.rate,
    in_force.amount_cny,
    coalesce(side.text_value, 'lower') as band_side,
    in_force.lower_bound = min(in_force.lower_bound) over (
        partition by in_force.period_id, in_force.component_id, in_force.rate_key
    ) as is_first_band,
    in_force.effective_from as effective_from_on,
    in_force.clause_id,
    in_force.value_origin
from ({{ rows_in_force('component_rate') }}) as in_force
inner join {{ ref('policy_component') }} as component
    on
        in_force.component_id = component.component_id
        and in_force.period_id = component.period_id
left join {{ ref('policy_component_parameter') }} as side
    on
        in_force.component_id = side.component_id
        and in_force.period_id = side.period_id
        and side.parameter = 'band_side'
