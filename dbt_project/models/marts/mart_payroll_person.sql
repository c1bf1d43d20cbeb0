-- Grain: one agent, one period with a bonus: who it is and what the lines come to.

with

line_total as (
    select
        bonus_id,
        cast(
            sum(case when adjusts_bonus_line_id is null then amount_cny else 0 end) as decimal(18, 2)
        ) as component_cny,
        cast(
            sum(case when adjusts_bonus_line_id is not null then amount_cny else 0 end) as decimal(18, 2)
        ) as adjustment_cny
    from {{ ref('bonus_line') }}
    group by bonus_id
),

-- Who the agent was on the last day in service; of somebody who had left before, on the last day ever.
person as (
    select
        bonus.bonus_id,
        agent.agent_name,
        case when agent_period.agent_id is null then agent.department else agent_period.department end as department,
        case when agent_period.agent_id is null then agent.team_id else agent_period.team_id end as team_id,
        case when agent_period.agent_id is null then agent.role else agent_period.role end as role,
        agent_period.level
    from {{ ref('bonus') }} as bonus
    left join {{ ref('dim_agent') }} as agent
        on bonus.agent_id = agent.agent_id
    left join {{ ref('dim_agent_period') }} as agent_period
        on
            bonus.agent_id = agent_period.agent_id
            and bonus.period_id = agent_period.period_id
)

select
    bonus.period_kind,
    bonus.period_id,
    period.starts_on,
    period.ends_on,
    bonus.agent_id,
    person.agent_name,
    person.department,
    person.team_id,
    team.team_name,
    person.role,
    person.level,
    bonus.scheme_id,
    scheme.name_en as scheme_en,
    scheme.name_zh as scheme_zh,
    -- A settled period keeps the grade that it was paid by.
    case when settled.period_id is null then grade.grade else settled_score.grade end as grade,
    bonus.score_status,
    bonus.line_count,
    coalesce(line_total.component_cny, cast(0 as decimal(18, 2))) as component_cny,
    coalesce(line_total.adjustment_cny, cast(0 as decimal(18, 2))) as adjustment_cny,
    bonus.amount_cny,
    bonus.maturity,
    settled.period_id is not null as is_settled
from {{ ref('bonus') }} as bonus
inner join {{ ref('dim_period') }} as period
    on bonus.period_id = period.period_id
inner join person
    on bonus.bonus_id = person.bonus_id
left join line_total
    on bonus.bonus_id = line_total.bonus_id
left join {{ ref('dim_team') }} as team
    on person.team_id = team.team_id
left join {{ ref('policy_scheme') }} as scheme
    on
        bonus.period_id = scheme.period_id
        and bonus.scheme_id = scheme.scheme_id
left join {{ ref('grade') }} as grade
    on
        bonus.agent_id = grade.agent_id
        and bonus.period_id = grade.period_id
left join {{ ref('dim_settled_period') }} as settled
    on bonus.period_id = settled.period_id
left join {{ ref('fct_settled_score') }} as settled_score
    on
        bonus.agent_id = settled_score.agent_id
        and bonus.period_id = settled_score.period_id
