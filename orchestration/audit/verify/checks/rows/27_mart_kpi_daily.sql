-- days of agents, teams and the centre = daily sums
-- in: marts.mart_kpi_daily
with counted as (
    select daily.*, aggregation
    from {kpi.kpi_daily} as daily
    inner join {policy.policy_kpi_period} as definition
        on daily.kpi_id = definition.kpi_id and daily.month_id = definition.period_id
    where is_counted_for_centre
        and (daily.kpi_id, month_id) not in (
            select (subject_id, period_id) from {policy.policy_absent_export} where subject_kind = 'kpi'
        )
),
grouped as (
    select 'agent' as group_kind, agent_id as group_id, * from counted where is_counted and agent_id is not null
    union all
    select 'team' as group_kind, coalesce(team_id, '') as group_id, * from counted where is_counted
    union all
    select 'centre' as group_kind, 'centre' as group_id, * from counted
)
select group_kind, group_id, event_on as day_on, kpi_id, any_value(month_id) as month_id, sum(numerator) as numerator,
    case when any_value(aggregation) <> 'sum' then sum(denominator) end as denominator
from grouped group by group_kind, group_id, event_on, kpi_id
