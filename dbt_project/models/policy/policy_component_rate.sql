-- Grain: one period, one component, one row of its rate table.

select
    in_force.period_id,
    in_force.component_id,
    coalesce(in_force.rate_key, '') as rate_key,
    in_force.lower_bound,
    in_force.upper_bound,
    in_force.rate,
    in_force.amount_cny,
    in_force.effective_from as effective_from_on,
    in_force.clause_id,
    in_force.value_origin
from ({{ rows_in_force('component_rate') }}) as in_force
inner join {{ ref('policy_component') }} as component
    on
        in_force.component_id = component.component_id
        and in_force.period_id = component.period_id
