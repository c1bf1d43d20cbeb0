-- Grain: one agent, one period, one component of the plan, one segment of service it is paid for.

{# S-PRORATE: fixed, graded and scored amounts of a month are due per job-history segment under that segment's plan
   and role. So are the month's events paid apiece, unprorated: each belongs to the plan held on its day.
   Everything else is due once, under the plan and role of the last day in service. #}

with

component as (
    select
        *,
        mechanism in ('fixed', 'graded', 'scored') as is_prorated,
        mechanism in ('fixed', 'graded', 'scored', 'per_event') and period_kind = 'month' as is_by_segment
    from {{ ref('policy_component') }}
),

by_segment as (
    select
        segment.agent_id,
        component.period_kind,
        component.period_id,
        component.component_id,
        segment.segment_no,
        case when component.is_prorated then segment.day_count else 1 end as day_count,
        case when component.is_prorated then segment.month_day_count else 1 end as period_day_count,
        segment.scheme_id,
        segment.role,
        segment.team_id,
        segment.department,
        segment.customer_group,
        segment.level,
        segment.employment,
        segment.education,
        segment.hired_on,
        segment.base_salary_cny
    from component
    inner join {{ ref('dim_agent_month_segment') }} as segment
        on
            component.period_id = segment.month_id
            and component.scheme_id = segment.scheme_id
            and (component.role = segment.role or component.role = '*')
    where component.is_by_segment
),

by_period as (
    select
        agent.agent_id,
        component.period_kind,
        component.period_id,
        component.component_id,
        cast(1 as bigint) as segment_no,
        cast(1 as bigint) as day_count,
        cast(1 as bigint) as period_day_count,
        agent.scheme_id,
        agent.role,
        agent.team_id,
        agent.department,
        agent.customer_group,
        agent.level,
        agent.employment,
        agent.education,
        agent.hired_on,
        agent.base_salary_cny
    from component
    inner join {{ ref('dim_agent_period') }} as agent
        on
            component.period_id = agent.period_id
            and component.scheme_id = agent.scheme_id
            and (component.role = agent.role or component.role = '*')
    where not component.is_by_segment
),

due as (
    select * from by_segment
    union all
    select * from by_period
)

select
    due.agent_id,
    due.period_kind,
    due.period_id,
    due.scheme_id,
    due.component_id,
    component.mechanism,
    component.basis,
    component.line_no as component_line_no,
    component.pay_kind,
    component.label_en as component_label_en,
    component.label_zh as component_label_zh,
    component.clause_id as component_clause_id,
    component.value_origin as component_value_origin,
    due.segment_no,
    due.day_count,
    due.period_day_count,
    due.role,
    due.team_id,
    due.department,
    due.base_salary_cny,
    -- The attribute by which the component's rate table is keyed, and the number by which it is banded.
    case component.key_attribute
        when 'grade' then grade.grade
        when 'level' then due.level
        when 'education' then due.education
        when 'role' then due.role
        when 'customer_group' then due.customer_group
        else ''
    end as rate_key,
    case component.band_attribute
        when 'service_years' then {{ full_years('coalesce(due.hired_on, agent.hired_on)', 'period.ends_on') }}
        else 0
    end as band_value,
    grade.grade,
    score.total_score,
    grade.status as grade_status,
    coalesce(score.status, 'not_scored') as score_status
from due
inner join {{ ref('dim_period') }} as period
    on due.period_id = period.period_id
inner join {{ ref('dim_agent') }} as agent
    on due.agent_id = agent.agent_id
inner join {{ ref('policy_component') }} as component
    on
        due.component_id = component.component_id
        and due.period_id = component.period_id
left join {{ ref('grade') }} as grade
    on
        due.agent_id = grade.agent_id
        and due.period_id = grade.period_id
left join {{ ref('score') }} as score
    on
        due.agent_id = score.agent_id
        and due.period_id = score.period_id
