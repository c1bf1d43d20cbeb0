-- Grain: one agent, one period with a day in service: score, grade and place, once.

select
    place.period_kind,
    place.period_id,
    place.agent_id,
    agent.agent_name,
    place.scheme_id,
    coalesce(place.team_id, '') as team_id,
    place.department,
    place.role,
    place.customer_group,
    place.level,
    place.employment,
    place.service_day_count,
    score.scheme_id as scored_scheme_id,
    score.data_score,
    score.supervisor_score,
    score.collaboration_score,
    score.total_score,
    score.status as score_status,
    grade.cohort_id,
    grade.cohort_size,
    grade.rank,
    grade.grade,
    grade.band_no as grade_order,
    grade.method as grade_method,
    grade.status as grade_status,
    score.maturity
from {{ ref('dim_agent_period') }} as place
inner join {{ ref('dim_agent') }} as agent
    on place.agent_id = agent.agent_id
left join {{ ref('score') }} as score
    on
        place.agent_id = score.agent_id
        and place.period_id = score.period_id
left join {{ ref('grade') }} as grade
    on
        place.agent_id = grade.agent_id
        and place.period_id = grade.period_id
