-- Grain: one agent, one period in which the agent's plan scores.

with

data_score as (
    select
        agent_id,
        period_id,
        {{ points('sum(weighted_points)') }} as data_score,
        count_if(is_scored) > 0 as has_score,
        count_if(maturity = 'provisional') > 0 as is_provisional
    from {{ ref('score_line') }}
    group by agent_id, period_id
),

supervisor_rating as (
    select
        rating.agent_id,
        period_month.period_id,
        rating.period_id = period_month.period_id as is_own_period,
        rating.score
    from {{ ref('fct_rating') }} as rating
    inner join {{ ref('dim_period_month') }} as period_month
        on rating.period_id = period_month.month_id or rating.period_id = period_month.period_id
    where rating.dimension = 'supervisor'
    group by rating.agent_id, period_month.period_id, rating.rating_id, rating.period_id, rating.score
),

-- CG-04: the period's own ratings; for quarter and year those of their months where there are none.
supervisor as (
    select
        agent_id,
        period_id,
        case
            when count_if(is_own_period) > 0
                then {{ ratio('cast(sum(case when is_own_period then score else 0 end) as decimal(20, 6))', 'count_if(is_own_period)', scale=4) }}
            else {{ ratio('cast(sum(score) as decimal(20, 6))', 'count(*)', scale=4) }}
        end as supervisor_score
    from supervisor_rating
    group by agent_id, period_id
),

collaboration as (
    select
        agent_id,
        period_id,
        {{ points('value') }} as collaboration_score
    from {{ ref('kpi_observation') }}
    where kpi_id = 'collaboration_score' and value is not null
),

joined as (
    select
        agent.period_kind,
        agent.period_id,
        agent.agent_id,
        agent.scheme_id,
        agent.role,
        case when data_score.has_score then data_score.data_score end as data_score,
        data_score.is_provisional,
        case when scheme.supervisor_share is not null then supervisor.supervisor_score end as supervisor_score,
        case when scheme.collaboration_share is not null then collaboration.collaboration_score end as collaboration_score,
        coalesce(scheme.supervisor_share, 0) as scheme_supervisor_share,
        case
            when supervisor.supervisor_score is null then 0 else coalesce(scheme.supervisor_share, 0)
        end as supervisor_share,
        case
            when collaboration.collaboration_score is null then 0 else coalesce(scheme.collaboration_share, 0)
        end as collaboration_share
    from {{ ref('dim_agent_period') }} as agent
    inner join data_score
        on
            agent.agent_id = data_score.agent_id
            and agent.period_id = data_score.period_id
    inner join {{ ref('policy_scheme') }} as scheme
        on
            agent.scheme_id = scheme.scheme_id
            and agent.period_id = scheme.period_id
    left join supervisor
        on
            agent.agent_id = supervisor.agent_id
            and agent.period_id = supervisor.period_id
    left join collaboration
        on
            agent.agent_id = collaboration.agent_id
            and agent.period_id = collaboration.period_id
)

select
    period_kind,
    period_id,
    agent_id,
    scheme_id,
    role,
    data_score,
    supervisor_score,
    collaboration_score,
    supervisor_share,
    collaboration_share,
    {{ points(
        'cast((1 - collaboration_share) as decimal(9, 6))'
        ~ ' * cast(cast((1 - supervisor_share) as decimal(9, 6)) * cast(data_score as decimal(9, 4))'
        ~ ' + cast(supervisor_share as decimal(9, 6)) * cast(coalesce(supervisor_score, 0) as decimal(9, 4)) as decimal(20, 10))'
        ~ ' + cast(collaboration_share as decimal(9, 6)) * cast(coalesce(collaboration_score, 0) as decimal(9, 4))'
    ) }} as total_score,
    case
        when data_score is null then 'insufficient_data'
        when scheme_supervisor_share > 0 and supervisor_score is null then 'awaiting_review'
        else 'scored'
    end as status,
    case when is_provisional then 'provisional' else 'final' end as maturity
from joined
