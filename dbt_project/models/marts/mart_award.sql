-- Grain: one award of an agent or a team.

{# An agent's award in money is a bonus line, so that a settled period shows what was paid; team awards and honours have
   no line. #}

with

paid as (
    select
        line.period_id || ':' || line.component_id || ':' || line.agent_id as award_id,
        coalesce(award.award_kind, line.component_id) as award_kind,
        'agent' as subject,
        line.agent_id,
        cast(null as string) as team_id,
        line.scheme_id,
        line.period_kind,
        line.period_id,
        line.component_id,
        ranking.scope,
        ranking.scope_id,
        ranking.rank,
        ranking.measure_id as ranked_by,
        ranking.ranked_value,
        line.amount_cny,
        line.bonus_line_id,
        line.line_label as label_en,
        line.line_label_zh as label_zh,
        line.clause_id,
        line.value_origin
    from {{ ref('bonus_line') }} as line
    left join {{ ref('policy_award') }} as award
        on
            line.component_id = award.component_id
            and line.period_id = award.period_id
    left join {{ ref('bonus_ranking') }} as ranking
        on
            line.component_id = ranking.component_id
            and line.period_id = ranking.period_id
            and line.agent_id = ranking.subject_id
            and ranking.subject = 'agent'
            and ranking.is_awarded
    where line.mechanism in ('top_n', 'improvement')
),

team_award as (
    select
        period_id || ':' || component_id || ':' || subject_id as award_id,
        award_kind,
        subject,
        cast(null as string) as agent_id,
        subject_id as team_id,
        scheme_id,
        period_kind,
        period_id,
        component_id,
        scope,
        scope_id,
        rank,
        measure_id as ranked_by,
        ranked_value,
        amount_cny,
        cast(null as string) as bonus_line_id,
        label_en,
        label_zh,
        clause_id,
        value_origin
    from {{ ref('bonus_ranking') }}
    where subject = 'team' and is_awarded
),

honour as (
    select
        period_id || ':' || consequence || ':' || subject_id as award_id,
        consequence as award_kind,
        subject,
        case when subject = 'agent' then subject_id end as agent_id,
        case when subject = 'team' then subject_id end as team_id,
        scheme_id,
        period_kind,
        period_id,
        cast(null as string) as component_id,
        'scheme' as scope,
        scheme_id as scope_id,
        cast(null as bigint) as rank,
        'grade ' || grade as ranked_by,
        cast(total_score as decimal(24, 6)) as ranked_value,
        cast(null as decimal(18, 2)) as amount_cny,
        cast(null as string) as bonus_line_id,
        label_en,
        label_zh,
        clause_id,
        value_origin
    from {{ ref('grade_outcome') }}
    where kind = 'award' and is_met
)

select
    found.*,
    case when period.has_ended then 'final' else 'provisional' end as maturity
from (
    select * from paid
    union all
    select * from team_award
    union all
    select * from honour
) as found
inner join {{ ref('dim_period') }} as period
    on found.period_id = period.period_id
