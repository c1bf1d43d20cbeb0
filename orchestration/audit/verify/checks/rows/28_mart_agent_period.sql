-- an agent's period = place, score and grade
-- in: marts.mart_agent_period
select place.period_id, place.agent_id, place.period_kind, agent_name, place.scheme_id, coalesce(place.team_id, '') as team_id,
    place.department, place.role, place.customer_group, place.level, place.employment, service_day_count,
    score.scheme_id as scored_scheme_id, data_score,
    supervisor_score, collaboration_score, score.total_score, score.status as score_status, cohort_id, cohort_size,
    rank, grade, band_no as grade_order, method as grade_method, grade.status as grade_status, score.maturity
from {facts.dim_agent_period} as place
left join {facts.dim_agent} as agent on place.agent_id = agent.agent_id
left join {score.score} as score on place.agent_id = score.agent_id and place.period_id = score.period_id
left join {grade.grade} as grade on place.agent_id = grade.agent_id and place.period_id = grade.period_id
