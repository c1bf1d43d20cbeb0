-- Grain: one period, one component, one use of a kind of event: counted by weight, or a gate that must hold.

select
    in_force.period_id,
    in_force.component_id,
    in_force.use,
    in_force.event_kind,
    coalesce(in_force.comparison, '') as comparison,
    in_force.threshold_value,
    in_force.weight,
    in_force.if_missing,
    in_force.effective_from as effective_from_on,
    in_force.clause_id,
    in_force.value_origin
from ({{ rows_in_force('component_event') }}) as in_force
inner join {{ ref('policy_component') }} as component
    on
        in_force.component_id = component.component_id
        and in_force.period_id = component.period_id
