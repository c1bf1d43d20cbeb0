-- Grain: one agent, one period in which the agent's plan pays.

with

paying as (
    select
        period_id,
        scheme_id
    from {{ ref('policy_component') }}
    group by period_id, scheme_id
),

line_total as (
    select
        bonus_id,
        cast(sum(amount_cny) as decimal(18, 2)) as amount_cny,
        cast(count(*) as bigint) as line_count
    from {{ ref('bonus_line') }}
    group by bonus_id
),

-- What the roster or the policy lacks is to be mended: until then an amount without it is not final.
wanting as (
    select
        agent_id,
        period_id
    from {{ ref('bonus_unpaid') }}
    where reason in ('no_attribute', 'no_base')
    group by agent_id, period_id
),

-- Who is due a bonus: agents whose plan on the last day pays, and those whom a line of an earlier plan still pays.
owed as (
    select
        agent.agent_id,
        agent.period_kind,
        agent.period_id,
        agent.scheme_id,
        agent.period_id || ':' || agent.agent_id as bonus_id,
        paying.scheme_id is not null as is_paying
    from {{ ref('dim_agent_period') }} as agent
    left join paying
        on
            agent.period_id = paying.period_id
            and agent.scheme_id = paying.scheme_id
    union all
    -- An adjustment may be owed to someone who has left since.
    select
        line.agent_id,
        line.period_kind,
        line.period_id,
        min(line.scheme_id) as scheme_id,
        line.bonus_id,
        true as is_paying
    from {{ ref('bonus_line') }} as line
    left join {{ ref('dim_agent_period') }} as agent
        on
            line.agent_id = agent.agent_id
            and line.period_id = agent.period_id
    where agent.agent_id is null
    group by line.agent_id, line.period_kind, line.period_id, line.bonus_id
)

select
    owed.bonus_id,
    owed.period_kind,
    owed.period_id,
    owed.agent_id,
    owed.scheme_id,
    coalesce(line_total.amount_cny, cast(0 as decimal(18, 2))) as amount_cny,
    coalesce(line_total.line_count, 0) as line_count,
    coalesce(score.status, 'not_scored') as score_status,
    case
        when
            period.has_ended
            and coalesce(score.maturity, 'final') = 'final'
            and wanting.agent_id is null
            then 'final'
        else 'provisional'
    end as maturity
from owed
inner join {{ ref('dim_period') }} as period
    on owed.period_id = period.period_id
left join line_total
    on owed.bonus_id = line_total.bonus_id
left join {{ ref('score') }} as score
    on
        owed.agent_id = score.agent_id
        and owed.period_id = score.period_id
left join wanting
    on
        owed.agent_id = wanting.agent_id
        and owed.period_id = wanting.period_id
where owed.is_paying or line_total.bonus_id is not null
