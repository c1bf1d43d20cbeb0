-- Grain: one agent, one period in which the agent's plan scores.

with

-- A year that rests on quarters is reviewed when they are (CG-04, CG-06).
unreviewed_quarter as (
    select
        score.agent_id,
        {{ year_id('period.starts_on') }} as period_id,
        cast(count(*) as bigint) as quarter_count
    from {{ ref('score__month_quarter') }} as score
    inner join {{ ref('dim_period') }} as period
        on score.period_id = period.period_id
    where score.period_kind = 'quarter' and score.status = 'awaiting_review'
    group by score.agent_id, {{ year_id('period.starts_on') }}
),

rests_on_quarters as (
    select
        agent_id,
        period_id
    from {{ ref('score_line__year') }}
    where kpi_id = 'quarter_total' and is_scored
)

select * from {{ ref('score__month_quarter') }}
union all
select
    year.period_kind,
    year.period_id,
    year.agent_id,
    year.scheme_id,
    year.role,
    year.data_score,
    year.supervisor_score,
    year.collaboration_score,
    year.supervisor_share,
    year.collaboration_share,
    year.total_score,
    case
        when
            year.status = 'scored'
            and unreviewed_quarter.agent_id is not null
            and rests_on_quarters.agent_id is not null
            then 'awaiting_review'
        else year.status
    end as status,
    year.maturity
from {{ ref('score__year') }} as year
left join unreviewed_quarter
    on
        year.agent_id = unreviewed_quarter.agent_id
        and year.period_id = unreviewed_quarter.period_id
left join rests_on_quarters
    on
        year.agent_id = rests_on_quarters.agent_id
        and year.period_id = rests_on_quarters.period_id
