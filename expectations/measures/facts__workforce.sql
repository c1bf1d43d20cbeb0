-- Grain: the job history as a whole: who is in service this month, and what is not known of them.

with

month as (
    select
        agent.period_id,
        count(*) as agent_count,
        count_if(agent.scheme_id is null) as without_plan_count,
        count_if(agent.team_id is null) as without_team_count,
        count_if(agent.role is null) as without_role_count,
        row_number() over (order by agent.period_id desc) as newest_no
    from facts.dim_agent_period as agent
    where agent.period_kind = 'month'
    group by agent.period_id
)

select
    newest.period_id as subject,
    case when before.agent_count >= {min_agents} then newest.agent_count / before.agent_count end as headcount_ratio,
    newest.without_plan_count / newest.agent_count as without_plan_share,
    newest.without_team_count / newest.agent_count as without_team_share,
    newest.without_role_count / newest.agent_count as without_role_share
from month as newest
left join month as before
    on before.newest_no = newest.newest_no + 1
where newest.newest_no = 1
