-- due = components of the plans held, by segment or once
-- in: bonus.bonus_due
with way as (
    select component_id, period_id, bool_or(is_by_segment) as is_by_segment,
        bool_or(period_day_count > 1) as is_by_days
    from {bonus.bonus_due} group by all
),
-- Full years of a service end with it, though the agent may be back within the period.
begun as (
    select agent_id, period_id, segment_no, last_day_on,
        lag(last_day_on) over service is distinct from first_day_on - 1 as is_begin
    from {facts.dim_agent_period_segment}
    window service as (partition by agent_id, period_id order by first_day_on)
),
numbered as (
    select *, count_if(is_begin) over (
        partition by agent_id, period_id order by segment_no) as service_no
    from begun
),
served as (
    select agent_id, period_id, segment_no,
        max(last_day_on) over (partition by agent_id, period_id, service_no) as served_to
    from numbered
),
own as (
    select segment.*, component.* exclude (period_id, period_kind, scheme_id, role,
        effective_from_on),
        sum(segment.day_count) over component as own_day_count,
        segment.segment_no = max(segment.segment_no) over component as is_last_own,
        coalesce(is_by_segment, false) as is_by_segment, coalesce(is_by_days, false) as is_by_days
    from {policy.policy_component} as component
    inner join {facts.dim_agent_period_segment} as segment on component.period_id = segment.period_id
        and is_own(component.scheme_id, component.role, segment.scheme_id, segment.role)
    left join way
        on component.component_id = way.component_id and component.period_id = way.period_id
    window component as (partition by segment.agent_id, segment.period_id, component.component_id)
)
select own.agent_id, own.period_id, component_id,
    case when is_by_segment then own.segment_no else 1 end as segment_no, is_by_segment,
    case when is_by_days then own.day_count else 1 end as day_count,
    case when is_by_days then own.period_day_count else 1 end as period_day_count,
    own_day_count, own.role, own.team_id, own.department, own.base_salary_cny,
    own.hired_on,
    case key_attribute when 'grade' then grade.grade when 'level' then own.level
        when 'education' then own.education when 'role' then own.role
        when 'customer_group' then own.customer_group else '' end as rate_key,
    case when band_attribute = 'service_years' then
        year(served_to) - year(own.hired_on) - case when served_to < own.hired_on
            + to_years(cast(year(served_to) - year(own.hired_on) as integer)) then 1 else 0 end
        else 0 end as band_value,
    grade.grade, grade.method as grade_method, score.total_score, score.scheme_id as scored_scheme_id,
    coalesce(score.status, 'not_scored') as score_status, graded.status as grade_status
from own
inner join served on own.agent_id = served.agent_id and own.period_id = served.period_id
    and own.segment_no = served.segment_no
left join {grade.grade_by_plan} as grade on own.agent_id = grade.agent_id
    and own.period_id = grade.period_id and own.scheme_id = grade.scheme_id
left join {grade.grade} as graded on own.agent_id = graded.agent_id
    and own.period_id = graded.period_id
left join {score.score} as score on own.agent_id = score.agent_id and own.period_id = score.period_id
where is_by_segment or (is_last_own and (own.is_last_segment or (component_id, own.period_id) not in (
    select (component_id, period_id) from {policy.policy_award})))
