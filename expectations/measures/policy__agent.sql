-- Grain: one month: agents of the newest month whose plan the policy does not know, pay or score.

with

month as (
    select period_id
    from facts.dim_period
    where period_kind = 'month'
    order by starts_on desc
    limit 1
)

select
    month.period_id as subject,
    case
        when count(agent.scheme_id) > 0 then count_if(agent.scheme_id is not null and scheme.scheme_id is null)
    end as unknown_plan_count,
    case
        when count(scheme.scheme_id) > 0 then count_if(scheme.scheme_id is not null and component.scheme_id is null)
    end as unpaid_plan_count,
    case
        when count(scored.scheme_id) > 0 then count_if(scored.scheme_id is not null and role.scheme_id is null)
    end as unscored_role_count,
    case
        when count(target_due.agent_id) >= {min_agents}
            then count_if(target_due.agent_id is not null and target.agent_id is null) / count(target_due.agent_id)
    end as missing_target_share
from month
inner join facts.dim_agent_period as agent
    on month.period_id = agent.period_id
left join policy.policy_scheme as scheme
    on
        agent.period_id = scheme.period_id
        and agent.scheme_id = scheme.scheme_id
left join (
    select distinct
        period_id,
        scheme_id
    from policy.policy_component
) as component
    on
        agent.period_id = component.period_id
        and agent.scheme_id = component.scheme_id
left join (
    select distinct
        period_id,
        scheme_id
    from policy.policy_score_kpi
) as scored
    on
        agent.period_id = scored.period_id
        and agent.scheme_id = scored.scheme_id
left join (
    select distinct
        period_id,
        scheme_id,
        role
    from policy.policy_score_kpi
) as role
    on
        agent.period_id = role.period_id
        and agent.scheme_id = role.scheme_id
        and (agent.role = role.role or role.role = '*')
left join (
    select distinct
        component.period_id,
        component.scheme_id,
        component.role,
        agent.agent_id
    from policy.policy_component as component
    inner join facts.dim_agent_period as agent
        on
            component.period_id = agent.period_id
            and component.scheme_id = agent.scheme_id
            and (component.role = agent.role or component.role = '*')
    where component.mechanism = 'commission'
) as target_due
    on
        agent.period_id = target_due.period_id
        and agent.agent_id = target_due.agent_id
left join (
    select distinct
        agent_id,
        period_id
    from facts.fct_target
) as target
    on
        agent.period_id = target.period_id
        and agent.agent_id = target.agent_id
group by month.period_id
