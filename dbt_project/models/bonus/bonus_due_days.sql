-- Grain: one agent, one period, one component of a plan held in it, one part of the period it is paid for: its days.

{# S-PRORATE, S-MOVE. A component is due under every plan held, for the agent's own days: those with its plan, and its
   role where it is bound to one. What does not rest on counted events is paid per job-history segment by calendar days,
   events paid apiece per segment and unprorated. What is counted over a period (points, commission, thresholds) is due
   once over all own days, awards by rank once under the plan of the last day in service (S-AWARD). #}

with

-- A component of points rests on standing facts alone (execution, level, being in service), or counts events.
counted_kind as (
    select
        weighed.component_id,
        weighed.period_id,
        count(case when not kind.is_standing then 1 end) = 0 as is_standing
    from {{ ref('policy_component_event') }} as weighed
    inner join {{ ref('policy_event_kind') }} as kind
        on
            weighed.event_kind = kind.event_kind
            and weighed.period_id = kind.period_id
    where weighed.use = 'weight'
    group by weighed.component_id, weighed.period_id
),

component as (
    select
        component.*,
        component.mechanism in ('top_n', 'improvement') as is_by_rank,
        component.mechanism in ('fixed', 'graded', 'scored', 'per_event')
        or coalesce(counted_kind.is_standing, false) as is_by_segment,
        component.mechanism in ('fixed', 'graded', 'scored')
        or coalesce(basis_kind.is_standing, false)
        or coalesce(counted_kind.is_standing, false) as is_prorated
    from {{ ref('policy_component') }} as component
    left join counted_kind
        on
            component.component_id = counted_kind.component_id
            and component.period_id = counted_kind.period_id
            and component.mechanism = 'points'
    left join {{ ref('policy_event_kind') }} as basis_kind
        on
            component.basis = basis_kind.event_kind
            and component.period_id = basis_kind.period_id
            and component.mechanism = 'per_event'
),

own_segment as (
    select
        segment.*,
        component.component_id,
        component.is_by_rank,
        component.is_by_segment,
        component.is_prorated,
        sum(segment.day_count) over (
            partition by segment.agent_id, segment.period_id, component.component_id
        ) as own_day_count,
        row_number() over (
            partition by segment.agent_id, segment.period_id, component.component_id
            order by segment.segment_no desc nulls last
        ) = 1 as is_last_own
    from component
    inner join {{ ref('dim_agent_period_segment') }} as segment
        on
            component.period_id = segment.period_id
            and component.scheme_id = segment.scheme_id
            and (component.role = segment.role or component.role = '*')
),

due as (
    select
        *,
        segment_no as part_no,
        case when is_prorated then day_count else 1 end as paid_day_count,
        case when is_prorated then period_day_count else 1 end as of_day_count
    from own_segment
    where is_by_segment
    union all
    select
        *,
        cast(1 as bigint) as part_no,
        cast(1 as bigint) as paid_day_count,
        cast(1 as bigint) as of_day_count
    from own_segment
    where not is_by_segment and is_last_own and (is_last_segment or not is_by_rank)
)

select
    due.agent_id,
    due.period_kind,
    due.period_id,
    due.scheme_id,
    due.component_id,
    component.mechanism,
    component.basis,
    component.role as component_role,
    component.line_no as component_line_no,
    component.pay_kind,
    component.label_en as component_label_en,
    component.label_zh as component_label_zh,
    component.clause_id as component_clause_id,
    component.value_origin as component_value_origin,
    component.key_attribute,
    component.band_attribute,
    due.part_no as segment_no,
    due.is_by_segment,
    due.paid_day_count as day_count,
    due.of_day_count as period_day_count,
    cast(due.own_day_count as bigint) as own_day_count,
    place.service_day_count,
    due.service_last_day_on,
    due.role,
    due.team_id,
    due.department,
    due.level,
    due.education,
    due.customer_group,
    due.hired_on,
    due.base_salary_cny
from due
inner join {{ ref('dim_agent_period') }} as place
    on
        due.agent_id = place.agent_id
        and due.period_id = place.period_id
inner join {{ ref('policy_component') }} as component
    on
        due.component_id = component.component_id
        and due.period_id = component.period_id
