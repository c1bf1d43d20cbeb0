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
        scheme.min_group_size,
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
        {{ ratio('ranked.rank - 1', 'ranked.cohort_size') }} as position,
        case
            when ranked.rank is null then null
            when has_forced.scheme_id is not null and ranked.cohort_size >= candidate.min_group_size then 'forced'
            else 'absolute'
        end as method
    from candidate
    left join ranked
        on
            candidate.agent_id = ranked.agent_id
            and candidate.period_id = ranked.period_id
    left join (
        select distinct
            period_id,
            scheme_id
        from {{ ref('policy_grade_band') }}
        where method = 'forced'
    ) as has_forced
        on
            candidate.period_id = has_forced.period_id
            and candidate.scheme_id = has_forced.scheme_id
),

-- The first band whose cumulative share exceeds (rank - 1) / n, or whose lowest score is reached; never on doubles.
banded as (
    select
        placed.agent_id,
        placed.period_id,
        min(band.band_no) as band_no
    from placed
    inner join {{ ref('policy_grade_band') }} as band
        on
            placed.period_id = band.period_id
            and placed.scheme_id = band.scheme_id
            and placed.method = band.method
            and (
                (
                    placed.method = 'forced'
                    and cast(placed.rank - 1 as decimal(18, 0))
                    < cast(band.cumulative_share as decimal(9, 6)) * cast(placed.cohort_size as decimal(9, 0))
                )
                or (
                    placed.method = 'absolute'
                    and (band.min_score is null or placed.total_score >= band.min_score)
                )
            )
    group by placed.agent_id, placed.period_id
)

select
    placed.period_kind,
    placed.period_id,
    placed.agent_id,
    placed.scheme_id,
    placed.role,
    placed.cohort_id,
    placed.cohort_size,
    placed.rank,
    placed.position,
    placed.total_score,
    band.grade,
    band.band_no,
    placed.method,
    placed.status,
    placed.maturity,
    band.clause_id
from placed
left join banded
    on
        placed.agent_id = banded.agent_id
        and placed.period_id = banded.period_id
left join {{ ref('policy_grade_band') }} as band
    on
        placed.period_id = band.period_id
        and placed.scheme_id = band.scheme_id
        and placed.method = band.method
        and banded.band_no = band.band_no
