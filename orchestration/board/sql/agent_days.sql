-- Grain: one agent, one scored KPI, one day of the agent's newest month: the value up to this day.
with

day as (
    select daily.agent_id, daily.kpi_id, daily.event_on, sum(daily.numerator) as numerator, sum(daily.denominator) as denominator
    from kpi.kpi_daily as daily
    inner join focus on daily.agent_id = focus.agent_id and daily.month_id = focus.period_id
    where daily.is_counted
    group by all
),

summed as (
    select
        agent_id, kpi_id, event_on,
        sum(numerator) over run as numerator,
        sum(denominator) over run as denominator
    from day
    window run as (partition by agent_id, kpi_id order by event_on)
)

select
    summed.agent_id, summed.kpi_id, cast(day(summed.event_on) as bigint) as day_no, cast(day(last_day(summed.event_on)) as bigint) as days,
    case
        when definition.aggregation = 'ratio' and summed.denominator > 0 then round(summed.numerator / summed.denominator, 6)
        when definition.aggregation <> 'ratio' then summed.numerator
    end as value
from summed
inner join focus using (agent_id)
inner join marts.mart_agent_scorecard as card
    on summed.agent_id = card.agent_id and summed.kpi_id = card.kpi_id and focus.period_id = card.period_id and card.points is not null
inner join policy.policy_kpi_period as definition
    on summed.kpi_id = definition.kpi_id and focus.period_id = definition.period_id
order by summed.agent_id, summed.kpi_id, summed.event_on
