-- Grain: one period, one component, one parameter.

select
    in_force.period_id,
    in_force.component_id,
    in_force.parameter,
    in_force.value,
    in_force.text_value,
    in_force.effective_from as effective_from_on,
    in_force.clause_id,
    in_force.value_origin
from ({{ rows_in_force('component_parameter') }}) as in_force
inner join {{ ref('policy_component') }} as component
    on
        in_force.component_id = component.component_id
        and in_force.period_id = component.period_id
