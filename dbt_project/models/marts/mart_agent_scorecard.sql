-- Grain: one agent, one period, one KPI observed or scored.

select
    observation.period_kind,
    observation.period_id,
    observation.agent_id,
    agent.agent_name,
    place.scheme_id,
    place.role,
    place.team_id,
    place.department,
    observation.kpi_id,
    definition.name_en as kpi_name_en,
    definition.name_zh as kpi_name_zh,
    definition.unit,
    definition.direction,
    observation.numerator,
    observation.denominator,
    observation.value,
    observation.set_aside_count,
    observation.pending_count,
    observation.maturity,
    score_line.block,
    score_line.floor_value,
    score_line.target_value,
    score_line.stretch_value,
    score_line.points,
    score_line.effective_weight,
    score_line.weighted_points,
    score.data_score,
    score.supervisor_score,
    score.collaboration_score,
    score.total_score,
    score.status as score_status,
    grade.rank,
    grade.cohort_size,
    grade.grade
from {{ ref('kpi_observation') }} as observation
inner join {{ ref('dim_agent') }} as agent
    on observation.agent_id = agent.agent_id
inner join {{ ref('dim_agent_period') }} as place
    on
        observation.agent_id = place.agent_id
        and observation.period_id = place.period_id
inner join {{ ref('policy_kpi_period') }} as definition
    on
        observation.kpi_id = definition.kpi_id
        and observation.period_id = definition.period_id
left join {{ ref('score_line') }} as score_line
    on
        observation.agent_id = score_line.agent_id
        and observation.period_id = score_line.period_id
        and observation.kpi_id = score_line.kpi_id
left join {{ ref('score') }} as score
    on
        observation.agent_id = score.agent_id
        and observation.period_id = score.period_id
left join {{ ref('grade') }} as grade
    on
        observation.agent_id = grade.agent_id
        and observation.period_id = grade.period_id
