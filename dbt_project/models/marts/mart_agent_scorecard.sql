-- Grain: one agent, one period, one KPI observed or scored, or other measure scored.

with

-- Ratings, quarter totals and the centre's NPS are scored like KPIs: without them lines would not add up to the score.
measured as (
    select
        period_kind,
        period_id,
        agent_id,
        kpi_id,
        numerator,
        denominator,
        value,
        set_aside_count,
        pending_count,
        maturity
    from {{ ref('kpi_observation') }}
    union all
    select
        score_line.period_kind,
        score_line.period_id,
        score_line.agent_id,
        score_line.kpi_id,
        coalesce(score_line.numerator, 0) as numerator,
        score_line.denominator,
        score_line.value,
        cast(0 as bigint) as set_aside_count,
        cast(0 as bigint) as pending_count,
        score_line.maturity
    from {{ ref('score_line') }} as score_line
    inner join {{ ref('policy_score_measure') }} as definition
        on
            score_line.kpi_id = definition.measure_id
            and score_line.period_id = definition.period_id
),

defined as (
    select
        period_id,
        kpi_id,
        name_en,
        name_zh,
        unit,
        direction
    from {{ ref('policy_kpi_period') }}
    union all
    select
        period_id,
        measure_id as kpi_id,
        name_en,
        name_zh,
        unit,
        'higher' as direction
    from {{ ref('policy_score_measure') }}
)

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
from measured as observation
inner join {{ ref('dim_agent') }} as agent
    on observation.agent_id = agent.agent_id
inner join {{ ref('dim_agent_period') }} as place
    on
        observation.agent_id = place.agent_id
        and observation.period_id = place.period_id
inner join defined as definition
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
