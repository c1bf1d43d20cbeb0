-- Grain: the newest ended month: agents in service all month of whom no KPI knows anything.

with

month as (
    select period_id, day_count
    from facts.dim_period
    where period_kind = 'month' and has_ended
    order by starts_on desc
    limit 1
)

select
    month.period_id as subject,
    case
        when count(*) >= {min_agents} then count_if(evidence.agent_id is null) / count(*)
    end as idle_agent_share
from month
inner join facts.dim_agent_period as agent
    on
        month.period_id = agent.period_id
        and agent.service_day_count = month.day_count
left join (
    select distinct agent_id, month_id from kpi.kpi_daily where is_counted
) as evidence
    on
        agent.agent_id = evidence.agent_id
        and agent.period_id = evidence.month_id
group by month.period_id
