-- Grain: one due component, one gate: what must hold of the period's events for the component to pay.

{# A gate is a parameter at_most_<kind of event> or at_least_<kind of event>; it looks at the whole period,
   whatever the segment paid. #}

with

gate as (
    select
        component_id,
        period_id,
        parameter,
        case
            when parameter like 'at_most_%' then replace(parameter, 'at_most_', '')
            else replace(parameter, 'at_least_', '')
        end as event_kind,
        parameter like 'at_most_%' as is_upper_limit,
        value as limit_quantity,
        clause_id,
        value_origin
    from {{ ref('policy_component_parameter') }}
    where parameter like 'at_most_%' or parameter like 'at_least_%'
),

observed as (
    select
        due.agent_id,
        due.period_id,
        due.component_id,
        due.segment_no,
        gate.parameter,
        gate.event_kind,
        gate.is_upper_limit,
        gate.limit_quantity,
        gate.clause_id,
        gate.value_origin,
        cast(coalesce(sum(event.quantity), 0) as decimal(18, 6)) as event_quantity
    from {{ ref('bonus_due') }} as due
    inner join gate
        on
            due.component_id = gate.component_id
            and due.period_id = gate.period_id
    inner join {{ ref('dim_period_month') }} as period_month
        on due.period_id = period_month.period_id
    left join {{ ref('bonus_event') }} as event
        on
            due.agent_id = event.agent_id
            and period_month.month_id = event.month_id
            and gate.event_kind = event.event_kind
    group by
        due.agent_id,
        due.period_id,
        due.component_id,
        due.segment_no,
        gate.parameter,
        gate.event_kind,
        gate.is_upper_limit,
        gate.limit_quantity,
        gate.clause_id,
        gate.value_origin
)

select
    *,
    case
        when is_upper_limit then event_quantity <= limit_quantity
        else event_quantity >= limit_quantity
    end as is_open
from observed
