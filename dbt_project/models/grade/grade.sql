-- Grain: one agent, one period in which the agent's plan grades.

with

graded_scheme as (
    select
        period_id,
        scheme_id
    from {{ ref('policy_grade_band') }}
    group by period_id, scheme_id
),

candidate as (
    select
        score.*,
        score.scheme_id || ':' || case when scheme.cohort_scope = 'role' then coalesce(score.role, '') else '*' end
        || ':' || score.period_id as cohort_id
    from {{ ref('score') }} as score
    inner join graded_scheme
        on
            score.period_id = graded_scheme.period_id
            and score.scheme_id = graded_scheme.scheme_id
    inner join {{ ref('policy_scheme') }} as scheme
        on
            score.period_id = scheme.period_id
            and score.scheme_id = scheme.scheme_id
),

-- S-RANK: only the scored are ranked and counted; ties share the better rank (1, 2, 2, 4).
ranked as (
    select
        agent_id,
        period_id,
        cast(rank() over (partition by cohort_id order by total_score desc nulls last) as bigint) as rank,
        cast(count(*) over (partition by cohort_id) as bigint) as cohort_size
    from candidate
    where total_score is not null
),

placed as (
    select
        candidate.*,
        ranked.rank,
        coalesce(ranked.cohort_size, 0) as cohort_size,
        {{ ratio('ranked.rank - 1', 'ranked.cohort_size') }} as position
    from candidate
    left join ranked
        on
            candidate.agent_id = ranked.agent_id
            and candidate.period_id = ranked.period_id
),

graded as (
    {{ graded_places('placed') }}
)

select
    period_kind,
    period_id,
    agent_id,
    scheme_id,
    role,
    cohort_id,
    cohort_size,
    rank,
    position,
    total_score,
    grade,
    band_no,
    method,
    status,
    maturity,
    clause_id
from graded
