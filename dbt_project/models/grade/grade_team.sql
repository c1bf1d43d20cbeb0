-- Grain: one team, one plan, one period in which the plan grades teams (CG-24): the mean of its members' total scores.

with

graded_scheme as (
    select
        period_id,
        scheme_id
    from {{ ref('policy_grade_band') }}
    where method = 'team'
    group by period_id, scheme_id
),

member as (
    select
        agent.team_id,
        agent.period_kind,
        agent.period_id,
        agent.scheme_id,
        score.total_score,
        score.status,
        score.maturity
    from {{ ref('score_place') }} as agent
    inner join graded_scheme
        on
            agent.period_id = graded_scheme.period_id
            and agent.scheme_id = graded_scheme.scheme_id
    left join {{ ref('score') }} as score
        on
            agent.agent_id = score.agent_id
            and agent.period_id = score.period_id
    where agent.team_id is not null
),

-- Members without a score are not counted, as in a ranking of agents.
averaged as (
    select
        team_id,
        period_kind,
        period_id,
        scheme_id,
        cast(count(*) as bigint) as member_count,
        cast(count(total_score) as bigint) as scored_member_count,
        {{ ratio(
            'cast(coalesce(sum(total_score), 0) as decimal(20, 6))', 'count(total_score)', scale=4
        ) }} as total_score,
        count(case when status = 'awaiting_review' then 1 end) > 0 as is_awaiting_review,
        count(case when maturity = 'provisional' then 1 end) > 0 as is_provisional
    from member
    group by team_id, period_kind, period_id, scheme_id
),

banded as (
    select
        averaged.team_id,
        averaged.period_id,
        averaged.scheme_id,
        min(band.band_no) as band_no
    from averaged
    inner join {{ ref('policy_grade_band') }} as band
        on
            averaged.period_id = band.period_id
            and averaged.scheme_id = band.scheme_id
            and band.method = 'team'
            and (band.min_score is null or averaged.total_score >= band.min_score)
    where averaged.total_score is not null
    group by averaged.team_id, averaged.period_id, averaged.scheme_id
)

select
    averaged.period_kind,
    averaged.period_id,
    averaged.team_id,
    averaged.scheme_id,
    averaged.member_count,
    averaged.scored_member_count,
    averaged.total_score,
    band.grade,
    case
        when averaged.total_score is null then 'insufficient_data'
        when averaged.is_awaiting_review then 'awaiting_review'
        else 'scored'
    end as status,
    case when averaged.is_provisional then 'provisional' else 'final' end as maturity,
    band.clause_id,
    band.value_origin
from averaged
left join banded
    on
        averaged.team_id = banded.team_id
        and averaged.period_id = banded.period_id
        and averaged.scheme_id = banded.scheme_id
left join {{ ref('policy_grade_band') }} as band
    on
        averaged.period_id = band.period_id
        and averaged.scheme_id = band.scheme_id
        and band.method = 'team'
        and banded.band_no = band.band_no
