-- What each agent has of the open periods, published and planned; who has nothing either way as well.
with who as (
    select agent_id, period_id from a.bonus.bonus
    union
    select agent_id, period_id from b.bonus.bonus
),
named as (
    select distinct who.agent_id, agent.agent_name
    from who
    inner join chosen using (period_id)
    left join a.facts.dim_agent as agent using (agent_id)
    where not chosen.is_settled
)
select
    agent_id,
    coalesce(named.agent_name, '') as agent_name,
    cast(coalesce(sum(before_cny), 0) as decimal(18, 2)) as before_cny,
    cast(coalesce(sum(after_cny), 0) as decimal(18, 2)) as after_cny
from named
left join (from planned where not is_settled) as line using (agent_id)
group by all
order by agent_id
