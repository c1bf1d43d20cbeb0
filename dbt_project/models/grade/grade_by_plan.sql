-- Grain: one agent, one period with a score, one plan held in it: the grade by which that plan pays.

{# S-MOVE: the plan scored under pays by the grade itself. Any other plan held reads the score by its own absolute
   bands; without absolute bands it pays its lowest grade (method lowest). #}

with

held as (
    select distinct
        segment.agent_id,
        segment.period_kind,
        segment.period_id,
        segment.scheme_id,
        score.scheme_id as scored_scheme_id,
        score.total_score
    from {{ ref('dim_agent_period_segment') }} as segment
    inner join {{ ref('score') }} as score
        on
            segment.agent_id = score.agent_id
            and segment.period_id = score.period_id
            and score.total_score is not null
),

former as (
    select
        held.*,
        band.method,
        band.band_no,
        band.grade,
        band.clause_id,
        row_number() over (
            partition by held.agent_id, held.period_id, held.scheme_id
            order by
                case band.method when 'absolute' then 0 else 1 end asc nulls last,
                case band.method when 'absolute' then band.band_no else -band.band_no end asc nulls last
        ) as choice
    from held
    inner join {{ ref('policy_grade_band') }} as band
        on
            held.period_id = band.period_id
            and held.scheme_id = band.scheme_id
            and (
                band.method = 'forced'
                or (band.method = 'absolute' and (band.min_score is null or held.total_score >= band.min_score))
            )
    where held.scheme_id <> held.scored_scheme_id
)

select
    held.agent_id,
    held.period_kind,
    held.period_id,
    held.scheme_id,
    held.scored_scheme_id,
    held.total_score,
    grade.method,
    grade.band_no,
    grade.grade,
    grade.clause_id
from held
inner join {{ ref('grade') }} as grade
    on
        held.agent_id = grade.agent_id
        and held.period_id = grade.period_id
        and held.scheme_id = grade.scheme_id
where grade.grade is not null
union all
select
    agent_id,
    period_kind,
    period_id,
    scheme_id,
    scored_scheme_id,
    total_score,
    case method when 'absolute' then method else 'lowest' end as method,
    band_no,
    grade,
    clause_id
from former
where choice = 1
